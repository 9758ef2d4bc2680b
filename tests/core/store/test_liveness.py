from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cellrun.core.errors import DamagedRunError
from cellrun.core.identity import ProcessIdentity, boot_time
from cellrun.core.layout import RunLayout
from cellrun.core.store import liveness as settling
from cellrun.core.store.lists.index import Index
from cellrun.core.store.liveness import checked_status
from cellrun.core.store.record import RunTarget
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision import supervisor
from tests.core.store.event_samples import in_process

ME = ProcessIdentity.current()


@pytest.fixture
def gone() -> ProcessIdentity:
    """A process that has ended."""
    process = subprocess.Popen(["true"])
    who = ProcessIdentity.of(process.pid)
    process.wait()
    return who._replace(started=who.started or 1)


@pytest.fixture
def living() -> Iterator[ProcessIdentity]:
    """A process that runs."""
    process = subprocess.Popen(["sleep", "60"])
    yield ProcessIdentity.of(process.pid)
    process.kill()
    process.wait()


def running(layout: RunLayout, **processes: ProcessIdentity) -> RunLayout:
    """Make a run Running under an owner, or under the processes of a supervisor."""
    owner = processes.pop("owner", None)
    fields: dict[str, Any] = {"owner": owner.to_json()} if owner else {}
    StatusFile(layout).change(Status.RUNNING, **fields)
    if processes:
        layout.processes.write_text(json.dumps({name: who.to_json() for name, who in processes.items()}))
    return layout


def test_a_kernel_that_went_away(new_run: Callable[..., RunLayout], gone: ProcessIdentity) -> None:
    layout = running(new_run(), owner=gone)
    status = checked_status(layout)
    assert (status.status, status.reason) == (Status.FAILED, "the kernel went away without complete()")
    assert checked_status(layout) == status


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["/src/train.py", "--lr", "1"], "train.py ended without complete()"),
        (["-c"], "its process ended without complete()"),
        (["/lib/ipykernel_launcher.py", "-f", "x"], "the kernel went away without complete()"),
    ],
)
def test_a_script_that_ended_without_a_word_is_no_kernel(
    new_run: Callable[..., RunLayout], gone: ProcessIdentity, argv: list[str], reason: str
) -> None:
    assert checked_status(running(new_run(argv=argv), owner=gone)).reason == reason


@pytest.mark.parametrize("shares_processes", [True, False])
def test_the_dead_of_a_target_elsewhere_prove_nothing(
    new_run: Callable[..., RunLayout], gone: ProcessIdentity, *, shares_processes: bool
) -> None:
    layout = running(new_run(kind="script"), supervisor=gone, job=gone)
    RunTarget("cluster", "fake", shares_processes=shares_processes).write(layout)
    assert checked_status(layout).status is (Status.FAILED if shares_processes else Status.RUNNING)


def test_who_cannot_write_it_down_sees_it_all_the_same(
    new_run: Callable[..., RunLayout], gone: ProcessIdentity
) -> None:
    """A full disk, here a limit on the size of files."""
    layout = running(new_run(), owner=gone)
    killed_writer = "import os; log.log('m', 1); os._exit(0)"
    in_process(killed_writer, layout)
    done = in_process(
        """
import resource
from cellrun.core.store.lists.run_row import RunRow
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
row = RunRow.read(RunLayout(sys.argv[1]))
print(row.status, row.reason, row.metrics["m"].last)
""",
        layout,
    )
    assert done.stdout == "Failed the kernel went away without complete() {'m': 1}\n"
    assert StatusFile(layout).read().status is Status.RUNNING
    assert checked_status(layout).n == 2


@pytest.mark.parametrize("damaged", ["null", "", '{"status": "Comp', "lost"])
def test_over_a_damaged_end_nothing_is_written(
    damaged: str, new_run: Callable[..., RunLayout], gone: ProcessIdentity
) -> None:
    """It may have been Completed: nobody knows any more, and a guess would be for good."""
    layout = running(new_run(), owner=gone)
    StatusFile(layout).change(Status.COMPLETED)
    if damaged == "lost":
        shutil.rmtree(layout.statuses)
    else:
        (layout.statuses / "2.json").write_text(damaged)
        os.utime(layout.statuses / "2.json", (0, 0))
    before = {path: path.read_bytes() for path in layout.folder.rglob("*") if path.is_file()}
    for _ in range(2):
        with pytest.raises(DamagedRunError, match="status"):
            checked_status(layout)
        (row,) = Index(layout.workspace).runs()
        assert (row.status, "status" in (row.reason or "")) == (Status.DAMAGED, True)
    assert {path: path.read_bytes() for path in layout.folder.rglob("*") if path.is_file()} == before


