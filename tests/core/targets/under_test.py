"""What the conformance suite has to know of a kind; a package that brings one adds its own (docs/targets.md)."""

import json
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

from cellrun.core import Workspace
from cellrun.core.identity import ProcessIdentity
from cellrun.core.layout import RunLayout
from cellrun.core.targets.contract import ComputeTarget
from cellrun.core.targets.fake.far_side import ENGINE, UNREACHABLE
from tests.core.targets.ssh.shim import SshShim


class UnderTest(NamedTuple):
    """How the suite makes and breaks a target of a kind."""

    made: Callable[[Workspace, Path], ComputeTarget]
    """Attaches one to a workspace; what it keeps elsewhere may be in the folder, which is the test's own.

    Programs of an engine's may be made in its `shims`, which is first on PATH.
    """
    lose: Callable[[ComputeTarget, RunLayout], None]
    """Ends all that runs for a run, supervisor and job, so that nobody is left to say how it ended."""
    cut_off: Callable[[ComputeTarget], AbstractContextManager[None]] | None = None
    """Keeps us from reaching its engine, and what its jobs write, for a while; None if that can't happen."""


def _made_fake(workspace: Workspace, folder: Path) -> ComputeTarget:
    return workspace.attach("elsewhere", "fake", folder=folder / "far side")


@contextmanager
def _cut_off_fake(target: ComputeTarget) -> Iterator[None]:
    mark = Path(target.settings["folder"]) / UNREACHABLE
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()
    try:
        yield
    finally:
        mark.unlink()


def _lose_local(_: ComputeTarget, layout: RunLayout) -> None:
    _kill(json.loads(layout.processes.read_bytes()).values())


def _lose_fake(target: ComputeTarget, layout: RunLayout) -> None:
    far = Path(target.settings["folder"])
    _kill(json.loads(path.read_bytes()) for path in far.glob(f"*/runs/{layout.run_id}/{ENGINE}"))


def _made_ssh(workspace: Workspace, folder: Path) -> ComputeTarget:
    SshShim(folder)
    return workspace.attach("box", "ssh", host=str(folder))


def _lose_ssh(target: ComputeTarget, layout: RunLayout) -> None:
    _kill(SshShim(Path(target.settings["host"])).processes_of(layout.run_id))


def _cut_off_ssh(target: ComputeTarget) -> AbstractContextManager[None]:
    return SshShim(Path(target.settings["host"])).trouble("ssh: connect to host box port 22: Connection refused")


def _kill(found: Iterable[dict]) -> None:
    identities = [ProcessIdentity.from_json(one) for one in found]
    assert identities
    for identity in identities:
        os.kill(identity.pid, signal.SIGKILL)


KINDS = {
    "amlcompute": UnderTest(lambda workspace, _: workspace.attach("cluster", "amlcompute", max_nodes=9), _lose_local),
    "local": UnderTest(lambda workspace, _: workspace.compute_targets["local"], _lose_local),
    "fake": UnderTest(_made_fake, _lose_fake, _cut_off_fake),
    "ssh": UnderTest(_made_ssh, _lose_ssh, _cut_off_ssh),
}

ANOTHERS = {"computeinstance"}
"""Kinds that are local with other words."""
