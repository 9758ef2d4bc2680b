from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from cellrun.core.errors import DamagedRunError, WorkspaceException
from cellrun.core.identity import ProcessIdentity
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.store import status
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore
from cellrun.core.store.status import TERMINAL, Status, StatusFile, StatusRecord
from tests.small_disk import SmallDisk


def test_the_words_are_azures_and_read_as_text() -> None:
    assert str(Status.CANCEL_REQUESTED) == f"{Status.CANCEL_REQUESTED}" == "CancelRequested"
    assert json.dumps(Status.FAILED) == '"Failed"'
    assert Status("Running") is Status.RUNNING


def test_three_states_are_terminal() -> None:
    assert {status for status in Status if status.is_terminal} == TERMINAL
    assert {str(status) for status in TERMINAL} == {"Completed", "Failed", "Canceled"}


def test_users_are_shown_azures_words_but_for_a_run_that_is_being_stopped() -> None:
    assert {status: status.word for status in Status if status.word != status.value} == {
        Status.CANCEL_REQUESTED: "Stopping"
    }


OWNER = ProcessIdentity.current().to_json()
RESERVE = ("reserve-1", "reserve-2")


@pytest.fixture
def file(layout: RunLayout) -> StatusFile:
    return StatusFile(layout)


def refuse_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system without hard links, such as many FUSE mounts and SMB shares."""

    def link(*_: Any) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", link)


def test_a_run_begins_not_started(file: StatusFile) -> None:
    assert (file.read().n, file.read().status) == (0, Status.NOT_STARTED)


def test_a_folder_without_a_status_is_not_started(tmp_path: Path) -> None:
    file = StatusFile(RunLayout(tmp_path / "run"))
    assert (file.read().n, file.read().status, file.history()) == (-1, Status.NOT_STARTED, [])


def test_a_change_keeps_what_was_said_before(file: StatusFile, layout: RunLayout) -> None:
    before = time.time()
    file.change(Status.RUNNING, owner=OWNER)
    running = file.read()
    file.change(Status.FAILED, reason="killed by signal 9 (SIGKILL)", exit_code=None, signal=9)
    failed = StatusFile(layout).read()
    assert (failed.n, failed.status, failed.reason) == (2, Status.FAILED, "killed by signal 9 (SIGKILL)")
    assert failed.fields == {"owner": OWNER, "exit_code": None, "signal": 9}
    assert before <= running.at == running.started_at == failed.started_at <= failed.at == failed.ended_at
    assert running.ended_at is None
    assert [record.status for record in file.history()] == [Status.NOT_STARTED, Status.RUNNING, Status.FAILED]
    assert layout.workspace.changes.read_text().split() == [layout.run_id] * 3  # made, and changed twice


@pytest.mark.parametrize("terminal", [Status.COMPLETED, Status.FAILED, Status.CANCELED])
def test_a_terminal_status_never_changes(terminal: Status, file: StatusFile) -> None:
    file.change(terminal)
    for to in Status:
        assert file.change(to) is None
    assert file.read().status is terminal
    assert len(file.history()) == 2


def test_a_clock_that_was_set_back_gives_no_negative_time() -> None:
    assert StatusRecord(2, Status.COMPLETED, 50.0, None, {}, 100.0).elapsed_s == 0.0
    assert StatusRecord(2, Status.COMPLETED, 142.0, None, {}, 100.0).elapsed_s == 42.0
    assert StatusRecord(0, Status.QUEUED, 142.0, None, {}, None).elapsed_s is None


def test_only_an_expected_status_is_changed(file: StatusFile) -> None:
    assert file.change(Status.RUNNING, expected={Status.STARTING, Status.QUEUED}) is None
    assert file.read().status is Status.NOT_STARTED
    assert file.change(Status.QUEUED, expected={Status.NOT_STARTED}) is not None


def test_it_says_cheaply_whether_something_is_new(file: StatusFile) -> None:
    seen = file.read().n
    assert not file.has_changed(seen)
    file.change(Status.RUNNING)
    assert file.has_changed(seen)
    assert not file.has_changed(file.read().n)


@pytest.mark.parametrize("has_links", [True, False])
def test_of_many_threads_one_wins(
    has_links: bool, new_run: Callable[..., RunLayout], monkeypatch: pytest.MonkeyPatch
) -> None:
    if not has_links:
        refuse_links(monkeypatch)
    ends = [Status.COMPLETED, Status.FAILED, Status.CANCELED]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(20):
            file = StatusFile(new_run())
            gate = threading.Barrier(8)

            def end(thread: int, file: StatusFile = file, gate: threading.Barrier = gate) -> Any:
                gate.wait()
                return file.change(ends[thread % 3], thread=thread)

            won = [record for record in pool.map(end, range(8)) if record]
            assert len(won) == 1
            assert file.read() == won[0]
            assert len(file.history()) == 2


def test_of_several_processes_each_change_is_made_once(layout: RunLayout) -> None:
    program = """
