"""The way home by the engine's own log of a job: nothing else is asked of it than to be read from an offset on."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from cellrun.core.errors import ComputeTargetException
from cellrun.core.layout import RunLayout
from cellrun.core.mirror.log_lines import LogLines
from cellrun.core.store.ending import cancel_requests
from cellrun.core.targets.fake.engine import ENGINE_LOG, Engine
from cellrun.core.targets.fake.faulty_link import FaultyLink
from cellrun.core.targets.fake.transport import Transport

_MOST_BYTES = 1_000_000
_TRIES = 50


class LogChannel(Transport):
    """Lines that are printed between the job's own.

    How far a log was read is known to this object alone: another one reads it from the start, which changes nothing.
    """

    def __init__(self, link: FaultyLink, engine: Engine, server: str) -> None:
        super().__init__(link, engine, server)
        self._read_to: dict[str, int] = {}

    def bring(self, here: RunLayout, there: RunLayout, *, is_final: bool) -> bool:
        """Bring home what was printed of a run since. What is short at the end is given up: nothing else will come.

        Raises ComputeTargetException while too little gets through.
        """
        log = LogLines(here, self._engine.clock_ahead_s(there))
        while lines := self._lines(there):
            log.feed(b"".join(self._arrived(lines)))  # as it came, with some twice and some late
            log.feed(b"".join(lines))
            self._read_to[there.run_id] = self._read_to.get(there.run_id, 0) + sum(map(len, lines))
        if is_final:
            log.end("its engine's log ended before all had come")
        return False

    def carrier(self, here: RunLayout, there: RunLayout, key: bytes) -> dict[str, Any]:  # noqa: ARG002  # as it has it
        """Return what prints a run's files into its engine's log."""
        return {"way": "lines", "folder": str(there.folder), "key": key.hex()}

    def bring_requests(self, here: RunLayout, there: RunLayout) -> None:
        """Have the engine cancel a run that was asked to stop: nothing else reaches it."""
        if asked := cancel_requests(here):
            self._engine.cancel(there, asked)

    def _lines(self, there: RunLayout) -> list[bytes]:
        """Return the lines that aren't read yet, some of them if there are many."""
        with suppress(FileNotFoundError), (there.folder / ENGINE_LOG).open("rb") as log:
            log.seek(self._read_to.get(there.run_id, 0))
            block = log.read(_MOST_BYTES)
            whole = block.rfind(b"\n") + 1 or (len(block) if len(block) == _MOST_BYTES else 0)
            return block[:whole].splitlines(keepends=True)
        return []

    def _arrived(self, lines: list[bytes]) -> list[bytes]:
        """Return what came of lines, each once at least: those that are missing are asked for again."""
        found: list[bytes] = []
        for _ in range(_TRIES):
            known = set(found)
            missing = [line for line in lines if line not in known]
            if not missing:
                return found
            found += self._link.carry(missing)
        raise ComputeTargetException("the engine's log can't be read: the link loses too much")
