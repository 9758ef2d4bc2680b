from __future__ import annotations

import asyncio
import errno
import gc
import itertools
import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from cellrun.core.errors import InvalidMetricError, InvalidNameError, RunClosedError
from cellrun.core.identity import ProcessIdentity
from cellrun.core.layout import RunLayout
from cellrun.core.store.events import event_file, event_log
from cellrun.core.store.events.event_file import EventFile
from cellrun.core.store.events.event_line import open_line
from cellrun.core.store.events.event_log import EventLog
from cellrun.core.store.notes import added_notes
from cellrun.core.store.status import Status, StatusFile
from tests.core.store.event_samples import LOG_OF, events, in_process, lines, logged


def test_each_kind_of_event(layout: RunLayout, log: EventLog) -> None:
    before = time.time()
    log.log("loss", 0.5)
    log.log("loss", math.nan, step=3)
    log.row("sine", {"x": 1, "y": 2.5})
    log.row("empty", {})
    log.list_("l", [1, math.inf, 2**70])
    log.table("t", {"a": [1, 2], "b": ["x", None]})
    log.image("plot", "outputs/plot.png")
    log.file("model.bin", 12)
    log.tag("k", "v")
    log.tag("none", None)
    log.untag("k")
    log.rename("a better name")
    header, *rest = events(layout)
    own = [{key: value for key, value in event.items() if key not in {"w", "s", "t"}} for event in rest]
    assert own == [
        {"k": "log", "n": "loss", "v": 0.5},
        {"k": "log", "n": "loss", "v": {"float": "NaN"}, "i": 3},
        {"k": "row", "n": "sine", "c": {"x": 1, "y": 2.5}},
        {"k": "row", "n": "empty", "c": {}},
        {"k": "list", "n": "l", "v": [1, {"float": "Infinity"}, {"int": str(2**70)}]},
        {"k": "table", "n": "t", "c": {"a": [1, 2], "b": ["x", None]}},
        {"k": "image", "n": "plot", "f": "outputs/plot.png"},
        {"k": "file", "n": "model.bin", "bytes": 12},
        {"k": "tag", "n": "k", "v": "v"},
        {"k": "tag", "n": "none", "v": None},
        {"k": "untag", "n": "k"},
        {"k": "name", "v": "a better name"},
    ]
    assert header["k"] == "writer"
    assert header["version"] == 1
    assert ProcessIdentity.from_json(header["id"]) == ProcessIdentity.current()
    assert [event["s"] for event in [header, *rest]] == list(range(13))
    assert {event["w"] for event in rest} == {header["w"]} == {next(layout.events.iterdir()).stem}
    times = [event["t"] for event in rest]
    assert times == sorted(times)
    assert before <= times[0] <= times[-1] <= time.time()


def test_nothing_to_log_is_no_event(layout: RunLayout, log: EventLog) -> None:
    log.list_("l", [])
    log.table("t", {})
    log.table("t", {"a": []})
    assert list(layout.events.iterdir()) == []


def test_names_are_checked_before_anything_is_written(layout: RunLayout, log: EventLog) -> None:
    for call in (
        lambda: log.log("", 1),
        lambda: log.row("m", {"bad\n": 1}),
        lambda: log.table("m", {"x" * 256: [1]}),
        lambda: log.tag("\ud800", "v"),
        lambda: log.rename(""),
    ):
        with pytest.raises(InvalidNameError):
            call()
    assert list(layout.events.iterdir()) == []


