"""The payload of a run: its files and values for a machine that doesn't share our disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from cellrun.core.context.used_values import values_of_run
from cellrun.core.context.value_store import ValueStore
from cellrun.core.layout import RunLayout


class Payload(NamedTuple):
    """All that a run needs there, found once: its folder doesn't change after it was submitted."""

    files: Mapping[str, Path]
    """Of its folder, by their paths below it, with slashes."""
    values: Mapping[str, Path]
    """Captured values, by their hashes."""

    @classmethod
    def of(cls, run: RunLayout) -> Payload:
        """Find what a run needs. Raises OSError for what can't be read."""
        store = ValueStore(run.workspace.values)
        paths = [path for path in (run.record, run.signed) if path.exists()]
        paths += [*_files_below(run.snapshot), *_files_below(run.context)]
        files = {path.relative_to(run.folder).as_posix(): path for path in paths}
        return cls(files, {blob.hash: store.path(blob) for blob in values_of_run(run)})

    def file_sizes(self) -> dict[str, int]:
        """Return how many bytes each file has."""
        return {name: path.stat().st_size for name, path in self.files.items()}


def _files_below(folder: Path) -> Iterator[Path]:
    """Iterate over the plain files below a folder; none if it isn't there."""
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            if stat.S_ISREG(path.lstat().st_mode):
                yield path
