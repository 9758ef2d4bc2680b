"""Frames: pieces of a run's files on their way from where it runs to its folder here, authenticated by the run's key.

Binary, for a connection: the lengths of header and data (4 bytes each), the header (JSON), the data, and the first half
of an HMAC-SHA256 of all of that. As a line, for an engine's log channel: the same in base64 behind a word of its own.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import struct
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import Any, NamedTuple, TypeAlias

from cellrun.core.errors import shown
from cellrun.core.mirror.frame_errors import FrameError

MOST_HEADER_BYTES = 1 << 18
MOST_DATA_BYTES = 1 << 22
LINE_BYTES = 8000
"""No printed line is longer, its newline included."""
LINE_DATA_BYTES = 3600
"""So much data fits into a line, whatever file it is of."""

KeyOf: TypeAlias = Callable[[str], "bytes | None"]
"""Gives the key of a run by its id; None of one that isn't known."""

_LENGTHS = struct.Struct(">II")
_MAC_BYTES = 16
_LINE = b"cellrun-frame:"


class FrameKind(str, Enum):
    """What a frame brings."""

    BYTES = "bytes"  # data of a file from an offset on; of what is written once facts say size and mtime_ns
    SIZES = "sizes"  # facts: {"sizes": {path: size, …}, "count": of all files, "made_ns": when}; several bring many
    BEAT = "beat"  # facts: {"age_s": of the heartbeat or None, "now": the clock there, epoch seconds}

    def __str__(self) -> str:
        return self.value


class Frame(NamedTuple):
    """One piece of one run."""

    run: str
    kind: FrameKind
    file: str = ""
    """Its path below the run's folder with slashes, or `values/<name>` for a value that a result names; else empty."""
    offset: int = 0
    data: bytes = b""
    facts: Mapping[str, Any] = {}


def encode(frame: Frame, key: bytes) -> bytes:
    """Return a frame as bytes. Raises FrameError for one that is too large."""
    header = _header(frame)
    if len(header) > MOST_HEADER_BYTES or len(frame.data) > MOST_DATA_BYTES:
        raise FrameError(f"a frame of {shown(frame.file)} has {len(header)} and {len(frame.data)} bytes: too many")
    content = b"%b%b%b" % (_LENGTHS.pack(len(header), len(frame.data)), header, frame.data)
    return content + _mac(content, key)


def to_line(frame: Frame, key: bytes) -> bytes:
    """Return a frame as a line of ASCII with its newline. Raises FrameError for one that is too large for that."""
    line = b"%b%b\n" % (_LINE, base64.b64encode(encode(frame, key)))
    if len(line) > LINE_BYTES:
        raise FrameError(f"a frame of {shown(frame.file)} makes a line of {len(line)} bytes, more than {LINE_BYTES}")
    return line


def from_line(line: bytes, key_of: KeyOf) -> Frame | None:
    """Return the frame that a line of an engine's log holds; None if it is none: a job may print what it likes.

    An engine may have put words before it.
    """
    at = line.find(_LINE)
    if at < 0 or len(line) > 2 * LINE_BYTES:
        return None
    try:
        content = base64.b64decode(line[at + len(_LINE) :].rstrip(), validate=True)
        frames = list(FrameReader(key_of).feed(content))
    except (ValueError, FrameError):
        return None
    return frames[0] if len(frames) == 1 else None


class FrameReader:
    """Reads frames from a stream that comes in pieces of any size; keeps no more than one unfinished frame."""

    def __init__(self, key_of: KeyOf) -> None:
        self._key_of = key_of
        self._rest = bytearray()

    @property
    def is_between(self) -> bool:
        """Whether the bytes so far end with a frame's end."""
        return not self._rest

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Iterate over the frames that these bytes complete. Raises FrameError for what is none of a known run's."""
        self._rest += data
        while len(self._rest) >= _LENGTHS.size:
            header_bytes, data_bytes = _LENGTHS.unpack_from(self._rest)
            if header_bytes > MOST_HEADER_BYTES or data_bytes > MOST_DATA_BYTES:
                raise FrameError(f"no frame: its header has {header_bytes} bytes, its data {data_bytes}")
            end = _LENGTHS.size + header_bytes + data_bytes + _MAC_BYTES
            if len(self._rest) < end:
                return
            whole = bytes(self._rest[:end])
            del self._rest[:end]
            yield self._frame(whole, header_bytes)

    def _frame(self, whole: bytes, header_bytes: int) -> Frame:
        content, mac = whole[:-_MAC_BYTES], whole[-_MAC_BYTES:]
        start = _LENGTHS.size + header_bytes
        header = content[_LENGTHS.size : start]
        run = _run_of(header)
        key = self._key_of(run)
        if key is None:
            raise FrameError(f"a frame of run {shown(run)}, which has no key here")
        if not hmac.compare_digest(mac, _mac(content, key)):
            raise FrameError(f"a frame of run {shown(run)} isn't as it was sent, or isn't from there: wrong checksum")
        return _frame_of(header, content[start:])


def _header(frame: Frame) -> bytes:
    told = {"run": frame.run, "kind": frame.kind.value, "file": frame.file, "offset": frame.offset}
    text = json.dumps({**told, "facts": dict(frame.facts)}, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "surrogateescape")  # a file's name needn't be UTF-8


def _run_of(header: bytes) -> str:
    return str(_parsed(header).get("run"))


def _frame_of(header: bytes, data: bytes) -> Frame:
    told = _parsed(header)
    run, file, offset, facts = told.get("run"), told.get("file"), told.get("offset"), told.get("facts")
    if not (isinstance(run, str) and isinstance(file, str) and isinstance(facts, dict) and isinstance(offset, int)):
        raise FrameError(f"no frame: its header is {shown(told)}")
    if not all(map(_is_flat, facts.values())):
        raise FrameError(f"no frame: the facts of {shown(file)} are nested")  # each list would take ten times its bytes
    if not 0 <= offset < 2**62:
        raise FrameError(f"a frame of {shown(file)} can't stand at byte {offset}")
    try:
        return Frame(run, FrameKind(told.get("kind")), file, offset, data, facts)
    except ValueError:
        raise FrameError(
            f"a frame of a kind that isn't known here: {shown(told.get('kind'))}; update cellrun"
        ) from None


def _is_flat(value: Any) -> bool:
    within = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return not any(isinstance(each, (dict, list)) for each in within)


def _parsed(header: bytes) -> dict[str, Any]:
    try:
        told = json.loads(header.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError):
        raise FrameError("no frame: its header is no JSON") from None
    if not isinstance(told, dict):
        raise FrameError("no frame: its header is no JSON object")
    return told


def _mac(content: bytes, key: bytes) -> bytes:
    return hmac.new(key, content, hashlib.sha256).digest()[:_MAC_BYTES]
