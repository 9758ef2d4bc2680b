"""A message of the stream, encoded once for all who get it."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from cellrun.core.live.frame import Frame


class Message:
    """What a channel is told: JSON, and with buffers a binary message. Only the channel's number differs by viewer.

    `content` has no channel; `buffers` follow the JSON one after another, their sizes in its `lengths`.
    """

    def __init__(self, content: Mapping[str, Any], buffers: Sequence[bytes] | None = None) -> None:
        self.is_binary = buffers is not None
        whole = content if buffers is None else {**content, "lengths": [len(buffer) for buffer in buffers]}
        self._after_channel = json.dumps(whole)[1:].encode()  # ASCII: lone surrogates of a name are escapes
        self._body = b"".join(buffers or ())
        self._made: tuple[int, bytes] | None = None

    @classmethod
    def of_frame(cls, frame: Frame, epoch: str) -> Message:
        """Return a frame of a run's reader; `epoch` says which reader's numbers the frame's is one of."""
        content, buffers = frame.message()
        return cls({**content, "epoch": epoch}, buffers)

    @property
    def size_bytes(self) -> int:
        """About how long it is for any channel."""
        return len(self._after_channel) + len(self._body) + 20

    def to(self, channel: int) -> bytes:
        """Return it as one channel gets it: UTF-8 JSON, or [uint32 LE size of the JSON][JSON][buffers]."""
        if self._made is None or self._made[0] != channel:  # most pages have their run on the same channel
            made = b'{"channel": %d, ' % channel + self._after_channel
            if self.is_binary:
                made = struct.pack("<I", len(made)) + made + self._body
            self._made = (channel, made)
        return self._made[1]


def error_message(channel: int | None, status: int, text: str) -> str:
    """Return what a channel is told that can't be served; without a channel, what was wrong with a message itself."""
    return json.dumps({"type": "error", "channel": channel, "status": status, "message": text})
