"""The invariants are known to fail: each here by what it is for."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from cellrun.core.layout import RunLayout
from cellrun.core.store.events.event_log import EventLog
from cellrun.core.store.lists.index import Index
from cellrun.core.store.run_store import RunStore
from cellrun.core.store.status import Status, StatusFile
from tests.faults import invariants
from tests.faults.invariants import assert_invariants


@pytest.fixture
def layout(new_run: Callable[..., RunLayout]) -> RunLayout:
    """A run that logged three values, and has ended."""
    made = new_run()
    log = EventLog(made)
    for value in range(3):
        log.log("m", value)
    log.close()
    StatusFile(made).change(Status.COMPLETED)
    return made


def violated(words: str) -> pytest.RaisesExc[AssertionError]:
    return pytest.raises(AssertionError, match=words)


@pytest.mark.parametrize(
    ("told", "holds"), [([0, 1, 2], True), ([0, 1], True), ([0], False), ([0, 1, 2, 3], False), ([0, 2], False)]
)
def test_what_was_acknowledged_is_there_once_in_order(told: list[int], holds: bool, layout: RunLayout, home: Path):
    with nullcontext() if holds else violated("not all are there|more is there"):
        assert_invariants(home, {layout: [told]})


def test_no_event_is_there_twice(layout: RunLayout, home: Path):
    (file,) = layout.events.iterdir()
    file.write_bytes(file.read_bytes() + file.read_bytes().splitlines(keepends=True)[-1])
    with violated("after number 3"):
        assert_invariants(home)


def test_nothing_follows_a_final_status(layout: RunLayout, home: Path):
    last = StatusFile(layout).read().n
    shutil.copy(layout.statuses / f"{last}.json", layout.statuses / f"{last + 1}.json")
    with violated("Completed"):
        assert_invariants(home)


def test_nobody_of_an_ended_run_is_alive(layout: RunLayout, home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(invariants, "PATIENCE_S", 0.1)
    layout.claim.touch()
    variables = {"CELLRUN_RUN_ID": layout.run_id, "CELLRUN_RUN_FOLDER": str(layout.folder)}
    with subprocess.Popen(["sleep", "60"], env=variables) as left:
        with violated("to end"):
            assert_invariants(home)
        left.kill()
    assert_invariants(home)


def test_an_index_that_is_made_again_says_the_same(layout: RunLayout, home: Path, monkeypatch: pytest.MonkeyPatch):
    assert_invariants(home)
    real, asked = Index.runs, iter(range(10))
    monkeypatch.setattr(Index, "runs", lambda index: real(index) if next(asked) < 2 else [])
    with violated("says something else"):
        assert_invariants(home)


def test_nothing_lies_beside_the_runs(layout: RunLayout, home: Path):
    (layout.workspace.folder / "core.1234").touch()
    with violated("something lies there"):
        assert_invariants(home)


def test_no_secret_is_in_a_run(layout: RunLayout, home: Path):
    layout.log.write_text("token=hush-hush-hush")
    with violated("holds a secret"):
        assert_invariants(home, secrets=["hush-hush-hush"])
    assert_invariants(home, secrets=["another-secret"])


def test_a_damaged_run_is_the_matter_of_others(layout: RunLayout, home: Path):
    (layout.statuses / "0.json").write_text("[]}")
    assert_invariants(home)
    assert RunStore(layout.workspace).ids() == [layout.run_id]