import sys
from cellrun.core.store.status import Status
from cellrun.core.layout import RunLayout
from cellrun.core.store.status import StatusFile
file = StatusFile(RunLayout(sys.argv[1]))
print(sum(file.change(Status.RUNNING, expected={Status.RUNNING, Status.NOT_STARTED}) is not None for _ in range(50)))
"""
    command = [sys.executable, "-c", program, str(layout.folder)]
    writers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert [writer.communicate(timeout=60)[0] for writer in writers] == ["50\n"] * 4
    assert [record.n for record in StatusFile(layout).history()] == list(range(201))
    names = set(os.listdir(layout.statuses))
    assert names - set(RESERVE) == {f"{n}.json" for n in range(201)}


def test_without_links_a_half_written_status_is_not_seen_yet(
    layout: RunLayout, file: StatusFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_links(monkeypatch)
    file.change(Status.RUNNING)
    for half in ("", '{"sta', '{"status": "Comp', '{"status": "Completed", "fields": {"exit_'):
        (layout.statuses / "2.json").write_text(half)
        assert file.read().status is Status.RUNNING
    assert [record.n for record in file.history()] == [0, 1]


def test_without_links_a_killed_writer_holds_nobody_up(
    layout: RunLayout, file: StatusFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_links(monkeypatch)
    half = layout.statuses / "1.json"
    half.write_text('{"status": "Comp')
    os.utime(half, (0, 0))
    assert file.change(Status.RUNNING) is not None
    assert [record.status for record in file.history()] == [Status.NOT_STARTED, Status.RUNNING]


def test_without_links_a_full_disk_leaves_no_part_of_a_status(
    layout: RunLayout, file: StatusFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_links(monkeypatch)
    real, written = os.write, []

    def write(fd: int, data: bytes) -> int:
        if Path(f"/proc/self/fd/{fd}").readlink().name != "1.json":
            return real(fd, data)
        if written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written.append(real(fd, data[:20]))
        return written[0]

    with monkeypatch.context() as full:
        full.setattr(os, "write", write)
        with pytest.raises(OSError, match="No space left"):
            file.change(Status.RUNNING)
    assert set(os.listdir(layout.statuses)) == {"0.json", *RESERVE}


DAMAGED = ["null", "[]", "", "{}", '{"status": "Comp', "\0" * 200, '{"status": "Done", "at": 1}']


@pytest.mark.parametrize("damaged", DAMAGED)
def test_a_damaged_status_is_kept_and_said_and_its_owner_gets_on(
    damaged: str, layout: RunLayout, file: StatusFile
) -> None:
    file.change(Status.RUNNING, owner=OWNER, exit_code=0)
    path = layout.statuses / "2.json"
    path.write_text(damaged)
    os.utime(path, (0, 0))
    with pytest.raises(DamagedRunError, match=r"status/2\.json"):
        file.read()
    assert [record.n for record in file.history()] == [0, 1]
    file.change(Status.COMPLETED)
    assert (file.read().n, file.read().status, file.read().fields["exit_code"]) == (3, Status.COMPLETED, 0)
    assert path.read_text() == damaged
    assert [record.n for record in file.history()] == [0, 1, 3]


def test_a_disk_that_refuses_is_told_and_changes_nothing(file: StatusFile, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_: Any) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", link)
        with pytest.raises(OSError, match="Input/output error"):
            file.change(Status.RUNNING)
    assert file.read().status is Status.NOT_STARTED
    assert file.change(Status.RUNNING) is not None


def test_a_status_is_on_the_disk_before_it_has_its_name(layout: RunLayout, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order that survives a power cut (D11): write, fsync, link, fsync of the folder."""
    calls: list[str] = []

    def noted(name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def call(*arguments: Any, **options: Any) -> Any:
            calls.append(name)
            return real(*arguments, **options)

        return call

    for name in ("write", "fsync", "link"):
        monkeypatch.setattr(os, name, noted(name))
    StatusFile(layout).change(Status.RUNNING)
    assert calls == ["write", "fsync", "link", "fsync", "write"]  # the last: the workspace's list of changes


def test_a_run_that_was_copied_elsewhere_leaves_nothing_around_it(layout: RunLayout, tmp_path: Path) -> None:
    copy = RunLayout(tmp_path / "a" / "b" / "copy")
    copy.folder.parent.mkdir(parents=True)
    layout.folder.rename(copy.folder)
    StatusFile(copy).change(Status.COMPLETED)
    assert os.listdir(tmp_path / "a") == ["b"]
    assert os.listdir(tmp_path / "a" / "b") == ["copy"]


def test_an_end_never_comes_before_a_start_whatever_the_clock_does(
    file: StatusFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = file.change(Status.RUNNING)
    assert begun is not None
    monkeypatch.setattr(time, "time", lambda: begun.at - 7200)
    file.change(Status.FINALIZING)
    file.change(Status.COMPLETED, at=begun.at - 3600)  # as another machine's clock said
    assert [one.at for one in file.history()[1:]] == [begun.at] * 3
    assert file.read().ended_at == file.read().started_at


def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that takes no new file; what is there can be written over."""

    def refuse(path: Path, data: bytes) -> None:  # as `write_new` has it
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(status, "write_new", refuse)


def test_d2_a_full_disk_takes_a_last_status_and_none_before_it(
    layout: RunLayout, file: StatusFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_disk(monkeypatch)
    with pytest.raises(OSError, match="No space left"):
        file.change(Status.RUNNING)
    assert file.show(Status.FINALIZING)  # left out: it would only tell how the run goes
    assert set(RESERVE) < set(os.listdir(layout.statuses))
    file.change(Status.FAILED, reason="exit code 3", exit_code=3)
    ended = file.read()
    assert (ended.status, ended.reason, ended.fields) == (Status.FAILED, "exit code 3", {"exit_code": 3})
    assert not file.show(Status.RUNNING)  # it has ended
    assert sorted(os.listdir(layout.statuses)) == ["0.json", "1.json"]


def test_d2_the_reserve_has_its_place_on_the_disk_until_the_run_has_ended(layout: RunLayout, file: StatusFile) -> None:
    file.change(Status.RUNNING)
    assert sum((layout.statuses / name).stat().st_blocks for name in RESERVE) * 512 >= 64 * 1024
    file.change(Status.COMPLETED)
    assert sorted(os.listdir(layout.statuses)) == ["0.json", "1.json", "2.json"]


def test_where_room_cannot_be_given_it_is_written(
    new_run: Callable[..., RunLayout], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    statuses = new_run().statuses
    assert sum((statuses / name).stat().st_blocks for name in RESERVE) * 512 >= 64 * 1024


def test_a_run_without_a_reserve_is_told_that_the_disk_is_full(
    layout: RunLayout, file: StatusFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a run of an earlier version, or one whose last status was written and lost."""
    for name in RESERVE:
        (layout.statuses / name).unlink()
    full_disk(monkeypatch)
    with pytest.raises(OSError, match="No space left"):
        file.change(Status.COMPLETED)


@pytest.mark.parametrize(("kind", "options"), [("tmpfs", ""), ("tmpfs", "nr_inodes=100"), ("ext4", "")])
@pytest.mark.parametrize("length", [10, 8000])
def test_d2_on_a_real_disk_that_is_full(
    kind: str, options: str, length: int, small_disk: Callable[..., SmallDisk]
) -> None:
    disk = small_disk(kind, options)
    store = RunStore(WorkspaceLayout(disk.folder / "workspace"))
    layout = store.create(RunRecord(experiment="digits", kind="script"), lambda _: None)
    disk.fill_inodes() if options else disk.fill()
    file = StatusFile(layout)
    assert file.show(Status.FINALIZING)
    tail = "損" * length  # six bytes each
    file.change(Status.FAILED, reason="exit code 3", traceback_tail=tail)
    assert file.read().fields == {"traceback_tail": tail}
    assert [one.status for one in file.history()] == [Status.NOT_STARTED, Status.FAILED]
    assert sorted(os.listdir(layout.statuses)) == ["0.json", "1.json"]


def test_d3_a_disk_without_room_for_the_reserve_has_no_run_on_it(small_disk: Callable[..., SmallDisk]) -> None:
    disk = small_disk()
    store = RunStore(WorkspaceLayout(disk.folder / "workspace"))
    first = store.create(RunRecord(experiment="digits", kind="script"), lambda _: None)
    disk.fill()
    os.truncate(disk.folder / "filler-1", (disk.folder / "filler-1").stat().st_size - 60 * 1024)
    with pytest.raises(WorkspaceException, match="no space left on device"):
        store.create(RunRecord(experiment="digits", kind="script"), lambda _: None)
    assert os.listdir(store.workspace.runs) == [first.run_id]


def test_a_full_disk_has_nothing_written_through_a_link_in_the_place_of_the_reserve(
    file: StatusFile, layout: RunLayout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run's folder may have come from somebody else."""
    mine = tmp_path / "mine"
    mine.write_text("mine")
    for name in RESERVE:
        (layout.statuses / name).unlink(missing_ok=True)
        (layout.statuses / name).symlink_to(mine)

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(status, "write_new", full)
    with pytest.raises(OSError, match="No space left"):
        file.change(Status.FAILED, reason="gone")
    assert mine.read_text() == "mine"
