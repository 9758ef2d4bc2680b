"""Where things are kept on this machine: the home, the runtime folder, workspaces, and their registry."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from cellrun.core.digest import digest
from cellrun.core.disk import control_file
from cellrun.core.disk.control_file import read_control_file, read_object
from cellrun.core.disk.ownership import is_mine, owner, refuse_foreign
from cellrun.core.disk.whole_files import NO_ROOM, make_private_folder, replace_file, write_once
from cellrun.core.errors import DamagedRunError, WorkspaceException, system_reason
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.names import slug

_ANOTHER_HOME = "set CELLRUN_HOME to a folder of yours"


def home() -> Path:
    """Return the folder of all that cellrun keeps for this user, made (0700) if needed.

    `CELLRUN_HOME` if set, else the platform's folder for user data.
    Raises WorkspaceException where it can't be made, or others can write to it.
    """
    folder = _made(_home_path())
    refuse_foreign(folder, _ANOTHER_HOME, is_there=True)
    return folder


def home_folder(name: str) -> Path:
    """Return a folder of the home, made (0700) if needed.

    Raises WorkspaceException as `home` does: others may have put it there while they could still write to the home.
    """
    folder = _made(home() / name)
    refuse_foreign(folder, _ANOTHER_HOME, is_there=True)
    return folder


def private_folder() -> Path:
    """Return the folder for what must outlive a login and is for this user alone: the signing key, the queue (0700)."""
    return home_folder("private")


def private_path() -> Path:
    """Return where the private folder is, or would be. Nothing is made."""
    return _home_path() / "private"


def cache_of(workspace: WorkspaceLayout) -> Path:
    """Return the folder (0700) of what is kept of a workspace to be faster, and is made again when it is gone.

    It is the user's own, by the workspace's path and id: who can write to a workspace has no word in it.
    """
    record = b""
    with suppress(OSError, DamagedRunError):
        record = read_control_file(workspace.folder, workspace.record)
    path = os.fsencode(workspace.folder.resolve())
    return _made(home_folder("cache") / digest(b"\0".join((path, record)), 32))


def runtime_folder() -> Path:
    """Return the folder for port files, tokens and sockets: the user's own (0700), gone after the last logout.

    `CELLRUN_RUNTIME_DIR` if set, else below `XDG_RUNTIME_DIR` where that can be used, else below the home.
    Raises WorkspaceException if others own it or can write to it: what it holds lets people in.
    """
    given = os.environ.get("CELLRUN_RUNTIME_DIR")
    session = os.environ.get("XDG_RUNTIME_DIR")
    if given:
        folder = Path(given).expanduser().absolute()
    elif session and os.access(session, os.W_OK | os.X_OK) and is_mine(Path(session)):
        folder = Path(session) / "cellrun"
    else:
        folder = home() / "runtime"
    _made(folder)
    refuse_foreign(folder, "set CELLRUN_RUNTIME_DIR to a folder of yours", is_there=True)
    return folder


def default_workspace() -> WorkspaceLayout:
    """Return where the workspace is, or would be, that is used when no other is named. Nothing is made."""
    return WorkspaceLayout(_home_path() / "workspaces" / "default")


def named_workspace(name: str) -> WorkspaceLayout:
    """Return where the local workspace of a name is, or would be; names that make the same folder name get a hash."""
    folder = slug(name)
    if folder != name:
        folder = f"{folder or 'workspace'}-{digest(name.encode('utf-8', 'surrogatepass'), 8)}"
    return WorkspaceLayout(_home_path() / "workspaces" / folder)


class RegisteredWorkspace(NamedTuple):
    """A workspace that was opened on this machine."""

    id: str
    name: str
    layout: WorkspaceLayout


def register(workspace: WorkspaceLayout) -> RegisteredWorkspace:
    """Add a workspace to the user's registry, so that servers and other kernels find it. Done at each opening.

    Where it can't be written, on a full or read-only disk, the workspace can be looked at all the same.
    """
    record = read_object(workspace.folder, workspace.record)
    entry = RegisteredWorkspace(str(record["id"]), str(record["name"]), workspace)
    text = json.dumps({"id": entry.id, "name": entry.name, "path": str(workspace.folder.absolute())})
    path = _registry() / f"{slug(entry.id)}.json"
    with suppress(OSError):
        if not path.exists() or path.read_bytes() != text.encode():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            replace_file(path, text)
    return entry


def registered() -> Iterator[RegisteredWorkspace]:
    """Iterate over the workspaces of the registry that are still there, and open to this user.

    Of a folder in which one after another was made, the last is there.
    """
    entries = {}
    for path in sorted(_registry().glob("*.json"), key=_written_at):
        if entry := _entry(path):
            entries[entry.layout.folder] = entry
    for entry in sorted(entries.values(), key=lambda entry: entry.id):
        if os.path.exists(entry.layout.record):  # noqa: PTH110  # Path.exists raises where another user closed the way
            yield entry


def registered_as(workspace_id: str) -> RegisteredWorkspace | None:
    """Return the workspace of an id, as its own entry says; where that isn't right, as one of `registered`."""
    entry = _entry(_registry() / f"{slug(workspace_id)}.json")
    if entry and entry.id == workspace_id:
        with suppress(WorkspaceException, ValueError):  # damaged, gone, or closed; a path that is none
            if WorkspaceRecord.read(entry.layout).id == workspace_id:
                return entry
    return next((entry for entry in registered() if entry.id == workspace_id), None)


