"""What this machine says of a run before there is one."""

import sys

import pytest

from cellrun.core.run_request import RunRequest
from cellrun.core.targets.local.target import LocalTarget


@pytest.mark.parametrize(
    ("environment", "facts"),
    [
        ("AzureML-sklearn", ["'AzureML-sklearn' isn't there", "conda prefix"]),
        ("sh", ["'sh' isn't there", "did you mean /", "/sh?"]),
        ("/dev", ["'/dev' is a folder without bin/python", "conda prefix"]),
    ],
)
def test_an_environment_that_is_none_is_named_with_what_was_expected(environment, facts):
    [problem] = LocalTarget("local").problems(RunRequest("script", "train.py", environment=environment))
    assert not [fact for fact in facts if fact not in problem], problem


@pytest.mark.parametrize("environment", [None, "/not/there/python", sys.prefix])
def test_what_may_be_a_python_is_no_problem(environment):
    """One that isn't there fails when the run starts (A8), and says so."""
    assert LocalTarget("local").problems(RunRequest("script", "train.py", environment=environment)) == []


def test_it_knows_its_own_python_and_where_anothers_would_be():
    here = LocalTarget("local").python(None)
    assert str(here) == f"{sys.version.split()[0]} {sys.executable}"
    assert str(LocalTarget("local").python(sys.prefix)) == f"{sys.prefix}/bin/python"


def test_what_is_amiss_is_found_with_what_to_do(monkeypatch):
    assert {finding.subject for finding in LocalTarget("local").doctor() if finding.is_well} >= {"queue", "interpreter"}
    monkeypatch.setattr("cellrun.core.targets.local.target.supervisor_command", lambda: ["/bin/false", "-I", "script"])
    monkeypatch.setenv("PATH", "/nowhere")
    amiss = {finding.subject: finding.text for finding in LocalTarget("local").doctor() if not finding.is_well}
    assert set(amiss) >= {"interpreter", "shell"}
    assert "install bash" in amiss["shell"]
