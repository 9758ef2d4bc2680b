"""A workspace's targets: what there is and how full, what their doctors find, attached and detached."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar

from jupyter_server.utils import ensure_async

from cellrun.core.errors import UserErrorException, shown
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.targets.attachment import Attachment
from cellrun.core.targets.contract import Finding
from cellrun.core.targets.target_states import TargetState, findings, findings_of_kept
from cellrun.core.targets.workspace_targets import WorkspaceTargets
from cellrun.server.base_handler import ApiHandler
from cellrun.server.bounded_threads import BoundedThreads
from cellrun.server.checks import RESOURCE
from cellrun.server.query import Parameter, flag
from cellrun.server.target_json import target_json

_FIELDS = {"name", "kind", "settings"}


class TargetRoute(ApiHandler):
    """What the routes of targets have in common."""

    @property
    def threads(self) -> BoundedThreads:
        """Where other machines are waited for."""
        found: BoundedThreads = self.settings["cellrun_threads"]
        return found

    def attachment(self) -> Attachment:
        """Return the target that the body describes. Raises UserErrorException for a body that describes none."""
        body = self.json_body()
        name, kind, settings = body.get("name"), body.get("kind"), body.get("settings", {})
        is_right = isinstance(name, str) and isinstance(kind, str) and isinstance(settings, dict)
        if not is_right or set(body) - _FIELDS:
            raise UserErrorException(
                f"the body is {{'name': a text, 'kind': a text, 'settings': an object}}; got {shown(body)}"
            )
        return Attachment(str(name), str(kind), settings)


class TargetsHandler(TargetRoute):
    """The targets of a workspace."""

    query_known: ClassVar[dict[str, Parameter]] = {"again": flag()}

    async def get(self, workspace_id: str) -> None:
        """Answer with what is known of each by now, without waiting for any; with `again` all are asked anew."""
        again = self.asked()["again"]
        states = self.workspace(workspace_id).target_states
        found = await self.work(states.now, again=again)
        await self.answer(await self._listed(found))

    async def post(self, workspace_id: str) -> None:
        """Attach one; answer with all."""
        self.asked()
        name, kind, settings = self.attachment()
        held = self.workspace(workspace_id)
        await self.threads.run(lambda: held.made().targets.attach(name, kind, settings))
        await self.answer(await self._listed(await self.work(held.target_states.now)))

    async def _listed(self, states: list[TargetState]) -> dict[str, Any]:
        """Return them, and whether who asks may do more than look."""
        allowed = self.authorizer.is_authorized(self, self.current_user, "write", RESOURCE)
        may_change = bool(await ensure_async(allowed))
        return {"targets": [target_json(state) for state in states], "may_change": may_change}


class CheckTargetHandler(TargetRoute):
    """The test of a target that isn't attached: nothing is kept of it."""

    async def post(self, workspace_id: str) -> None:
        """Answer with what is wrong in its fields, or with what its doctor finds."""
        self.asked()
        attachment = self.attachment()
        targets = self.workspace(workspace_id).targets
        await self.answer(await self.threads.run(_checked, attachment, targets))


class TargetHandler(TargetRoute):
    """One target."""

    async def delete(self, workspace_id: str, name: str) -> None:
        """Detach it; refused, with their names, while runs of it haven't ended."""
        self.asked()
        await self.threads.run(self.workspace(workspace_id).targets.detach, name)
        await self.answer({})


class DoctorHandler(TargetRoute):
    """A close look at one target."""

    async def post(self, workspace_id: str, name: str) -> None:
        """Answer with what its doctor finds."""
        self.asked()
        self.json_body()
        held = self.workspace(workspace_id)
        await self.answer({"findings": await self.threads.run(_examined, held.targets, name, held.layout)})


def _examined(targets: WorkspaceTargets, name: str, workspace: WorkspaceLayout) -> list[dict[str, Any]]:
    return _plain(findings_of_kept(targets.get(name), workspace))


def _checked(attachment: Attachment, targets: WorkspaceTargets) -> dict[str, Any]:
    problems = attachment.problems(targets)
    found = [] if problems.are_there else _plain(findings(targets.candidate(*attachment)))
    return {"problems": problems._asdict(), "findings": found}


def _plain(found: list[Finding]) -> list[dict[str, Any]]:
    return [asdict(finding) for finding in found]
