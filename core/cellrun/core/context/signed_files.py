"""What a run was submitted with: the hash of its record, of its context and of each file of its snapshot, signed.

Paths are relative to the run's folder: a workspace of one's own that is copied or moved stays one's own.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from cellrun.core.context.manifest import CONTEXT_FILE
from cellrun.core.context.value_store import SHA256, digest_as, hash_of
from cellrun.core.disk.control_file import check_parts
from cellrun.core.errors import ContextException
from cellrun.core.front_end import plain_line
from cellrun.core.layout import RunLayout

VERSION = 1
_SNAPSHOT = "snapshot/"
_MOST_LISTED = 5
_CODE = frozenset(
    {
        *(".py", ".pyw", ".pyc", ".pyo", ".pyx", ".ipy", ".so", ".pyd", ".dll", ".dylib", ".zip", ".egg", ".whl"),
        *(".pth", ".ipynb", ".sh", ".bash", ".r", ".jl"),
    }
)
"""Endings of what Python loads as code or finds code in, and of what a cell's magics run."""


class SignedFiles:
    """The hashes of a run's files; None where whatever is there is trusted."""

    def __init__(self, hashes: Mapping[str, str] | None) -> None:
        self._hashes = hashes

    @classmethod
    def of_bytes(cls, data: bytes, path: Path) -> SignedFiles:
        """Read the bytes of a run's `signed.json`. Raises ContextException if they are damaged or newer."""
        try:
            check_parts(data)
            content = json.loads(data)
            if content["version"] > VERSION:
                raise ContextException(f"{path} has version {content['version']}, this cellrun knows {VERSION}: update")
            return cls({str(name): str(digest) for name, digest in content["files"].items()})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ContextException(f"{path} is damaged: {error!r}") from error

    def changed(self, name: str, data: bytes) -> str:
        """Return what has become of a file of a run's folder, whose content is `data`, in words; empty if nothing."""
        if self._hashes is None:
            return ""
        digest = self._hashes.get(name)
        if digest is None:
            return f"{name} was added"
        return "" if digest_as(digest, memoryview(data)) == digest else f"{name} was changed"

    def changed_in(self, folder: Path, *, code_only: bool = False) -> str:
        """Return what isn't as it was in a copy of the snapshot, in words: `helper.py was changed`; empty if nothing.

        `code_only`: look only at what may be run; other files are data, which may be large.
        """
        if self._hashes is None:
            return ""
        signed = {
            name.removeprefix(_SNAPSHOT): digest
            for name, digest in self._hashes.items()
            if name.startswith(_SNAPSHOT) and (not code_only or _is_code(name))
        }
        found = {name: file for name, file in _files(folder) if not code_only or _is_code(name)}
        words = [f"{name} was added" for name in (*found, *_links(folder)) if name not in signed]
        for name, digest in signed.items():
            if name not in found:
                words.append(f"{name} was removed")
            elif hash_of(found[name], like=digest) not in {digest, None}:
                words.append(f"{name} was changed")
        more = f" (and {len(words) - _MOST_LISTED} more)" if len(words) > _MOST_LISTED else ""
        return ", ".join(map(plain_line, words[:_MOST_LISTED])) + more


def write_hashes(layout: RunLayout) -> str:
    """Write the hashes of what a run that is being built is submitted with; return that file's own sha256."""
    paths = [layout.record, *layout.context.glob(CONTEXT_FILE), *(file for _, file in _files(layout.snapshot))]
    hashes = {path.relative_to(layout.folder).as_posix(): _new_hash(path) for path in paths}
    data = json.dumps({"version": VERSION, "files": hashes}, indent=0).encode()
    layout.signed.write_bytes(data)
    return order_of(data)


def order_of(data: bytes) -> str:
    """Return the hash of a run's `signed.json`, which its job is told."""
    return hashlib.sha256(data).hexdigest()


def _new_hash(path: Path) -> str:
    """Return a file's hash: of what a job checks, one that any Python can make."""
    return hash_of(path, like=SHA256 if _is_code(path.name) or path.suffix == ".json" else "") or ""


def _is_code(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in _CODE  # noqa: PTH122  # a text


def _links(top: Path) -> Iterator[str]:
    """Iterate over the links below a folder, by their path with slashes: code may be behind any of them."""
    for folder, folders, names in os.walk(top):
        for path in (Path(folder, name) for name in (*folders, *names)):
            if path.is_symlink():
                yield path.relative_to(top).as_posix()


def _files(top: Path) -> Iterator[tuple[str, Path]]:
    """Iterate over the plain files below a folder, by their path with slashes. Links aren't followed."""
    for folder, folders, names in os.walk(top):
        folders.sort()
        for name in sorted(names):
            file = Path(folder, name)
            if stat.S_ISREG(file.lstat().st_mode):
                yield file.relative_to(top).as_posix(), file
