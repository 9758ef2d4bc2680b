"""Files made whole or not at all, copied, removed; and the drafts of those that are being written.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import errno
import json
import os
import re
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from cellrun.core.identity import ProcessIdentity, start_ticks
from cellrun.core.layout import RunLayout

NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
"""What a file system says that has no hard links."""
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
"""What a file system says that is full, or has given its user what it may."""


def make_private_folder(folder: Path, mode: int = 0o700) -> None:
    """Make a folder for this user alone, unless it is there, and what is missing on the way to it.

    `Path.mkdir` leaves the way to the umask: with 002, one's group could put another folder in its place.
    """
    try:
        folder.mkdir(mode, exist_ok=True)
    except FileNotFoundError:
        if folder.parent == folder:
            raise
        make_private_folder(folder.parent, 0o755)
        folder.mkdir(mode, exist_ok=True)


def json_text(data: Mapping[str, Any]) -> str:
    """Return an object as the text of a file of JSON that people may read. Raises TypeError."""
    return f"{json.dumps(data, indent=1)}\n"


def write_new(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write a new file, and wait until it would survive a power cut. Raises FileExistsError if it is there."""
    fd = _created(path, mode)
    try:
        rest = memoryview(data)
        while rest:  # a full disk takes a part and refuses the next
            rest = rest[os.write(fd, rest) :]
        os.fsync(fd)
    finally:
        os.close(fd)


def write_once(path: Path, text: str, *, mode: int = 0o666) -> None:
    """Write a file that is complete before it gets its name, so that of two writers one wins.

    `mode` is what it may be used for at most; the umask takes away from it. Raises FileExistsError if it is there.
    """
    draft = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    replace_file(draft, text, mode=mode)
    try:
        os.link(draft, path)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        write_new(path, text.encode(), mode=mode & 0o644)
    finally:
        draft.unlink()


def replace_file(path: Path, text: str, *, mode: int = 0o666) -> None:
    """Write a file in place of the one before: whoever reads sees the one or the other, whole.

    `mode` is what it may be used for at most; the umask takes away from it.
    """
    draft = path.with_name(f".{path.name}.{os.urandom(4).hex()}")  # several may write at once: the last one stays
    try:
        with open(_created(draft, mode), "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def is_full(folder: Path) -> bool:
    """Whether the disk of a folder has no room left, or no file more; False where that isn't told."""
    try:
        about = os.statvfs(folder)
    except OSError:
        return False
    return not about.f_bavail or bool(about.f_files and not about.f_favail)  # some have no fixed number of files


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder would survive a power cut."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def sync_files(layout: RunLayout) -> None:
    """Put the event logs and the log on the disk for good: a status that says the run has ended must not be ahead."""
    for path in [*layout.events.glob("*.jsonl"), layout.log]:
        with suppress(OSError):
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)  # the job's own: maybe pipes
            try:
                os.fsync(fd)
            finally:
                os.close(fd)


def _created(path: Path, mode: int) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)


def remove_tree(folder: Path) -> None:
    """Remove a folder and all that is in it, also folders that their maker forbade to enter; links aren't followed.

    Somebody else may be at it too. Raises OSError for what can't be removed.
    """
    import shutil  # noqa: PLC0415  # costs 4 ms, and neither a job nor the supervisor removes a tree

    def try_again(_: object, path: str, error: tuple[object, BaseException, object]) -> None:
        if isinstance(error[1], FileNotFoundError):
            return
        if not isinstance(error[1], PermissionError):
            raise error[1]
        for each in (os.path.dirname(path), path):  # noqa: PTH120  # text, as rmtree gives it
            if stat.S_ISDIR(os.lstat(each).st_mode):  # a link isn't to be followed
                os.chmod(each, 0o700)  # noqa: PTH101
        if stat.S_ISDIR(os.lstat(path).st_mode):
            shutil.rmtree(path)
        else:
            os.unlink(path)  # noqa: PTH108

    if folder.is_symlink():  # in the place of a folder: it alone goes
        folder.unlink()
        return
    try:
        shutil.rmtree(folder, onerror=try_again)
    except (OSError, RecursionError) as error:
        if isinstance(error, OSError) and error.errno not in {errno.EMFILE, errno.ENAMETOOLONG}:
            raise
        _flatten(folder)  # deeper than Python, or its open files, go
        shutil.rmtree(folder, onerror=try_again)


