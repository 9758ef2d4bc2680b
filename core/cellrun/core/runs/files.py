"""A run's files as users hand them over and fetch them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from cellrun.core.errors import RunClosedError, UserErrorException
from cellrun.core.layout import RunLayout
from cellrun.core.store.files.artifacts import Artifacts
from cellrun.core.store.run_store import check_is_there
from cellrun.core.store.status import StatusFile

if TYPE_CHECKING:
    FileSource = str | os.PathLike[str] | IO[bytes]


class RunFiles:
    """The files of one run, by name."""

    def __init__(self, layout: RunLayout) -> None:
        self._layout = layout
        self._artifacts = Artifacts(layout)

    def names(self) -> list[str]:
        """Return the names of all files."""
        return self._artifacts.names()

    def logs(self) -> dict[str, Path]:
        """Return the logs that are there by their names: the run's own, and what it writes below `logs/`."""
        return self._artifacts.logs()

    def written_beside(self) -> list[str]:
        """Return what a run that has ended left in its working directory beside `outputs/` and `logs/`."""
        return self._artifacts.written_beside()

    def has_other(self, name: str, source: FileSource) -> bool:
        """Whether a file has that name which isn't the source itself."""
        return self._artifacts.path(name).exists() and not self._holds(name, source)

    def add(self, name: str, source: FileSource, *, overwrite: bool = False, is_late_too: bool = False) -> int:
        """Keep a file, by its path or its open stream, under a name. Returns its size in bytes.

        A file that stands where the run keeps it already, as `outputs/model.pt` does inside the run, is left as it is.
        Raises RunClosedError once the run has ended, unless `is_late_too`; UserErrorException if there is no such file
        or the name is taken, unless it may be overwritten.
        Raises RunNotFoundError for a run that was deleted.
        """
        check_is_there(self._layout)
        status = StatusFile(self._layout).read().status
        if status.is_terminal and not is_late_too:
            raise RunClosedError(self._layout.run_id, status)
        if self._holds(name, source):
            place = self._artifacts.path(name)
        elif isinstance(source, (str, os.PathLike)):
            place = self._artifacts.put(name, source, overwrite=overwrite)
        else:
            import tempfile  # noqa: PLC0415  # rarely needed

            with tempfile.NamedTemporaryFile() as copy:
                shutil.copyfileobj(source, copy)
                copy.flush()
                place = self._artifacts.put(name, copy.name, overwrite=overwrite)
        return place.stat().st_size

    def place(self, name: str) -> Path:
        """Return where a file of that name is."""
        return self._artifacts.path(name)

    def fetch(self, name: str, target: Path) -> None:
        """Copy a file to a path. Raises UserErrorException if the run has no such file."""
        copy_file(self._artifacts.existing(name), target)

    def content(self, name: str) -> Any:
        """Return what is in a file: of a JSON document its values, of any other its bytes.

        Raises UserErrorException if the run has no such file, or its JSON is damaged.
        """
        from cellrun.core.runs.logged_document import is_document  # noqa: PLC0415  # rarely asked for
        from cellrun.core.store.json_reading import read_json  # noqa: PLC0415  # as above

        data = self.read(name)
        if not is_document(data):
            return data
        try:
            return read_json(data)
        except (ValueError, RecursionError) as error:
            raise UserErrorException(f"{name!r} of run {self._layout.run_id} is no JSON document: {error}") from error

    def read(self, name: str) -> bytes:
        """Return the bytes of a file. Raises UserErrorException if the run has no such file."""
        return self._artifacts.existing(name).read_bytes()

    def _holds(self, name: str, source: FileSource) -> bool:
        """Whether the file of that name is the source itself: `outputs/model.pt` inside the run."""
        place = self._artifacts.path(name)
        if not isinstance(source, (str, os.PathLike)) or not place.exists():
            return False
        return Path(source).exists() and place.samefile(source)


def copy_file(source: Path, target: Path) -> None:
    """Copy a file to a path whose folders are made if needed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def files_below(folder: str | os.PathLike[str]) -> Iterator[tuple[str, Path]]:
    """Iterate over the files below a folder: relative name with slashes, and path.

    Raises UserErrorException if it is no folder.
    """
    root = Path(folder)
    if not root.is_dir():
        raise UserErrorException(f"upload_folder takes a folder; got {os.fspath(folder)!r}")
    for path in sorted(root.rglob("*")):
        if path.is_file():
            yield path.relative_to(root).as_posix(), path
