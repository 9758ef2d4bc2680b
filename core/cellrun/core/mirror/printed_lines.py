"""Frames as printed lines in an engine's log, where the job reaches nothing of ours: nothing answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import BinaryIO

from cellrun.core.mirror.frame import LINE_DATA_BYTES, Frame, FrameKind, to_line
from cellrun.core.mirror.readable_copy import ReadableCopy
from cellrun.core.mirror.sync_modes import NAMED_BYTES
from cellrun.core.mirror.uploader import Answer, NothingTakenError


class PrintedLines:
    """Prints frames, and before those of a log what people can read of it.

    Larger files than a log should carry are left out: the last frames say so by their sizes.
    """

    block_bytes = LINE_DATA_BYTES
    pass_bytes = 1 << 18
    idle_s = 15.0
    largest_bytes: int | None = NAMED_BYTES

    def __init__(self, out: BinaryIO, key: bytes) -> None:
        self._out = out
        self._key = key
        self._copy = ReadableCopy()

    def have(self) -> Mapping[str, tuple[int, int]]:
        """Return nothing: nobody says what has come."""
        return {}

    def close(self) -> None:
        """Do nothing: others print there, too."""

    def send(self, frames: Sequence[Frame]) -> Answer:
        """Print frames. Raises NothingTakenError where nobody reads any more."""
        try:
            for frame in frames:
                self._out.writelines([*self._copy.lines(frame), to_line(frame, self._key)])
            self._out.flush()
        except OSError as error:
            raise NothingTakenError(f"the engine's log takes nothing any more ({error.strerror})") from error
        return Answer(is_home=any(frame.kind is FrameKind.SIZES for frame in frames))  # nobody asks for more
