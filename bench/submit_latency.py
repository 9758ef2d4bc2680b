"""How long it is from the call that submits to the first line of a user's script.

References: `popen` is subprocess.Popen of the same line; `supervised` is the least that a job with a supervisor of its
own costs, a detached interpreter without site (-I -S) that starts the job and waits for it. `cellrun` is `submit`:
snapshot, records and fsynced status included. The three take turns. The script's first line writes time.monotonic()
(one clock for all processes of a machine); the time of the call is subtracted. `--watch SECONDS` then looks at
supervisors whose jobs sleep, ours and the least one: their memory and their share of a core.

    python -m bench.submit_latency --rounds 60 --watch 60
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench import kit
from cellrun.core import ScriptRunConfig, Workspace
from cellrun.core.layout import RunLayout
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.submission.submission import submit

WAYS = ("popen", "supervised", "cellrun")
USER_LINE = "import time; t = time.monotonic(); open({path!r}, 'w').write(f'{{t}}\\n')"
SUPERVISOR = "import os, sys; os.waitpid(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ), 0)"


def supervised(line: str) -> subprocess.Popen[bytes]:
    """Start a line of Python as a child of the least supervisor."""
    supervisor = [sys.executable, "-I", "-S", "-c", SUPERVISOR]
    return subprocess.Popen([*supervisor, sys.executable, "-c", line], start_new_session=True)


class Submitter:
    """A workspace and a source folder to submit from."""

    def __init__(self, folder: Path) -> None:
        self._workspace = Workspace.create("bench")
        self._source = folder / "source"
        self._source.mkdir()
        self.returned_ms: list[float] = []

    def submit(self, line: str) -> RunLayout:
        """Submit a script of one line."""
        (self._source / "train.py").write_text(line)
        called = time.monotonic()
        layout = submit(self._workspace, "latency", ScriptRunConfig(self._source, "train.py"))
        self.returned_ms.append((time.monotonic() - called) * 1000)
        return layout

    def start(self, way: str, line: str) -> Callable[[], object]:
        """Start a line in one of the three ways; return what waits for its end."""
        if way == "popen":
            return subprocess.Popen([sys.executable, "-c", line]).wait
        if way == "supervised":
            return supervised(line).wait
        layout = self.submit(line)
        return lambda: wait_for(layout, lambda status: status.is_terminal)


def wait_for(layout: RunLayout, condition: Callable[[Status], bool]) -> None:
    """Wait until a run's status is as asked."""
    while not condition(StatusFile(layout).read().status):
        time.sleep(0.005)


def measure(submitter: Submitter, way: str, out: Path) -> float:
    """Return the milliseconds of one start."""
    called = time.monotonic()
    finish = submitter.start(way, USER_LINE.format(path=str(out)))
    while not (out.exists() and out.read_text().endswith("\n")):
        time.sleep(0.001)
    finish()
    time.sleep(0.1)  # what a run does after its end is not the next one's cost
    return (float(out.read_text()) - called) * 1000


def watch(submitter: Submitter, seconds: float) -> None:
    """Print what supervisors need whose jobs sleep: peak memory, and the share of a core."""
    line = f"import time; time.sleep({seconds + 3})"
    layout, least = submitter.submit(line), supervised(line)
    wait_for(layout, lambda status: status is Status.RUNNING)
    time.sleep(1)
    pid = json.loads(layout.processes.read_text())["supervisor"]["pid"]
    before_s = cpu_s(pid)
    time.sleep(seconds)
    used_s = cpu_s(pid) - before_s
    ours_mb, least_mb = peak_mb(pid), peak_mb(least.pid)
    kit.emit(what="supervisor", peak_mb=ours_mb, least_peak_mb=least_mb, ratio=ours_mb / least_mb)
    kit.emit(what="supervisor", share_of_a_core_percent=100 * used_s / seconds, seconds=seconds)
    least.wait()
    wait_for(layout, lambda status: status.is_terminal)
    time.sleep(0.5)  # its supervisor looks after the queue now, whose folder goes with the bench


def cpu_s(pid: int) -> float:
    """Return the seconds of CPU that a process has used, to the nanosecond (its /proc/stat counts in hundredths)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def peak_mb(pid: int) -> float:
    """Return the most memory that a process has had."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024


def main() -> None:
    """Start in turns; the first round, which imports the libraries here, isn't counted."""
    parser = kit.parser(__doc__, rounds=20)
    parser.add_argument("--watch", type=float, metavar="SECONDS", help="then look at supervisors for so long")
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # users have byte code
    with kit.working_folder() as folder:
        submitter = Submitter(folder)
        rounds = options.rounds + 1
        took = kit.take_turns(WAYS, rounds, lambda way, n: measure(submitter, way, folder / f"{way}-{n}"))
        took["submit returns"] = submitter.returned_ms.copy()
        took = {way: all_ms[1:] for way, all_ms in took.items()}
        for way, ours in took.items():
            ratios = {f"ratio_to_{base}": kit.pair_ratio(ours, took[base]) for base in ("popen", "supervised")}
            kit.emit(what=way, ms=statistics.median(ours), worst_ms=max(ours), **ratios, rounds=options.rounds)
        if options.watch:
            watch(submitter, options.watch)


if __name__ == "__main__":
    kit.start(main)
