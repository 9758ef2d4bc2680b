"""A library as a folder that is made of an archive, whole or not at all, and known by its content.

Standard library only, and nothing of ours: a machine that has nothing of cellrun yet is sent this file's text first.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import os
import shutil
import stat
import tarfile
import zlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

_HEX_DIGITS = 32
_SEEN = ".seen_whole"
"""The file that says of which state a library was seen to be whole, and in which boot: a power cut may undo it."""
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_UNMAPPED_UID = 65534
"""Whose the system's own folders are in a container of a user's own."""


def name_of(files: Iterable[tuple[str, bytes]]) -> str:
    """Return what a library of these files is called, by their paths with slashes, in their order, and their bytes."""
    seen = hashlib.sha256()
    for path, data in files:
        seen.update(f"{path} {len(data)}\n".encode() + data)
    return seen.hexdigest()[:_HEX_DIGITS]


def packed(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Return the archive of files: what `unpacked` reads. A quarter of them, as they are sources."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for path, data in files:
            about = tarfile.TarInfo(path)
            about.size = len(data)
            tar.addfile(about, io.BytesIO(data))
    return gzip.compress(archive.getvalue(), compresslevel=6, mtime=0)


def unpacked(archive: bytes) -> dict[str, bytes]:
    """Return the files of an archive. Raises ValueError for what is none of ours."""
    files = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(archive)), mode="r:") as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isreg() else None
                if content is None or not all(part.strip(".") for part in member.name.split("/")):
                    raise ValueError(f"the library that came has {member.name!r} in it, which can't be")
                files[member.name] = content.read()
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise ValueError(f"the library that came is damaged: {error}") from error
    return files


def make(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make the library of these files; `folder` has its name. Nothing happens if it is there, whole.

    Raises ValueError for files of another name; OSError where it can't be written, and PermissionError where others
    than this user can write: nothing is left then.
    """
    if (name := name_of(files.items())) != folder.name:
        raise ValueError(f"the library that came is {name}, not {folder.name}: it was damaged on its way")
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _check_is_ours(folder.parent)
    if is_whole(folder):
        return
    fresh = folder.with_name(f".{name}.{os.urandom(4).hex()}")
    try:
        fresh.mkdir(0o700)
        for path, data in files.items():
            target = fresh / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        if folder.is_dir():  # damaged, as by a power cut
            folder.rename(fresh.with_suffix(".old"))
        fresh.rename(folder)
    except BaseException as error:  # Ctrl-C as well
        if not isinstance(error, OSError) or not is_whole(folder):  # else another process was first
            raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(fresh.with_suffix(".old"), ignore_errors=True)


def is_whole(folder: Path) -> bool:
    """Whether a library is there, of just the sources that its name says.

    Its files are read once a boot, or after a change of one: that takes 0.2 s, a look at their sizes and times a tenth.
    Raises PermissionError where others than this user can change it.
    """
    if not folder.is_dir():
        return False
    _check_is_ours(folder.parent)
    _check_is_ours(folder)
    files = _files(folder)
    state, seen = _state(files), folder / _SEEN
    with suppress(OSError):
        if state and seen.read_text() == state:
            return True
    if name_of((path, Path(file).read_bytes()) for path, file in files) != folder.name:
        return False
    if state:
        with suppress(OSError):  # a full disk, another process at the same: they are read again
            fresh = seen.with_name(f"{_SEEN}.{os.urandom(4).hex()}")
            fresh.write_text(state)
            fresh.replace(seen)
    return True


def _files(folder: Path) -> list[tuple[str, str]]:
    """Return the files of a library by their paths, sorted; what Python has compiled is no part of it."""
    top = len(str(folder)) + 1
    found = [f"{place}/{name}" for place, _, names in os.walk(folder) for name in names if name.endswith(".py")]
    return sorted((file[top:], file) for file in found)


def _state(files: Iterable[tuple[str, str]]) -> str:
    """Return what changes with a boot, and when a file is changed; empty where a boot can't be told from another."""
    try:
        seen = hashlib.sha256(_BOOT.read_bytes())
    except OSError:
        return ""
    for path, file in files:
        about = os.stat(file)  # noqa: PTH116  # of a Path it takes twice as long
        seen.update(f"{path} {about.st_size} {about.st_mtime_ns}\n".encode())
    return seen.hexdigest()


def _check_is_ours(folder: Path) -> None:
    found = folder.stat()
    if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o022:
        raise PermissionError(errno.EACCES, "others can write to it: what is there isn't run", str(folder))
    for above in folder.resolve().parents:  # where all can write anybody puts another folder in its place
        found = above.stat()
        is_open = stat.S_IMODE(found.st_mode) & (stat.S_IWOTH | stat.S_ISVTX) == stat.S_IWOTH
        if is_open or found.st_uid not in {0, os.getuid(), _UNMAPPED_UID}:
            raise PermissionError(errno.EACCES, "others can write to it: what is below isn't run", str(above))
