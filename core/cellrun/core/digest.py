"""Hashes that name content: BLAKE3, in plain Python where that isn't installed; SHA-256 then for large content.

What another Python compares that is large is named by `context.value_store`, which says by which hash.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Protocol


class Hasher(Protocol):
    """What makes a hash of bytes."""

    @property
    def name(self) -> str:
        """Which hash it is: `blake3`, `sha256`."""

    def update(self, data: bytes | memoryview, /) -> object:
        """Go on with more bytes."""

    def digest(self) -> bytes:
        """Return the hash of all of them, 32 bytes."""

    def hexdigest(self) -> str:
        """Return it as 64 hex digits."""


def hasher(data: bytes = b"") -> Hasher:
    """Return what makes a hash of bytes that may be many: in a Python without BLAKE3 another hash."""
    try:
        from blake3 import blake3  # noqa: PLC0415  # whoever names nothing needn't load it
    except ImportError:
        from hashlib import sha256  # noqa: PLC0415  # as above

        return sha256(data)
    return blake3(data)


def digest(data: bytes, hex_digits: int = 64) -> str:
    """Return the name of something small, or how it begins: the same in every Python."""
    try:
        from blake3 import blake3  # noqa: PLC0415  # as above
    except ImportError:
        return blake3_digest(data).hex()[:hex_digits]
    return str(blake3(data).hexdigest())[:hex_digits]


_IV = (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)
_PERMUTATION = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
_COLUMNS = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15))
_DIAGONALS = ((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))
_ROUNDS = 7
_CHUNK_START, _CHUNK_END, _PARENT, _ROOT = 1, 2, 4, 8
_CHUNK_BYTES, _BLOCK_BYTES = 1024, 64
_WORD = 0xFFFFFFFF

_Words = Sequence[int]


def blake3_digest(data: bytes) -> bytes:
    """Return the BLAKE3 hash of some bytes, 32 of them."""
    return struct.pack("<8I", *_tree(data, 0, _ROOT))


def _tree(data: bytes, counter: int, flags: int) -> _Words:
    """Return the chaining value of bytes that begin with the chunk of a number; `flags` are for its topmost node."""
    if len(data) <= _CHUNK_BYTES:
        return _chunk(data, counter, flags)
    chunks = (len(data) - 1) // _CHUNK_BYTES  # the left side is the largest full tree that leaves something
    left = 1 << (chunks.bit_length() - 1)
    sides = (
        *_tree(data[: left * _CHUNK_BYTES], counter, 0),
        *_tree(data[left * _CHUNK_BYTES :], counter + left, 0),
    )
    return _compress(_IV, sides, 0, _BLOCK_BYTES, _PARENT | flags)


def _chunk(data: bytes, counter: int, flags: int) -> _Words:
    value: _Words = _IV
    starts = range(0, len(data) or 1, _BLOCK_BYTES)
    for start in starts:
        block = data[start : start + _BLOCK_BYTES]
        words = struct.unpack("<16I", block.ljust(_BLOCK_BYTES, b"\0"))
        own = (_CHUNK_START if start == 0 else 0) | (_CHUNK_END | flags if start == starts[-1] else 0)
        value = _compress(value, words, counter, len(block), own)
    return value


def _compress(value: _Words, words: _Words, counter: int, size: int, flags: int) -> _Words:
    state = [*value, *_IV[:4], counter & _WORD, counter >> 32, size, flags]
    for number in range(_ROUNDS):
        if number:
            words = [words[place] for place in _PERMUTATION]
        for place, (a, b, c, d) in enumerate((*_COLUMNS, *_DIAGONALS)):
            _mix(state, (a, b, c, d), words[2 * place], words[2 * place + 1])
    return [first ^ second for first, second in zip(state[:8], state[8:], strict=True)]


def _mix(state: list[int], places: tuple[int, int, int, int], x: int, y: int) -> None:
    a, b, c, d = places
    for word, by_d, by_b in ((x, 16, 12), (y, 8, 7)):
        state[a] = (state[a] + state[b] + word) & _WORD
        state[d] = _rotated(state[d] ^ state[a], by_d)
        state[c] = (state[c] + state[d]) & _WORD
        state[b] = _rotated(state[b] ^ state[c], by_b)


def _rotated(word: int, by: int) -> int:
    return (word >> by | word << (32 - by)) & _WORD