def _entry(path: Path) -> RegisteredWorkspace | None:
    try:
        data = json.loads(path.read_bytes())
        return RegisteredWorkspace(data["id"], data["name"], WorkspaceLayout(data["path"]))
    except (OSError, ValueError, KeyError, TypeError):  # damaged: the workspace's next opening writes it again
        return None


def _written_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:  # gone meanwhile
        return 0


def cannot_write(folder: Path, error: OSError) -> WorkspaceException:
    """Return the error that says that nothing can be written below a folder, why, and what to do."""
    remedy = "free some room on its disk" if error.errno in NO_ROOM else _ANOTHER_HOME
    return WorkspaceException(f"cannot create runs under {folder} ({system_reason(error)}); {remedy}")


def _registry() -> Path:
    """Return where the registry is, or would be: it isn't made where nothing is to be written."""
    folder = home() / "registry"
    refuse_foreign(folder, _ANOTHER_HOME)
    return folder


def _made(folder: Path) -> Path:
    try:
        make_private_folder(folder)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return folder


def _home_path() -> Path:
    given = os.environ.get("CELLRUN_HOME")
    return Path(given).expanduser().absolute() if given else _user_data() / "cellrun"


def _user_data() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    given = os.environ.get("XDG_DATA_HOME")  # https://specifications.freedesktop.org/basedir-spec: absolute or ignored
    return Path(given) if given and Path(given).is_absolute() else Path.home() / ".local" / "share"


_RECORD_VERSION = 1
_RECORD_SHAPE: control_file.Shape = {"id": control_file.is_text, "name": control_file.is_text}


class WorkspaceRecord(NamedTuple):
    """The content of a workspace.json."""

    id: str
    name: str

    @classmethod
    def read(cls, layout: WorkspaceLayout) -> WorkspaceRecord:
        """Read it. Raises WorkspaceException if it isn't there or is damaged."""
        try:
            record = control_file.read_object(layout.folder, layout.record, _RECORD_SHAPE)
            return cls(record["id"], record["name"])
        except PermissionError as error:
            raise _closed(layout) from error
        except OSError as error:
            raise WorkspaceException(f"{layout.folder} is no workspace: {error.strerror}: {layout.record}") from error
        except DamagedRunError as error:
            raise WorkspaceException(f"the workspace in {layout.folder} is damaged: {error.file_problem}") from error

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
            write_once(
                layout.record, json.dumps({"version": _RECORD_VERSION, "id": os.urandom(16).hex(), "name": name})
            )


def _closed(layout: WorkspaceLayout) -> WorkspaceException:
    return WorkspaceException(
        f"the workspace in {layout.folder} is closed to you: it belongs to {owner(layout.folder)}; "
        "ask to be let in, or take a workspace in a folder of yours: Workspace.create(name, folder)"
    )
