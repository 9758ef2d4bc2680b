"""The verbs of a run about its files, its logs, its snapshot and the values that its cell gave back."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cellrun.core.layout import RunLayout
    from cellrun.core.runs.control import RunControl
    from cellrun.core.runs.files import FileSource
    from cellrun.core.runs.reader import RunReader
    from cellrun.core.runs.writer import RunWriter

    StrPath = str | os.PathLike[str]


class FileVerbs:
    """The part of `Run` that is about its files.

    What other threads or services did for Azure ML (`timeout_seconds`, `batch_size`) is done when a call returns.
    """

    _reader: RunReader
    _writer: RunWriter
    _control: RunControl
    layout: RunLayout

    # Into the run

    def upload_file(self, name: str, path_or_stream: FileSource, datastore_name: str | None = None) -> None:
        """Keep a file with the run, by its path or its open binary stream; also with one that has ended.

        Names below `outputs/` and `logs/` join what the run writes there. Raises UserErrorException if there is no such
        file or the name is taken. `datastore_name` changes nothing, and is noticed.
        """
        self._writer.upload_files([name], [path_or_stream], datastore_name)

    def upload_files(
        self,
        names: Sequence[str],
        paths: Sequence[StrPath],
        return_artifacts: bool = False,  # noqa: FBT001, FBT002  # Azure ML's signature
        timeout_seconds: float | None = None,  # noqa: ARG002
        datastore_name: str | None = None,
    ) -> dict[str, Path] | None:
        """Keep several files with the run. With `return_artifacts` where they are now is returned by their names."""
        kept = self._writer.upload_files(names, paths, datastore_name)
        return kept if return_artifacts else None

    def upload_folder(self, name: str, path: StrPath, datastore_name: str | None = None) -> None:
        """Keep the files of a folder with the run, each under the name and its path in the folder."""
        self._writer.upload_folder(name, path, datastore_name)

    # Out of the run

    def get_file_names(self) -> list[str]:
        """Return the names of the run's files: what was uploaded, `outputs/`, `logs/` and the log."""
        return self._reader.file_names()

    def download_file(
        self,
        name: str,
        output_file_path: StrPath | None = None,
        _validate_checksum: bool = False,  # noqa: FBT001, FBT002  # Azure ML's own
    ) -> None:
        """Copy one of the run's files to a path, into a folder (one that is there, or `new/`), or into the current one.

        Raises UserErrorException if the run has no such file: it names some that it has.
        """
        self._reader.download_file(name, output_file_path)

    def download_files(  # noqa: PLR0913, PLR0917  # Azure ML's signature
        self,
        prefix: str | None = None,
        output_directory: StrPath | None = None,
        output_paths: StrPath | Sequence[StrPath] | None = None,
        batch_size: int = 100,  # noqa: ARG002
        append_prefix: bool = True,  # noqa: FBT001, FBT002
        timeout_seconds: float | None = None,  # noqa: ARG002
    ) -> None:
        """Copy the run's files, or those whose names begin with a prefix, below a folder; with the prefix or not.

        `output_paths`: where each of them goes instead, in the order of their names. Raises UserErrorException unless
        there is one for each.
        """
        self._reader.download_files(
            prefix or "", Path(output_directory or "."), append_prefix=append_prefix, paths=output_paths
        )

    # Logs

    def get_details_with_logs(self) -> dict[str, Any]:
        """Return `get_details()`, in whose `logFiles` is what is in each log, in place of its path."""
        details = self._reader.details(self._control.status())
        return {**details, "logFiles": self._reader.log_texts()}

    def get_all_logs(self, destination: StrPath | None = None) -> list[str]:
        """Copy all logs into a folder, else into one that is called by the run's id. Returns their paths."""
        return self._reader.download_logs(None if destination is None else Path(destination))

    # The snapshot

    def get_snapshot_id(self) -> str | None:
        """Return the id of the run's snapshot: the same for the same files. None for a run that has none."""
        return self._reader.snapshot.id

    def restore_snapshot(self, snapshot_id: str | None = None, path: StrPath | None = None) -> str:
        """Write the run's snapshot as a zip file, and return its path.

        `path` is a file or a folder; left out it is `<id>.zip` in the current folder. Raises SnapshotException for a
        run without one, and for the id of another run's.
        """
        return str(self._reader.snapshot.restore(snapshot_id, Path(path or ".")))

    def take_snapshot(self, file_or_folder_path: StrPath) -> str:
        """Take a file or a folder as the snapshot of a run that has none yet: an interactive one. Returns its id.

        Raises SnapshotException for a run that has one: it never changes, and for what is too large.
        """
        return self._reader.snapshot.take(Path(file_or_folder_path))

    def export(self, path: str | os.PathLike[str]) -> None:
        """Write the run's cell into a folder that runs with plain `python cell.py`, without cellrun and its notebook.

        In it are the cell, what it got from its notebook, its local modules and files, `requirements.txt` with the
        versions that the run had, and a README. Nothing is loaded for it. Without arguments it runs with the run's.

        Raises UserErrorException for a folder that isn't empty or a run that has no cell, ContextException if what the
        cell got is gone.
        """
        from cellrun.core.export.export import export  # noqa: PLC0415  # a job never exports

        self._reader.check_is_there()
        export(self.layout, Path(path).expanduser().absolute())

    def result(self, name: str, trust: bool = False) -> Any:  # noqa: FBT001, FBT002  # as users say it
        """Return a value that the run's cell gave back, as `%%submit --return NAMES` asked it to.

        Plain data and NumPy arrays are read without running any code. All else is a pickle, loaded if it was signed by
        this user, or with `trust=True`. A class that the notebook defines under the same name is the value's class.

        Raises ResultError if there is none (yet), UntrustedError for a pickle of somebody else's, ContextException for
        one that can't be loaded here.
        """
        from cellrun.core.runs.results import result  # noqa: PLC0415  # a job rarely asks

        return result(self.layout, self._control.status(), name, trust=trust)

    def results(self, trust: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002  # as above
        """Return all values that the run's cell gave back, by their names. Raises as `result` does if one is lost."""
        from cellrun.core.runs.results import results  # noqa: PLC0415  # as above

        return results(self.layout, self._control.status(), trust=trust)
