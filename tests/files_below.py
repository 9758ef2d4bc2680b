"""The files below a folder that a run may still write to: what vanishes while it is read isn't there."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def files_below(folder: Path) -> dict[Path, bytes]:
    """Return the content of each file below a folder; a supervisor that ends may replace one meanwhile."""
    found = {}
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError, IsADirectoryError):
            if path.is_file():
                found[path] = path.read_bytes()
    return found


def files_with(folder: Path, text: str) -> list[Path]:
    """Return the files below a folder that have a text in them."""
    return [path for path, content in files_below(folder).items() if text.encode() in content]
