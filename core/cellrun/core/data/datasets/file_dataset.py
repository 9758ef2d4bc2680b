"""A dataset of files: any, of any kind."""

from __future__ import annotations

import os
import posixpath
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellrun.core.data.datasets.abstract_dataset import AbstractDataset
from cellrun.core.data.datasets.consumption import DatasetConsumptionConfig, default_name
from cellrun.core.data.files.column_expression import ColumnExpression, column, condition_json, file_metadata, holds
from cellrun.core.data.files.data_files import DataFile
from cellrun.core.data.files.sampling import Draws
from cellrun.core.errors import DatasetError, UserErrorException, shown
from cellrun.core.unsupported import refused

if TYPE_CHECKING:
    from cellrun.core.data.files.mounting import MountContext


_CACHES = "fills a cache of Azure's service"
_IS_CACHED = "dataset.as_download(): what was brought for one run is kept for others"


class FileDataset(AbstractDataset):
    """Files of any kind, by where they are: `Dataset.File.from_files` makes one. They are read where they are used."""

    def files(self, *, ignore_not_found: bool = False) -> list[DataFile]:
        """Return its files as they are now, after its steps. Raises DatasetError, DatastoreError."""
        files: Iterable[DataFile] = self.source_files(ignore_not_found=ignore_not_found)
        for place, step in enumerate(self._definition.steps):
            if step[0] == "filter":
                files = [file for file in files if holds(step[1], partial(self._value, file))]
            else:
                files = _after(files, step, place)
        return list(files)

    def _value(self, file: DataFile, asked: Mapping[str, str]) -> Any:
        if "column" in asked:
            return self.partition_values(file)[asked["column"]]
        if asked["metadata"] == "Size":
            return file.size_bytes
        if asked["metadata"] == "Extension":
            return posixpath.splitext(file.path)[1]
        return file.modified and datetime.fromtimestamp(file.modified, timezone.utc).replace(tzinfo=None)

    def to_path(self) -> list[str]:
        """Return the paths of its files in the dataset, as they are below a mount point or a download's folder."""
        return [f"/{file.path}" for file in self.files()]

    def download(
        self,
        target_path: str | os.PathLike[str] | None = None,
        overwrite: bool = False,  # noqa: FBT001, FBT002  # Azure ML's signature
        ignore_not_found: bool = False,  # noqa: FBT001, FBT002  # as above
    ) -> list[str]:
        """Bring its files to a folder, a new temporary one if none is given, and return their paths there.

        A file is there whole or not at all, and one that is there isn't brought again. Raises DatasetError for others
        in their place, unless `overwrite`, and for paths that name no file, unless `ignore_not_found`; DatastoreError
        for what doesn't come.
        """
        from cellrun.core.data.files.download import bring_files  # noqa: PLC0415  # few programs bring files themselves

        files = self.files(ignore_not_found=ignore_not_found)
        folder = Path(tempfile.mkdtemp(prefix="cellrun-data-") if target_path is None else target_path)
        return [
            str(path)
            for path in bring_files(files, folder.expanduser().absolute(), overwrite=overwrite, show_progress=True)
        ]

    def mount(self, mount_point: str | os.PathLike[str] | None = None) -> MountContext:
        """Return a context in which its files are in a folder: a folder of this machine in place, others brought.

        Raises DatasetError for a mount point that holds something.
        """
        from cellrun.core.data.files.mounting import MountContext  # noqa: PLC0415  # as above

        return MountContext(self, mount_point)

    def file_metadata(self, col: str) -> ColumnExpression:
        """Return what is known of a file, for a condition: its Size (bytes), LastModifiedTime (UTC) or Extension."""
        return file_metadata(col)

    def __getitem__(self, name: object) -> ColumnExpression:
        """Return what a file's path tells, for a condition: a column of the partition format."""
        if name not in self.partition_keys:
            keys = ", ".join(self.partition_keys) or "none, as it has no partition_format"
            raise DatasetError(f"no column {shown(name)} is told by the paths; told are: {keys}")
        return column(str(name))

    def filter(self, expression: ColumnExpression) -> FileDataset:
        """Return the files of which a condition is true: `dataset.file_metadata("Size") > 1_000_000`."""
        return self._then("filter", condition_json(expression))

    def as_mount(self, path_on_compute: str | None = None) -> DatasetConsumptionConfig:
        """Return it as an argument of a run, which finds there a path where the files can be read."""
        return DatasetConsumptionConfig(default_name(self), self).as_mount(path_on_compute)

    def as_download(self, path_on_compute: str | None = None) -> DatasetConsumptionConfig:
        """Return it as an argument of a run, which finds there a path that the files are copied to before it starts."""
        return DatasetConsumptionConfig(default_name(self), self).as_download(path_on_compute)

    as_cache = refused("FileDataset.as_cache", _CACHES, _IS_CACHED)
    hydrate = refused("FileDataset.hydrate", _CACHES, _IS_CACHED)

    def as_hdfs(self) -> DatasetConsumptionConfig:
        """Refuse: there is no Spark. Raises UserErrorException."""
        return DatasetConsumptionConfig(default_name(self), self).as_hdfs()


def _after(files: Iterable[DataFile], step: Any, place: int) -> Iterator[DataFile]:
    kind, *given = step
    if kind == "skip":
        return islice(iter(files), given[0], None)
    if kind == "take":
        return islice(iter(files), given[0])
    if kind == "take_sample":
        return _drawn(files, given[0], given[1], place, is_below=True)
    if kind == "random_split":
        return _drawn(files, given[0], given[1], place, is_below=given[2] == 0)
    raise UserErrorException(f"a file dataset has no step {kind!r}; a newer cellrun may have made it")


def _drawn(files: Iterable[DataFile], share: float, seed: int, place: int, *, is_below: bool) -> Iterator[DataFile]:
    draws = Draws(seed, place)
    return (file for file in files if bool(draws.below(share, 1)[0]) == is_below)
