"""The way home by a server of ours: what stands beside a run there pushes it, and takes requests from the answers."""

from __future__ import annotations

from typing import Any, ClassVar

from cellrun.core.layout import RunLayout
from cellrun.core.mirror.receiver import Receiver
from cellrun.core.mirror.run_token import new_token
from cellrun.core.places import WorkspaceRecord
from cellrun.core.targets.fake.transport import Transport


class Push(Transport):
    """A job's own connection to a server of ours, through a proxy that does what the link does."""

    reaches_server: ClassVar[bool] = True

    def carrier(self, here: RunLayout, there: RunLayout, key: bytes) -> dict[str, Any]:
        """Return what pushes a run's files to our server."""
        workspace = WorkspaceRecord.read(here.workspace).id
        url = f"{self._server.rstrip('/')}/cellrun/api/workspaces/{workspace}/runs/{here.run_id}/frames"
        told = {"way": "push", "url": url, "token": new_token(here)}
        return {**told, "folder": str(there.folder), "key": key.hex()}

    def bring(self, here: RunLayout, there: RunLayout, *, is_final: bool) -> bool:
        """Give up at the end what the far side didn't get through, in its own words: all else comes by itself."""
        if is_final:
            Receiver(here).give_up(self._engine.last_words(there) or "its machine ended before all had come")
        return False
