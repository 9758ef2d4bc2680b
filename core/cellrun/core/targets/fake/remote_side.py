"""The fake target's remote side: a folder shaped like a workspace."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

from cellrun.core.context.used_values import values_of_run
from cellrun.core.context.value_store import ValueStore
from cellrun.core.disk.whole_files import copy_tree
from cellrun.core.errors import ComputeTargetException
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.places import WorkspaceRecord
from cellrun.core.store.status import StatusFile
from cellrun.core.targets.contract import Finding
from cellrun.core.targets.fake.faulty_link import FaultyLink


class RemoteSide:
    """The files of the far side of one target."""

    def __init__(self, folder: Path, link: FaultyLink) -> None:
        self._folder = folder
        self._link = link

    def run(self, layout: RunLayout) -> RunLayout:
        """Return where a run is over there; runs of different workspaces don't meet."""
        workspace = WorkspaceRecord.read(layout.workspace).id
        return WorkspaceLayout(self._folder / workspace).run(layout.run_id)

    def send(self, layout: RunLayout) -> RunLayout:
        """Make a run's folder there, whole or not at all, with what it needs; nothing happens if it is there.

        Raises ComputeTargetException while nothing gets through.
        """
        faults, there = self._link.exchange(), self.run(layout)
        if there.folder.exists():
            return there
        there.workspace.values.mkdir(parents=True, exist_ok=True)
        there.workspace.changes.touch()
        _copy_new(layout.workspace.record, there.workspace.record)
        here, values = ValueStore(layout.workspace.values), ValueStore(there.workspace.values)
        for blob in values_of_run(layout):
            _copy_new(here.path(blob), values.path(blob))
        draft = there.workspace.run(f".new-{layout.run_id}-{os.urandom(4).hex()}")
        for folder in (draft.outputs, draft.logs, draft.log.parent, draft.events, draft.summaries):
            folder.mkdir(parents=True)
        for path, copy in ((layout.record, draft.record), (layout.signed, draft.signed)):
            shutil.copyfile(path, copy)
        copy_tree(layout.snapshot, draft.snapshot)
        copy_tree(layout.snapshot, draft.work)
        copy_tree(layout.context, draft.context)
        StatusFile(draft).begin(at=time.time() + faults.clock_offset_s)
        try:
            draft.folder.rename(there.folder)
        except OSError:  # another launch was first
            shutil.rmtree(draft.folder)
        return there

    def finding(self) -> Finding:
        """Try whether its folder can be made and written, and reached."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._link.exchange()
            with tempfile.TemporaryFile(dir=self._folder):
                return Finding("folder", is_well=True, text=str(self._folder))
        except ComputeTargetException as error:
            return Finding("folder", is_well=False, text=str(error))
        except OSError as error:
            text = f"{self._folder} can't be written ({error.strerror}); attach one with another folder"
            return Finding("folder", is_well=False, text=text)


def _copy_new(source: Path, target: Path) -> None:
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.{os.urandom(4).hex()}")
        shutil.copyfile(source, draft)
        draft.replace(target)
