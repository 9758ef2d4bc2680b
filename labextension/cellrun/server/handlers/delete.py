"""The deletion of runs: of one, or of several with what that frees."""

from __future__ import annotations

from typing import Any

from cellrun.core.errors import UserErrorException, shown
from cellrun.core.layout import RunLayout
from cellrun.core.runs.deletion import delete_runs
from cellrun.server.base_handler import ApiHandler
from cellrun.server.errors import RefusedError

MOST_RUNS = 10_000


class DeleteHandler(ApiHandler):
    """The deletion of several runs."""

    async def post(self, workspace_id: str) -> None:
        """Delete the runs of the body's `runs`, or with `dry` only say what that would free."""
        self.asked()
        body = self.json_body()
        runs, dry = body.get("runs"), body.get("dry", False)
        if set(body) - {"runs", "dry"} or not isinstance(dry, bool) or not _are_ids(runs):
            raise UserErrorException(
                f"the body is {{'runs': ids, {MOST_RUNS:,} at most, 'dry': true or false}}; got {shown(body)}"
            )
        await self.answer(await self.work(self._deleted, workspace_id, runs, dry=dry))

    def _deleted(self, workspace_id: str, runs: list[str], *, dry: bool) -> dict[str, Any]:
        return delete_runs(self.workspace(workspace_id).layout, runs, dry=dry).to_json()


def delete_run(layout: RunLayout) -> dict[str, Any]:
    """Delete one run; return what that freed. Raises RefusedError for one that hasn't ended."""
    deletion = delete_runs(layout.workspace, [layout.run_id])
    for run in deletion.runs:
        if run.refused:
            raise RefusedError(f"run {run.name} stays: {run.refused}")
    return deletion.to_json()


def _are_ids(runs: object) -> bool:
    return isinstance(runs, list) and 0 < len(runs) <= MOST_RUNS and all(isinstance(run, str) for run in runs)
