"""The `config.json` that names a workspace: where it is looked for, what may stand in it."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cellrun.core import places
from cellrun.core.disk.control_file import is_system_text, open_regular
from cellrun.core.disk.ownership import doubt
from cellrun.core.errors import WorkspaceException, shown
from cellrun.core.front_end import plain
from cellrun.core.identity import own_run
from cellrun.core.layout import WorkspaceLayout

_OWN_FOLDERS = (".cellrun", ".azureml", "aml_config")
CONFIG = "config.json"
_OUR_KEY = "cellrun_workspace"
_MOST_BYTES = 1_000_000
"""A larger file is another program's."""
_said: set[Path] = set()
_AZURE_KEYS = ("subscription_id", "resource_group", "workspace_name")


@dataclass(frozen=True)
class WorkspaceConfig:
    """A workspace as a config file names it."""

    name: str
    folder: Path | None
    """Where it is; None for the local workspace of that name."""
    azure: Mapping[str, str] = field(default_factory=dict)
    """What Azure's keys say, for code that asks for it."""

    @classmethod
    def read(cls, file: Path) -> WorkspaceConfig:
        """Read a file that is said to be a config.

        Raises WorkspaceException if it isn't there or names no workspace.
        """
        config = cls._named_by(_json_of(file), file)
        if config is None:
            raise WorkspaceException(
                f"{file} names no workspace: expected the key {_OUR_KEY}, or {', '.join(_AZURE_KEYS)}; "
                "Workspace.write_config() writes such a file"
            )
        return config

    @classmethod
    def at(cls, path: str | os.PathLike[str] | None = None, name: str | None = None) -> WorkspaceConfig | None:
        """Return the config that a path is, or the one nearest to a folder, the current one if none is given."""
        start = Path(path or ".")
        return cls.find(start, name or CONFIG) if start.is_dir() else cls.read(start)

    @classmethod
    def find(cls, start: Path, name: str = CONFIG) -> WorkspaceConfig | None:
        """Return the config nearest to a folder: in it, in its `.cellrun/` or `.azureml/`, then in its parents.

        A `config.json` that names no workspace is passed over: every model folder of Hugging Face has one. So is, with
        a warning, one that others can write to: who names the workspace can put code into its runs.
        Raises WorkspaceException for a damaged file in one of the two folders that are for it alone.
        """
        for file in _candidates(start, name):
            try:
                config = cls._named_by(_json_of(file), file)
            except WorkspaceException:
                if file.parent.name in _OWN_FOLDERS and not _is_foreign(file):
                    raise
                continue  # whosever it is
            if config is not None and not _is_foreign(file):
                return config
        return None

    def write(self, file: Path) -> None:
        """Write the file that `read` understands."""
        file.parent.mkdir(parents=True, exist_ok=True)
        ours = {_OUR_KEY: self.name, **({"folder": str(self.folder)} if self.folder else {})}
        data = {**ours, **self.azure, "workspace_name": self.name}  # other programs read Azure's keys
        file.write_text(json.dumps(data, indent=4) + "\n")

    @classmethod
    def _named_by(cls, data: Any, file: Path) -> WorkspaceConfig | None:
        if not isinstance(data, dict):
            return None
        name, folder = data.get(_OUR_KEY), data.get("folder")
        azure = {key: data[key] for key in _AZURE_KEYS[:2] if isinstance(data.get(key), str)}
        if isinstance(name, str) and name:
            return cls(name, _folder(folder, file) if isinstance(folder, str) and folder else None, azure)
        if all(isinstance(data.get(key), str) and data[key] for key in _AZURE_KEYS):
            return cls(data["workspace_name"], None, azure)
        return None


def configured_workspace(path: str | os.PathLike[str] | None = None) -> WorkspaceLayout:
    """Return where the workspace is that `Workspace.from_config` opens, or would make: nothing is made here.

    Raises WorkspaceException as that does for a config that isn't there or is damaged.
    """
    config = WorkspaceConfig.at(path)
    if config is None:
        run = own_run()
        return run.workspace if run else places.default_workspace()
    return places.named_workspace(config.name) if config.folder is None else WorkspaceLayout(config.folder)


def config_file(folder: Path, name: str | None) -> Path:
    """Return where a config is written for a folder: below it, in the folder that whoever uses it looks into.

    That is `.azureml` for a program that has imported the old SDK's names: it may open the file itself.
    """
    if folder.name in _OWN_FOLDERS:
        return folder / (name or CONFIG)
    return folder / (".azureml" if "azureml" in sys.modules else ".cellrun") / (name or CONFIG)


def _folder(given: str, file: Path) -> Path:
    """Return a folder that a config names, seen from its file. Raises WorkspaceException for what is no path at all."""
    if not is_system_text(given):
        raise WorkspaceException(f"the workspace config {file} names a folder that can't be: {shown(given)}")
    return (file.parent / given).absolute()


def _is_foreign(file: Path) -> bool:
    """Return whether others can write to a config that was read, which is said once, or have taken it away since."""
    try:
        found = doubt(file, is_there=True)
    except FileNotFoundError:
        return True
    if found and file not in _said:
        _said.add(file)
        warnings.warn(plain(f"a workspace config was passed over: {found}"), UserWarning, stacklevel=4)
    return found is not None


def _json_of(file: Path) -> Any:
    try:
        with open_regular(file) as opened:
            data = opened.read(_MOST_BYTES + 1)  # a device or what grows has no end
        return json.loads(data) if len(data) <= _MOST_BYTES else None
    except OSError as error:
        raise WorkspaceException(f"cannot read the workspace config {file}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise WorkspaceException(f"the workspace config {file} is not JSON: {error}") from error


def _candidates(start: Path, name: str) -> Iterator[Path]:
    start = start.absolute()
    for folder in (start, *start.parents):
        for file in (folder / name, *(folder / own / name for own in _OWN_FOLDERS)):
            with suppress(PermissionError):  # somebody else's folder on the way
                if file.is_file():
                    yield file
