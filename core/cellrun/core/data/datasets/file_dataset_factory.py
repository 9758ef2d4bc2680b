"""`Dataset.File`: datasets of files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from cellrun.core.data.datasets.file_dataset import FileDataset
from cellrun.core.data.files.data_files import matching_files
from cellrun.core.data.files.dataset_paths import given_paths, store_and_path
from cellrun.core.data.files.definition import FILE, DatasetDefinition
from cellrun.core.data.files.partition_format import PartitionFormat


class FileDatasetFactory:
    """Makes file datasets."""

    @staticmethod
    def from_files(
        path: Any,
        validate: bool = True,  # noqa: FBT001, FBT002  # Azure ML's signature
        partition_format: str | None = None,
        is_file: bool = False,  # noqa: FBT001, FBT002  # as above
    ) -> FileDataset:
        """Return a dataset of files: those of a folder and all below it, those that a pattern matches, or single ones.

        `path` is `(datastore, 'path')`, a datastore's path, an https address, a path on this machine (another machine
        hasn't got its files), or a list of these. `*` stands for any part of a name, `**` for any folders. `validate`
        lists the files and raises DatasetError if a path names none; `is_file` says that none is a folder.
        """
        paths, workspace = given_paths(path)
        read: dict[str, Any] = {}
        if partition_format is not None:
            read["partition_format"] = PartitionFormat(partition_format).text
        if is_file:
            read["is_file"] = True
        made = FileDataset(DatasetDefinition(FILE, paths, read), workspace)
        if validate:
            made.source_files()
        return made

    @staticmethod
    def upload_directory(
        src_dir: str | os.PathLike[str],
        target: Any,
        pattern: str | None = None,
        overwrite: bool = False,  # noqa: FBT001, FBT002  # Azure ML's signature
        show_progress: bool = True,  # noqa: FBT001, FBT002  # as above
    ) -> FileDataset:
        """Upload a folder to `target`, (datastore, 'path'), and return the dataset of what is there then.

        `pattern` says which of its files go, `**/*.jpg`. Files that are there stay as they are, unless `overwrite`.
        Raises UserErrorException for what is no folder, DatasetError for a pattern that names no file,
        DatastoreError for what a store doesn't take.
        """
        store, path = store_and_path(target, "target")
        if pattern is None:
            store.upload(src_dir, path, overwrite=overwrite, show_progress=show_progress)
        else:
            files = matching_files(Path(src_dir).expanduser(), pattern)
            store.upload_files(files, src_dir, path, overwrite=overwrite, show_progress=show_progress)
        return FileDatasetFactory.from_files((store, path))
