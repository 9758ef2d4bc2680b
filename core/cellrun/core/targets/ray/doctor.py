"""The doctor of a Ray cluster: what is well, what isn't, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import NamedTuple

from cellrun.core.errors import AuthenticationError, CellrunError, ComputeTargetException, problem_of
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.resources import size_text
from cellrun.core.targets.contract import Finding
from cellrun.core.targets.ray.client import RayClient
from cellrun.core.targets.ray.connection import Connection
from cellrun.core.targets.ray.facts import Nodes
from cellrun.core.targets.ray.probe import probed
from cellrun.core.targets.ray.stored_values import StoredValues
from cellrun.core.targets.ray.token import Token


class Stored(NamedTuple):
    """The values of a workspace's runs that go by a datastore."""

    values: StoredValues
    workspace: WorkspaceLayout


def findings(
    client: RayClient, server: str, find_token: Callable[[], Token | None], stored: Stored | None
) -> list[Finding]:
    """Look at the way there, at who is let in, at its nodes, and by a job of a second at what jobs find there."""
    try:
        version = client.version()
        found = [Finding("connection", is_well=True, text=f"{client.address} is Ray {version.ray}")]
        found += [_access(client.address, find_token()), _nodes(Nodes.of(client))]
    except ComputeTargetException as error:
        return [Finding("connection", is_well=False, text=str(error))]
    found.append(_tails())
    where: Mapping[str, str] = {}
    if stored:
        try:
            where = stored.values.probe(stored.workspace)
        except (CellrunError, OSError) as error:
            found.append(Finding("datastore", is_well=False, text=problem_of(error)))
    try:
        return [*found, *probed(client, server, stored.values.named if stored else "", where)]
    except ComputeTargetException as error:
        return [*found, Finding("jobs", is_well=False, text=str(error))]


def is_open(address: str) -> bool:
    """Whether a cluster lets everybody in. Raises ComputeTargetException where it doesn't answer."""
    connection = Connection(address, lambda: None)
    try:
        RayClient(connection).jobs()
    except AuthenticationError:
        return False
    finally:
        connection.close()
    return True


def open_words(address: str) -> str:
    """Return what is said of a cluster that lets everybody in."""
    return (
        f"{address} lets in whoever reaches it, without a token: they can run code there, and read what its jobs are "
        "given; RAY_AUTH_MODE=token, where it is started, changes that"
    )


def _access(address: str, token: Token | None) -> Finding:
    if is_open(address):
        return Finding("access", is_well=False, text=open_words(address))
    return Finding("access", is_well=True, text=f"by the token from {token.source}" if token else "you are let in")


def _nodes(nodes: Nodes) -> Finding:
    has, uses = nodes.total, nodes.in_use
    text = (
        f"{nodes.how_many}, with {has.cpus} cores ({uses.cpus} in use), {has.gpus} GPUs ({uses.gpus} in use), "
        f"{size_text(has.memory_bytes)} of memory"
    )
    return Finding("nodes", is_well=nodes.how_many > 0, text=text)


def _tails() -> Finding:
    if find_spec("websocket"):
        return Finding("live log", is_well=True, text="jobs' logs are read as they are written, while somebody looks")
    text = "jobs' logs are read once a minute: pip install 'cellrun[ray]' has them read as they are written"
    return Finding("live log", is_well=False, text=text)
