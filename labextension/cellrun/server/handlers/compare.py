"""Several runs side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cellrun.server.base_handler import ApiHandler
from cellrun.server.query import Parameter, text
from cellrun.server.rows import row_json


class CompareHandler(ApiHandler):
    """The comparison of 2 to 20 runs: parameters, tags, metrics, curves."""

    query_known: ClassVar[Mapping[str, Parameter]] = {"run": text(255, many=True), "x": text(255)}

    async def get(self, workspace_id: str) -> None:
        """Answer with what they have in common and what differs."""
        asked = self.asked()
        await self.answer(await self.work(self._compared, workspace_id, asked["run"], asked["x"] or "step"))

    def _compared(self, workspace_id: str, runs: list[str], x: str) -> dict[str, Any]:
        from cellrun.core.comparison.comparison import compare_layouts, find_runs  # noqa: PLC0415  # it loads numpy

        layouts = find_runs(self.workspace(workspace_id).layout, runs)
        return compare_layouts(layouts, x, self.settings["cellrun_metrics"]).to_json(row_json)
