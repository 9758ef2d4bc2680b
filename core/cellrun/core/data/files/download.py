"""A dataset's files, brought to a folder of this machine or laid out there as links."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cellrun.core.data.files.data_files import DataFile, Place
from cellrun.core.data.stores.datastore import Datastore
from cellrun.core.data.stores.parallel_transfer import Show, bar
from cellrun.core.data.stores.store_transfer import side_of
from cellrun.core.data.stores.transfer import Side, StoredFile, bring
from cellrun.core.errors import DatasetError

_MOST_NAMED = 3


def bring_files(
    files: Sequence[DataFile],
    folder: Path,
    *,
    overwrite: bool = False,
    show_progress: bool = False,
    show: Show | None = None,
) -> list[Path]:
    """Bring files into a folder, each to its path in the dataset, and return where they are.

    What is there whole already isn't brought again. How far it is a bar tells, or `show` is told it. Raises
    DatasetError for files that are there and differ, unless `overwrite`; DatastoreError for what doesn't come, and for
    a full disk: what is there then is whole.
    """
    if folder.exists() and not folder.is_dir():
        raise DatasetError(f"files are brought to a folder; {folder} is a file")
    if not overwrite:
        _refuse_others(files, folder)
    by_place: dict[tuple[str, str], list[DataFile]] = {}
    for file in files:
        by_place.setdefault((file.place.name, file.place.location()), []).append(file)
    for of_place in by_place.values():
        side = _side(of_place[0].place)
        listed = {file.path: _stored(file, side) for file in of_place}
        with bar(f"from {of_place[0].place.name}", is_shown=show_progress) as shown:
            bring(side, listed, folder, overwrite=overwrite, show=show or shown)
    return [folder / file.path for file in files]


def link_files(files: Sequence[DataFile], folder: Path) -> list[Path]:
    """Lay files of this machine out in a folder, as links by their paths in the dataset, and return these."""
    for file in files:
        link = folder / file.path
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(str(file.local_path))
    return [folder / file.path for file in files]


def _refuse_others(files: Sequence[DataFile], folder: Path) -> None:
    differs = []
    for file in files:
        try:
            found = (folder / file.path).stat()
        except OSError:
            continue
        if file.size_bytes is not None and found.st_size != file.size_bytes:
            differs.append(file.path)
    if differs:
        more = f" and {len(differs) - _MOST_NAMED:,} more" if differs[_MOST_NAMED:] else ""
        raise DatasetError(
            f"there are other files in {folder} already: {', '.join(differs[:_MOST_NAMED])}{more}; overwrite=True "
            "replaces them"
        )


def _side(place: Place) -> Side:
    if isinstance(place, Datastore):
        return side_of(place)
    return Side(
        place.filesystem(), where=place.location, translate_errors=place.translate_errors, local_root=place.local_root
    )


def _stored(file: DataFile, side: Side) -> StoredFile:
    is_local = side.local_root is not None and file.modified is not None
    modified = round((file.modified or 0) * 1e9) if is_local else None
    return StoredFile(file.inside, file.size_bytes, side.checksum(file.entry), modified)
