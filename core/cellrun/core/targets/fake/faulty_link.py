"""What is between us and the far side: it loses, repeats, reorders, delays and slows down what goes through it.

Standard library only: the far side uses it too.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from cellrun.core.errors import ComputeTargetException
from cellrun.core.targets.fake.faults import Faults


class FaultyLink:
    """A link whose faults are read anew with each exchange.

    Responsibilities: what becomes of each message; how long it takes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seed: int | None = None
        self._choices = random.Random()  # noqa: S311  # nothing secret

    def exchange(self) -> Faults:
        """Begin to exchange something: return what goes wrong now.

        Raises ComputeTargetException while nothing goes through.
        """
        faults = Faults.read(self._folder)
        if faults.seed != self._seed:
            self._seed = faults.seed
            self._choices = random.Random(faults.seed)  # noqa: S311  # as above
        if faults.unreachable:
            raise ComputeTargetException(f"the far side in {self._folder} can't be reached: it is cut off")
        time.sleep(faults.delay_s)
        return faults

    def ask_engine(self) -> Faults:
        """Ask the engine something, as `exchange`. Raises ComputeTargetException too if it doesn't answer."""
        faults = self.exchange()
        if faults.engine == "dead":
            raise ComputeTargetException(f"the engine of the far side in {self._folder} doesn't answer")
        return faults

    def happens(self, share: float) -> bool:
        """Whether it happens this time, of something that does in a share of all cases."""
        return self._choices.random() < share

    def carry(self, messages: Iterable[bytes]) -> Iterator[bytes]:
        """Iterate over what arrives of messages, in the order in which it does.

        Raises ComputeTargetException while nothing goes through.
        """
        faults = self.exchange()
        held: bytes | None = None
        for message in messages:
            if faults.bytes_per_s is not None:
                time.sleep(len(message) / faults.bytes_per_s)
            if self.happens(faults.loss):
                continue
            if held is None and self.happens(faults.reordering):
                held = message
                continue
            yield message
            if self.happens(faults.repetition):
                yield message
            if held is not None:
                yield held
                held = None
        if held is not None:
            yield held
