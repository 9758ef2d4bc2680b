"""From the call that submits to the first line of a user's script, against Popen and a bare supervised start.

The script's first line writes time.monotonic() (one clock for all processes of a machine) into a file; the time of the
call is subtracted. References: `popen` is subprocess.Popen of the same line, `supervised` is the least that a job with
a supervisor of its own costs: a detached interpreter without site (-I -S) that starts the job and waits for it.
`cellrun` is `submit`: snapshot, records and fsynced status included. The three take turns, round by round; a ratio is
the median of the rounds' ratios. `--watch SECONDS` then looks at a supervisor whose job sleeps: its memory and its
share of a core.

    python bench/submit_latency.py --rounds 60 --watch 60
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cellrun.core import ScriptRunConfig, Workspace
from cellrun.core.status import Status
from cellrun.core.store.layout import RunLayout
from cellrun.core.store.status_file import StatusFile
from cellrun.core.submission.submission import submit

USER_LINE = "import time; t = time.monotonic(); open({path!r}, 'w').write(f'{{t}}\\n')"
SUPERVISOR = "import os, sys; os.waitpid(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ), 0)"


class Ways:
    """The three ways to start the user's line; each returns what waits for the end."""

    def __init__(self, folder: Path) -> None:
        os.environ |= {"CELLRUN_HOME": str(folder / "home"), "CELLRUN_RUNTIME_DIR": str(folder / "runtime")}
        self._workspace = Workspace.create("bench")
        self._source = folder / "source"
        self._source.mkdir()
        self.submit_ms = 0.0

    def popen(self, line: str) -> Callable[[], object]:
        """Start it as a child."""
        return subprocess.Popen([sys.executable, "-c", line]).wait

    def supervised(self, line: str) -> Callable[[], object]:
        """Start it as a child of the least supervisor."""
        supervisor = [sys.executable, "-I", "-S", "-c", SUPERVISOR]
        return subprocess.Popen([*supervisor, sys.executable, "-c", line], start_new_session=True).wait

    def cellrun(self, line: str) -> Callable[[], object]:
        """Submit it."""
        layout = self.submitted(line)
        return lambda: _wait(layout)

    def submitted(self, line: str) -> RunLayout:
        """Submit a script of one line."""
        called = time.monotonic()
        (self._source / "train.py").write_text(line)
        layout = submit(self._workspace, "latency", ScriptRunConfig(self._source, "train.py"))
        self.submit_ms = (time.monotonic() - called) * 1000
        return layout


def _wait(layout: RunLayout) -> None:
    while not StatusFile(layout).read().status.is_terminal:
        time.sleep(0.005)


def measure(ways: Ways, name: str, out: Path) -> float:
    """Return the milliseconds of one start."""
    called = time.monotonic()
    finish = getattr(ways, name)(USER_LINE.format(path=str(out)))
    while not (out.exists() and out.read_text().endswith("\n")):
        time.sleep(0.001)
    finish()
    time.sleep(0.1)  # what a run does after its end is not the next one's cost
    return (float(out.read_text()) - called) * 1000


def watch(ways: Ways, seconds: float) -> dict[str, float]:
    """Return the peak memory in MB of a supervisor whose job sleeps, and its share of a core in percent."""
    layout = ways.submitted(f"import time; time.sleep({seconds + 2})")
    while StatusFile(layout).read().status is not Status.RUNNING:
        time.sleep(0.01)
    time.sleep(1)
    pid = json.loads(layout.processes.read_text())["supervisor"]["pid"]
    before = _cpu_s(pid)
    time.sleep(seconds)
    used = _cpu_s(pid) - before
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    _wait(layout)
    peak_mb = int(status["VmHWM"].split()[0]) / 1024
    return {"peak_mb": round(peak_mb, 1), "share_of_a_core_percent": round(100 * used / seconds, 3)}


def _cpu_s(pid: int) -> float:
    """Return the seconds of CPU that a process has used, to the nanosecond (its /proc/stat counts in hundredths)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=20)
    arguments.add_argument("--watch", type=float, metavar="SECONDS", help="then look at a supervisor for so long")
    options = arguments.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # users have byte code
    with tempfile.TemporaryDirectory(prefix="submit_latency_", ignore_cleanup_errors=True) as name:
        ways = Ways(Path(name))
        rounds = []
        for number in range(options.rounds + 1):
            out = Path(name) / str(number)
            took = {way: measure(ways, way, out.with_suffix(f".{way}")) for way in ("popen", "supervised", "cellrun")}
            rounds.append(took | {"submit_returns": ways.submit_ms})
        rounds = rounds[1:]  # the first one imports the libraries here
        print(f"{'':>15} {'median ms':>10} {'worst':>8} {'/ popen':>8} {'/ supervised':>13}   {len(rounds)} rounds")
        for way in rounds[0]:
            took_ms = [one[way] for one in rounds]
            to_popen, to_supervised = (
                statistics.median(one[way] / one[base] for one in rounds) for base in ("popen", "supervised")
            )
            print(
                f"{way:>15} {statistics.median(took_ms):>10.1f} {max(took_ms):>8.1f} "
                f"{to_popen:>8.2f} {to_supervised:>13.2f}"
            )
        if options.watch:
            print(json.dumps(watch(ways, options.watch)))


if __name__ == "__main__":
    main()
