"""The base of the handlers of one run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from cellrun.core.layout import RunLayout
from cellrun.core.store.lists.index import Index
from cellrun.core.store.lists.run_row import RunRow
from cellrun.server.base_handler import ApiHandler
from cellrun.server.errors import RunGoneError
from cellrun.server.rows import row_json

T = TypeVar("T")


class RunHandler(ApiHandler):
    """A route below `workspaces/{w}/runs/{r}`; `{r}` is the run's id or its name."""

    async def of_run(self, address: tuple[str, str], task: Callable[..., T], *arguments: Any, **options: Any) -> T:
        """Do something with a run in a thread: `task(layout, …)`.

        Raises RunNotFoundError; RunGoneError when its folder went away meanwhile, DamagedRunError when it is damaged.
        """
        return await self.work(self._with_run, address, task, *arguments, **options)

    def _with_run(self, address: tuple[str, str], task: Callable[..., T], *arguments: Any, **options: Any) -> T:
        workspace_id, run = address
        layout = self.workspace(workspace_id).run(run)
        try:
            return task(layout, *arguments, **options)
        except OSError as error:
            raise RunGoneError(layout.run_id, error) from error


def row_of(layout: RunLayout) -> dict[str, Any]:
    """Return a run as a list shows it, as it is now."""
    children = Index(layout.workspace).page(parent=layout.run_id, limit=0).total
    return row_json(replace(RunRow.read(layout), children=children))
