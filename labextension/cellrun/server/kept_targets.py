"""Keeps a workspace's targets elsewhere up to date while its lists are shown, and logs which go away or come back."""

from __future__ import annotations

from collections.abc import Mapping

from traitlets.log import get_logger

from cellrun.core.layout import WorkspaceLayout
from cellrun.core.targets.keeper.kept_state import KeptState
from cellrun.core.targets.keeper.tending import tend


class KeptTargets:
    """The targets that the keeper holds of a workspace, as the server has seen them last."""

    def __init__(self, workspace: WorkspaceLayout) -> None:
        self._workspace = workspace
        self._away: dict[str, str] = {}
        """Why those don't answer that don't, by name."""

    def tend(self) -> None:
        """See to it that they are kept, and log which have gone away or come back since; nothing waits for that."""
        tend(self._workspace, self._compare)

    def _compare(self, states: Mapping[str, KeptState]) -> None:
        log = get_logger()  # the application's: what it shows is the user's choice
        for name, state in states.items():
            before = self._away.pop(name, "")
            if state.why_not:
                self._away[name] = state.why_not
            if state.why_not and state.why_not != before:
                log.warning("compute target %s of %s doesn't answer: %s", name, self._workspace.folder, state.why_not)
            elif before and not state.why_not:
                log.info("compute target %s of %s answers again", name, self._workspace.folder)
