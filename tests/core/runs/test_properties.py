"""What never changes about a run."""

import pytest

from cellrun.core import Experiment, Run, ScriptRunConfig, UserErrorException
from cellrun.core.runs.reader import RunReader
from cellrun.core.store.record import RunRecord


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_they_are_added_while_it_runs_and_after(ws, exp):
    run = exp.start_logging()
    run.add_properties({"author": "me", "round": 3})
    assert run.properties == run.get_properties() == {"author": "me", "round": "3"}
    run.complete()
    elsewhere = Run.get(ws, run.id)
    elsewhere.add_properties({"best": "yes"})
    assert run.properties == {"author": "me", "round": "3", "best": "yes"}
    assert run.get_details()["properties"] == run.properties


def test_none_ever_changes(exp):
    run = exp.start_logging()
    run.add_properties({"author": "me"})
    run.add_properties({"author": "me"})  # the same once more
    with pytest.raises(UserErrorException, match=r"'author' is 'me' and never changes; got 'you'.*run\.tag"):
        run.add_properties({"new": "1", "author": "you"})
    assert run.properties == {"author": "me"}  # nothing of a call that is refused


def test_those_that_it_was_made_with_do_not_change_either(exp, here):
    write(here / ".git" / "HEAD", "a" * 40)
    run = exp.start_logging()
    with pytest.raises(UserErrorException, match=r"azureml\.git\.commit"):
        run.add_properties({"azureml.git.commit": "b" * 40})


@pytest.mark.parametrize("wrong", ["author", ["author"], None, {"": "x"}, {"a": "x" * 10_000_000}])
def test_what_is_no_properties_is_refused(exp, wrong):
    run = exp.start_logging()
    with pytest.raises(UserErrorException):
        run.add_properties(wrong)
    assert run.properties == {}


def test_of_two_that_add_at_once_the_first_holds_for_all(ws, exp, monkeypatch):
    run = exp.start_logging()
    with monkeypatch.context() as patch:
        patch.setattr(RunReader, "properties", lambda _: {})  # neither sees the other
        run.add_properties({"author": "first"})
        run._writer.close()
        Run.get(ws, run.id)._writer.add_properties({"author": "second"}, {})
    run._writer.close()
    assert run.properties == {"author": "first"}
    assert list(exp.get_runs(properties={"author": "first"}))


def test_runs_are_found_by_them_without_a_look_into_their_folders(exp, monkeypatch):
    run, other = exp.start_logging(), exp.start_logging()
    run.add_properties({"author": "me"})
    for each in (run, other):
        each.complete()
    assert len(list(exp.get_runs())) == 2
    monkeypatch.setattr(RunRecord, "read", None)
    monkeypatch.setattr(Experiment, "run", lambda _, run_id: run_id)
    assert list(exp.get_runs(properties="author")) == [run.id]
    assert list(exp.get_runs(properties={"author": "me"})) == [run.id]
    assert list(exp.get_runs(properties={"author": "you"})) == []


def test_a_job_adds_them_to_its_own_run(exp, here):
    write(here / "src" / "train.py", "from cellrun.core import Run\nRun.get_context().add_properties({'a': 1})\n")
    run = exp.submit(ScriptRunConfig(here / "src", "train.py"))
    run.wait_for_completion()
    assert run.properties["a"] == "1"


def test_an_offline_run_has_them(here):
    run = Run.get_context()
    run.add_properties({"author": "me"})
    assert run.properties == run.get_details()["properties"] == {"author": "me"}
    with pytest.raises(UserErrorException):
        run.add_properties({"author": "you"})
