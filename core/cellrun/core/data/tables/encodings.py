"""How the texts of files are written, by the names that users know."""

from __future__ import annotations

import codecs
from enum import IntEnum

from cellrun.core.errors import DatasetError, shown


class FileEncoding(IntEnum):
    """How the texts of files are written (Azure ML's name)."""

    UTF8 = 0
    ISO88591 = 1
    LATIN1 = 2
    ASCII = 3
    UTF16 = 4
    UTF32 = 5
    UTF8BOM = 6
    WINDOWS1252 = 7


def encoding_name(given: object) -> str:
    """Return the codec of an encoding, by Azure ML's names or Python's. Raises DatasetError."""
    try:
        text = given.name.lower() if isinstance(given, FileEncoding) else str(given)
        name = _AZURES.get(text, text)
        if codecs.lookup(name).name in {"utf-8", "utf-8-sig"}:  # a byte order mark is no part of the text, either way
            return "utf8"
    except LookupError:
        raise DatasetError(f"no encoding {shown(given)}; known: {', '.join(_AZURES)}, and Python's codecs") from None
    return name


_AZURES = {
    "utf8": "utf8",
    "iso88591": "latin1",
    "latin1": "latin1",
    "ascii": "ascii",
    "utf16": "utf16",
    "utf32": "utf32",
    "utf8bom": "utf8",
    "windows1252": "cp1252",
}
