"""What one run, one event and one viewer cost, each part of the house by itself: what docs/scale.md reckons with.

`run`: so many small runs on this machine, one after another: processor time of the process that submits, and of all
that works beside the job; files and bytes of a run's folder. `event`: bytes and processor time of a value that is
logged, and of reading it. `keeper`: processor time of one round with so many live runs of an engine that says nothing
new, whose folders are shared, and whose files are brought. `index`: bytes of a row, and what a look at the list costs
that finds so many runs changed. There is no reference: these are sums to be multiplied.

    python -m bench.scale --runs 20 --events 100000 --live 200
"""

from __future__ import annotations

import ctypes
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from bench import kit
from bench.list_runs import fill
from cellrun.core import Experiment, ScriptRunConfig, Workspace
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.places import cache_of
from cellrun.core.store.events.event_log import EventLog
from cellrun.core.store.events.reader import EventReader
from cellrun.core.store.lists.index import Index
from cellrun.core.store.lists.index_file import INDEX
from cellrun.core.store.record import RunRecord, RunTarget
from cellrun.core.store.run_store import RunStore
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.targets.contract import Capability, ComputeTarget, JobState, Observation
from cellrun.core.targets.sync_round import bring

JOB = "from cellrun.core import Run\nrun = Run.get_context()\nfor i in range(100): run.log('loss', 1 / (1 + i))\n"
BARE = "for i in range(100): print(1 / (1 + i))\n"
_INDEXED = 10_000
_CHILD_SUBREAPER = 36


class Engine(ComputeTarget):
    """Says that all of its runs go on."""

    kind = "bench"

    def observe(self, runs: Sequence[RunLayout]) -> dict[str, Observation]:
        """Answer at once."""
        return {run.run_id: Observation(JobState.RUNNING) for run in runs}

    def sync(self, runs: Sequence[RunLayout], *, is_final: bool) -> Collection[str]:  # noqa: ARG002  # nothing is new
        """Bring nothing."""
        return ()

    def describe(self) -> Any:
        """Nobody asks."""
        raise NotImplementedError

    python: Any = describe
    problems: Any = describe
    launch: Any = describe
    cancel: Any = describe
    doctor: Any = describe


class SharingEngine(Engine):
    """One whose runs write into their folders here."""

    capabilities = frozenset({Capability.SHARES_FILES})


def cpu_s(work: Callable[[], object]) -> float:
    """Return the seconds of processor that this process needs for something."""
    before = time.process_time()
    work()
    return time.process_time() - before


def runs(folder: Path, count: int) -> None:
    """Submit small runs, one after another."""
    source = folder / "source"
    source.mkdir()
    experiment = Experiment(Workspace.create("bench"), "scale")
    (source / "bare.py").write_text(BARE)
    (source / "train.py").write_text(JOB)
    beside, own, layouts = [], [], []
    ctypes.CDLL(None).prctl(_CHILD_SUBREAPER, 1)  # whatever loses its parent is this process's to wait for
    for _ in range(count + 1):
        before_own, before = time.process_time(), _children_s()
        run = experiment.submit(ScriptRunConfig(source, "train.py"))
        own.append(time.process_time() - before_own)
        run.wait_for_completion()
        with_job = _settled(before)
        before = _children_s()
        subprocess.run([sys.executable, source / "bare.py"], check=True, stdout=subprocess.DEVNULL)
        beside.append(with_job - (_children_s() - before))
        layouts.append(run.layout)
    files = [[path for path in layout.folder.rglob("*") if path.is_file()] for layout in layouts]
    kit.emit(
        what="a run on this machine",
        rounds=count,
        submit_cpu_ms=1000 * statistics.median(own[1:]),
        beside_the_job_cpu_ms=1000 * statistics.median(beside[1:]),
        files=statistics.median(map(len, files)),
        bytes=statistics.median(sum(path.stat().st_size for path in each) for each in files),
        disk_bytes=statistics.median(sum(512 * path.stat().st_blocks for path in each) for each in files),
    )


def events(folder: Path, count: int) -> None:
    """Log values, and read them."""
    layout = RunLayout(folder / "events" / "a_1_00000000")
    layout.folder.mkdir(parents=True)
    log = EventLog(layout)

    def write() -> None:
        for number in range(count):
            log.log("loss", 1 / (1 + number))

    wrote_s = cpu_s(write)
    log.close()
    size = sum(path.stat().st_size for path in layout.events.glob("*.jsonl"))
    read_s = cpu_s(lambda: sum(map(len, EventReader(layout).batches())))
    kit.emit(what="an event", bytes=size / count, write_cpu_us=1e6 * wrote_s / count, read_cpu_us=1e6 * read_s / count)


def rounds(count: int) -> None:
    """Make the keeper's rounds over live runs."""
    workspace = Workspace.create("kept")
    layouts = []
    for _ in range(count):
        record = RunRecord("scale", "script", target="box")
        layout = RunStore(workspace.layout).create(record, lambda _: None)
        RunTarget("box", "bench", shares_processes=False).write(layout)
        StatusFile(layout).change(Status.RUNNING, there=1)
        layout.processes.write_text("{}")
        layouts.append(layout)
    for kind in (Engine, SharingEngine):
        target = kind("box")
        spent = [cpu_s(lambda target=target: bring(target, layouts)) for _ in range(6)][1:]  # type: ignore[misc]
        kit.emit(what=f"a round of {kind.__name__}", live=count, cpu_us_a_run=1e6 * statistics.median(spent) / count)


def index(folder: Path, live: int) -> None:
    """Make an index of many runs, and look at it again and again while some of them haven't ended."""
    workspace = WorkspaceLayout(folder / "listed")
    fill(str(workspace.folder), str(_INDEXED))
    (workspace.folder / "workspace.json").write_text('{"version": 1, "id": "bench", "name": "listed"}')
    listed = Index(workspace)
    made_s = cpu_s(listed.refresh)
    size = (cache_of(workspace) / INDEX).stat().st_size
    kit.emit(what="a run in the index", bytes=size / _INDEXED, make_cpu_us=1e6 * made_s / _INDEXED, runs=_INDEXED)
    point = listed.changed().point
    for name in sorted(os.listdir(workspace.runs))[:live]:  # noqa: PTH208  # names alone
        layout = workspace.run(name)
        (layout.statuses / "2.json").unlink()
        StatusFile(layout).change(Status.RUNNING)
    took_s = cpu_s(lambda: listed.changed(point))
    kit.emit(what="a change in the list", cpu_us=1e6 * took_s / live, changed=live, runs=_INDEXED)


def main() -> None:
    """Measure each part."""
    parser = kit.parser(__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--live", type=int, default=200)
    options = parser.parse_args()
    with kit.working_folder() as folder:
        os.chdir(folder)
        events(folder, options.events)
        rounds(options.live)
        index(folder, options.live)
        runs(folder, options.runs)


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _settled(before: float) -> float:
    """Return what children have used since, once the last one of a run has ended: its supervisor, its recorder."""
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)
    return _children_s() - before


if __name__ == "__main__":
    kit.start(main)
