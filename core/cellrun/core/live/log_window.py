"""The part of a log that a view is sent."""

from __future__ import annotations

from collections.abc import Callable

from cellrun.core.live.frame import LogPart

PART_BYTES = 64 * 1024


class LogWindow:
    """Follows a log that only grows: what comes is sent; when more came than a message takes, only its tail is.

    `read(offset, most_bytes)` gives raw bytes of the log.
    """

    def __init__(self, read: Callable[[int, int], bytes]) -> None:
        self._read = read
        self._end = 0

    def lacks(self, size: int) -> bool:
        """Whether something is to be sent of a log that is `size` bytes long now."""
        return size != self._end

    def again(self) -> LogPart:
        """Return the end of what was sent so far, for a view that comes later than others."""
        return self.tail(self._end)

    def news(self, size: int) -> LogPart | None:
        """Return what came since the last part, of a log that is `size` bytes long now; None when nothing did."""
        if size == self._end:
            return None
        if not self._end <= size <= self._end + PART_BYTES:
            return self.tail(size)
        start, self._end = self._end, size
        return LogPart(start, size, reset=False, data=self._read(start, size - start))

    def tail(self, size: int) -> LogPart:
        """Return the end of a log that is `size` bytes long now, beginning with a line where there is one."""
        start = max(0, size - PART_BYTES)
        data = self._read(start, size - start)
        if start > 0:
            cut = data.find(b"\n") + 1
            if cut < len(data):
                start, data = start + cut, data[cut:]
        self._end = size
        return LogPart(start, size, reset=True, data=data)
