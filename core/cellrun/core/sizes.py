"""Sizes and times, as users write and read them.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import re

_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(I?)B?\s*", re.IGNORECASE)


def size_bytes(size: str | int) -> int:
    """Read a size: bytes, or a number with K, M, G or T, as in "4G"; Ki, Mi, Gi and Ti are powers of 1024.

    Raises ValueError that says what was expected.
    """
    found = _SIZE.fullmatch(size) if isinstance(size, str) else None
    if found:
        number, unit, binary = found.groups()
        return int(float(number) * (1024 if binary else 1000) ** _POWERS[unit.upper()])
    if isinstance(size, int) and not isinstance(size, bool) and size >= 0:
        return size
    raise ValueError(f"{size!r} isn't a size; give bytes, or a number with K, M, G or T, as in '4G'")


def size_text(count: int) -> str:
    """Return a number of bytes for people: "4.9 GB", "128 KB", "17 bytes"."""
    if count < 1000:
        return f"{count} bytes"
    size = float(count)
    for unit in ("KB", "MB", "GB", "TB"):
        size /= 1000
        if size < 999.95 or unit == "TB":
            break
    return f"{size:.1f} {unit}"


def duration_text(seconds: float) -> str:
    """Return a time for people: "40 s", "2 min"."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
