"""Names for content that are compared on this machine alone: BLAKE3, or BLAKE2 in a Python that hasn't got that.

Each kind of Python has names of its own then, and so caches of its own: neither reads what the other has named.
What another machine or another Python compares is named by `context.value_store`.
"""

from __future__ import annotations

from typing import Protocol


class Hasher(Protocol):
    """What makes a hash of bytes."""

    def update(self, data: bytes, /) -> object:
        """Go on with more bytes."""

    def digest(self) -> bytes:
        """Return the hash of all of them, 32 bytes."""

    def hexdigest(self) -> str:
        """Return it as 64 hex digits."""


def hasher(data: bytes = b"") -> Hasher:
    """Return what makes such a name of bytes."""
    try:
        from blake3 import blake3  # noqa: PLC0415  # whoever names nothing needn't load it
    except ImportError:
        from hashlib import blake2b  # noqa: PLC0415  # as above

        return blake2b(data, digest_size=32)
    return blake3(data)


def digest(data: bytes, hex_digits: int = 64) -> str:
    """Return the name of some bytes, or how it begins."""
    return hasher(data).hexdigest()[:hex_digits]
