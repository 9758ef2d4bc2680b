"""A run's files by the names that users see."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from cellrun.core.errors import InvalidNameError, UserErrorException
from cellrun.core.layout import FINISH_LOG, PREPARATION_LOG, RunLayout

LOG = "user_logs/std_log.txt"
LOG_ALIAS = "azureml-logs/70_driver_log.txt"
"""What Azure ML called the log before."""
PREPARATION_LOG_ALIAS = "azureml-logs/20_image_build_log.txt"
"""What it called the log of an environment's build."""

_RULE = "is names joined by '/', below the run's folder"
_LONGEST_PART_BYTES = 255
DRAFT = ".cellrun-draft-"
"""How the name of a file begins that is being written."""


class Artifacts:
    """The files of one run: `outputs/…` and `logs/…` are in its working directory, other names were uploaded.

    Names are checked: none leads out of the run's folder. Links that a job made aren't followed.
    """

    def __init__(self, layout: RunLayout) -> None:
        self._layout = layout
        self._folders = {"outputs": layout.outputs, "logs": layout.logs}

    @property
    def _logs(self) -> dict[str, Path]:
        """Where the log of each name is; looked up each time: those of further processes come as the run goes on."""
        return {
            LOG: self._layout.log,
            LOG_ALIAS: self._layout.log,
            PREPARATION_LOG: self._layout.preparation_log,
            PREPARATION_LOG_ALIAS: self._layout.preparation_log,
            FINISH_LOG: self._layout.finish_log,
            **{f"user_logs/{path.name}": path for path in self._layout.rank_logs()},
        }

    def names(self) -> list[str]:
        """Return the names of all files."""
        outputs = _names_below(self._layout.outputs, "outputs/")
        return sorted([*self.logs(), *outputs, *_names_below(self._layout.files, "")])

    def logs(self) -> dict[str, Path]:
        """Return the logs that are there by their names: the run's own first, then what it writes below `logs/`."""
        own = {name: path for name, path in self._logs.items() if name.startswith("user_logs/") and _is_log(path)}
        own = {name: own[name] for name in sorted(own, key=lambda name: (name != PREPARATION_LOG, name))}
        return own | {name: self.path(name) for name in sorted(_names_below(self._layout.logs, "logs/"))}

    def written_beside(self) -> list[str]:
        """Return what a run that has ended left in its working directory beside `outputs/` and `logs/`.

        By their paths there: they are none of the run's files, but they stay. Copies of its snapshot are gone by then.
        """
        own = tuple(f"{folder}/" for folder in self._folders)
        return sorted(name for name in _names_below(self._layout.work, "") if not name.startswith(own))

    def path(self, name: str) -> Path:
        """Return where a file of that name is, or would be. Raises InvalidNameError for a name that can't be one."""
        parts = file_name_parts(name)
        if name in self._logs:
            return self._logs[name]
        folder = self._folders.get(parts[0])
        if folder is None:
            return self._layout.files.joinpath(*parts)
        if len(parts) == 1:
            raise InvalidNameError("file name", name, f"is a file below '{name}/', not the folder")
        return folder.joinpath(*parts[1:])

    def existing(self, name: str) -> Path:
        """Return the path of a file that is there. Raises UserErrorException, naming some that are, if it isn't."""
        path = self.path(name)
        inside = path.resolve().is_relative_to(self._layout.folder.resolve())
        if not (path.is_file() and inside):
            known = ", ".join(map(repr, islice(self.names(), 10))) or "none"
            raise UserErrorException(f"run {self._layout.run_id} has no file {name!r}; it has: {known}")
        return path

    def put(self, name: str, source: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Copy a file into the run under a name: whole or not at all.

        Raises InvalidNameError, or UserErrorException if the source is no file or the name is taken.
        """
        path = self.path(name)
        if not Path(source).is_file():
            raise UserErrorException(f"there is no file {os.fspath(source)!r} to keep as {name!r}")
        if not path.parent.resolve().is_relative_to(self._layout.folder.resolve()):
            raise UserErrorException(f"run {self._layout.run_id} can't keep {name!r}: a link leads out of its folder")
        if name in self._logs or (path.exists() and not overwrite):
            raise UserErrorException(f"run {self._layout.run_id} has a file {name!r} already; give another name")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            problem = f"run {self._layout.run_id} can't keep {name!r}: a part of that name is a file already"
            raise UserErrorException(problem) from error
        draft = path.with_name(f"{DRAFT}{os.urandom(8).hex()}")
        try:
            shutil.copyfile(source, draft)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        return path


def _is_log(path: Path) -> bool:
    """Whether a file is there, and no link to one that isn't the run's, nor in a folder that is one."""
    return path.is_file() and not path.is_symlink() and not path.parent.is_symlink()


def _names_below(folder: Path, prefix: str) -> Iterator[str]:
    if folder.is_symlink() or folder.parent.is_symlink():  # it may lead to all that is on the disk
        return
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            if not path.is_symlink() and not name.startswith(DRAFT):
                yield prefix + path.relative_to(folder).as_posix()


def file_name_parts(name: object) -> list[str]:
    """Return the parts of a file's name. Raises InvalidNameError for one that would lead elsewhere."""
    if not isinstance(name, str):
        raise InvalidNameError("file name", name, _RULE)
    parts = name.split("/")
    for part in parts:
        if part in {"", ".", ".."}:
            raise InvalidNameError("file name", name, _RULE, bad=part)
        if bad := next((character for character in part if character in "\0\\"), ""):
            raise InvalidNameError("file name", name, _RULE, bad=bad)
        try:
            length = len(os.fsencode(part))
        except UnicodeEncodeError as error:
            raise InvalidNameError("file name", name, _RULE, bad=part[error.start]) from error
        if length > _LONGEST_PART_BYTES:
            raise InvalidNameError("file name", name, f"{_RULE}, each {_LONGEST_PART_BYTES} bytes at most")
    return parts
