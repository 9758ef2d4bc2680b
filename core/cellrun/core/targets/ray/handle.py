"""The handle of a run's job at a Ray cluster, in target.json: any process goes on by it where another ended."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from cellrun.core.layout import RunLayout
from cellrun.core.places import WorkspaceRecord
from cellrun.core.store.record import RunTarget

KIND = "ray"


@dataclass(frozen=True)
class Handle:
    """A run's job. No secret is in it."""

    target: str
    host: str
    """The cluster's, for people."""
    job: str
    """The submission id: the run's, its attempt's, and of this workspace alone."""
    attempt: int = 1
    is_taken: bool = False
    """Whether the cluster was heard to have it: if it doesn't know it then, it has forgotten it."""
    server: str = ""
    """The address of our server as the job reaches it; empty if it reaches none."""

    @classmethod
    def first(cls, run: RunLayout, target: str, address: str, server: str) -> Handle:
        """Return that of a run that wasn't handed over yet."""
        return cls(target, urlsplit(address).netloc, _job(run, 1), server=server)

    @classmethod
    def read(cls, run: RunLayout) -> Handle | None:
        """Return what is kept; None where there is nothing, or it is damaged."""
        kept = RunTarget.read(run)
        if kept is None or kept.kind != KIND:
            return None
        told = kept.handle
        texts = [told.get(name, "") for name in ("host", "job", "server")]
        attempt = told.get("attempt")
        if not all(isinstance(each, str) for each in texts) or not texts[1] or not isinstance(attempt, int):
            return None
        return cls(kept.name, texts[0], texts[1], attempt, told.get("is_taken") is True, texts[2])

    def write(self, run: RunLayout) -> Handle:
        """Keep it; return it. Raises OSError."""
        told = {"host": self.host, "job": self.job, "attempt": self.attempt, "is_taken": self.is_taken}
        told |= {"server": self.server} if self.server else {}
        RunTarget(self.target, KIND, shares_processes=False, handle=told).write(run)
        return self

    def taken(self) -> Handle:
        """Return it as the cluster was heard to have it."""
        return replace(self, is_taken=True)

    def next_attempt(self, run: RunLayout) -> Handle:
        """Return that of a job in place of this one, of which nothing was started."""
        attempt = self.attempt + 1
        return replace(self, job=_job(run, attempt), attempt=attempt, is_taken=False)


def _job(run: RunLayout, attempt: int) -> str:
    """Return an id that no other workspace's run has, though it may have a run of this id, as after a copy."""
    workspace = hashlib.sha256(WorkspaceRecord.read(run.workspace).id.encode()).hexdigest()[:8]
    return f"{run.run_id}-{workspace}-{attempt}"
