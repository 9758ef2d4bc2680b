"""`run.result()` and `run.results()`: what a run's cell gave back, or why not."""

import pytest

from cellrun.core import Run
from cellrun.core.context.manifest import Context, python_version
from cellrun.core.context.results.packer import ResultPacker
from cellrun.core.context.signature import sign
from cellrun.core.context.value_store import ValueStore
from cellrun.core.errors import ContextException, ResultError, RunEnvironmentException, UntrustedError
from cellrun.core.store.status import Status, StatusFile


@pytest.fixture
def ended(ws, new_run):
    """A cell's run that has ended: `ended(returns, status, **the cell's names)`; without names it saved nothing."""

    def make(returns=(), status=Status.COMPLETED, **names):
        layout = new_run(kind="cell", type="azureml.scriptrun")
        context = Context(python=python_version(), title="Cell In[1]", returns=returns)
        context.write(layout.context)
        if names:
            namespace = {"__name__": "__main__", **names}
            ResultPacker(context, namespace, {}).pack(ValueStore(layout.workspace.values)).write(layout.results)
            sign(layout.results / "context.json")
        StatusFile(layout).change(status, reason="it broke" if status is Status.FAILED else None)
        return ws.get_run(layout.run_id)

    return make


def test_values(ended):
    run = ended(("a", "b"), a=[1], b={2})
    assert run.result("a") == [1]
    assert run.results() == {"a": [1], "b": {2}}
    assert run.get_details()["results"] == [
        {"name": "a", "type": "list", "bytes": 3, "form": "json"},
        {"name": "b", "type": "set", "bytes": run.get_details()["results"][1]["bytes"], "form": "pickle"},
    ]


def test_one_that_was_not_kept(ended):
    run = ended(("a", "b"), b=2)
    with pytest.raises(
        ResultError, match=r"result 'a' of run .*: it isn't kept: the cell has given it no value"
    ) as caught:
        run.result("a")
    assert (caught.value.run_id, caught.value.name) == (run.id, "a")
    with pytest.raises(ResultError, match=r"'a' isn't kept.*; run\.result\('b'\) gives one of the others \(b\)"):
        run.results()
    assert run.result("b") == 2
    assert [each["name"] for each in run.get_details()["results"]] == ["b"]


def test_one_that_was_not_asked_for(ended):
    with pytest.raises(ResultError, match=r"result 'c' of run .*: its cell gives back a, b"):
        ended(("a", "b"), a=1, b=2).result("c")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status.RUNNING, r"the run is Running; run\.wait_for_completion\(\) waits"),
        (Status.FAILED, r"the run is Failed \(it broke\); only a run that has completed"),
        (Status.CANCELED, "the run is Canceled; only a run that has completed"),
    ],
)
def test_a_run_that_has_not_completed(ended, status, words, monkeypatch):
    run = ended(("a",), status)
    monkeypatch.setattr(run._control, "status", StatusFile(run.layout).read)  # nobody settles what has no process
    for ask in (lambda: run.result("a"), run.results):
        with pytest.raises(ResultError, match=words):
            ask()


def test_a_run_that_was_asked_for_none(ended, exp):
    with pytest.raises(ResultError, match="its cell was asked for none; submit a cell with `--return NAMES`"):
        ended().result("a")
    with exp.start_logging() as interactive:
        pass
    with pytest.raises(ResultError, match=r"the results of run .*: its cell was asked for none"):
        interactive.results()
    assert "results" not in interactive.get_details()


def test_a_process_that_ended_too_early(ended):
    with pytest.raises(ResultError, match="its process ended before it could give back a, b; its log tells more"):
        ended(("a", "b")).results()


def test_somebody_elses(ended, monkeypatch, tmp_path):
    run = ended(("a", "b"), a=[1], b={2})
    monkeypatch.setenv("CELLRUN_HOME", str(tmp_path / "of somebody else"))
    assert run.result("a") == [1]
    for ask in (lambda: run.result("b"), run.results):
        with pytest.raises(UntrustedError, match="result 'b' is a pickle"):
            ask()
    assert run.result("b", trust=True) == {2}
    assert run.results(trust=True) == {"a": [1], "b": {2}}


def test_results_of_a_newer_cellrun(ended):
    run = ended(("a",), a=1)
    path = run.layout.results / "context.json"
    path.write_text(path.read_text().replace('"version": 2', '"version": 99'))
    with pytest.raises(ContextException, match="version 99"):
        run.result("a")
    assert "results" not in run.get_details()


def test_a_run_in_memory_has_none(here):
    with pytest.raises(RunEnvironmentException, match="is offline"):
        Run.get_context().result("a")
