"""`./outputs` of an interactive run: what is written there while the run is open is kept with the run."""

from __future__ import annotations

import os
import shutil
import stat
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from cellrun.core.front_end import plain


class OutputsFolder:
    """A folder of the user's, and what stood in it at the start.

    It is made if it isn't there: tutorials write to `outputs/` without making it. Where nothing can be made there is
    nothing to keep either.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with suppress(OSError):
            folder.mkdir(exist_ok=True)
        self._before = dict(self._files())

    def copy_to(self, destination: Path) -> None:
        """Copy the files that were written since the start. Links aren't followed: what they show isn't the run's."""
        for name, state in self._files():
            if self._before.get(name) != state:
                target = destination / name
                draft = target.with_name(f".{os.urandom(4).hex()}")  # nobody is to take a part for the whole
                try:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(self._folder / name, draft)
                    draft.replace(target)
                except FileNotFoundError:  # removed since it was listed
                    continue
                except OSError as error:  # one file doesn't keep a run from ending
                    words = f"{self._folder / name} isn't kept with the run: {error.strerror}"
                    warnings.warn(plain(words), stacklevel=4)
                finally:
                    with suppress(OSError):
                        draft.unlink()

    def _files(self) -> Iterator[tuple[str, tuple[int, int, int]]]:
        """Iterate over the regular files below: relative name, and what changes when one is written.

        A link in the folder's place may lead to another disk if this user made it; another's could lead to anything.
        """
        with suppress(OSError):
            found = self._folder.lstat()
            if stat.S_ISLNK(found.st_mode) and found.st_uid not in {os.geteuid(), 0}:
                return
        for parent, _, names in os.walk(self._folder):
            for name in names:
                path = Path(parent, name)
                with suppress(OSError):  # just removed
                    found = path.lstat()
                    if stat.S_ISREG(found.st_mode):
                        state = (found.st_ino, found.st_mtime_ns, found.st_size)
                        yield str(path.relative_to(self._folder)), state