def test_a_kernel_that_lives(new_run: Callable[..., RunLayout], living: ProcessIdentity) -> None:
    assert checked_status(running(new_run(), owner=living)).status is Status.RUNNING


def test_a_pid_that_is_somebody_else_now(new_run: Callable[..., RunLayout], living: ProcessIdentity) -> None:
    layout = running(new_run(), owner=living._replace(started=living.started - 1))
    assert checked_status(layout).status is Status.FAILED


@pytest.mark.parametrize("survivor", ["supervisor", "job"])
def test_a_submitted_run_of_which_one_process_lives(
    survivor: str, new_run: Callable[..., RunLayout], gone: ProcessIdentity, living: ProcessIdentity
) -> None:
    processes = {"supervisor": gone, "job": gone, survivor: living}
    assert checked_status(running(new_run(kind="script"), **processes)).status is Status.RUNNING


def test_a_submitted_run_of_which_nobody_lives(new_run: Callable[..., RunLayout], gone: ProcessIdentity) -> None:
    status = checked_status(running(new_run(kind="script"), supervisor=gone, job=gone))
    assert (status.status, status.reason) == (Status.FAILED, "supervisor and job disappeared")


@pytest.mark.parametrize("kind", ["script", "interactive"])
def test_a_restarted_machine(kind: str, new_run: Callable[..., RunLayout]) -> None:
    before = ME._replace(boot="another boot")
    processes = {"owner": before} if kind == "interactive" else {"supervisor": before, "job": before}
    layout = running(new_run(kind=kind), **processes)
    assert checked_status(layout).status is Status.RUNNING, "it lived since: it is of another machine of this name"
    for sign in (layout.processes, layout.statuses, layout.events, *layout.events.glob("*")):
        if sign.exists():
            os.utime(sign, (boot_time() - 1, boot_time() - 1))
    status = checked_status(layout)
    assert status.status is Status.FAILED
    assert re.fullmatch(r"machine restarted at 20\d\d-\d\d-\d\d [\d:]{8} \(boot id changed\)", status.reason or "")


@pytest.mark.parametrize("kind", ["script", "interactive"])
def test_of_another_host_nothing_can_be_proven(kind: str, new_run: Callable[..., RunLayout]) -> None:
    elsewhere = ME._replace(host="another", boot="another boot")
    processes = {"owner": elsewhere} if kind == "interactive" else {"supervisor": elsewhere, "job": elsewhere}
    assert checked_status(running(new_run(kind=kind), **processes)).status is Status.RUNNING


def test_a_supervisor_that_has_its_order_begins_or_its_run_is_failed_not_both(
    new_run: Callable[..., RunLayout], gone: ProcessIdentity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever submitted them is gone. Of one run a supervisor takes the claim while somebody looks, of one after it."""
    begun, late = new_run(kind="script"), new_run(kind="script")
    for layout in (begun, late):
        record = json.loads(layout.record.read_text()) | {"created_by": gone.to_json()}
        layout.record.write_text(json.dumps(record))
    claim = supervisor._claim  # what a supervisor does first
    asked = settling.are_proven_dead

    def slow(layout: RunLayout, owners: list[ProcessIdentity]) -> bool:
        found = asked(layout, owners)
        if layout == begun:
            claim(os.fsencode(begun.claim))
        return found

    monkeypatch.setattr(settling, "are_proven_dead", slow)
    assert checked_status(begun).status is Status.NOT_STARTED
    assert checked_status(late).status is Status.FAILED
    with pytest.raises(FileExistsError):
        claim(os.fsencode(late.claim))


def test_a_submission_that_was_killed_before_its_start(
    new_run: Callable[..., RunLayout], gone: ProcessIdentity
) -> None:
    layout = new_run(kind="script")
    assert checked_status(layout).status is Status.NOT_STARTED  # this process made it and lives
    record = json.loads(layout.record.read_text()) | {"created_by": gone.to_json()}
    layout.record.write_text(json.dumps(record))
    status = checked_status(layout)
    assert (status.status, status.reason) == (
        Status.FAILED,
        "the process that submitted it went away before it was started",
    )


def test_a_queued_run_waits_for_whoever_admits_it(new_run: Callable[..., RunLayout], gone: ProcessIdentity) -> None:
    layout = new_run(kind="script")
    StatusFile(layout).change(Status.QUEUED, owner=gone.to_json())
    assert checked_status(layout).status is Status.QUEUED


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.FAILED, Status.CANCELED])
def test_what_has_ended_stays(status: Status, new_run: Callable[..., RunLayout], gone: ProcessIdentity) -> None:
    layout = running(new_run(), owner=gone)
    StatusFile(layout).change(status, reason="its own")
    assert (checked_status(layout).status, checked_status(layout).reason) == (status, "its own")
