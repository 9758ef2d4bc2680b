"""What is refused by what a target promises, and what is said."""

import warnings

import pytest

from cellrun.core import unsupported
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.errors import InvalidSubmissionError
from cellrun.core.run_request import RunRequest
from cellrun.core.store.record import RunRecord
from cellrun.core.submission.again import resubmit
from cellrun.core.submission.submission import target_problems
from cellrun.core.targets.local.target import LocalTarget


@pytest.fixture
def with_options(monkeypatch):
    monkeypatch.setattr(LocalTarget, "options_known", {"partition": "where it queues", "account": "who pays"})


@pytest.fixture
def showing(monkeypatch):
    monkeypatch.setattr(unsupported, "_said", set())
    monkeypatch.setattr(LocalTarget, "shows_variables", True)


def refused(runs, **options):
    with pytest.raises(InvalidSubmissionError) as caught:
        runs.script("pass", **options)
    return "\n".join(caught.value.problems)


@pytest.mark.usefixtures("with_options")
def test_options_are_recorded_and_are_those_of_the_run_again(runs):
    layout = runs.script("pass", target_options={"partition": "gpu", "account": 7})
    assert RunRecord.read(layout).options == {"partition": "gpu", "account": "7"}
    runs.end(layout)
    again = resubmit(layout)
    runs.submitted.append(again)
    assert RunRecord.read(again).options == {"partition": "gpu", "account": "7"}


@pytest.mark.usefixtures("with_options")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"partitoin": "gpu"}, "did you mean 'partition'?"),
        ({"xyz": "1"}, "known: partition (where it queues), account (who pays)"),
        ({"partition": "a\nb"}, "give a text of one line"),
        ({"partition": " "}, "give a text of one line"),
        ({"partition": None}, "give a text of one line"),
        ({3: "a"}, "give a text of one line"),
        ("partition=gpu", "give a dict"),
    ],
)
def test_an_option_that_means_nothing_there_is_refused(runs, options, said):
    assert said in refused(runs, target_options=options)
    assert runs.submitted == []


def test_a_target_without_options_takes_none(runs):
    assert "target 'local' (local) takes no options; leave 'partition' out" in refused(
        runs, target_options={"partition": "gpu"}
    )


@pytest.mark.usefixtures("showing")
def test_values_that_others_could_read_are_refused_unless_it_is_said(runs):
    said = refused(runs, environment_variables={"HF_TOKEN": "hunter2"})
    assert "HF_TOKEN" in said
    assert "--env-in-engine" in said
    assert "hunter2" not in said
    assert "env_in_engine='yes'" in refused(runs, env_in_engine="yes")
    with pytest.warns(UserWarning, match="HF_TOKEN"):
        layout = runs.script("pass", environment_variables={"HF_TOKEN": "hunter2"}, env_in_engine=True)
    assert RunRecord.read(layout).env_in_engine
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # once is enough
        runs.script("pass", environment_variables={"HF_TOKEN": "hunter2"}, env_in_engine=True)
        runs.script("pass")


@pytest.mark.usefixtures("showing")
def test_what_an_environment_defines_is_no_secret_unless_it_is_called_so(workspace_layout):
    spec = EnvironmentSpec(variables={"MODE": "quick", "API_TOKEN": "x"})

    def problems(**variables):
        request = RunRequest("script", "a.py", environment=spec, variables=variables)
        return "\n".join(target_problems(LocalTarget("local"), request, workspace_layout))

    assert "MODE" not in problems(MODE="quick")
    assert "values of MODE" in problems(MODE="slow")
    assert "values of API_TOKEN" in problems(MODE="quick", API_TOKEN="x")


def test_a_folder_larger_than_a_target_takes_is_refused_with_both_sizes_before_there_is_a_run(runs, monkeypatch):
    def size_problem(_, code):
        return "1.0 MB is too small" if code.size_bytes > 1_000_000 else ""

    monkeypatch.setattr(LocalTarget, "size_problem", size_problem)
    (runs.source / "data.bin").write_bytes(bytes(1_500_000))
    problem = refused(runs)
    assert "target 'local' (local) can't have what it takes along: 1.0 MB is too small" in problem
    (runs.source / "data.bin").unlink()
    runs.end(runs.script("pass"))


def test_a_run_again_is_refused_as_well_if_a_target_takes_less_by_now(runs, monkeypatch):
    (runs.source / "data.bin").write_bytes(bytes(1_500_000))
    layout = runs.script("pass")
    runs.end(layout)
    monkeypatch.setattr(LocalTarget, "size_problem", lambda _, code: f"{code.size_bytes:,} are too many")
    with pytest.raises(InvalidSubmissionError, match=r"1,50\d,\d{3} are too many"):
        resubmit(layout)