def _flatten(folder: Path) -> None:
    """Move all folders below a folder right into it, under new names. Raises OSError."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    top = os.open(folder, flags)
    try:
        with os.scandir(top) as entries:
            waiting = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
        while waiting:
            below = os.open(waiting.pop(), flags, dir_fd=top)
            try:
                with os.scandir(below) as entries:
                    names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
                for name in names:
                    waiting.append(os.urandom(16).hex())
                    os.rename(name, waiting[-1], src_dir_fd=below, dst_dir_fd=top)
            finally:
                os.close(below)
    finally:
        os.close(top)


def size_on_disk(folder: Path) -> int:
    """Return the bytes that the disk has given to a folder and all that is in it; what can't be seen isn't counted."""
    found: dict[tuple[int, int], int] = {}
    for entry in _entries(folder):
        try:
            about = entry.stat(follow_symlinks=False)
        except OSError:
            continue
        found[about.st_dev, about.st_ino] = about.st_blocks * 512
    return sum(found.values())


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    waiting = [] if folder.is_symlink() else [str(folder)]
    while waiting:  # not by recursion: somebody else's run may be deeper than that goes
        try:
            with os.scandir(waiting.pop()) as entries:
                listed = list(entries)
        except OSError:
            continue
        yield from listed
        waiting += [entry.path for entry in listed if entry.is_dir(follow_symlinks=False)]


_PART_BYTES = 1 << 27
_BLOCK_BYTES = 1 << 20


def copy_tree(source: Path, target: Path) -> None:
    """Copy a folder's plain files, with their times and permissions: a snapshot into a working folder, or a new run.

    Raises OSError for a link in its place, as a run folder of somebody else may have: it leads to what isn't the run's.
    """
    if source.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(source))
    for folder, _, names in os.walk(source):
        made = target / Path(folder).relative_to(source)
        made.mkdir(parents=True, exist_ok=True)
        for name in names:
            path = Path(folder, name)
            if stat.S_ISREG(path.lstat().st_mode):  # a job may have put a link or a pipe beside them
                copy_plain(path, made / name)


def link_into(folder: Path, links: Mapping[str, str]) -> None:
    """Link paths into a folder, each to where it leads; what is there by that name stays as it is."""
    for path, target in links.items():
        with suppress(OSError):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).symlink_to(target)


def copy_plain(source: str | Path, target: Path, report: Callable[[int], None] | None = None) -> None:
    """Copy one file: by reference where the file system can, so that a large one costs nothing until it is changed.

    `report` is told now and then how many bytes more there are.
    """
    with open(source, "rb") as reader, target.open("xb") as writer:  # noqa: PTH123  # may be a plain string
        found = os.fstat(reader.fileno())
        _copy_content(reader.fileno(), writer.fileno(), found.st_size, report or (lambda _: None))
        with suppress(OSError):  # a file system without permissions
            os.fchmod(writer.fileno(), stat.S_IMODE(found.st_mode) & 0o777)
        os.utime(writer.fileno(), ns=(found.st_atime_ns, found.st_mtime_ns))


def _copy_content(reader: int, writer: int, size: int, report: Callable[[int], None]) -> None:
    if hasattr(os, "copy_file_range"):
        try:
            while copied := os.copy_file_range(reader, writer, min(max(size, 1 << 20), _PART_BYTES)):
                report(copied)
        except OSError:  # two file systems, or one that can't: by hand, from where it stopped
            pass
        else:
            return
    with os.fdopen(os.dup(reader), "rb") as source, os.fdopen(os.dup(writer), "wb") as target:
        while block := source.read(_BLOCK_BYTES):
            target.write(block)
            report(len(block))


DRAFT = ".new-"
"""How the name of a draft begins."""
_NAME = rf"(?a){re.escape(DRAFT)}([0-9a-f]{{16}})-(\d+)-(\d+)-[0-9a-f]+"
_ELSEWHERE_S = 86_400.0
_OF_RUN = r"\.{1,2}(?:(?:completion|launch|process|target)\.json\.[0-9a-f.]+|environment\.json\.(?P<pid>[0-9]+))"


def draft_name() -> str:
    """Return a new name for a file that this process is about to write."""
    me = ProcessIdentity.current()
    return f"{DRAFT}{_machine(me)}-{me.pid}-{me.started}-{os.urandom(4).hex()}"


def is_abandoned(draft: Path) -> bool:
    """Whether nobody goes on with a draft.

    Its process is dead; or it isn't one of those that can be seen from here (another host, another start of the
    machine, an earlier cellrun), and nothing was written into the draft for a day.
    """
    me = ProcessIdentity.current()
    found = re.fullmatch(_NAME, draft.name)
    if found and found[1] == _machine(me):
        return me._replace(pid=int(found[2]), started=int(found[3])).is_proven_dead()
    try:
        return time.time() - draft.lstat().st_mtime > _ELSEWHERE_S
    except FileNotFoundError:
        return False


def drafts_of_run(folder: Path) -> list[Path]:
    """Return the drafts of control files that killed processes have left in the folder of a run that has ended.

    Nobody writes such a file of it any more, but for the recorder of its surroundings, which may go on.
    """
    with suppress(OSError):
        hidden = [path for path in folder.iterdir() if path.name.startswith(".")]
        found = [(path, re.fullmatch(_OF_RUN, path.name)) for path in hidden]
        return [path for path, name in found if name and not (name["pid"] and start_ticks(int(name["pid"])))]
    return []


def _machine(identity: ProcessIdentity) -> str:
    """Return what the identities of processes have in common that can see one another."""
    import hashlib  # noqa: PLC0415  # a supervisor has no need of it

    shared = {key: value for key, value in identity.to_json().items() if key not in {"pid", "started"}}
    return hashlib.blake2b(repr(sorted(shared.items())).encode(), digest_size=8).hexdigest()
