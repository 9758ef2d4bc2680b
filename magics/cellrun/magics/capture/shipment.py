"""The files that travel with a cell: local modules and files that its code names."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cellrun.core.context.manifest import Need
from cellrun.core.limits import limits
from cellrun.core.submission.resources import size_text
from cellrun.magics.capture.found import Refusal

_CELL = "cell.py"  # the submitted cell itself


@dataclass(frozen=True)
class _Parcel:
    source: Path
    bytes: int
    place: str
    kind: str


class Shipment:
    """What is copied beside the cell, by its path there."""

    def __init__(self) -> None:
        self._parcels: dict[str, _Parcel] = {}

    def add(self, path: str, source: Path, place: str, kind: str) -> None:
        """Take a file along; the first one for a path stays."""
        self._parcels.setdefault(path, _Parcel(source, source.stat().st_size, place, kind))

    def check(self) -> list[Refusal]:
        """Return why the files can't go along, if they can't."""
        if _CELL in self._parcels:
            what = f"{_CELL} can't go along, as the submitted cell itself has that name there"
            return [Refusal(_CELL, what, self._parcels[_CELL].place, "Rename it")]
        most = limits()
        size, count = sum(each.bytes for each in self._parcels.values()), len(self._parcels)
        if size <= most.snapshot_bytes and count <= most.snapshot_files:
            return []
        largest = sorted(self._parcels.items(), key=lambda item: -item[1].bytes)[:3]
        listed = ", ".join(f"{path} {size_text(each.bytes)} ({each.place})" for path, each in largest)
        what = (
            f"the cell's local modules and files are {size_text(size)} in {count:,} files (limit "
            f"{size_text(most.snapshot_bytes)}, {most.snapshot_files:,} files); largest: {listed}"
        )
        remedy = "Name large files by their absolute path, or set CELLRUN_SNAPSHOT_BYTES or CELLRUN_SNAPSHOT_FILES"
        return [Refusal("", what, remedy=remedy)]

    def pack(self, folder: Path) -> None:
        """Copy the files into a folder."""
        for path, parcel in self._parcels.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(parcel.source, target)

    def account(self) -> Iterator[Need]:
        """Iterate over what goes along, a line for each file or folder on top."""
        tops: dict[str, list[_Parcel]] = {}
        for path, parcel in self._parcels.items():
            tops.setdefault(path.partition("/")[0], []).append(parcel)
        for top, parcels in tops.items():
            what = "1 file" if len(parcels) == 1 else f"{len(parcels):,} files"
            size, first = sum(each.bytes for each in parcels), parcels[0]
            yield Need(top, first.kind, what, first.place, size, how="source" if first.kind == "module" else "copy")
