"""Files between a folder of this machine and a file system of fsspec: whole or not there, and checked.

The shared core of a datastore's upload and download and of what brings a run's inputs. Nothing here knows a datastore.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from cellrun.core.data.stores.parallel_transfer import Piece, Report, Show, carry_all
from cellrun.core.disk.whole_files import NO_ROOM, copy_plain, remove_tree
from cellrun.core.errors import DatastoreError, UserErrorException, shown
from cellrun.core.resources import size_text

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

Checksum: TypeAlias = tuple[str, str]
"""An algorithm of hashlib, and the hex digits."""
ErrorTranslator: TypeAlias = Callable[[str], AbstractContextManager[None]]
"""Makes one error of ours of whatever a package raises about a path."""

ASIDE = ".cellrun-"
"""How folders begin in which files are that aren't whole yet."""
_AT_ONCE_BYTES = 8_000_000
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_MOST_NAMED = 3


class StoredFile(NamedTuple):
    """A file of a file system, as its listing tells of it."""

    path: str
    """In the file system, below its root."""
    size: int | None
    checksum: Checksum | None = None
    modified_ns: int | None = None
    """Only of a folder on this machine."""


@dataclass(frozen=True)
class Side:
    """The other side of a transfer: a file system, and what is known of its kind."""

    filesystem: AbstractFileSystem
    where: Callable[[str], str] = str
    """Where a path of it is, for people."""
    translate_errors: ErrorTranslator = lambda _: nullcontext()
    checksum: Callable[[Mapping[str, Any]], Checksum | None] = lambda _: None
    is_checksum_sure: bool = True
    lists_by_prefix: bool = False
    local_root: Path | None = None
    """Its folder, where it is one of this machine: files are copied then, by reference where the disk can."""

    def listed(self, prefix: str = "") -> list[StoredFile]:
        """Return the files whose path begins with a text."""
        folder, _, start = prefix.rpartition("/")
        by = {"prefix": start} if self.lists_by_prefix and start else {}
        with self.translate_errors(prefix):
            self.filesystem.invalidate_cache()
            try:
                found = self.filesystem.find(folder, detail=True, **by)
            except FileNotFoundError:
                return []
        return sorted(
            self._entry(path, entry)
            for path, entry in found.items()
            if path.startswith(prefix)
            and entry.get("type") == "file"
            and not (path.endswith("/") and not entry.get("size"))  # what some tools put there for a folder
            and not any(part.startswith(ASIDE) for part in path.split("/")[:-1])
        )

    def found(self, path: str) -> StoredFile | None:
        """Return a file, None if it isn't there."""
        with self.translate_errors(path):
            try:
                entry = self.filesystem.info(path)
            except FileNotFoundError:
                return None
        return self._entry(path, entry) if entry.get("type") == "file" else None

    def _entry(self, path: str, entry: Mapping[str, Any]) -> StoredFile:
        modified = round(entry["mtime"] * 1e9) if self.local_root and "mtime" in entry else None
        return StoredFile(path, entry.get("size"), self.checksum(entry), modified)


def bring(
    side: Side, files: Mapping[str, StoredFile], folder: Path, *, overwrite: bool = False, show: Show | None = None
) -> int:
    """Bring files into a folder, each to its path there, and return how many came.

    What is there stays as it is, unless `overwrite`: then it stays if it is the same. Each comes aside, is compared
    with what the store tells of it, and gets its name once it is whole. Raises DatastoreError for a path that leads out
    of the folder, before anything is brought; for what comes with other bytes twice; and for a full disk.
    """
    refuse_ways_out(files, side)
    folder.mkdir(parents=True, exist_ok=True)
    came: list[str] = []

    def piece(target: str, file: StoredFile, aside: Path) -> Piece:
        def carry(report: Report) -> None:
            path = folder / target
            if not os.path.lexists(path) or (overwrite and not _is_same(path, file)):
                _fetch(side, file, aside, report)
                _put_in_place(aside, path)
                came.append(target)

        return Piece(file.size or 0, carry)

    with _explained(folder, files, came), _whole_or_not(folder) as aside_folder:
        _make_folders(folder, files)
        carry_all([piece(*each, aside_folder / str(n)) for n, each in enumerate(files.items())], show)
    return len(came)


