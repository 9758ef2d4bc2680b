"""What ends processes at random moments, each time another kind of them."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from cellrun.core.layout import RunLayout
from cellrun.core.store.status import Status, StatusFile
from tests.soak.place import Place
from tests.soak.processes import Marked, marked

_WATCH_S = 2.0
_YOUNG_S = 0.06


class Chaos:
    """Kills of one stage. What was killed is counted, and told to the journal before it is done."""

    def __init__(self, place: Place, dice: random.Random) -> None:
        self.kills: Counter[str] = Counter()
        self._place = place
        self._dice = dice
        self._kinds: dict[Callable[[], None], int] = {
            self._a_kernel: 3,
            self._a_supervisor: 5,
            self._a_young_supervisor: 5,
            self._a_late_supervisor: 5,
            self._a_job: 3,
            self._all_of_a_run: 2,
            self._a_server: 1,
            self._everything: 1,
            self._the_index: 1,
        }

    def strike(self) -> None:
        """Kill something."""
        self._dice.choices(list(self._kinds), list(self._kinds.values()))[0]()

    def everything(self) -> None:
        """Kill all that is there, as a machine's out-of-memory killer gone mad."""
        self._kill("in everything", marked(self._place.mark))

    def kernels(self) -> list[Marked]:
        """Return the kernels that live."""
        return self._commanded("soak/kernel.py")

    def _a_kernel(self) -> None:
        self._one("kernel", self.kernels())

    def _a_server(self) -> None:
        self._one("server", self._commanded("jupyter-server"))

    def _a_supervisor(self) -> None:
        self._one("supervisor", self._supervisors())

    def _a_young_supervisor(self) -> None:
        """Kill a supervisor in its first moments."""
        known = {each.pid for each in self._supervisors()}
        until = time.monotonic() + _WATCH_S
        while time.monotonic() < until:
            if young := [each for each in self._supervisors() if each.pid not in known and each.run_id]:
                time.sleep(self._dice.uniform(0, _YOUNG_S))
                self._kill("young supervisor", young[:1])
                return
            time.sleep(0.005)

    def _a_late_supervisor(self) -> None:
        """Kill a supervisor while its run is brought to its end."""
        until = time.monotonic() + _WATCH_S
        while time.monotonic() < until:
            for each in self._supervisors():
                if each.run_id and self._is_ending(each.run_id):
                    time.sleep(self._dice.uniform(0, 0.02))
                    self._kill("late supervisor", [each])
                    return
            time.sleep(0.01)

    def _a_job(self) -> None:
        self._one("job", (each for each in marked(self._place.mark) if each.run_id and not each.is_supervisor))

    def _all_of_a_run(self) -> None:
        if supervisors := list(self._supervisors()):
            run_id = self._dice.choice(supervisors).run_id
            self._kill("all of a run", [each for each in marked(self._place.mark) if each.run_id == run_id])

    def _everything(self) -> None:
        self.kills["everything"] += 1
        self.everything()

    def _the_index(self) -> None:
        for path in self._place.home.glob("cache/*/index.db"):
            with suppress(FileNotFoundError):
                path.unlink()
                self.kills["index removed"] += 1

    def _supervisors(self) -> list[Marked]:
        return [each for each in marked(self._place.mark) if each.is_supervisor]

    def _commanded(self, part: str) -> list[Marked]:
        """Return the processes of no run whose commands have such a part."""
        return [each for each in marked(self._place.mark) if not each.run_id and f"{part} " in each.command]

    def _is_ending(self, run_id: str) -> bool:
        with suppress(OSError, ValueError):
            layout: RunLayout = self._place.workspace.run(run_id)
            is_told = any(b"end 0" in path.read_bytes()[-10:] for path in self._acks_of(run_id))
            return is_told or StatusFile(layout).read().status is Status.FINALIZING
        return False

    def _acks_of(self, run_id: str) -> list[Path]:
        return list((self._place.folder / "acks").glob(f"{run_id}.*"))

    def _one(self, what: str, some: Iterable[Marked]) -> None:
        if listed := list(some):
            self._kill(what, [self._dice.choice(listed)])

    def _kill(self, what: str, victims: Iterable[Marked]) -> None:
        for each in victims:
            if each.run_id:
                self._place.tell("killed", each.run_id, "supervisor" if each.is_supervisor else "job")
            self.kills[what] += each.kill()
