"""Which files of a run are missing here, by the sizes that they have where it ran."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cellrun.core.context.manifest import Blob
from cellrun.core.context.value_store import ValueStore
from cellrun.core.front_end import plain_line
from cellrun.core.layout import RunLayout
from cellrun.core.mirror.arriving import NOTES, Arriving
from cellrun.core.mirror.local_files import size_of
from cellrun.core.mirror.sync_modes import SyncMode, mode_of
from cellrun.core.resources import size_text

_MOST_NAMED = 5


class MissingFiles(NamedTuple):
    """The files of which some is missing."""

    files: Mapping[str, tuple[int, int]]
    """By path: how many bytes are here, and how many there."""
    is_known: bool
    """Whether all sizes are known: else nobody can say that nothing is missing."""

    @classmethod
    def of(cls, layout: RunLayout, arriving: Arriving) -> MissingFiles:
        """Compare what is here with what the sender said last."""
        sizes = arriving.sizes.all()
        short, parts = {}, arriving.parts()
        for path, size in (sizes or {}).items():
            here = _size_here(layout, arriving, path, parts)
            if here < size and path not in arriving.conflicts:
                short[path] = (max(0, here), size)
        return cls(short, sizes is not None)

    @property
    def is_none(self) -> bool:
        """Whether all is here."""
        return self.is_known and not self.files

    def words(self) -> str:
        """Name what is missing; empty if nothing is."""
        if not self.is_known:
            return "what it wrote last may be missing"
        named = [
            f"{plain_line(path)} ({size_text(here)} of {size_text(size)})"
            for path, (here, size) in list(self.files.items())[:_MOST_NAMED]
        ]
        more = len(self.files) - _MOST_NAMED
        return ", ".join(named) + (f" and {more} more" if more > 0 else "")


def _size_here(layout: RunLayout, arriving: Arriving, path: str, parts: Mapping[str, tuple[int, int]]) -> int:
    mode = mode_of(path)
    if mode is SyncMode.VALUE:
        store = ValueStore(layout.workspace.values)
        return size_of(store.folder, str(store.path(Blob(path.split("/")[1], 0)).relative_to(store.folder)))
    if mode is SyncMode.NOTES:
        return max(0, size_of(layout.folder, f"{arriving.folder.name}/{NOTES}"))
    if mode is SyncMode.GROWING:
        return max(0, size_of(layout.folder, path))  # nothing comes of one that is empty there
    came = arriving.once.get(path)
    return came.size if came else parts.get(path, (-1, 0))[0]