def send(side: Side, files: Mapping[str, Path], *, overwrite: bool = False, show: Show | None = None) -> list[str]:
    """Send files of this machine, each to its path there, and return the paths that went.

    What is there stays as it is, unless `overwrite`: then it stays if it is the same. Afterwards the store is asked
    what it has: sizes, and hashes where it tells them. Raises DatastoreError for what it doesn't take or has otherwise.
    """
    there = _there(side, files)
    sent: dict[str, _Sent] = {}

    def piece(target: str, path: Path, aside: Path | None) -> Piece:
        def carry(report: Report) -> None:
            known = there(target)
            if known is None or (overwrite and not _is_same(path, known)):
                with side.translate_errors(target):
                    sent[target] = _send_one(side, path, target, aside, report)

        return Piece(path.stat().st_size, carry)

    root = side.local_root
    with _explained(root, files, sent), _whole_or_not(root) if root else nullcontext() as folder:
        if root:
            _make_folders(root, files)
        carry_all([piece(*each, folder and folder / str(n)) for n, each in enumerate(files.items())], show)
    if root is None:
        _check(side, sent)
    return list(sent)


def refuse_ways_out(targets: Mapping[str, StoredFile], side: Side) -> None:
    """Raise DatastoreError for paths that would lead out of the folder that files are brought to."""
    if bad := [target for target in targets if leads_out(target)]:
        named = ", ".join(shown(each) for each in bad[:_MOST_NAMED])
        more = f" and {len(bad) - _MOST_NAMED:,} more" if bad[_MOST_NAMED:] else ""
        raise DatastoreError(
            "",
            f"{side.where('')} has names that lead out of a folder: {named}{more}; nothing was brought. "
            "A prefix that leaves them out brings the others",
        )


def leads_out(path: str) -> bool:
    """Whether a path leads out of the folder that it is below, or can't be one."""
    parts = path.split("/")
    return not path or "\0" in path or bool(_DRIVE.match(path)) or not {"", ".", ".."}.isdisjoint(parts)


def inside(path: str | None, what: str) -> str:
    """Return a path below a store's root as users give it, without slashes around it, "" for the root.

    Raises UserErrorException for one that leads out of it.
    """
    parts = [part for part in str(path or "").split("/") if part not in {"", "."}]
    if ".." in parts or any("\0" in part for part in parts):
        raise UserErrorException(f"{what} is a path below the store's root; {shown(path)} leads out of it")
    return "/".join(parts)


class _Sent(NamedTuple):
    size: int
    checksum: str | None
    """Of what was read, by MD5: what the stores tell of."""


def _fetch(side: Side, file: StoredFile, aside: Path, report: Report) -> None:
    """Bring one file aside, once more if it didn't come as the store tells of it."""
    if side.local_root is not None:
        source = side.local_root / file.path
        _copy(source, aside, report)
        return
    digests: list[str] = []
    while True:
        with side.translate_errors(file.path):
            side.filesystem.get_file(file.path, str(aside), callback=_callback(report))
        size = aside.stat().st_size
        if file.size is None or size == file.size:
            if file.checksum is None:
                return
            digests.append(_digest(aside, file.checksum[0]))
            # Where a hash may be of something else than the content, it is enough that the same came twice.
            if digests[-1] == file.checksum[1] or (not side.is_checksum_sure and digests.count(digests[-1]) > 1):
                return
        else:
            digests.append(f"{size:,} bytes instead of {file.size:,}")
        if len(digests) > 1:
            raise DatastoreError(
                "",
                f"{side.where(file.path)} came twice, and each time not as its store tells of it ({digests[-1]}): it "
                "changed meanwhile, or something on the way changes it; the same call asks for it again",
            )


def _send_one(side: Side, path: Path, target: str, aside: Path | None, report: Report) -> _Sent:
    before = path.stat()
    if side.local_root and aside:
        _copy(path, aside, report)
        _put_in_place(aside, side.local_root / target)
        return _Sent(before.st_size, None)
    if before.st_size <= _AT_ONCE_BYTES:
        data = path.read_bytes()
        side.filesystem.pipe_file(target, data)
        return _Sent(len(data), hashlib.md5(data, usedforsecurity=False).hexdigest())
    side.filesystem.put_file(str(path), target, callback=_callback(report))
    digest = _digest(path, "md5")
    after = path.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise DatastoreError("", f"{path} was changed while it was sent: send it again once nobody writes to it")
    return _Sent(after.st_size, digest)


def _check(side: Side, sent: Mapping[str, _Sent]) -> None:
    """Compare what was sent with what the store tells of it."""
    there = _there(side, sent)

    def piece(target: str, mine: _Sent) -> Piece:
        def carry(_: Report) -> None:
            found = there(target)
            is_other = found and found.checksum and side.is_checksum_sure and found.checksum[1] != mine.checksum
            if found is None or found.size != mine.size or is_other:
                has = "nothing of it" if found is None else f"{found.size or 0:,} bytes"
                raise DatastoreError(
                    "",
                    f"{side.where(target)} isn't what was sent ({mine.size:,} bytes): the store has {has}"
                    f"{' with another checksum' if is_other else ''}; somebody else may write there; send it again "
                    "with overwrite=True",
                )

        return Piece(0, carry)

    carry_all([piece(*each) for each in sent.items()])


