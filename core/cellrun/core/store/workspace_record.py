"""A workspace's record: its id, which stays when the folder moves, and its name."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import NamedTuple

from cellrun.core.disk import control_file
from cellrun.core.disk.ownership import owner
from cellrun.core.disk.whole_files import write_once
from cellrun.core.errors import DamagedRunError, WorkspaceException
from cellrun.core.layout import WorkspaceLayout

_VERSION = 1
_SHAPE: control_file.Shape = {"id": control_file.is_text, "name": control_file.is_text}


class WorkspaceRecord(NamedTuple):
    """The content of a workspace.json."""

    id: str
    name: str

    @classmethod
    def read(cls, layout: WorkspaceLayout) -> WorkspaceRecord:
        """Read it. Raises WorkspaceException if it isn't there or is damaged."""
        try:
            record = control_file.read_object(layout.folder, layout.record)
            control_file.check(layout.folder, layout.record, record, _SHAPE)
            return cls(record["id"], record["name"])
        except PermissionError as error:
            raise _closed(layout) from error
        except OSError as error:
            raise WorkspaceException(f"{layout.folder} is no workspace: {error.strerror}: {layout.record}") from error
        except DamagedRunError as error:
            raise WorkspaceException(f"the workspace in {layout.folder} is damaged: {error.told}") from error

    @staticmethod
    def is_there(layout: WorkspaceLayout) -> bool:
        """Return whether a folder is a workspace. Raises WorkspaceException for one that is closed to this user."""
        try:
            layout.record.stat()
        except PermissionError as error:
            raise _closed(layout) from error
        except OSError:
            return False
        return True

    @staticmethod
    def write_new(layout: WorkspaceLayout, name: str) -> None:
        """Write the record of a new workspace; of several that make it at once, one id wins."""
        with suppress(FileExistsError):
            write_once(layout.record, json.dumps({"version": _VERSION, "id": os.urandom(16).hex(), "name": name}))


def _closed(layout: WorkspaceLayout) -> WorkspaceException:
    return WorkspaceException(
        f"the workspace in {layout.folder} is closed to you: it belongs to {owner(layout.folder)}; "
        "ask to be let in, or take a workspace in a folder of yours: Workspace.create(name, folder)"
    )
