"""An experiment's tags, description and archived state."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from cellrun.core.disk import control_file
from cellrun.core.disk.lock import hold_lock
from cellrun.core.disk.whole_files import json_text, replace_file
from cellrun.core.errors import DamagedRunError

_FILE, _LOCK = "about.json", ".about.lock"
_SHAPE: control_file.Shape = {
    "tags": control_file.is_mapping_of(control_file.is_text_or_none),
    "description": control_file.is_text_or_none,
    "archived_at": control_file.is_number_or_none,
}


class ExperimentMetadata(NamedTuple):
    """It is kept in the experiment's folder, once there is something to keep."""

    tags: Mapping[str, str | None] = {}
    description: str | None = None
    archived_at: float | None = None
    """Unix time; None while it is in use."""

    @classmethod
    def read(cls, folder: Path) -> ExperimentMetadata:
        """Read it from an experiment's folder; what is damaged there is nothing."""
        try:
            data = control_file.read_object(folder, folder / _FILE, _SHAPE, needed=())
        except (OSError, DamagedRunError):
            return cls()
        return cls(**{name: data[name] for name in cls._fields if name in data})

    def has_tags(self, wanted: str | Iterable[str] | Mapping[str, str | None] | None) -> bool:
        """Whether it has a tag, all of several, or all with these values."""
        if isinstance(wanted, Mapping):
            return all(name in self.tags and self.tags[name] == value for name, value in wanted.items())
        return all(name in self.tags for name in ([wanted] if isinstance(wanted, str) else wanted or ()))

    def archived(self) -> ExperimentMetadata:
        """Return it as of an experiment that is put away now, if it wasn't before."""
        return self._replace(archived_at=self.archived_at or time.time())


def change(folder: Path, how: Callable[[ExperimentMetadata], ExperimentMetadata]) -> None:
    """Change what is said of an experiment; of several who do so at once each finds what the others wrote.

    Raises OSError, also for a link in the folder's place, as a workspace of somebody else may have: nothing is written
    where it leads.
    """
    if folder.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(folder))
    with hold_lock(folder / _LOCK, "", wait=lambda _: None):
        replace_file(folder / _FILE, json_text(how(ExperimentMetadata.read(folder))._asdict()))