def _there(side: Side, targets: Mapping[str, Any]) -> Callable[[str], StoredFile | None]:
    """Return what tells of each path whether it is there: of many by one listing, of few by asking for each."""
    if len(targets) <= 32:
        return side.found
    common = os.path.commonpath([target.rpartition("/")[0] for target in targets])
    listed = {file.path: file for file in side.listed(f"{common}/" if common else "")}
    return listed.get


def _is_same(path: Path, stored: StoredFile) -> bool:
    """Whether a file on this machine is what a store has, as far as that tells: size, and hash, or time of a copy."""
    try:
        found = path.stat()
    except OSError:
        return False
    if not stat.S_ISREG(found.st_mode) or found.st_size != stored.size:
        return False
    if stored.checksum is not None:
        return _digest(path, stored.checksum[0]) == stored.checksum[1]
    return stored.modified_ns is not None and abs(found.st_mtime_ns - stored.modified_ns) < 1000  # a float of seconds


def _make_folders(root: Path, targets: Iterable[str]) -> None:
    for folder in {target.rpartition("/")[0] for target in targets}:
        (root / folder).mkdir(parents=True, exist_ok=True)


def _copy(source: Path, target: Path, report: Report) -> None:
    before = source.stat()
    copy_plain(source, target, report)
    after = source.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise DatastoreError("", f"{source} was changed while it was copied: copy it again once nobody writes to it")


def _put_in_place(aside: Path, path: Path) -> None:
    """Give a whole file its name."""
    try:
        aside.replace(path)
    except OSError as error:
        if path.is_dir() and not path.is_symlink():
            raise DatastoreError(
                "", f"{path} is a folder here and a file there: put the folder somewhere else first"
            ) from error
        raise


def _digest(path: Path, algorithm: str) -> str:
    found = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb", buffering=0) as file:
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest()


def _callback(report: Report) -> Any:
    from fsspec.callbacks import Callback  # noqa: PLC0415  # copies between folders need none of it

    class Counting(Callback):  # type: ignore[misc]  # fsspec says nothing of its types
        def relative_update(self, inc: int = 1) -> None:
            self.value += inc
            report(inc)

        def absolute_update(self, value: int) -> None:
            self.relative_update(max(value - self.value, 0))

    return Counting()


@contextmanager
def _whole_or_not(folder: Path) -> Iterator[Path]:
    """Give a folder for what isn't whole yet. Those of processes that were killed go by the way."""
    made, fd = _made_aside(folder)
    try:
        _clear(folder, but=made)
        yield made
    finally:
        with suppress(OSError):
            remove_tree(made)
        os.close(fd)


def _made_aside(folder: Path) -> tuple[Path, int]:
    """Make a folder and lock it. Until it is locked another transfer may take it for a killed one's and remove it."""
    while True:
        made = folder / f"{ASIDE}{os.urandom(4).hex()}"
        made.mkdir(mode=0o700)
        try:
            fd = os.open(made, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        with suppress(OSError):  # a file system without locks: nothing is cleared there
            fcntl.flock(fd, fcntl.LOCK_EX)
        if made.is_dir():
            return made, fd
        os.close(fd)


def _clear(folder: Path, but: Path) -> None:
    for other in folder.glob(f"{ASIDE}*"):
        if other == but:
            continue
        with suppress(OSError):
            fd = os.open(other, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)  # its process lives: BlockingIOError
                remove_tree(other)
            finally:
                os.close(fd)


@contextmanager
def _explained(folder: Path | None, files: Mapping[str, Any], done: Any) -> Iterator[None]:
    """Say of a transfer that fails what there is of it."""
    try:
        yield
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise DatastoreError("", f"{error.strerror or error}: {error.filename or folder}") from error
        left = _left(files, done)
        raise DatastoreError(
            "",
            f"the disk of {folder} is full: {len(done):,} of {len(files):,} files came whole, {left}; free some room, "
            "and the same call goes on from there",
        ) from error


def _left(files: Mapping[str, Any], done: Any) -> str:
    sizes = [getattr(file, "size", None) for target, file in files.items() if target not in done]
    known = sum(size for size in sizes if size)
    return f"{len(sizes):,} are left" + (f" ({size_text(known)})" if known else "")
