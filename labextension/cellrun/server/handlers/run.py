"""One run: all that is known of it, and what can be changed in it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from cellrun.core import Workspace, places
from cellrun.core.context.account import needs_of
from cellrun.core.errors import CellrunError, UntrustedError, UserErrorException, shown
from cellrun.core.layout import RunLayout
from cellrun.core.live.header import header
from cellrun.core.models.registered_models import RegisteredModels
from cellrun.core.runs.control import control_of
from cellrun.core.runs.files import RunFiles
from cellrun.core.runs.reader import RunReader
from cellrun.core.runs.writer import RunWriter, plain_tags
from cellrun.core.store.environment import read_environment
from cellrun.core.store.events.event_log import EventLog
from cellrun.core.store.events.metrics import Metrics
from cellrun.core.store.events.reader import EventReader
from cellrun.core.store.events.summary import run_summary
from cellrun.core.store.record import RunRecord, place_text
from cellrun.core.store.status import StatusFile
from cellrun.core.submission.again import resubmit
from cellrun.server.handlers.delete import delete_run
from cellrun.server.handlers.run_handler import RunHandler, row_of

_EDITABLE = ("display_name", "tags", "remove_tags")


class RunDetailsHandler(RunHandler):
    """A run's details, and their change."""

    async def get(self, workspace_id: str, run: str) -> None:
        """Answer with all that is known of the run besides what it logged."""
        self.asked()
        await self.answer(await self.of_run((workspace_id, run), _details))

    async def patch(self, workspace_id: str, run: str) -> None:
        """Change its display name and tags; answer with its row."""
        self.asked()
        change = self.json_body()
        await self.answer(await self.of_run((workspace_id, run), _edited, change))

    async def delete(self, workspace_id: str, run: str) -> None:
        """Delete the run; answer with what that freed."""
        self.asked()
        await self.answer(await self.of_run((workspace_id, run), delete_run))


class CancelHandler(RunHandler):
    """The end of a run before its time."""

    async def post(self, workspace_id: str, run: str) -> None:
        """Ask for it; answer with the run's row. Nothing happens to a run that has ended."""
        self.asked()
        self.json_body()
        await self.answer(await self.of_run((workspace_id, run), _canceled))


class AgainHandler(RunHandler):
    """A run once more: the same snapshot, submitted again."""

    async def post(self, workspace_id: str, run: str) -> None:
        """Submit it; answer with the new run's row.

        A run that nothing proves to be this user's own is refused unless the body has `"trust": true`: its code would
        run as this user.
        """
        self.asked()
        trust = self.json_body().get("trust", False)
        if not isinstance(trust, bool):
            raise UserErrorException(f"trust is true or false; got {shown(trust)}")
        await self.answer(await self.of_run((workspace_id, run), lambda layout: row_of(resubmit(layout, trust=trust))))

    def error_facts(self, error: CellrunError) -> dict[str, Any]:
        """Say what a page has to ask before it may send `trust`."""
        if not isinstance(error, UntrustedError):
            return {}
        words = f'{error.reason}; if you trust whoever submitted it, send {{"trust": true}}'
        return {"message": words, "untrusted": error.reason}


def _details(layout: RunLayout) -> dict[str, Any]:
    workspace = Workspace.opened(layout.workspace)
    record = RunRecord.read(layout)
    status = control_of(layout).status()
    summary = run_summary(layout)
    known = Metrics(EventReader(layout), summary.apply_tags(record.tags))
    known.display_name = summary.display_name[1] if summary.display_name else None
    reader = RunReader(layout)
    needs = needs_of(layout.context)
    return {
        "row": row_of(layout),
        "header": header(
            record,
            status,
            known,
            workspace=workspace.name,
            notes=reader.notes(status),
            place=place_text(layout, record.target),
            needs=needs,
        ),
        "record": record.to_json(),
        "history": [
            {"status": one.status.value, "at": one.at, "reason": one.reason} for one in StatusFile(layout).history()
        ],
        "environment": read_environment(layout),
        "needs": None if needs is None else [asdict(need) for need in needs],
        "data": _data(layout, record),
        "properties": reader.properties(),
        "models": [f"{model.name}:{model.version}" for model in RegisteredModels(layout.workspace).of_run(record.id)],
        "code": _code(workspace, layout.run_id),
        "folder": str(layout.folder),
    }


def _data(layout: RunLayout, record: RunRecord) -> list[dict[str, Any]]:
    if not record.inputs and not record.outputs:
        return []
    from cellrun.core.data.in_run.run_datasets import data_rows  # noqa: PLC0415  # few runs have data

    return data_rows(layout, record)


def _code(workspace: Workspace, run_id: str) -> str:
    """Return Python that gets a run: by the workspace's name, or its id where several have that name."""
    namesakes = [entry for entry in places.registered() if entry.name == workspace.name]
    known_by = workspace.name if len(namesakes) == 1 else workspace.id
    return f"from cellrun.core import Run, Workspace\nrun = Run.get(Workspace.get({known_by!r}), {run_id!r})"


def _canceled(layout: RunLayout) -> dict[str, Any]:
    control_of(layout).cancel()
    return row_of(layout)


def _edited(layout: RunLayout, change: dict[str, Any]) -> dict[str, Any]:
    _check(change)
    writer = RunWriter(lambda: EventLog.of(layout), RunFiles(layout))
    try:
        if "display_name" in change:
            writer.rename(change["display_name"])
        writer.set_tags(change.get("tags", {}))
        writer.remove_tags(change.get("remove_tags", []))
    finally:
        writer.close()
    return row_of(layout)


def _check(change: dict[str, Any]) -> None:
    """Raise UserErrorException for a change that can't be right, before any of it is made."""
    unknown = [key for key in change if key not in _EDITABLE]
    if unknown or not change:
        raise UserErrorException(f"a change has {', '.join(_EDITABLE)}; got {shown(list(change))}")
    tags, removed = change.get("tags", {}), change.get("remove_tags", [])
    if not (isinstance(tags, dict) and all(value is None or isinstance(value, str) for value in tags.values())):
        raise UserErrorException(f"tags are an object of names and texts, or null for none; got {shown(tags)}")
    if not (isinstance(removed, list) and all(isinstance(name, str) for name in removed)):
        raise UserErrorException(f"remove_tags is a list of names; got {shown(removed)}")
    plain_tags({**tags, **dict.fromkeys(removed)})
