"""A job as the Jobs API tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from cellrun.core.remote.messages import quoted

PENDING, RUNNING, STOPPED, SUCCEEDED, FAILED = "PENDING", "RUNNING", "STOPPED", "SUCCEEDED", "FAILED"
_TERMINAL = frozenset({STOPPED, SUCCEEDED, FAILED})
_MOST_CHARS = 300
# What Ray says of a job that found no room in 900 s, by its error's type; before 2.44 by its words alone.
_START_TIMEOUT = "JOB_SUPERVISOR_ACTOR_START_TIMEOUT"
_LOG_FOLLOWS = ", last available logs"
_START_TIMEOUT_WORDS = "Job supervisor actor failed to start within"


class RayJob(NamedTuple):
    """One job."""

    submission_id: str
    status: str
    message: str
    error_type: str = ""

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> RayJob:
        """Return a job of what is told of it. Raises KeyError, TypeError for what tells of none."""
        if not isinstance(told["submission_id"], str) or not isinstance(told["status"], str):
            raise TypeError("a job has no id or no status")
        return cls(
            told["submission_id"], told["status"], str(told.get("message") or ""), str(told.get("error_type") or "")
        )

    @property
    def has_ended(self) -> bool:
        """Whether it won't run any more."""
        return self.status in _TERMINAL

    @property
    def was_given_up(self) -> bool:
        """Whether Ray gave it up while it waited for room, which it does after 900 s: nothing of it was started."""
        told_so = self.error_type == _START_TIMEOUT or self.message.startswith(_START_TIMEOUT_WORDS)
        return self.status == FAILED and told_so

    @property
    def words(self) -> str:
        """Return what Ray says of it, for people: its first line, without the log's end that follows."""
        first = next((line for line in self.message.splitlines() if line.strip()), "").partition(_LOG_FOLLOWS)[0]
        return quoted(first[:_MOST_CHARS])
