"""An experiment makes runs and finds them."""

import pytest

from cellrun.core import (
    Experiment,
    InvalidNameError,
    InvalidSubmissionError,
    Run,
    ScriptRunConfig,
    Status,
    UserErrorException,
)


def test_making_one_again_is_the_same(ws):
    first = Experiment(ws, "digits")
    run = first.start_logging()
    run.complete()
    assert [found.id for found in Experiment(ws, "digits").get_runs()] == [run.id]
    assert first.workspace is ws


@pytest.mark.parametrize("name", ["a/b", "", "-x", "ä", None, "x" * 256])
def test_a_name_that_is_none(ws, name):
    with pytest.raises(InvalidNameError, match=r"experiment name may contain letters, digits, _ - \."):
        Experiment(ws, name)


def test_in_print(exp):
    assert str(exp) == repr(exp) == "Experiment(Name: digits,\nWorkspace: default)"
    assert "<th>Workspace</th></tr><tr><td>digits</td><td>default</td>" in exp._repr_html_()


def test_runs_come_newest_first_and_of_this_experiment_alone(ws, exp):
    runs = [exp.start_logging() for _ in range(3)]
    Experiment(ws, "other").start_logging()
    assert [run.id for run in exp.get_runs()] == [run.id for run in reversed(runs)]
    assert [run.number for run in exp.get_runs()] == [3, 2, 1]
    assert all(isinstance(run, Run) for run in exp.get_runs())


def test_runs_by_status(exp):
    done, failed, going = (exp.start_logging() for _ in range(3))
    done.complete()
    failed.fail("no data")

    def ids(status):
        return [run.id for run in exp.get_runs(status=status)]

    assert ids("Completed") == [done.id]
    assert ids(Status.FAILED) == [failed.id]
    assert ids(["Failed", Status.RUNNING]) == [going.id, failed.id]
    assert ids("Canceled") == []
    assert ids("failed") == [failed.id]
    for wrong in ("bogus", ["Failed", "bogus"], [5]):
        with pytest.raises(UserErrorException, match=r"status ('bogus'|5) is none of NotStarted, .*, Damaged$"):
            exp.get_runs(status=wrong)  # at once, not when somebody iterates


def test_runs_by_tags(exp):
    plain = exp.start_logging()
    red = exp.start_logging(tags={"colour": "red", "checked": None})
    blue = exp.start_logging()
    blue.set_tags({"colour": "blue", "size": 5})

    def ids(tags):
        return [run.id for run in exp.get_runs(tags=tags)]

    for run in (plain, red, blue):
        run.complete()
    assert ids("colour") == [blue.id, red.id]
    assert ids({"colour": "red"}) == [red.id]
    assert ids({"colour": "blue", "size": "5"}) == [blue.id]
    assert ids({"checked": None}) == [red.id]
    assert ids({"colour": "green"}) == []
    assert ids(None) == [blue.id, red.id, plain.id]


def test_runs_by_type_and_properties(exp, here):
    (here / "src").mkdir()
    (here / "src" / "train.py").write_text("")
    commit = "0123456789012345678901234567890123456789"
    exp.start_logging().complete()
    (here / ".git" / "refs" / "heads").mkdir(parents=True)
    (here / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (here / ".git" / "refs" / "heads" / "main").write_text(commit + "\n")
    interactive = exp.start_logging()
    submitted = exp.submit(ScriptRunConfig("src", "train.py"))
    submitted.wait_for_completion()

    assert [run.id for run in exp.get_runs(type="azureml.scriptrun")] == [submitted.id]
    assert [run.id for run in exp.get_runs(properties="azureml.git.commit")] == [submitted.id, interactive.id]
    wanted = {"azureml.git.commit": commit, "azureml.git.branch": "main"}
    assert [run.id for run in exp.get_runs(type="azureml.scriptrun", properties=wanted)] == [submitted.id]
    assert list(exp.get_runs(properties={"azureml.git.commit": "other"})) == []
    assert submitted.properties == submitted.get_properties() == {**wanted, "mlflow.source.git.commit": commit}


def test_submit_gathers_mistakes_before_a_run_exists(exp, here):
    with pytest.raises(InvalidSubmissionError) as refusal:
        exp.submit(ScriptRunConfig(here, "nothing.py", cpus=0), tags={"": 1})
    assert len(refusal.value.problems) == 3
    with pytest.raises(UserErrorException, match=r"takes a config, such as ScriptRunConfig, .*; got str 'train\.py'"):
        exp.submit("train.py")
    assert list(exp.get_runs()) == []


def test_submitted_tags_become_text(exp, here):
    (here / "train.py").write_text("")
    run = exp.submit(ScriptRunConfig(here, "train.py"), tags={"fold": 3, "smoke": None})
    assert run.get_tags() == {"fold": "3", "smoke": None}
    run.wait_for_completion()
