"""What users give as a dataset's path, made the paths of a definition."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from cellrun.core.data.files.definition import climbs_out
from cellrun.core.data.stores.datastore import Datastore
from cellrun.core.errors import DatasetError, shown

if TYPE_CHECKING:
    from cellrun.core.workspace import Workspace

_EXPECTED = (
    "(datastore, 'path/*.csv'), a datastore's path, an https address, a path on this machine, or a list of these; "
    "* stands for any part of a name, ** for any folders"
)


class GivenPaths(NamedTuple):
    """The paths of a definition, and the workspace whose datastores they name, if they name any."""

    paths: tuple[dict[str, str], ...]
    workspace: Workspace | None


def given_paths(path: Any) -> GivenPaths:
    """Return the paths of a definition that users gave: a path, or a list of them.

    Raises DatasetError for what is none, for one that leads out of its store, and for stores of several workspaces.
    """
    found = [_place(one) for one in (path if _is_several(path) else [path])]
    if not found:
        raise DatasetError(f"a dataset needs a path; got {shown(path)}, expected {_EXPECTED}")
    workspaces = {workspace.id: workspace for _, workspace in found if workspace is not None}
    if len(workspaces) > 1:
        listed = ", ".join(workspace.name for workspace in workspaces.values())
        raise DatasetError(f"a dataset's datastores are of one workspace; these are of {listed}")
    return GivenPaths(tuple(place for place, _ in found), next(iter(workspaces.values()), None))


def store_and_path(target: Any, what: str) -> tuple[Datastore, str]:
    """Return the datastore and the path that a `target` names: a pair of them, a datastore, or its path.

    Raises DatasetError for what is none, or leads out of its store.
    """
    if isinstance(target, Datastore):
        return target, ""
    if _is_pair(target):
        return target[0], _path_in_store(target[0], target[1])
    store = getattr(target, "datastore", None)
    if isinstance(store, Datastore):  # DataPath, DataReference
        return store, _path_in_store(store, getattr(target, "path_on_datastore", None))
    raise DatasetError(f"{what} is (datastore, 'path') or a datastore's path; got {shown(target)}")


def _is_pair(path: object) -> bool:
    return isinstance(path, (tuple, list)) and len(path) == 2 and isinstance(path[0], Datastore)


def _is_several(path: object) -> bool:
    return isinstance(path, Sequence) and not isinstance(path, (str, bytes)) and not _is_pair(path)


def _place(path: Any) -> tuple[dict[str, str], Workspace | None]:
    if isinstance(path, str) and urlsplit(path).scheme in {"http", "https"}:
        return _web(path), None
    if isinstance(path, (str, os.PathLike)) and os.fspath(path) and isinstance(os.fspath(path), str):
        return _local(os.fspath(path)), None
    if isinstance(path, Datastore) or _is_pair(path) or hasattr(path, "path_on_datastore"):
        store, inside = store_and_path(path, "a dataset's path")
        return {"datastore": store.name, "path": inside}, store.workspace
    raise DatasetError(f"this is no path of a dataset: {shown(path)}; expected {_EXPECTED}")


def _web(url: str) -> dict[str, str]:
    address = urlsplit(url)
    if address.username or address.password:
        raise DatasetError(
            "a dataset's address is kept as it is, so it may hold no password; register a datastore for that place"
        )
    if "*" in address.path:
        raise DatasetError(f"a web address names one file, {url} has a *; give a list of addresses, or a datastore")
    return {"url": url}


def _local(path: str) -> dict[str, str]:
    if path.startswith("file://"):
        path = path.removeprefix("file://")
    elif "://" in path:
        scheme = path.partition("://")[0]
        raise DatasetError(
            f"{scheme}:// isn't an address that a dataset takes: {shown(path)}; register a datastore for that place, "
            "then give (datastore, 'path')"
        )
    return {"local": os.path.abspath(os.path.expanduser(path))}  # noqa: PTH100, PTH111  # a trailing ** stays as it is


def _path_in_store(store: Datastore, path: object) -> str:
    if path is not None and not isinstance(path, (str, os.PathLike)):
        raise DatasetError(f"a path in datastore {store.name!r} is a text; got {shown(path)}")
    text = str(path or "").lstrip("/")
    inside = posixpath.normpath(text) if text else ""
    if climbs_out(inside) or ".." in text.split("/"):
        raise DatasetError(f"the path {shown(path)} would lead out of the datastore {store.name!r}")
    return "" if inside == "." else inside
