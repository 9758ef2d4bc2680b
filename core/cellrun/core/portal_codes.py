"""Single-use codes: what a link to the private server carries in place of a secret.

Any process of the user makes one, also before the server listens: of each only the hash is kept, as a file's name in a
folder that nobody else can write to. The server takes it from there.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cellrun.core.digest import digest
from cellrun.core.disk.whole_files import replace_file
from cellrun.core.errors import CellrunError
from cellrun.core.layout import RunLayout
from cellrun.core.store.settle import settle

VALID_S = 600.0
MOST = 1000
"""Codes that nobody used are forgotten beyond this number, the oldest first."""

_USED = ".used"


class Codes:
    """The codes of a folder: each lets one browser in, once, within ten minutes or while its run goes on.

    `clock` gives epoch seconds.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._clock = clock

    def give(self, run: RunLayout | None = None) -> str:
        """Return a new code; one for a run's page lasts until ten minutes after the run's end."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        code = os.urandom(32).hex()  # the module `secrets` would be waited for by a log that is to be printed
        file = self._file(code)
        replace_file(file, str(run.folder) if run else "", mode=0o600)
        os.utime(file, times=(self._clock(), self._clock()))
        kept = [old for old in self._files() if not self._is_over(old)]
        for old in sorted(kept, key=_age_key)[: max(0, len(kept) - MOST)]:
            old.unlink(missing_ok=True)
        return code

    def is_valid(self, code: str) -> bool:
        """Return whether a code would let somebody in now."""
        return self._file(code).exists() and not self._is_over(self._file(code))

    def take(self, code: str) -> bool:
        """Return whether a code is valid; from now on it isn't."""
        file = self._file(code)
        if self._is_over(file):
            return False
        try:
            file.rename(file.with_suffix(_USED))  # of two who bring it at once, one has it
        except FileNotFoundError:
            return False
        return True

    def renew(self) -> bool:
        """Keep valid what belongs to runs that go on; return whether there is such a run, or a code to be used yet."""
        is_wanted = False
        goes_on: dict[str, bool] = {}
        for file in self._files():
            with suppress(OSError):  # taken meanwhile
                if self._is_over(file):
                    continue
                run = file.read_text()
                if run and run not in goes_on:
                    goes_on[run] = _goes_on(RunLayout(run))
                if run and goes_on[run]:
                    os.utime(file, times=(self._clock(), self._clock()))
                is_wanted |= goes_on.get(run, False) or file.suffix != _USED
        return is_wanted

    def _is_over(self, file: Path) -> bool:
        """Return whether a code's time is over; then its file goes."""
        try:
            is_over = self._clock() - file.stat().st_mtime >= VALID_S
        except FileNotFoundError:
            return True
        if is_over:
            file.unlink(missing_ok=True)
        return is_over

    def _file(self, code: str) -> Path:
        return self._folder / digest(code.encode("utf-8", "surrogatepass"))

    def _files(self) -> list[Path]:
        return list(self._folder.glob("*"))


def _age_key(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _goes_on(run: RunLayout) -> bool:
    try:
        return not settle(run).status.is_terminal
    except (CellrunError, OSError, ValueError, KeyError, TypeError):
        return False  # deleted or damaged
