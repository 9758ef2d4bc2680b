"""A run on a machine elsewhere, live: how late what it writes is here, and what that costs.

The job logs a metric and prints a line, each with the time of its call, `--rate` of both a second. Both sides have one
clock. Delay: from the call there to the bytes being readable in the run's folder here, with a view that looks all the
time; without one the keeper comes by each 15 s. Cost: bytes on the wire (ssh's own and TCP's payload, up and down)
against the bytes logged, and seconds of processor that keeper and ssh take here, agent, sshd and supervisor there.
Counted are `--seconds` in the middle of a run; a job that logs nothing is the idle one.

    python -m bench.elsewhere_live --seconds 60
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from bench import kit
from bench.elsewhere import Elsewhere, cpu_s, elsewhere, keepers, ssh_here, wait_for
from cellrun.core.layout import RunLayout
from cellrun.core.store.events.reader import EventReader

JOB = """
import sys, time
from pathlib import Path
from cellrun.core import Run
run, rate, enough = Run.get_context(), float(sys.argv[1]), Path.home() / sys.argv[2]
print('up', flush=True)
while not enough.exists():
    if rate:
        run.log('sent', time.time())
        print('sent', time.time(), flush=True)
    time.sleep(1 / (rate or 5))
"""
HOUR_S = 3600
SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


class Delays:
    """How late each metric's event and each line of the log is in the run's folder here, in seconds."""

    def __init__(self, layout: RunLayout) -> None:
        self._layout = layout
        self._events = EventReader(layout)
        self._read = 0
        self.metric: list[float] = []
        self.line: list[float] = []

    def look(self) -> None:
        """Take what is new."""
        for batch in self._events.batches():
            self.metric += [time.time() - event["v"] for event in batch if event.get("n") == "sent"]
        log = self._layout.log.read_bytes()[self._read :] if self._layout.log.exists() else b""
        whole = log[: log.rfind(b"\n") + 1]
        self._read += len(whole)
        self.line += [time.time() - float(line.split()[1]) for line in whole.splitlines() if line.startswith(b"sent")]

    def clear(self) -> None:
        """Forget what was until now."""
        self.metric, self.line = [], []


def measure(place: Elsewhere, folder: Path, rate: float, seconds: float, *, is_watched: bool) -> None:
    """Run one job, and print what its middle showed."""
    name = f"enough-{rate:g}-{is_watched}"
    layout = place.submit(JOB, str(rate), name)
    delays = Delays(layout)
    row: dict[str, Any] = {"rate": rate, "watched": is_watched}
    with place.watched(layout) if is_watched else nullcontext():
        wait_for(lambda: place.status(layout) and b"up" in _log(layout), "the job")
        _look_for(delays, 5 if is_watched else 20)
        delays.clear()
        wire, logged, costs = place.box.wire.counted(), _size_bytes(layout), costs_s(place, folder)
        began = time.monotonic()
        _look_for(delays, seconds)
        row["seconds"] = time.monotonic() - began
        carried = {way: count - wire[way] for way, count in place.box.wire.counted().items()}
        tell_bytes(carried, _size_bytes(layout) - logged, row)
        tell_costs({what: after - costs[what] for what, after in costs_s(place, folder).items()}, row)
    (place.box.home / name).touch()
    place.end(layout)
    for what, found in {"metric": delays.metric, "line": delays.line}.items():
        if found:
            shares = {label: kit.percentile(found, share) for label, share in SHARES.items()}
            kit.emit(what=f"{what} there to here, s", **row, **shares, worst=max(found), count=len(found))


def tell_bytes(carried: dict[str, int], logged: int, row: dict[str, Any]) -> None:
    """Print what went over the wire, against what was logged."""
    up, down = carried["up"], carried["down"]
    ratio = down / logged if logged else None
    an_hour_mb = (up + down) / row["seconds"] * HOUR_S / 1e6
    kit.emit(what="bytes on the wire", **row, up=up, down=down, logged=logged, ratio=ratio, an_hour_mb=an_hour_mb)


def tell_costs(spent: dict[str, float], row: dict[str, Any]) -> None:
    """Print the seconds of processor, of each and in all."""
    share = sum(spent.values()) / row["seconds"]
    kit.emit(what="CPU seconds", **row, **spent, in_all_percent_of_a_core=100 * share, an_hour_s=share * HOUR_S)


def costs_s(place: Elsewhere, folder: Path) -> dict[str, float]:
    """Return the seconds of CPU that each kind of process has used until now."""
    costs = dict.fromkeys(("keeper", "ssh here", *_KINDS), 0.0)
    costs["keeper"] = sum(map(cpu_s, keepers(folder / "home")))
    costs["ssh here"] = sum(map(cpu_s, ssh_here(place.box.config, folder / "runtime")))
    for pid, command in place.box.machine.everything().items():
        for what, is_it in _KINDS.items():
            if is_it(command):
                costs[what] += cpu_s(pid)
                break
    return costs


_KINDS: dict[str, Callable[[str], bool]] = {
    "sshd there": lambda command: command.startswith("sshd"),
    "supervisor there": lambda command: "supervisor" in command,
    "agent there": lambda command: "-I -S" in command,
}


def main() -> None:
    """Measure a job that is watched, one that isn't, and an idle one."""
    parser = kit.parser(__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=10)
    options = parser.parse_args()
    with kit.working_folder() as folder, elsewhere(folder) as place:
        measure(place, folder, options.rate, options.seconds, is_watched=True)
        measure(place, folder, options.rate, options.seconds, is_watched=False)
        measure(place, folder, 0, options.seconds, is_watched=False)


def _look_for(delays: Delays, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        delays.look()
        time.sleep(0.005)


def _log(layout: RunLayout) -> bytes:
    return layout.log.read_bytes() if layout.log.exists() else b""


def _size_bytes(layout: RunLayout) -> int:
    """Return what the job has logged: events and output."""
    return sum(path.stat().st_size for path in (*layout.events.glob("*.jsonl"), layout.log) if path.exists())


if __name__ == "__main__":
    kit.start(main)
