"""The code beside a cell or a script: the files of the runs' snapshots, as far as they aren't the same in all runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from cellrun.core.digest import digest
from cellrun.core.errors import CellrunError
from cellrun.core.layout import RunLayout
from cellrun.core.run_request import CELL
from cellrun.core.store.files.run_files import FileEntry, SnapshotFiles
from cellrun.core.store.record import RunRecord

_ENDINGS = frozenset(
    {
        *(".bash", ".c", ".cc", ".cfg", ".cpp", ".cu", ".h", ".hpp", ".ini", ".ipy", ".jl", ".js", ".json", ".py"),
        *(".pyi", ".pyw", ".pyx", ".r", ".rs", ".sh", ".sql", ".toml", ".ts", ".txt", ".yaml", ".yml"),
    }
)
"""Of what is code or configures it. Not of notebooks: each time they are saved they are others."""
_NAMES = frozenset({"dockerfile", "makefile"})
_LARGEST_BYTES = 1_000_000
"""A larger file is data, whatever its name."""
_MOST_READ_BYTES = 32_000_000
"""Of one run; of what comes after it sizes alone are compared."""
_MOST_TEXT_BYTES = 128 * 1024
"""Of one run's files that differ; those beyond it are named."""
_SNAPSHOTS_KNOWN = 64


@dataclass(frozen=True)
class CodeFile:
    """A file that isn't the same in all runs; a value for each of them."""

    name: str
    hashes: list[str | None]
    """Equal for equal content; None where a run hasn't the file."""
    texts: list[str | None]
    """None, too, for what is no text, or too much of it."""


def code_files(layouts: Sequence[RunLayout], records: Sequence[RunRecord]) -> list[CodeFile]:
    """Return the code files that aren't the same in all runs, by name. What each run starts with isn't among them."""
    mains = [record.script or (CELL if record.kind == "cell" else None) for record in records]
    found = [_hashes(layout.folder) for layout in layouts]
    differing = []
    for name in sorted({name for hashes in found for name in hashes}):
        having = [main for main, hashes in zip(mains, found, strict=True) if name in hashes]
        if len({hashes.get(name) for hashes in found}) > 1 and any(main != name for main in having):
            differing.append(name)
    texts = [_texts(layout, differing) for layout in layouts]
    return [
        CodeFile(name, [hashes.get(name) for hashes in found], [given.get(name) for given in texts])
        for name in differing
    ]


@lru_cache(_SNAPSHOTS_KNOWN)  # a snapshot never changes, and a comparison is made again with each point of a live curve
def _hashes(folder: Path) -> dict[str, str]:
    """Return hashes of the code files in a run's snapshot, by name."""
    snapshot = SnapshotFiles(RunLayout(folder))
    hashes: dict[str, str] = {}
    left = _MOST_READ_BYTES
    try:
        files = snapshot.listing().files
    except OSError:
        return hashes
    for file in files:
        if not _is_code(file):
            continue
        left -= file.size_bytes
        content = _read(snapshot, file.name) if left >= 0 else None
        hashes[file.name] = f"{file.size_bytes} bytes" if content is None else digest(content)
    return hashes


def _is_code(file: FileEntry) -> bool:
    path = PurePosixPath(file.name.lower())
    return (path.suffix in _ENDINGS or path.name in _NAMES) and file.size_bytes <= _LARGEST_BYTES


def _texts(layout: RunLayout, names: Sequence[str]) -> dict[str, str]:
    snapshot = SnapshotFiles(layout)
    texts: dict[str, str] = {}
    left = _MOST_TEXT_BYTES
    for name in names:
        content = _read(snapshot, name, left)
        if content is None or b"\0" in content:
            continue
        left -= len(content)
        texts[name] = content.decode("utf-8", "replace")
    return texts


def _read(snapshot: SnapshotFiles, name: str, most: int = _LARGEST_BYTES) -> bytes | None:
    """Return a file's content; None if it can't be read, or is more than that."""
    try:
        opened = snapshot.open(name)
    except (CellrunError, OSError):
        return None
    with opened.file:
        return opened.file.read() if opened.size_bytes <= most else None
