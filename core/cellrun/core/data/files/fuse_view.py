"""Files of stores as a file system of this machine, read where they are, by FUSE.

It is served by a process of its own (`python fuse_view.py FOLDER`), so that who reads it, perhaps by a page fault that
holds Python's lock, never waits for itself. It ends with whoever started it.
"""

from __future__ import annotations

import errno
import os
import pickle
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import IO, Any

_READY = b"ready\n"
_END_S = 10
_OWNER = {"st_uid": os.getuid(), "st_gid": os.getgid()}


class FuseView:
    """A folder in which files are seen while it is there."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self._process = process
        self._folder = folder

    @classmethod
    def shown(cls, files: Sequence[Any], folder: Path) -> FuseView | None:
        """Show files in an empty folder; None where FUSE can't be used."""
        if not is_usable():
            return None
        root = Path(__file__).parents[4]
        path = os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])])
        process = subprocess.Popen(
            [sys.executable, "-m", "cellrun.core.data.files.fuse_view", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
            cwd="/",  # `-m` looks for modules in the current folder first
            start_new_session=True,  # Ctrl-C is for whoever reads
        )
        view = cls(process, folder)
        try:
            orders, answers = view.pipes
            orders.write(pickle.dumps([file._replace(entry={}) for file in files]))
            orders.flush()
            is_ready = answers.readline() == _READY
        except BrokenPipeError:
            is_ready = False
        except BaseException:
            view.stop()
            raise
        if is_ready:
            return view
        view.stop()
        return None

    @property
    def pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        """What its process is told by, and what it answers by."""
        assert self._process.stdin is not None  # noqa: S101  # for mypy
        assert self._process.stdout is not None  # noqa: S101  # as above
        return self._process.stdin, self._process.stdout

    def stop(self) -> None:
        """Take the files away, and wait for that."""
        orders, answers = self.pipes
        with suppress(BrokenPipeError):
            orders.close()  # the process takes it for its end
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            _unmount(str(self._folder))
        answers.close()


def is_usable() -> bool:
    """Whether FUSE is likely to work: mfusepy is installed, its device is there and may be used."""
    return (
        find_spec("mfusepy") is not None
        and os.access("/dev/fuse", os.R_OK | os.W_OK)
        and any(shutil.which(name) for name in ("fusermount3", "fusermount"))
    )


class _Tree:
    """The folders and files of a view, by their paths."""

    def __init__(self, files: Sequence[Any]) -> None:
        self.files: Mapping[str, Any] = {f"/{file.path}": file for file in files}
        self.folders: dict[str, set[str]] = {"/": set()}
        for path in self.files:
            while path != "/":
                above, _, name = path.rpartition("/")
                self.folders.setdefault(above or "/", set()).add(name)
                path = above or "/"  # noqa: PLW2901  # one folder up

    def stat(self, path: str) -> dict[str, float] | None:
        """Return what is told of a path; None for one that isn't there."""
        if path in self.folders:
            return {"st_mode": stat.S_IFDIR | 0o555, "st_nlink": 2, **_OWNER}
        file = self.files.get(path)
        if file is None:
            return None
        time = file.modified or 0
        about = {"st_size": file.size_bytes or 0, "st_mtime": time, "st_ctime": time, "st_atime": time}
        return {"st_mode": stat.S_IFREG | 0o444, "st_nlink": 1, **_OWNER, **about}


class _Reader:
    """One file that is open in a view, read by one at a time."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._stream = file.open()
        self._is_whole = False

    def read(self, size: int, offset: int) -> bytes:
        """Return a part of it. Raises whatever its store's package does."""
        with self._lock:
            try:
                return self._part(size, offset)
            except Exception:  # a server that gives no parts, with an error of its package's own
                if self._is_whole:
                    raise
                self._bring()
                return self._part(size, offset)

    def close(self) -> None:
        """Close it."""
        self._stream.close()

    def _part(self, size: int, offset: int) -> bytes:
        self._stream.seek(offset)
        return bytes(self._stream.read(size))

    def _bring(self) -> None:
        """Have it whole, in a file that is gone when it is closed."""
        self._stream.close()
        with tempfile.TemporaryDirectory(prefix="cellrun-view-") as folder:
            whole = Path(folder, "whole")
            self._file.place.filesystem().get_file(self._file.inside, str(whole))
            self._stream = whole.open("rb")
        self._is_whole = True


def _serve(files: Sequence[Any], folder: str) -> None:
    import mfusepy  # noqa: PLC0415  # an extra

    tree = _Tree(files)
    readers: dict[int, _Reader] = {}
    numbers = count(1)

    def known(path: str) -> dict[str, float]:
        found = tree.stat(path)
        if found is None:
            raise mfusepy.FuseOSError(errno.ENOENT)
        return found

    def opened(path: str, flags: int) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR):
            raise mfusepy.FuseOSError(errno.EROFS)
        number = next(numbers)
        with _as_input_error(mfusepy.FuseOSError):
            readers[number] = _Reader(tree.files[path])
        return number

    def part(number: int, size: int, offset: int) -> bytes:
        with _as_input_error(mfusepy.FuseOSError):
            return readers[number].read(size, offset)

    class Operations(mfusepy.Operations):  # type: ignore[misc]  # mfusepy says nothing of its types
        use_ns = False
        init = staticmethod(lambda _: os.write(1, _READY))
        getattr = staticmethod(lambda path, _=None: known(path))
        readdir = staticmethod(lambda path, _: [".", "..", *sorted(tree.folders[path])])
        open = staticmethod(opened)
        read = staticmethod(lambda _, size, offset, number: part(number, size, offset))
        release = staticmethod(lambda _, number: readers.pop(number).close())

    threading.Thread(target=_end_with_parent, args=(folder,), daemon=True).start()
    mfusepy.FUSE(Operations(), folder, foreground=True, ro=True, fsname="cellrun")


@contextmanager
def _as_input_error(kind: Callable[[int], Exception]) -> Iterator[None]:
    """Raise as an error of input whatever a store's package raises."""
    try:
        yield
    except Exception as error:
        raise kind(errno.EIO) from error


def _end_with_parent(folder: str) -> None:
    sys.stdin.buffer.read()  # until it is closed
    _unmount(folder)


def _unmount(folder: str) -> None:
    for command in (["fusermount3", "-u", "-z", folder], ["fusermount", "-u", "-z", folder]):
        if shutil.which(command[0]):
            subprocess.run(command, check=False, stderr=subprocess.DEVNULL)
            return


if __name__ == "__main__":
    _serve(pickle.load(sys.stdin.buffer), sys.argv[1])  # noqa: S301  # from whoever started it
