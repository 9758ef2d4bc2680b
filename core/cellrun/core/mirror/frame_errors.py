"""What can be wrong with the frames that come of a run from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cellrun.core.errors import CellrunError, shown


class FramesError(CellrunError):
    """What came of a run from elsewhere and can't be taken."""


class FrameError(FramesError):
    """Bytes that are no frame of the run's, or one of a file that never comes from there. It isn't taken."""


class GapError(FramesError):
    """Bytes whose predecessors aren't here. `expected` is, by file, from which byte on to send; all else is taken."""

    def __init__(self, expected: Mapping[str, int]) -> None:
        self.expected = dict(expected)
        told = ", ".join(f"{shown(file)} from byte {offset}" for file, offset in list(self.expected.items())[:3])
        more = f" and {len(self.expected) - 3} more" if len(self.expected) > 3 else ""
        super().__init__(f"bytes before these are missing: send {told}{more}")


class ConflictError(FramesError):
    """Other bytes than those that are here, which stay: `files` are not added to any more. All else is taken."""

    def __init__(self, files: Sequence[str]) -> None:
        self.files = tuple(files)
        told = ", ".join(map(shown, self.files))
        super().__init__(f"what came of {told} differs from what is here: the first is kept, nothing is added to it")
