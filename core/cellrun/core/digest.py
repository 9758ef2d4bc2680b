"""What names content: BLAKE3. Without it, small things get the same names, slowly; what is large has another's hash.

What another Python compares that is large is named by `context.value_store`, which says by which hash.
"""

from __future__ import annotations

from typing import Protocol


class Hasher(Protocol):
    """What makes a hash of bytes."""

    @property
    def name(self) -> str:
        """Which hash it is: `blake3`, `sha256`."""

    def update(self, data: bytes, /) -> object:
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
        from cellrun.core.blake3_in_python import blake3_digest  # noqa: PLC0415  # as above

        return blake3_digest(data).hex()[:hex_digits]
    return str(blake3(data).hexdigest())[:hex_digits]
