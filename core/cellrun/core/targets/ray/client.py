"""The Jobs API of a cluster, question by question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from cellrun.core.errors import ComputeTargetException
from cellrun.core.remote.messages import NONSENSE, quoted
from cellrun.core.targets.ray.connection import Answer, Connection, facts_of, parsed, unexpected_answer
from cellrun.core.targets.ray.jobs import RayJob

_JOBS = "/api/jobs/"
_NO_LOG = b'{"logs": ""}'


class RefusedJobError(ComputeTargetException):
    """A job or a package that the cluster takes never: asking again changes nothing."""


class TooLargeError(RefusedJobError):
    """A package that is larger than the cluster takes. `most_bytes`: what it takes, if it said so."""

    def __init__(self, why: str, most_bytes: int | None) -> None:
        self.most_bytes = most_bytes
        super().__init__(why)


class RayVersion(NamedTuple):
    """What a cluster runs."""

    ray: str
    session: str
    """Another one after the head was started anew."""


class RayClient:
    """Asks one cluster. Every verb raises AuthenticationError, or ComputeTargetException where no answer comes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def address(self) -> str:
        """Where the cluster is asked."""
        return self._connection.address

    def close(self) -> None:
        """Give up the connection."""
        self._connection.close()

    def version(self) -> RayVersion:
        """Return what it runs."""
        answer = self._connection.ask("GET", "/api/version")
        if answer.status == HTTPStatus.NOT_FOUND:  # some other server's, or a proxy's that leads to none
            raise unexpected_answer(self.address)
        told = facts_of(parsed(answer, self.address), self.address)
        if not isinstance(told.get("ray_version"), str):
            raise unexpected_answer(self.address)
        return RayVersion(quoted(told["ray_version"]), quoted(told.get("session_name", "")))

    def status(self) -> Mapping[str, Any]:
        """Return what nodes there are and what of them is in use, as the autoscaler sees them."""
        return self._facts("GET", "/api/cluster_status")

    def jobs(self) -> dict[str, RayJob]:
        """Return all jobs that were submitted, by their ids: also others' and ended ones."""
        told = parsed(self._connection.ask("GET", _JOBS), self.address)
        try:
            # Ray lists its own drivers, too: these weren't submitted, and have no such id.
            found = [RayJob.of(each) for each in told if each.get("submission_id")]
        except NONSENSE:
            raise unexpected_answer(self.address) from None
        return {each.submission_id: each for each in found}

    def job(self, submission_id: str) -> RayJob | None:
        """Return a job; None where the cluster answers that it knows none of that id."""
        answer = self._connection.ask("GET", _path(submission_id))
        if answer.status == HTTPStatus.NOT_FOUND and _is_rays(answer):
            return None
        try:
            return RayJob.of(facts_of(parsed(answer, self.address), self.address))
        except NONSENSE:
            raise unexpected_answer(self.address) from None

    def submit(self, job: Mapping[str, Any]) -> None:
        """Hand a job over: `submission_id`, `entrypoint`, `runtime_env`, `metadata`, `entrypoint_num_cpus` ….

        Raises RefusedJobError for one that it takes never. One of that id that is there is the cluster's, not anew.
        """
        answer = self._connection.ask("POST", _JOBS, told=dict(job))
        if not answer.is_well and "already exists" not in answer.words:
            if answer.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}:
                raise RefusedJobError(f"{self.address} refuses the job: {answer.words}")
            parsed(answer, self.address)

    def stop(self, submission_id: str) -> None:
        """Have a job stopped; harmless for one that has ended or isn't known."""
        answer = self._connection.ask("POST", f"{_path(submission_id)}/stop")
        if answer.status != HTTPStatus.NOT_FOUND:
            parsed(answer, self.address)

    def has_package(self, name: str) -> bool:
        """Whether a package is there; then it stays for some minutes, until a job uses it."""
        answer = self._connection.ask("GET", f"/api/packages/gcs/{name}")
        if answer.status == HTTPStatus.NOT_FOUND and _is_rays(answer):
            return False
        if not answer.is_well:
            parsed(answer, self.address)
        return True

    def put_package(self, name: str, package: Path) -> None:
        """Send a package. Raises TooLargeError for one that it doesn't take."""
        with package.open("rb") as file:
            answer = self._connection.ask("PUT", f"/api/packages/gcs/{name}", body=file)
        if answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            most = [int(word) for word in answer.words.split() if word.isdecimal()]
            raise TooLargeError(f"{self.address} takes no package so large: {answer.words}", most[0] if most else None)
        if not answer.is_well:
            parsed(answer, self.address)

    @contextmanager
    def log(self, submission_id: str) -> Iterator[Iterator[bytes]]:
        """Open a job's whole log, as the JSON that the cluster gives: an object whose `logs` is its text.

        A job that it doesn't know has an empty one. Raises RefusedJobError where the cluster can't read it, as it
        isn't text.
        """
        with self._connection.blocks(f"{_path(submission_id)}/logs") as (answer, blocks):
            if answer.status == HTTPStatus.NOT_FOUND and _is_rays(answer):
                yield iter((_NO_LOG,))
                return
            if answer.status == HTTPStatus.INTERNAL_SERVER_ERROR and "UnicodeDecodeError" in answer.words:
                raise RefusedJobError(f"Ray can't read the job's log any more: {answer.words}")
            if not answer.is_well:
                parsed(answer, self.address)
            yield blocks

    def _facts(self, method: str, path: str) -> Mapping[str, Any]:
        return facts_of(parsed(self._connection.ask(method, path), self.address), self.address)


def _is_rays(answer: Answer) -> bool:
    """Whether Ray says that something isn't there: a proxy's or another server's 404 says nothing of it."""
    return "does not exist" in answer.words


def _path(submission_id: str) -> str:
    return f"{_JOBS}{quote(submission_id, safe='')}"
