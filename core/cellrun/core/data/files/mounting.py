"""A file dataset as a folder of this machine, for as long as it is needed."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from cellrun.core.data.files.data_files import place_of
from cellrun.core.data.files.download import bring_files, link_files
from cellrun.core.data.files.fuse_view import FuseView
from cellrun.core.errors import DatasetError

if TYPE_CHECKING:
    from typing_extensions import Self

    from cellrun.core.data.datasets.file_dataset import FileDataset


class MountContext:
    """A dataset's files in a folder: `with dataset.mount() as mounted: os.listdir(mounted.mount_point)`.

    A folder of this machine is used in place; single files of it are links. Those from elsewhere are read where they
    are, by FUSE; where that can't be used all of them are brought when it starts, and are gone when it stops.
    """

    def __init__(self, dataset: FileDataset, mount_point: str | os.PathLike[str] | None) -> None:
        self._dataset = dataset
        self._given = None if mount_point is None else Path(mount_point).expanduser().absolute()
        self._in_place = _folder_of(dataset) if mount_point is None else None
        self._made: Path | None = None
        """What `stop` removes."""
        self._view: FuseView | None = None
        self._is_started = False
        if (
            self._given is not None
            and self._given.exists()
            and (not self._given.is_dir() or any(self._given.iterdir()))
        ):
            raise DatasetError(f"a mount point is an empty folder, or one to be made; {self._given} is neither")
        self._point = self._in_place or self._given

    @property
    def mount_point(self) -> str:
        """Where its files are once it has started."""
        if self._point is None:
            self._point = Path(tempfile.mkdtemp(prefix="cellrun-mount-"))
        return str(self._point)

    def start(self) -> MountContext:
        """Let the files be there, and return this. Raises as `FileDataset.download`."""
        if self._is_started or self._in_place is not None:
            return self
        files = self._dataset.files()
        folder = Path(self.mount_point)
        folder.mkdir(parents=True, exist_ok=True)
        self._made = folder
        try:
            elsewhere = [file for file in files if file.local_path is None]
            self._view = FuseView.shown(files, folder) if elsewhere else None
            if self._view is None:
                link_files([file for file in files if file.local_path is not None], folder)
                bring_files(elsewhere, folder, show_progress=True)
        except BaseException:
            self.stop()
            raise
        self._is_started = True
        return self

    def stop(self) -> None:
        """Remove what `start` made; the dataset's own files stay."""
        if self._view is not None:
            self._view.stop()
            self._view = None
        if self._made is not None:
            shutil.rmtree(self._made, ignore_errors=True)
        self._made, self._is_started = None, False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _folder_of(dataset: FileDataset) -> Path | None:
    """Return the folder of this machine that a dataset is, None if it is anything else."""
    definition = dataset.definition
    if len(definition.paths) != 1 or definition.steps:
        return None
    place, inside = place_of(definition.paths[0], dataset.workspace)
    if place.local_root is None:
        return None
    inside = inside.removesuffix("/**").removesuffix("**")
    folder = place.local_root / inside
    return folder if "*" not in inside and folder.is_dir() else None
