"""A workspace as the keyvault and the datastores need it, for a target, which is below the class Workspace."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from cellrun.core.layout import WorkspaceLayout
from cellrun.core.places import WorkspaceRecord


class _Opened(NamedTuple):
    layout: WorkspaceLayout
    id: str


def opened_workspace(layout: WorkspaceLayout) -> Any:
    """Return what they take for a workspace. Raises WorkspaceException for a folder that is none."""
    return cast("Any", _Opened(layout, WorkspaceRecord.read(layout).id))