def test_the_rank_stands_in_the_first_record(layout: RunLayout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELLRUN_RUN_RANK", "5")
    log = EventLog(layout, attempt=2)
    log.log("m", 1)
    log.close()
    assert (events(layout)[0]["rank"], events(layout)[0]["attempt"]) == (5, 2)


def test_a_forked_worker_has_the_rank_that_it_is_given_after_the_fork(layout: RunLayout) -> None:
    in_process(
        """
import os
log.log("m", -1)
for rank in range(2):
    if (pid := os.fork()) == 0:
        os.environ.update(RANK=str(rank), WORLD_SIZE="2")
        log.log("m", rank)
        os._exit(0)
    os.waitpid(pid, 0)
""",
        layout,
    )
    files = [lines(path) for path in layout.events.iterdir()]
    assert {found[1]["v"]: found[0]["rank"] for found in files} == {-1: None, 0: 0, 1: 1}


def test_all_who_ask_in_a_process_share_one_log(layout: RunLayout) -> None:
    for value in range(3):
        EventLog.of(RunLayout(layout.folder)).log("m", value)
    assert logged(layout) == [0, 1, 2]
    EventLog.of(layout).close()
    EventLog.of(layout).log("m", 3)
    EventLog.of(layout).close()
    assert len(list(layout.events.iterdir())) == 2


# What is too large (C8)


def test_an_event_beyond_the_limit_is_refused_whole(layout: RunLayout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELLRUN_EVENT_BYTES", "2_000_000")
    log = EventLog(layout)
    log.list_("before", [0.5])
    for call in (
        lambda: log.list_("big", ["x" * 1000] * 3000),
        lambda: log.table("big", {"x": ["x" * 1000] * 3000}),
        lambda: log.log("big", "x" * 3_000_000),
        lambda: log.row("big", {"x": "x" * 3_000_000}),
    ):
        with pytest.raises(
            InvalidMetricError, match=r"would store 3\.\d MB, the limit is 2\.0 MB \(CELLRUN_EVENT_BYTES\)"
        ):
            call()
    log.close()
    assert [event.get("n") for event in events(layout)] == [None, "before"]
    assert "big" not in next(layout.summaries.glob("*.json")).read_text()


def test_a_million_values_are_one_whole_line(layout: RunLayout, log: EventLog) -> None:
    values = [i * 0.1 for i in range(1_000_000)]
    log.list_("m", values)
    assert events(layout)[-1]["v"] == values


# Threads, signals, asyncio, forks (C5)


def test_threads_share_one_file_each_in_its_own_order(layout: RunLayout, log: EventLog) -> None:
    def work(thread: int) -> None:
        for i in range(500):
            log.log(f"m{thread}", i)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    found = events(layout)
    assert [event["s"] for event in found] == list(range(4001))
    for thread in range(8):
        assert [event["v"] for event in found if event.get("n") == f"m{thread}"] == list(range(500))


def test_tasks_of_an_event_loop(layout: RunLayout, log: EventLog) -> None:
    async def work(task: int) -> None:
        for i in range(100):
            log.log(f"m{task}", i)
            await asyncio.sleep(0)

    async def main() -> None:
        await asyncio.gather(*map(work, range(10)))

    asyncio.run(main())
    for task in range(10):
        assert [event["v"] for event in events(layout) if event.get("n") == f"m{task}"] == list(range(100))


def test_a_signal_handler_may_log_while_its_thread_is_logging(layout: RunLayout, log: EventLog) -> None:
    calls = itertools.count()
    before = signal.signal(signal.SIGALRM, lambda *_: log.log("handler", next(calls)))
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    try:
        for value in range(20_000):
            log.log("thread", value)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    found = events(layout)
    assert sorted(event["s"] for event in found) == list(range(len(found)))
    assert [event["v"] for event in found if event.get("n") == "thread"] == list(range(20_000))
    of_handler = [event["v"] for event in found if event.get("n") == "handler"]
    assert sorted(of_handler) == list(range(next(calls)))  # a handler may interrupt another
    assert of_handler


def test_a_signal_handler_may_log_while_the_file_is_opened(
    layout: RunLayout, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(*about: Any) -> EventFile:
        monkeypatch.setattr(event_log, "EventFile", EventFile)
        log.log("handler", 1)  # as one does that a signal calls here
        return EventFile(*about)

    monkeypatch.setattr(event_log, "EventFile", opened)
    log.log("thread", 2)
    assert [event["n"] for event in events(layout) if event["k"] == "log"] == ["handler", "thread"]


def test_a_forked_child_is_a_writer_of_its_own(layout: RunLayout) -> None:
    done = in_process(
        """
import os, warnings
warnings.simplefilter("error")
for i in range(3):
    log.log("parent", i)
children = []
for child in range(3):
    if (pid := os.fork()) == 0:
        for i in range(3):
            log.log("child", 10 * child + i)
        os._exit(0)
    children.append(pid)
if os.fork() == 0:
    os._exit(0)  # a child that logs nothing leaves no file
log.log("parent", 3)
for pid in children:
    assert os.waitpid(pid, 0)[1] == 0
log.log("parent", 4)
""",
        layout,
    )
    assert done.stderr == ""
    files = [lines(path) for path in layout.events.iterdir()]
    by_values = sorted([event["v"] for event in found if event["k"] == "log"] for found in files)
    assert by_values == [[0, 1, 2], [0, 1, 2, 3, 4], [10, 11, 12], [20, 21, 22]]
    for found in files:
        assert [event["s"] for event in found] == list(range(len(found)))
        assert len({event["w"] for event in found}) == 1
    assert len({found[0]["id"]["pid"] for found in files}) == 4


def test_a_fork_while_another_thread_logs_leaves_no_lock_held(layout: RunLayout) -> None:
    in_process(
        """
import os, threading
stop = threading.Event()
def work():
    i = 0
    while not stop.is_set():
        log.log("thread", i)
        i += 1
thread = threading.Thread(target=work)
thread.start()
for child in range(20):
    pid = os.fork()
    if pid == 0:
        log.log("child", child)
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
stop.set()
thread.join()
""",
        layout,
        timeout=60,
    )
    files = [lines(path) for path in layout.events.iterdir()]
    assert sorted(event["v"] for found in files for event in found if event.get("n") == "child") == list(range(20))
    (of_thread,) = ([e["v"] for e in found if e.get("n") == "thread"] for found in files if found[1]["n"] == "thread")
    assert of_thread == list(range(len(of_thread)))


# Several processes (C4)


def test_eight_ranks_log_to_one_run(layout: RunLayout) -> None:
    code = """
import os
for i in range(500):
    log.log("loss", i)
log.list_("big", [float(os.environ["RANK"])] * 30_000)
"""
    command = [sys.executable, "-c", LOG_OF + code, str(layout.folder)]
    ranks = [subprocess.Popen(command, env={**os.environ, "RANK": str(rank), "WORLD_SIZE": "8"}) for rank in range(8)]
    assert [rank.wait(60) for rank in ranks] == [0] * 8
    files = [lines(path) for path in layout.events.iterdir()]
    assert sorted(found[0]["rank"] for found in files) == list(range(8))
    assert len({found[0]["w"] for found in files}) == 8
    for found in files:
        assert [event["v"] for event in found[1:-1]] == list(range(500))
        assert found[-1]["v"] == [float(found[0]["rank"])] * 30_000
        assert [event["s"] for event in found] == list(range(502))


# After the end (C15)


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.FAILED, Status.CANCELED])
def test_a_run_that_has_ended_takes_no_more(status: Status, layout: RunLayout, log: EventLog) -> None:
    log.log("m", 1)
    StatusFile(layout).change(status)
    deadline = time.monotonic() + 10
    with pytest.raises(RunClosedError) as caught:  # noqa: PT012  # the log looks at most every 50 ms
        while time.monotonic() < deadline:
            log.log("m", 2)
    assert str(caught.value) == f"run {layout.run_id} is {status}; start a new run"
    kept = logged(layout)
    for call in (
        lambda: log.log("m", 3),
        lambda: log.row("r", {"x": 1}),
        lambda: log.list_("l", [1]),
        lambda: log.table("t", {"x": [1]}),
        lambda: log.image("i", "a.png"),
    ):
        with pytest.raises(RunClosedError):
            call()
    assert logged(layout) == kept


def test_a_log_that_is_opened_after_the_end_refuses_its_first_call(layout: RunLayout) -> None:
    StatusFile(layout).change(Status.COMPLETED)
    with pytest.raises(RunClosedError, match="is Completed; start a new run"):
        EventLog(layout).log("m", 1)
    assert list(layout.events.iterdir()) == []


def test_tags_files_and_the_name_are_taken_after_the_end_and_nothing_else(layout: RunLayout) -> None:
    before = len(os.listdir("/proc/self/fd"))
    StatusFile(layout).change(Status.COMPLETED)
    log = EventLog(layout)
    log.tag("best", "yes")
    with pytest.raises(RunClosedError):  # though its file is open by now
        log.log("m", 1)
    log.untag("best")
    log.file("curve.png", 1)
    log.rename("the best")
    log.release()
    assert len(os.listdir("/proc/self/fd")) == before
    assert [event["k"] for event in events(layout)] == ["writer", "tag", "untag", "file", "name"]


def test_a_forked_notebook_is_refused_too(layout: RunLayout) -> None:
    done = in_process(
        """
import os
from cellrun.core.errors import RunClosedError
from cellrun.core.store.status import Status
from cellrun.core.store.status import StatusFile
log.log("m", 1)
log.close()
StatusFile(RunLayout(sys.argv[1])).change(Status.COMPLETED)
if (pid := os.fork()) == 0:
    try:
        log.log("m", 2)
    except RunClosedError:
        os._exit(7)
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
""",
        layout,
    )
    assert done.stdout == "7\n"
    assert logged(layout) == [1]


# Clocks, disks


def test_time_never_runs_back_within_a_writer(
    layout: RunLayout, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    clock = iter([now, now + 1, now - 3600, now + 2, now + 86400 * 365, now + 3])
    monkeypatch.setattr(event_file, "time", lambda: next(clock))
    for value in range(5):
        log.log("m", value)
    found = events(layout)
    assert [event["v"] for event in found[1:]] == list(range(5))
    times = [event["t"] - now for event in found]
    assert times == pytest.approx([0, 1, 1, 2, 86400 * 365, 86400 * 365])


@pytest.mark.parametrize("there", ["20", "size - before - 1"], ids=["its beginning", "all but its end"])
def test_a_torn_line_costs_itself_alone(layout: RunLayout, there: str) -> None:
    """A write cut short by the system (here a limit on the file's size): the next line starts clean (C2)."""
    done = in_process(
        f"""
import resource
from cellrun.core.store.events import event_file
event_file.time = lambda: 1.5  # all lines are of one length
def size_bytes():
    return sum(path.stat().st_size for path in RunLayout(sys.argv[1]).events.iterdir())
log.tag("t", None)
before = size_bytes()
log.log("m", "fine")
size = size_bytes()
resource.setrlimit(resource.RLIMIT_FSIZE, (size + {there}, resource.RLIM_INFINITY))
for _ in range(2):  # there is no place for the end of the torn line either
    try:
        log.log("m", "torn")
    except EventNotKeptError as error:
        print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (size + {there} + 1, resource.RLIM_INFINITY))
try:
    log.log("m", "torn")
except EventNotKeptError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
log.log("m", "past")
log.log("m", "last")
""",
        layout,
    )
    assert done.stdout.splitlines() == [f"'m' isn't kept in run {layout.run_id}: File too large"] * 3
    (path,) = layout.events.iterdir()
    whole = path.read_bytes().split(b"\n")
    assert open_line(whole[3]) is None, "what was refused isn't there"
    path.write_bytes(b"\n".join(whole[:3] + whole[4:]))
    assert logged(layout) == ["fine", "past", "last"]
    assert [event["s"] for event in events(layout)] == [0, 1, 2, 6, 7]  # the gap tells of the lost ones
    (summary,) = layout.summaries.iterdir()
    assert json.loads(summary.read_text())["offset"] == len(b"\n".join(whole))
    assert added_notes(layout) == ["3 events dropped: File too large"]


def test_a_disk_that_is_full_from_the_start_leaves_no_file(layout: RunLayout) -> None:
    done = in_process(
        """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (20, resource.RLIM_INFINITY))
for value in range(3):
    try:
        log.log("m", value)
    except EventNotKeptError as error:
        print(error.errno)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
log.log("m", 3)
""",
        layout,
    )
    assert done.stdout == f"{errno.EFBIG}\n" * 3
    assert logged(layout) == [3]
    assert added_notes(layout) == ["3 events dropped: File too large"]


def test_d1_a_process_that_is_killed_has_told_of_what_a_full_disk_refused(layout: RunLayout) -> None:
    """Ups and downs of a disk leave few notes: each tells of more events than all before it."""
    done = in_process(
        """
import os, resource, time
from cellrun.core.store.notes import added_notes
no_limit = resource.RLIM_INFINITY
for refused, told in ((1, 1), (1, 1), (2, 2)):
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, no_limit))
    for value in range(refused):
        try:
            log.log("m", value)
        except EventNotKeptError:
            pass
    resource.setrlimit(resource.RLIMIT_FSIZE, (no_limit, no_limit))
    log.log("m", "kept")
    while log._flusher.dirty:
        time.sleep(0.01)
    while len(added_notes(log._layout)) < told:
        time.sleep(0.01)
os._exit(0)
""",
        layout,
    )
    assert done.returncode == 0
    assert added_notes(layout) == ["1 event dropped: File too large", "3 events dropped: File too large"]


def test_closing_brings_the_lines_to_the_disk_and_the_file_back(layout: RunLayout) -> None:
    before = len(os.listdir("/proc/self/fd"))
    log = EventLog(layout)
    log.log("m", 1)
    assert len(os.listdir("/proc/self/fd")) == before + 1
    log.close()
    log.close()
    assert len(os.listdir("/proc/self/fd")) == before
    log.log("m", 2)
    log.close()
    assert sorted(len(lines(path)) for path in layout.events.iterdir()) == [2, 2]


def test_a_log_that_is_forgotten_gives_its_file_back(layout: RunLayout) -> None:
    gc.collect()  # what others left
    before = len(os.listdir("/proc/self/fd"))
    log = EventLog(layout)
    log.log("m", 1)
    log._flusher.flush()
    del log
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == before


# The summary


def test_the_summary_follows_within_a_second_or_so_and_at_the_end(layout: RunLayout) -> None:
    log = EventLog(layout)
    log.log("loss", 0.5)
    log.tag("k", "v")
    deadline = time.monotonic() + 20
    while not list(layout.summaries.glob("*.json")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    (path,) = layout.summaries.glob("*.json")
    assert json.loads(path.read_text())["metrics"]["loss"]["last"] == {"loss": 0.5}
    assert layout.workspace.changes.read_text().splitlines()[-1] == layout.run_id
    log.log("loss", 0.25)
    log.close()
    summary = json.loads(path.read_text())
    assert summary["metrics"]["loss"]["last"] == {"loss": 0.25}
    assert summary["offset"] == next(layout.events.iterdir()).stat().st_size


def test_no_thread_stays_when_nothing_is_logged(layout: RunLayout, log: EventLog) -> None:
    log.log("m", 1)
    assert "cellrun-summary" in {thread.name for thread in threading.enumerate()}
    deadline = time.monotonic() + 20
    while "cellrun-summary" in {thread.name for thread in threading.enumerate()}:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    log.log("m", 2)
    log.close()
    assert json.loads(next(layout.summaries.glob("*.json")).read_text())["metrics"]["m"]["count"] == 2


def test_the_end_of_a_process_is_enough(layout: RunLayout) -> None:
    in_process("log.log('m', 1); log.log('m', 2)", layout)
    assert json.loads(next(layout.summaries.glob("*.json")).read_text())["metrics"]["m"]["count"] == 2


def test_a_removed_run_folder_breaks_no_training(layout: RunLayout) -> None:
    done = in_process(
        """
import shutil
log.log("m", 1)
shutil.rmtree(sys.argv[1])
for i in range(1000):
    log.log("m", i)
log.close()
print("done")
""",
        layout,
    )
    assert (done.stdout, done.stderr) == ("done\n", "")


def test_importing_it_stays_cheap() -> None:
    heavy = ["requests", "cloudpickle", "numpy", "orjson", "sqlite3", "blake3", "asyncio"]
    program = f"import sys, cellrun.core.store.events.event_log; print([n for n in {heavy!r} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
