"""What users do with a run's files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cellrun.core.runs.files import FileSource
    from cellrun.core.runs.reader import RunReader
    from cellrun.core.runs.writer import RunWriter

    StrPath = str | os.PathLike[str]


class FileVerbs:
    """The part of `Run` that is about its files."""

    _reader: RunReader
    _writer: RunWriter

    def upload_file(self, name: str, path_or_stream: FileSource) -> None:
        """Keep a file with the run, by its path or its open binary stream.

        Names below `outputs/` and `logs/` join what the run writes there. Raises UserErrorException if there is no such
        file or the name is taken.
        """
        self._writer.upload_file(name, path_or_stream)

    def upload_files(self, names: Sequence[str], paths: Sequence[StrPath]) -> None:
        """Keep several files with the run."""
        self._writer.upload_files(names, paths)

    def upload_folder(self, name: str, path: StrPath) -> None:
        """Keep the files of a folder with the run, each under the name and its path in the folder."""
        self._writer.upload_folder(name, path)

    def get_file_names(self) -> list[str]:
        """Return the names of the run's files: what was uploaded, `outputs/`, `logs/` and the log."""
        return self._reader.file_names()

    def download_file(self, name: str, output_file_path: StrPath | None = None) -> None:
        """Copy one of the run's files to a path, into a folder, or into the current one."""
        self._reader.download_file(name, Path(output_file_path or "."))

    def download_files(
        self,
        prefix: str | None = None,
        output_directory: StrPath | None = None,
        append_prefix: bool = True,  # noqa: FBT001, FBT002  # Azure ML's signature
    ) -> None:
        """Copy the run's files, or those whose names begin with a prefix, below a folder; with the prefix or not."""
        self._reader.download_files(prefix or "", Path(output_directory or "."), append_prefix=append_prefix)
