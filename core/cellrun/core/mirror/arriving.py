"""The state of a run that is being received from elsewhere: kept in `arriving/` below its folder.

`came.jsonl` names each file that came from there, so that no other is ever added to or replaced; files that come in
parts are drafts beside it until they are whole; statuses wait for their turn.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from cellrun.core.disk import control_file
from cellrun.core.disk.control_file import UNREADABLE, folder_beneath
from cellrun.core.disk.whole_files import replace_file
from cellrun.core.errors import shown
from cellrun.core.layout import RunLayout
from cellrun.core.mirror.final_sizes import FinalSizes
from cellrun.core.mirror.frame_errors import FrameError
from cellrun.core.mirror.sync_modes import MOST_FILES, MOST_PARTS

NOTES = "notes.jsonl"
_CAME, _GIVEN_UP = "came.jsonl", "given_up"


class Version(NamedTuple):
    """A file that is written once, as it is there."""

    size: int
    mtime_ns: int
    """When it changed there, in nanoseconds of that clock."""


class Part(NamedTuple):
    """A file that is coming in parts."""

    draft: Path
    version: Version


class Arriving:
    """The folder `arriving` of one run. The caller holds the run's lock to change it."""

    def __init__(self, layout: RunLayout) -> None:
        self.folder = layout.arriving
        self._root = layout.folder
        self._read_to = 0
        self.growing: set[str] = set()
        """Files from there that grow."""
        self.once: dict[str, Version] = {}
        """Files from there that are whole, as they came last."""
        self.sizes = FinalSizes(layout.folder, layout.arriving)
        self.conflicts: set[str] = set()
        """Files that nothing is added to any more."""

    @property
    def is_given_up(self) -> bool:
        """Whether what is missing isn't waited for."""
        return (self.folder / _GIVEN_UP).exists()

    def load(self) -> None:
        """Make the folder, and read on in what came: another process may have taken frames meanwhile.

        Raises OSError for a link or a file in its place.
        """
        with suppress(FileExistsError):
            self.folder.mkdir(mode=0o700)
        with folder_beneath(self._root, [self.folder.name], makes=True):
            pass
        self.sizes.load()
        with suppress(FileNotFoundError):
            with os.fdopen(control_file.open_control_file(self._root, self.folder / _CAME), "rb") as file:
                file.seek(self._read_to)
                block = file.read()
            whole = block.rfind(b"\n") + 1
            self._read_to += whole
            for line in block[:whole].split(b"\n"):
                with suppress(*UNREADABLE):
                    self._apply(json.loads(line))

    def add_growing(self, file: str) -> None:
        """Say that a file that grows comes from there. Raises FrameError for one too many."""
        self._add({"f": file})

    def add_once(self, file: str, version: Version) -> None:
        """Say that a file came whole. Raises FrameError for one too many."""
        self._add({"f": file, "s": version.size, "v": version.mtime_ns})

    def add_conflict(self, file: str) -> None:
        """Say that nothing is added to a file any more. Raises FrameError for one too many."""
        self._add({"f": file, "x": 1})

    def draft_of(self, file: str) -> Path:
        """Return where a file is put together."""
        return self.folder / f"{hashlib.sha256(file.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}.part"

    def part(self, file: str) -> Part | None:
        """Return what has come of a file in parts; None if nothing has."""
        draft = self.draft_of(file)
        about = draft.with_suffix(".json")
        with suppress(*UNREADABLE):
            if not about.exists():  # of most files nothing has: asked of each
                return None
            told = control_file.read_object(self._root, about)
            return Part(draft, Version(int(told["size"]), int(told["mtime_ns"])))
        return None

    def begin_part(self, file: str, version: Version) -> Part:
        """Begin to put a file together, from nothing. Raises FrameError for one too many at a time."""
        draft = self.draft_of(file)
        if not draft.exists() and len(os.listdir(self.folder)) >= 2 * MOST_PARTS:  # noqa: PTH208  # names alone
            raise FrameError(f"more than {MOST_PARTS:,} files come in parts at a time: {shown(file)} isn't taken")
        draft.unlink(missing_ok=True)
        replace_file(draft.with_suffix(".json"), json.dumps({"file": file, **version._asdict()}))
        return Part(draft, version)

    def end_part(self, file: str) -> None:
        """Be done with a file that came in parts."""
        draft = self.draft_of(file)
        draft.unlink(missing_ok=True)
        draft.with_suffix(".json").unlink(missing_ok=True)

    def is_failed_again(self, file: str) -> bool:
        """Note that what came of a file isn't it: the disk here may have lost a part. Whether that was so before."""
        mark = self.draft_of(file).with_suffix(".failed")
        was_so = mark.exists()
        mark.touch()
        return was_so

    def parts(self) -> dict[str, tuple[int, int]]:
        """Return, by file that comes in parts, how many bytes came and of which time there."""
        found = {}
        for about in self.folder.glob("*.json"):
            with suppress(*UNREADABLE):
                told = control_file.read_object(self._root, about)
                found[str(told["file"])] = (about.with_suffix(".part").stat().st_size, int(told["mtime_ns"]))
        return found

    def status_path(self, n: int) -> Path:
        """Return where a status waits for its turn."""
        return self.folder / f"status-{n}"

    def statuses(self) -> dict[int, Path]:
        """Return the statuses that wait, by their number there."""
        return {int(path.name[7:]): path for path in self.folder.glob("status-*")}

    def give_up(self) -> None:
        """Say that what is missing isn't waited for."""
        (self.folder / _GIVEN_UP).touch()

    def remove(self) -> None:
        """Remove the folder: the run is home."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _add(self, told: Mapping[str, Any]) -> None:
        if len(self.growing) + len(self.once) + len(self.conflicts) >= MOST_FILES:
            raise FrameError(f"more than {MOST_FILES:,} files come of one run: no further one is taken")
        line = f"{json.dumps(told)}\n".encode()
        control_file.append(self._root, self.folder / _CAME, line)
        self._read_to += len(line)
        self._apply(told)

    def _apply(self, told: Mapping[str, Any]) -> None:
        file = str(told["f"])
        if "x" in told:
            self.conflicts.add(file)
        elif "v" in told:
            self.once[file] = Version(int(told["s"]), int(told["v"]))
        else:
            self.growing.add(file)
