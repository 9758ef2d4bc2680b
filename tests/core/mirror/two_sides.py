"""What tests of the mirror share: a run there and here, and the way between them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.mirror.frame import Frame
from cellrun.core.mirror.receiver import Receiver
from cellrun.core.mirror.sender import Sender
from cellrun.core.mirror.sync_modes import SyncMode, mode_of
from cellrun.core.store.record import RunRecord, RunTarget
from cellrun.core.store.run_store import RunStore
from cellrun.core.store.status import Status, StatusFile

EVERYTHING = 1 << 30


class TwoSides(NamedTuple):
    """One run in two folders."""

    there: RunLayout
    here: RunLayout

    @classmethod
    def made(cls, folder: Path, workspace: WorkspaceLayout | None = None) -> TwoSides:
        """Make the run in both, Running there; here in that workspace, if one is given."""
        here = in_store(workspace) if workspace else new_run(folder / "here")
        there = new_run(folder / "there", here.run_id)
        RunTarget("box", "fake", shares_processes=False).write(here)
        StatusFile(there).change(Status.RUNNING)
        there.environment.write_text("{}")
        return cls(there, here)

    def write(self, path: str, data: bytes, *, mode: str = "wb") -> None:
        """Write a file there."""
        file = self.there.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open(mode) as opened:
            opened.write(data)

    def append(self, path: str, data: bytes) -> None:
        """Add to a file there."""
        self.write(path, data, mode="ab")

    def frames(
        self, *, is_final: bool = False, most_bytes: int = EVERYTHING, block_bytes: int = 1 << 20
    ) -> list[Frame]:
        """Return what a sender sends to an end that has what is here."""
        sender = Sender(self.there, Receiver(self.here).have(), block_bytes=block_bytes)
        return list(sender.frames(is_final=is_final, most_bytes=most_bytes))

    def bring(self, frames: Iterable[Frame] | None = None, *, is_final: bool = False) -> Receiver:
        """Bring what is new, or those frames."""
        receiver = Receiver(self.here, 0.0)
        receiver.take(self.frames(is_final=is_final) if frames is None else frames)
        return receiver

    def here_are(self) -> dict[str, bytes]:
        """Return the files here that come from there."""
        return files_of(self.here)

    def there_are(self) -> dict[str, bytes]:
        """Return the files there that come home."""
        return files_of(self.there)

    def history(self) -> list[tuple[str, str | None]]:
        """Return the statuses here that came from there, in order."""
        entries = [entry for entry in StatusFile(self.here).history() if "there" in entry.fields]
        return [(entry.status.value, entry.reason) for entry in entries]


def new_run(workspace: Path, run_id: str = "") -> RunLayout:
    """Make a run's folder in a workspace of its own."""
    return in_store(made_workspace(workspace), run_id)


def made_workspace(folder: Path) -> WorkspaceLayout:
    """Make a workspace's folder."""
    layout = WorkspaceLayout(folder)
    layout.runs.mkdir(parents=True)
    layout.changes.touch()
    layout.record.write_text(json.dumps({"id": folder.name, "name": folder.name, "version": 1}))
    return layout


def in_store(workspace: WorkspaceLayout, run_id: str = "") -> RunLayout:
    """Make a run's folder in a workspace."""
    return RunStore(workspace).create(RunRecord("digits", "script", id=run_id), lambda _: None)


def files_of(layout: RunLayout) -> dict[str, bytes]:
    """Return the content of all files of a run that come home but for its statuses and notes."""
    found = {}
    for file in sorted(layout.folder.rglob("*")):
        path = file.relative_to(layout.folder).as_posix()
        if (
            file.is_file()
            and not file.is_symlink()
            and mode_of(path) in {SyncMode.GROWING, SyncMode.ONCE, SyncMode.AT_END}
        ):
            found[path] = file.read_bytes()
    return found
