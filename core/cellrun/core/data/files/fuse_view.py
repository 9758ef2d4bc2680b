"""Files of stores as a file system of this machine, read where they are, by FUSE.

It is served by a process of its own (`python fuse_view.py FOLDER`), so that who reads it, perhaps by a page fault that
holds Python's lock, never waits for itself. It ends with whoever started it, or with the run that it is for.
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
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if __name__ == "__main__":  # it finds this cellrun however that was found by the process that starts it
    sys.path.append(str(Path(__file__).parents[4]))

from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.errors import UserErrorException, problem_of
from cellrun.core.layout import RunLayout
from cellrun.core.processes.run_mounts import forget, source_of, unmount
from cellrun.core.resources import size_text

if TYPE_CHECKING:
    from cellrun.core.data.files.data_files import DataFile

FUSE = "CELLRUN_FUSE"
_READY = b"ready\n"
_END_S = 10
_LOOK_S = 5
"""How often it is looked whether a run has ended whose supervisor may be gone."""
_MOST_TOLD = 100
_OWNER = {"st_uid": os.getuid(), "st_gid": os.getgid()}


class FuseView:
    """A folder in which files are seen while it is there."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self._process = process
        self._folder = folder

    @classmethod
    def shown(
        cls, files: Sequence[DataFile], folder: Path, *, run: RunLayout | None = None, what: str = ""
    ) -> FuseView | None:
        """Show files in an empty folder; None where FUSE can't be used.

        For a run they are there until that ends, also when this process is gone; what goes wrong, and at the end how
        much was read, is written to this process's stderr after `what` they are.
        """
        if not is_usable():
            return None
        root = Path(__file__).parents[4]
        path = os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])])
        of_run = ["-I", __file__, str(folder), str(run.folder), what] if run else None  # a job has no word in it
        process = subprocess.Popen(
            [sys.executable, *(of_run or ["-m", "cellrun.core.data.files.fuse_view", str(folder)])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if run else subprocess.DEVNULL,
            env=None if run else {**os.environ, "PYTHONPATH": path},
            cwd="/",  # `-m` looks for modules in the current folder first
            # Ctrl-C is for whoever reads; but who leads a session of a run is taken for its job.
            start_new_session=run is None,
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
            unmount(str(self._folder))
        answers.close()


def is_usable() -> bool:
    """Whether FUSE is likely to work: mfusepy is installed, its device is there and may be used.

    Raises UserErrorException if CELLRUN_FUSE, which turns it off, is neither 0 nor 1.
    """
    if (given := os.environ.get(FUSE) or "1") not in {"0", "1"}:
        raise UserErrorException(f"the environment variable {FUSE} is 0 or 1; got {given!r}")
    return (
        given == "1"
        and find_spec("mfusepy") is not None
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

    def __init__(self, file: DataFile) -> None:
        self.file = file
        self._lock = threading.Lock()
        self._stream = file.open()
        self._is_whole = False

    def read(self, size: int, offset: int) -> bytes:
        """Return a part of it. Raises whatever its store's package does."""
        with self._lock:
            try:
                return self._part(size, offset)
            except OSError:
                raise
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
            self.file.place.filesystem().get_file(self.file.inside, str(whole))
            self._stream = whole.open("rb")
        self._is_whole = True


class _Account:
    """What was read in a view, and what couldn't be."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._files: set[str] = set()
        self._refused: set[str] = set()
        self._bytes = 0

    def read(self, file: DataFile, size_bytes: int) -> None:
        """Add a part of a file."""
        self._files.add(file.path)
        self._bytes += size_bytes

    def refused(self, file: DataFile, error: Exception) -> None:
        """Say of a file that it can't be read, once."""
        if file.path not in self._refused and len(self._refused) < _MOST_TOLD:
            self._refused.add(file.path)
            self.tell(f"{file.path}: {problem_of(error) if isinstance(error, OSError) else error}")

    def close(self, files: Sequence[DataFile]) -> None:
        """Say how much was read."""
        all_bytes = sum(file.size_bytes or 0 for file in files)
        self.tell(
            f"{len(self._files):,} of {len(files):,} files read, {size_text(self._bytes)} fetched of "
            f"{size_text(all_bytes)}"
        )

    def tell(self, line: str) -> None:
        """Write a line to the log, if it is there still."""
        with suppress(OSError):
            print(f"{self._what}: {line}", file=sys.stderr, flush=True)  # noqa: T201  # it is the log


def _serve(files: Sequence[DataFile], folder: str, run: RunLayout | None, account: _Account) -> None:
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
        with _as_input_error(mfusepy.FuseOSError, tree.files[path], account):
            readers[number] = _Reader(tree.files[path])
        return number

    def part(number: int, size: int, offset: int) -> bytes:
        file = readers[number].file
        with _as_input_error(mfusepy.FuseOSError, file, account):
            content = readers[number].read(size, offset)
        account.read(file, len(content))
        return content

    class Operations(mfusepy.Operations):  # type: ignore[misc]  # mfusepy says nothing of its types
        use_ns = False
        init = staticmethod(lambda _: os.write(1, _READY))
        getattr = staticmethod(lambda path, _=None: known(path))
        readdir = staticmethod(lambda path, _: [".", "..", *sorted(tree.folders[path])])
        open = staticmethod(opened)
        read = staticmethod(lambda _, size, offset, number: part(number, size, offset))
        release = staticmethod(lambda _, number: readers.pop(number).close())

    end, about = (_end_with_parent, (folder,)) if run is None else (_end_with_run, (folder, run))
    threading.Thread(target=end, args=about, daemon=True).start()
    source = "cellrun" if run is None else source_of(run)
    # In a run a file stays as it was when it was opened first: what was read of it is kept in the machine's memory.
    mfusepy.FUSE(Operations(), folder, foreground=True, ro=True, fsname=source, kernel_cache=run is not None)


@contextmanager
def _as_input_error(kind: Callable[[int], Exception], file: DataFile, account: _Account) -> Iterator[None]:
    """Raise as an error of input whatever a store's package raises."""
    try:
        with file.place.translate_errors(file.inside):
            yield
    except Exception as error:
        account.refused(file, error)
        raise kind(errno.EIO) from error


def _end_with_parent(folder: str) -> None:
    sys.stdin.buffer.read()  # until it is closed
    unmount(folder)


def _end_with_run(folder: str, run: RunLayout) -> None:
    """Wait for a run's end, and bring it about where nobody is left to do so."""
    from cellrun.core.store.liveness import checked_status  # noqa: PLC0415  # for runs alone

    while True:
        time.sleep(_LOOK_S)
        try:
            if checked_status(run).status.is_terminal:
                break
        except UNREADABLE:
            if not run.folder.exists():
                break
    unmount(folder)


def main(folder: str, run_folder: str = "", what: str = "") -> None:
    """Serve the files that stdin names in a folder, until it is unmounted."""
    files, account = pickle.load(sys.stdin.buffer), _Account(what)  # noqa: S301  # from whoever started it
    _serve(files, folder, RunLayout(run_folder) if run_folder else None, account)
    if run_folder:
        forget(Path(folder))
        account.close(files)
        os._exit(0)  # whatever a store's package has in its threads


if __name__ == "__main__":
    main(*sys.argv[1:])
