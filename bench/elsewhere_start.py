"""How long it is from the call that submits to the first line of a user's script on a machine elsewhere, by ssh.

Reference: `ssh box python3 x.py` over a connection that is there already (ControlMaster), x.py being there, too. Ours
has its connection, its keeper and its library there as well; the two take turns. Both sides have one clock: the
script's first line notes the time there (`starts`), and prints it; `is seen` is until it is read here, from ssh's
output and from the run's folder. Then the same with a wire that is `--round-trip-ms` longer. `cold` is the first submit
of a user who has just attached a machine that has nothing of ours: no keeper here, no library there, no connection.

    python -m bench.elsewhere_start --rounds 20
"""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from bench import kit
from bench.elsewhere import Elsewhere, elsewhere, keepers, wait_for
from cellrun.core import Workspace
from cellrun.core.layout import RunLayout
from tests.engines.box import NAME

LINE = "import time; print(time.monotonic(), flush=True)"
WAYS = ("ssh", "cellrun")


class Start(NamedTuple):
    """How many milliseconds after the call the line ran, was seen here, and the call returned."""

    starts: float
    is_seen: float
    returned: float


def by_ssh(shared: Path) -> Start:
    """Start the line by ssh over the connection that is there."""
    command = ["ssh", "-T", "-o", "BatchMode=yes", "-o", f"ControlPath={shared}", NAME, "python3 x.py"]
    called = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        returned = time.monotonic()
        assert process.stdout
        ran = float(process.stdout.readline())
        seen = time.monotonic()
    return _start(called, ran, seen, returned)


def by_cellrun(place: Elsewhere) -> Start:
    """Submit a script of that line, and read its log while somebody watches."""
    called = time.monotonic()
    layout = place.submit(LINE)
    returned = time.monotonic()
    with place.watched(layout):
        wait_for(lambda: _log(layout).endswith(b"\n"), "the line")
        seen = time.monotonic()
    place.end(layout)
    time.sleep(0.2)  # what a run does after its end is not the next one's cost
    return _start(called, float(_log(layout).split()[-1]), seen, returned)


def cold(folder: Path, place: Elsewhere, number: int) -> Start:
    """Submit with nothing there: a workspace and a CELLRUN_HOME of its own, and a folder there that isn't."""
    kit.use_home(folder / f"cold-{number}")
    workspace = Workspace.create("cold")
    workspace.attach(NAME, "ssh", host=NAME, folder=f"~/cold-{number}")
    place.box.run(f"rm -rf cold-{number}")
    place.box.wire.cut()  # what attach may have left open
    place.box.wire.mend()
    assert not keepers(folder / f"cold-{number}" / "home")
    return by_cellrun(Elsewhere(place.box, workspace, place.source))


def in_turns(place: Elsewhere, folder: Path, rounds: int, label: str) -> None:
    """Measure both, the first round aside, and print the ratios."""
    shared = folder / f"shared-{label.replace(' ', '-')}"
    master = ["ssh", "-T", "-o", "ControlMaster=yes", "-o", "ControlPersist=600", "-o", f"ControlPath={shared}", NAME]
    subprocess.run([*master, "true"], check=True, capture_output=True)
    ways: dict[str, Callable[[], Start]] = {"ssh": lambda: by_ssh(shared), "cellrun": lambda: by_cellrun(place)}
    took = kit.take_turns(WAYS, rounds + 1, lambda way, _: ways[way]())
    for which in ("starts", "is_seen"):
        ours, its = ([getattr(one, which) for one in took[way][1:]] for way in ("cellrun", "ssh"))
        kit.emit_pairs(ours, its, what=f"line {which}, ms", wire=label, worst=max(ours))
    returned = [one.returned for one in took["cellrun"][1:]]
    kit.emit(what="submit returns, ms", wire=label, cellrun=statistics.median(returned), worst=max(returned))
    subprocess.run(["ssh", "-O", "exit", "-o", f"ControlPath={shared}", NAME], check=False, capture_output=True)


def main() -> None:
    """Measure it near, then far, then cold."""
    parser = kit.parser(__doc__, rounds=20)
    parser.add_argument("--round-trip-ms", type=float, default=20)
    parser.add_argument("--cold", type=int, default=3, help="how many cold starts")
    options = parser.parse_args()
    with kit.working_folder() as folder, elsewhere(folder) as place:
        (place.box.home / "x.py").write_text(LINE)
        in_turns(place, folder, options.rounds, "near")
        place.box.wire.delay(options.round_trip_ms / 2000)
        in_turns(place, folder, options.rounds, f"{options.round_trip_ms:g} ms more")
        place.box.wire.delay(0)
        starts = [cold(folder, place, number) for number in range(options.cold)]
        for which in Start._fields if starts else ():
            times = [getattr(one, which) for one in starts]
            kit.emit(what=f"cold: {which}, ms", cellrun=statistics.median(times), worst=max(times), rounds=len(times))


def _start(called: float, ran: float, seen: float, returned: float) -> Start:
    return Start((ran - called) * 1000, (seen - called) * 1000, (returned - called) * 1000)


def _log(layout: RunLayout) -> bytes:
    return layout.log.read_bytes() if layout.log.exists() else b""


if __name__ == "__main__":
    kit.start(main)
