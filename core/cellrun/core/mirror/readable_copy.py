r"""What a run prints, once more for people: lines of plain ASCII, which no engine's log stumbles over.

Ray takes its log for text in strict UTF-8, where one byte that is none ends it for good, and `\r` for a newline.
Standard library only.
"""

from __future__ import annotations

from collections.abc import Iterator

from cellrun.core.front_end import without_codes
from cellrun.core.mirror.frame import LINE_BYTES, Frame, FrameKind

_FOLDER, _MAIN = "user_logs/", "user_logs/std_log.txt"
_MOST_TEXT_BYTES = 1500  # of one line: at most four times as long in ASCII (\xff for one byte)


class ReadableCopy:
    """The copy of one run's logs, as frames carry them.

    Responsibilities: whole lines, those of another log than the main one with its name; nothing twice.
    """

    def __init__(self) -> None:
        self._rest: dict[str, bytes] = {}
        self._end: dict[str, int] = {}

    def lines(self, frame: Frame) -> Iterator[bytes]:
        """Iterate over the lines that a frame completes, each with its newline and no longer than `LINE_BYTES`."""
        if frame.kind is FrameKind.SIZES:  # all has come
            for file in list(self._rest):
                yield from self._lines_of(file, self._rest.pop(file))
        elif frame.file.startswith(_FOLDER) and frame.offset + len(frame.data) > self._end.get(frame.file, 0):
            new = frame.data[max(0, self._end.get(frame.file, 0) - frame.offset) :]
            self._end[frame.file] = frame.offset + len(frame.data)
            whole, newline, rest = (self._rest.pop(frame.file, b"") + new).rpartition(b"\n")
            if len(rest) > LINE_BYTES:  # as of a progress bar: it may never end
                whole, newline, rest = whole + newline + rest, b"", b""
            if rest:
                self._rest[frame.file] = rest
            if whole or newline:
                yield from self._lines_of(frame.file, whole)

    def _lines_of(self, file: str, whole: bytes) -> Iterator[bytes]:
        name = b"" if file == _MAIN else f"[{file.removeprefix(_FOLDER)}] ".encode("ascii", "backslashreplace")
        for line in whole.split(b"\n"):
            shown = line.rstrip(b"\r").rpartition(b"\r")[2]  # as a terminal shows it in the end
            for start in range(0, max(len(shown), 1), _MOST_TEXT_BYTES):
                yield name[: LINE_BYTES // 32] + _ascii(shown[start : start + _MOST_TEXT_BYTES]) + b"\n"


def _ascii(text: bytes) -> bytes:
    plain = without_codes(text.decode("utf-8", "backslashreplace"))
    return plain.encode("ascii", "backslashreplace")
