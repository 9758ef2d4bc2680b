"""Files that come in piece by piece: put where they belong, below one folder, following no link."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from cellrun.core.disk.control_file import folder_beneath, open_folder
from cellrun.core.remote.refusal import BadOrderError

_LONGEST_BYTES = 4000
_NEW = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def parts_of(path: object) -> list[str]:
    """Return the parts of a relative path with slashes. Raises BadOrderError for one that leads elsewhere."""
    parts = path.split("/") if isinstance(path, str) else []
    if not parts or "\0" in parts[-1] or len(os.fsencode(str(path))) > _LONGEST_BYTES:
        raise BadOrderError(f"no path below the run: {path!r:.80}")
    if any(part in {"", ".", ".."} or "\0" in part for part in parts):
        raise BadOrderError(f"no path below the run: {path!r:.80}")
    return parts


def add_piece(root: Path, parts: Sequence[str], offset: int, data: bytes) -> int:
    """Write bytes of a file that begin at an offset, and return how much of it is there.

    A piece that doesn't join what is there changes nothing: the sender goes on from what is returned. Of a piece that
    a full disk takes a part of, that part stays.
    """
    with _made_folder(root, parts[:-1]) as folder:
        fd = os.open(parts[-1], _NEW, 0o600, dir_fd=folder)
    try:
        has = os.fstat(fd).st_size
        rest, at = memoryview(data)[has - offset :] if offset <= has else memoryview(b""), has
        while rest:
            written = os.pwrite(fd, rest, at)
            rest, at = rest[written:], at + written
    except OSError as error:
        error.filename = str(root.joinpath(*parts))
        raise
    finally:
        os.close(fd)
    return at


def finish(root: Path, parts: Sequence[str], mode: int, mtime_ns: int) -> None:
    """Give a file that is whole its permissions and its time."""
    with folder_beneath(root, parts[:-1]) as folder:
        os.chmod(parts[-1], mode & 0o755 | 0o600, dir_fd=folder)
        os.utime(parts[-1], ns=(mtime_ns, mtime_ns), dir_fd=folder, follow_symlinks=False)


def sizes_below(root: Path) -> dict[str, int]:
    """Return the sizes of all files below a folder by their paths; none if it isn't there."""
    found: dict[str, int] = {}
    if not root.exists():
        return found
    for folder, _, names, fd in os.fwalk(root):
        for name in names:
            with suppress(FileNotFoundError):
                path = os.path.relpath(os.path.join(folder, name), root)  # noqa: PTH118  # there may be 20,000
                found[path] = os.stat(name, dir_fd=fd, follow_symlinks=False).st_size
    return found


@contextmanager
def _made_folder(root: Path, parts: Sequence[str]) -> Iterator[int]:
    """Open a folder below another one, and make what of it is missing."""
    with folder_beneath(root) as top:
        opened = [os.dup(top)]
        try:
            for part in parts:
                with suppress(FileExistsError):
                    os.mkdir(part, 0o700, dir_fd=opened[-1])
                opened.append(open_folder(part, opened[-1]))
            yield opened[-1]
        finally:
            for fd in opened:
                os.close(fd)
