"""The code in a snapshot: files that an import may run. A context names their hashes: its signature covers them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from cellrun.core.context.value_store import blob_of, digest_as

_CODE = frozenset(
    {".py", ".pyw", ".pyc", ".pyo", ".pyx", ".ipy", ".so", ".pyd", ".dll", ".dylib", ".zip", ".egg", ".whl", ".pth"}
)
"""Endings of what Python loads as code, or finds code in. Data files, which may be large, are none of these."""


def code_in(folder: Path) -> dict[str, str]:
    """Return the hash of each file of code below a folder, by its path with slashes. Links aren't followed."""
    return {path: blob_of(memoryview(file.read_bytes())).hash for path, file in _files(folder)}


def changed_code(code: Mapping[str, str], folder: Path) -> list[str]:
    """Return what of the code below a folder isn't as `code_in` told it, in words: `helper.py was changed`."""
    found = dict(_files(folder))
    words = [f"{path} was added" for path in found if path not in code]
    for path, digest in code.items():
        if path not in found:
            words.append(f"{path} was removed")
        elif digest_as(digest, memoryview(found[path].read_bytes())) != digest:
            words.append(f"{path} was changed")
    return words


def text_hash(text: str) -> str:
    """Return the hash of a cell's text."""
    return blob_of(memoryview(text.encode("utf-8", "surrogatepass"))).hash


def _files(top: Path) -> Iterator[tuple[str, Path]]:
    for folder, folders, names in os.walk(top):
        folders.sort()
        for name in sorted(names):
            file = Path(folder, name)
            if file.suffix.lower() in _CODE and stat.S_ISREG(file.lstat().st_mode):
                yield file.relative_to(top).as_posix(), file
