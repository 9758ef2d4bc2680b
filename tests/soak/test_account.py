"""The soak's account finds what is wrong: each kind in a place that was made so."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cellrun.core import Experiment, Run, Workspace
from cellrun.core.errors import RunClosedError, RunNotFoundError
from cellrun.core.store.events.event_log import EventLog
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.targets.local.queue import LocalQueue
from tests.core.submitted_runs import wait_for
from tests.soak.account import NEVER, take
from tests.soak.job.soak_job import Acks
from tests.soak.place import Place
from tests.soak.stage import Stage


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """An empty place, of which this process is a part."""
    made = Place.make(tmp_path / "place")
    for name in ("CELLRUN_HOME", "CELLRUN_RUNTIME_DIR", "SOAK_ACKS", "SOAK_JOURNAL"):
        monkeypatch.setenv(name, made.environment[name])
    monkeypatch.chdir(made.folder / "here")
    return made


@pytest.fixture
def run(place: Place) -> Iterator[Run]:
    """An interactive run that has acknowledged five calls; what it said is what is so."""
    made = Experiment(Workspace.from_config(), "interactive").start_logging()
    Acks(made.id, "interactive").log(made, 5)
    EventLog.of(made.layout).close()  # its thread writes nothing while the account is taken, and no recorder does
    wait_for(made.layout.environment.exists, "the record of the run's environment")
    yield made
    with suppress(RunNotFoundError, RunClosedError):
        made.complete()


def counts(place: Place) -> dict[str, int]:
    found = take(place)
    assert found.is_well == (not any(found.counts[name] for name in NEVER))
    return {name: found.counts[name] for name in ("acknowledged", *NEVER) if found.counts[name]}


def test_nothing_is_wrong_with_a_run_that_tells_the_truth(place: Place, run: Run) -> None:
    run.complete()
    place.tell("completed", run.id)
    assert counts(place) == {"acknowledged": 5}


def edit(run: Run, change: Callable[[list[bytes]], list[bytes]]) -> None:
    (path,) = run.layout.events.iterdir()
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))


def a_lost_event(run: Run, place: Place) -> None:
    edit(run, lambda lines: lines[:-2])


def a_doubled_event(run: Run, place: Place) -> None:
    edit(run, lambda lines: [*lines, lines[-1]])


def a_damaged_event(run: Run, place: Place) -> None:
    edit(run, lambda lines: [*lines, b"?" + lines[-1][1:]])


def a_run_that_is_gone(run: Run, place: Place) -> None:
    shutil.rmtree(run.layout.folder)


def a_completed_run_that_is_failed(run: Run, place: Place) -> None:
    path = max(run.layout.statuses.iterdir())
    path.write_text(path.read_text().replace("Completed", "Failed"))


def a_second_end(run: Run, place: Place) -> None:
    last = max(run.layout.statuses.iterdir())
    last.with_name(f"{int(last.stem) + 1}.json").write_bytes(last.read_bytes())


def a_draft(run: Run, place: Place) -> None:
    (run.layout.folder / ".process.json.1234").touch()


def a_ticket(run: Run, place: Place) -> None:
    (LocalQueue().folder / f"000000000001-{run.id}.running").touch()


def a_file_outside(run: Run, place: Place) -> None:
    (place.folder / "here" / "core").touch()


def a_crash(run: Run, place: Place) -> None:
    place.tell("crash", "ValueError")


@pytest.mark.parametrize(
    ("harm", "expected"),
    [
        (a_lost_event, {"lost": 2}),
        (a_doubled_event, {"doubled": 1}),
        (a_damaged_event, {"damaged": 1}),
        (a_run_that_is_gone, {"runs lost": 1}),
        (a_completed_run_that_is_failed, {"falsely failed": 1}),
        (a_second_end, {"ended twice": 1}),
        (a_draft, {"leftovers": 1}),
        (a_ticket, {"leftovers": 1}),
        (a_file_outside, {"leftovers": 1}),
        (a_crash, {"crashes": 1}),
    ],
)
def test_what_is_wrong_is_counted(
    harm: Callable[[Run, Place], None], expected: dict[str, int], place: Place, run: Run
) -> None:
    run.complete()
    place.tell("completed", run.id)
    harm(run, place)
    assert counts(place) == {"acknowledged": 5, **expected}


def test_a_run_that_goes_on_is_stuck(place: Place, run: Run) -> None:
    assert counts(place) == {"acknowledged": 5, "stuck": 1}


@pytest.mark.parametrize(
    ("status", "lines", "words", "expected"),
    [
        (Status.COMPLETED, ["end 0"], [], {}),
        (Status.FAILED, ["end 0"], [], {"falsely failed": 1}),
        (Status.FAILED, ["end 0"], ["killed {} supervisor"], {"falsely failed": 1}),
        (Status.FAILED, ["end 0"], ["killed {} job"], {}),
        (Status.FAILED, ["error RunClosedError"], [], {"falsely failed": 1}),
        (Status.FAILED, ["error RunClosedError"], ["cancel {}"], {}),
        (Status.FAILED, ["end 3"], [], {}),
        (Status.COMPLETED, ["end 3"], [], {"falsely completed": 1}),
        (Status.COMPLETED, [], [], {"falsely completed": 1}),
        (Status.CANCELED, ["end 0"], ["cancel {}"], {}),
        (Status.CANCELED, ["end 0"], [], {"falsely failed": 1}),
    ],
)
def test_how_a_run_ended_is_held_against_what_its_job_said(
    status: Status, lines: list[str], words: list[str], expected: dict[str, int], place: Place, run: Run
) -> None:
    acks = Acks(run.id, "main")
    for line in lines:
        acks.tell(line)
    for word in ["submitted {}", *words]:
        place.tell(word.format(run.id))
    StatusFile(run.layout).change(status, reason="so")
    assert counts(place) == {"acknowledged": 5, **expected}


def test_a_process_that_is_left_is_a_survivor(place: Place, run: Run) -> None:
    run.complete()
    child = subprocess.Popen(["sleep", "60"])
    try:
        Acks(run.id, "main").tell_process(child.pid)
        assert counts(place) == {"acknowledged": 5, "survivors": 1}
    finally:
        child.kill()
        child.wait()
    assert counts(place) == {"acknowledged": 5}


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="only Linux tells for sure which process is killed")
def test_the_chaos_ends_what_belongs_to_its_place_and_nothing_else(place: Place) -> None:
    mine, other = place.start("sleep", "60"), subprocess.Popen(["sleep", "60"])
    try:
        stage = Stage(place, seed=1)
        stage.chaos.everything()
        assert mine.wait(30) == -9
        assert other.poll() is None
        assert stage.chaos.kills == {"in everything": 1}
    finally:
        other.kill()
        other.wait()
