"""TOML as users write it: pyproject.toml, and the header of a script."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from cellrun.core.errors import UserErrorException, shown


def toml(text: str, title: str) -> dict[str, Any]:
    """Return what a text in TOML says. Raises UserErrorException."""
    reader = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        return dict(reader.loads(text))
    except ValueError as error:
        raise UserErrorException(f"{title} is no TOML: {error}") from error


def table(data: dict[str, Any], title: str, *keys: str) -> dict[str, Any]:
    """Return a table in a table, {} if it isn't there. Raises UserErrorException for another type."""
    for place, key in enumerate(keys, 1):
        data = data.get(key, {})
        if not isinstance(data, dict):
            raise UserErrorException(f"{title}: [{'.'.join(keys[:place])}] is a table; got {shown(data)}")
    return data


def texts(data: dict[str, Any], title: str, key: str) -> list[str]:
    """Return a list of texts in a table, [] if it isn't there. Raises UserErrorException for another type."""
    found = data.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise UserErrorException(f"{title}: {key} is a list of texts; got {shown(found)}")
    return found


def text_or_none(data: dict[str, Any], title: str, key: str) -> str | None:
    """Return a text in a table, None if it isn't there. Raises UserErrorException for another type."""
    found = data.get(key)
    if found is not None and not isinstance(found, str):
        raise UserErrorException(f"{title}: {key} is a text; got {shown(found)}")
    return found
