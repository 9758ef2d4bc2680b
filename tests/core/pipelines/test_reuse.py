"""What is kept of steps that were done, and what becomes of it."""

import pytest

from cellrun.core.pipelines.reuse import earlier_run, note_completed
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore


def test_a_note_of_a_run_that_is_gone_is_cleaned_away(ws):
    run = RunStore(ws.layout).create(RunRecord(experiment="digits", kind="interactive"), lambda _: None)
    note_completed("aa", run)
    note_completed("bb", ws.layout.run("gone_1_abcdef01"))
    assert [(each.kind, each.count) for each in ws.clean().leftovers] == [("hashes of steps whose runs are gone", 1)]
    assert [path.name for path in ws.layout.step_runs.iterdir()] == ["aa.json"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"run": 3}', '{"run": "../../etc"}', '{"run": "gone_1_abcdef01"}'])
def test_a_note_that_names_no_run_is_none(ws, text):
    ws.layout.step_runs.mkdir()
    (ws.layout.step_runs / "aa.json").write_text(text)
    assert earlier_run("aa", ws.layout) is None


def test_a_note_counts_only_with_the_run_that_it_is_of(ws):
    run = RunStore(ws.layout).create(RunRecord(experiment="digits", kind="interactive"), lambda _: None)
    note_completed("aa", run)
    assert earlier_run("aa", ws.layout) is None  # its record says nothing of the hash
