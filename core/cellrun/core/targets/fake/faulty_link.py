"""The fake target's network: it loses, repeats, reorders, delays and slows down what goes through it.

Standard library only: the far side uses it too.
"""

from __future__ import annotations

import fcntl
import random
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cellrun.core.errors import ComputeTargetException
from cellrun.core.targets.fake.faults import Faults

_ON_ITS_WAY = "on_its_way"


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

    @contextmanager
    def on_its_way(self) -> Iterator[None]:
        """Let whoever calls `until_quiet` wait for an exchange: from before its faults are read until all is there."""
        with (self._folder / _ON_ITS_WAY).open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            yield

    def until_quiet(self) -> None:
        """Wait for what the far side sends by itself and had begun to send: by faults that have been changed since."""
        with (self._folder / _ON_ITS_WAY).open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)

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
