"""The workspaces that are served, and the experiments in one."""

from __future__ import annotations

from typing import Any

from cellrun.core.errors import CellrunError
from cellrun.server.base_handler import ApiHandler
from cellrun.server.workspaces import FIRST_ANSWER_S, OpenWorkspace


class WorkspacesHandler(ApiHandler):
    """All workspaces of the user's registry, and the default one, whether it was made by now or not."""

    async def get(self) -> None:
        """List them."""
        self.asked()
        await self.answer({"workspaces": await self.work(self._listed)})

    def _listed(self) -> list[dict[str, Any]]:
        return [_summary(held) for held in self.workspaces.all()]


class ExperimentsHandler(ApiHandler):
    """A workspace's experiments."""

    async def get(self, workspace_id: str) -> None:
        """List them."""
        self.asked()
        await self.answer({"experiments": await self.work(self._listed, workspace_id)})

    def _listed(self, workspace_id: str) -> list[dict[str, Any]]:
        held = self.workspace(workspace_id)
        return [row._asdict() for row in held.index.experiments()] if held.exists else []


def _summary(held: OpenWorkspace) -> dict[str, Any]:
    workspace_id, name = held.named()
    try:
        experiments = held.index.experiments(FIRST_ANSWER_S) if held.exists else []
    except CellrunError:  # an index of a newer cellrun, no access: whoever opens it is told; the others are listed
        experiments = []
    return {
        "id": workspace_id,
        "name": name,
        "folder": str(held.layout.folder),
        "runs": sum(one.runs for one in experiments),
        "latest_at": max((one.latest_at for one in experiments if one.latest_at is not None), default=None),
    }
