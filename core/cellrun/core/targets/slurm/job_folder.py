"""The private folder of a run's Slurm job: on the disk that the cluster's nodes share.

It holds the job's variables by value, secrets among them, so it is no part of the run, and goes when that has ended.
Standard library only: the job shares it.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from cellrun.core.disk.whole_files import make_private_folder, remove_tree, replace_file
from cellrun.core.errors import ComputeTargetException
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.store.status import StatusFile

_FOLDER = ".slurm"


class JobFolder:
    """The folder of one run's job.

    Responsibilities: where the order and the submission are; which job is the run's, of two that an answer's loss made.
    """

    def __init__(self, run: RunLayout) -> None:
        self.run = run
        self.folder = run.workspace.folder / _FOLDER / run.run_id

    @property
    def order(self) -> Path:
        """What the job is told (`engine.order.JobOrder`)."""
        return self.folder / "order.json"

    @property
    def _submission(self) -> Path:
        return self.folder / "submission.json"

    @property
    def _job(self) -> Path:
        return self.folder / "job"

    @property
    def _lock(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.lock")

    def make(self) -> None:
        """Make it, unless it is there. Raises ComputeTargetException where it wouldn't be this user's alone."""
        for folder in (self.folder.parent, self.folder):
            _make_own(folder)

    @property
    def is_kept(self) -> bool:
        """Whether all is there that is handed to Slurm: it may have been by now."""
        return self._submission.exists()

    def keep(self, submission: Mapping[str, Any]) -> None:
        """Keep what is handed to Slurm, as plain values."""
        replace_file(self._submission, json.dumps(submission), mode=0o600)

    def kept(self) -> dict[str, Any]:
        """Return that. Raises OSError if there is none, ValueError for what isn't it."""
        return dict(json.loads(self._submission.read_bytes()))

    @contextmanager
    def hold_lock(self) -> Iterator[None]:
        """Be the only one who launches the run, as long as this lasts. Where a disk has no locks, anybody may be.

        Raises ComputeTargetException where a folder of orders wouldn't be this user's alone.
        """
        _make_own(self.folder.parent)
        fd = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with suppress(OSError):
                fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    def is_first(self, job: str) -> bool:
        """Whether a job is the one that runs the run: the first one to ask, each time that Slurm starts it."""
        try:
            fd = os.open(self._job, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            return self._job.read_text() in {"", job}  # "": killed between the two, or about to write
        with os.fdopen(fd, "w") as file:
            file.write(job)
        return True

    def forget(self) -> None:
        """Remove it: the run has ended, or will never begin."""
        if self.folder.parent.is_symlink():  # whatever is there isn't ours
            return
        if self.folder.is_dir():
            remove_tree(self.folder)
        self._lock.unlink(missing_ok=True)

    @classmethod
    def sweep(cls, workspace: WorkspaceLayout) -> None:
        """Forget what runs have left that have ended, or are gone: whoever ended them was killed before that."""
        for name in {path.name.removesuffix(".lock") for path in (workspace.folder / _FOLDER).glob("*")}:
            run = workspace.run(name)
            if not run.folder.exists() or StatusFile(run).is_over():
                cls(run).forget()


def _make_own(folder: Path) -> None:
    make_private_folder(folder)
    if why := _why_not_own(folder):
        raise ComputeTargetException(f"{folder} {why}, and orders of jobs are kept there: take it away")


def _why_not_own(folder: Path) -> str:
    """Return why somebody else may see or exchange what is in a folder, in words; "" if nobody may."""
    found = folder.lstat()
    if stat.S_ISLNK(found.st_mode):
        return "is a link"
    if found.st_uid != os.getuid():
        return f"belongs to uid {found.st_uid}"
    return "can be written to by others" if found.st_mode & 0o022 else ""
