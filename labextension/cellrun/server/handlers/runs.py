"""A workspace's runs, newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from cellrun.core.store.status import Status
from cellrun.server.base_handler import ApiHandler
from cellrun.server.query import Parameter, flag, one_of, text, whole
from cellrun.server.rows import row_json
from cellrun.server.workspaces import FIRST_ANSWER_S

PAGE = 50
MOST = 1000


class RunsHandler(ApiHandler):
    """The runs of a workspace."""

    query_known: ClassVar[Mapping[str, Parameter]] = {
        "experiment": text(255),
        "status": one_of(*(status.value for status in Status), many=True),
        "tag": text(many=True),
        "text": text(),
        "notebook": text(4096),
        "parent": text(255),
        "roots": flag(),
        "spark": text(255, many=True),
        "limit": whole(0, MOST, PAGE),
        "offset": whole(0, 2**53, 0),
    }

    async def get(self, workspace_id: str) -> None:
        """Answer with a page of those that fit."""
        asked = self.asked()
        await self.answer(await self.work(self._page, workspace_id, **asked))

    def _page(  # noqa: PLR0913  # one for each way to choose
        self,
        workspace_id: str,
        *,
        experiment: str | None,
        status: list[str],
        tag: list[str],
        text: str | None,
        notebook: str | None,
        parent: str | None,
        roots: bool,
        spark: list[str],
        limit: int,
        offset: int,
    ) -> dict[str, Any]:
        held = self.workspace(workspace_id)
        if not held.exists:
            return {"runs": [], "total": 0, "is_complete": True}
        held.tend()
        page = held.index.page(
            experiment=experiment,
            status=status or None,
            tags=[_tag(given) for given in tag],
            text=text,
            notebook=notebook,
            parent=parent,
            include_children=not roots,
            limit=limit,
            offset=offset,
            within_s=FIRST_ANSWER_S,
        )
        rows = [row_json(row, spark) for row in page.rows]
        return {"runs": rows, "total": page.total, "is_complete": page.is_complete}


def _tag(given: str) -> str | tuple[str, str]:
    """Return the tag that has to be there, or has to have that value: `name` or `name=value`."""
    name, equals, value = given.partition("=")
    return (name, value) if equals else name
