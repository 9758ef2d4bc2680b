"""How often a view is sent frames: a throttle.

Jupyter Server drops a kernel's messages above 1 MB or 1,000 messages a second (`iopub_data_rate_limit`), the user's
prints among them; a view must leave them room, and be told everything again now and then in case it lost something.
The server's own stream loses nothing, and its page asks again after an interruption: there nothing is sent twice.
"""

from __future__ import annotations

POLL_S = 0.04  # a poll finds a file's size unchanged for some µs; what it adds to a point's way to the screen is felt
FRAME_S = 0.1  # at most ten redraws a second
BYTES_PER_S = 250_000
STREAM_BYTES_PER_S = 2_000_000

QUIET_S = 2.0  # a view that gets nothing for 3 s asks for everything

FIRST_KEYFRAME_S = 0.25
LAST_KEYFRAME_S = 10.0
KEYFRAME_BYTES_PER_S = 20_000


class Throttle:
    """Says when the next frame, and when the next whole frame, is due. Times are of one monotonic clock, in seconds.

    `is_lossless`: what is sent arrives, or who should get it asks again; then no whole frames are repeated.
    """

    def __init__(self, *, is_lossless: bool = False) -> None:
        self.is_lossless = is_lossless
        self._bytes_per_s = STREAM_BYTES_PER_S if is_lossless else BYTES_PER_S
        self._next_frame = 0.0
        self._next_sign = 0.0
        self._next_keyframe = 0.0
        self._keyframe_s = FIRST_KEYFRAME_S
        self.has_hello = False

    def allows_frame(self, now: float) -> bool:
        """Whether a frame may be sent."""
        return now >= self._next_frame

    def wants_sign(self, now: float) -> bool:
        """Whether a frame is due even if it is empty: it shows that the feed is there."""
        return now >= self._next_sign

    def wants_keyframe(self, now: float) -> bool:
        """Whether it is time for a whole frame, in case one was lost."""
        return not self.is_lossless and now >= self._next_keyframe

    def note_hello(self) -> None:
        """Note that a view has said hello, so that it isn't still on its way to the page."""
        self.has_hello = True
        self._keyframe_s = LAST_KEYFRAME_S

    def sent(self, now: float, size_bytes: int, *, is_keyframe: bool) -> None:
        """Note a frame that was sent: a large one earns a longer pause."""
        self._next_frame = now + max(FRAME_S, size_bytes / self._bytes_per_s)
        self._next_sign = now + QUIET_S
        if is_keyframe:
            self._next_keyframe = now + max(self._keyframe_s, size_bytes / KEYFRAME_BYTES_PER_S)
            self._keyframe_s = min(2 * self._keyframe_s, LAST_KEYFRAME_S)
