"""Which modules a Python's standard library has, by its version: of a Python that can't be asked."""

from __future__ import annotations

import sys
from collections.abc import Mapping

_ADDED: Mapping[tuple[int, int], frozenset[str]] = {
    (3, 11): frozenset({"tomllib"}),
    (3, 14): frozenset({"annotationlib", "compression"}),
}
_REMOVED: Mapping[tuple[int, int], frozenset[str]] = {
    (3, 11): frozenset({"binhex"}),
    (3, 12): frozenset({"asynchat", "asyncore", "distutils", "imp", "smtpd"}),
    (3, 13): frozenset(
        {
            "aifc",
            "audioop",
            "cgi",
            "cgitb",
            "chunk",
            "crypt",
            "imghdr",
            "lib2to3",
            "mailcap",
            "msilib",
            "nis",
            "nntplib",
            "ossaudiodev",
            "pipes",
            "sndhdr",
            "spwd",
            "sunau",
            "telnetlib",
            "uu",
            "xdrlib",
        }
    ),
}


def lacks(version: tuple[int, ...], module: str) -> bool:
    """Whether a module of this Python's standard library isn't in that of another version."""
    top, other = module.partition(".")[0], version[:2]
    is_later = any(top in names for since, names in _ADDED.items() if other < since)
    return top in sys.stdlib_module_names and (
        is_later or any(top in names for since, names in _REMOVED.items() if other >= since)
    )
