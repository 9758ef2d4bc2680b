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
from cellrun.core.targets.fake.engine import ENGINE
from cellrun.core.targets.fake.faults import Faults
from cellrun.core.targets.fake.faulty_link import FaultyLink
from tests.core.targets.ssh.shim import SshShim

SERVER = "CELLRUN_TEST_SERVER"
"""Environment variable: the address of a server of ours, for kinds whose jobs need one."""


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
    largest_bytes: int | None = None
    """Larger files than this don't come home, and the run's notes say so; None if all do."""
    nodes: int = 1
    """So many machines have each an equal part of what it has; a run of one process gets no more than a part."""
    waits_here: bool = False
    """Whether a run that its engine can't be asked to take waits here, and goes there once it can."""
    may_grow: bool = False
    """Whether its engine may come to more than it has: nothing is too much for it."""
    needs_server: bool = False
    """Whether its jobs need a server of ours: its address is in the environment (`SERVER`) when `made` is called."""


FAULTS = Faults(loss=0.2, repetition=0.2, reordering=0.2, delay_s=0.05, clock_offset_s=3600.0)
"""What goes wrong all the time where a kind is tried with faults."""


def _fake(faults: Faults | None = None, **settings: str) -> UnderTest:
    """The fake, over one of its ways home, with what goes wrong all the time."""

    def made(workspace: Workspace, folder: Path) -> ComputeTarget:
        far = folder / "far side"
        if faults:
            faults.write(far)
        given = {**settings, "server": os.environ[SERVER]} if "push" in settings.values() else settings
        return workspace.attach("elsewhere", "fake", folder=far, **given)

    largest_bytes = 5_000_000 if "log" in settings.values() else None
    return UnderTest(made, _lose_fake, _cut_off_fake, largest_bytes, needs_server="push" in settings.values())


@contextmanager
def _cut_off_fake(target: ComputeTarget) -> Iterator[None]:
    far = Path(target.settings["folder"])
    before = Faults.read(far)
    before._replace(unreachable=True).write(far)
    FaultyLink(far).until_quiet()
    try:
        yield
    finally:
        before.write(far)


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
    "local": UnderTest(lambda workspace, _: workspace.compute_targets["local"], _lose_local),
    "fake": _fake(),
    "ssh": UnderTest(_made_ssh, _lose_ssh, _cut_off_ssh),
}
"""By kind."""

WAYS = {
    "fake_faulty": _fake(FAULTS),
    "fake_push_faulty": _fake(FAULTS._replace(loss=0.1, reordering=0.1), transport="push"),  # each has many frames
    "fake_log_faulty": _fake(FAULTS, transport="log"),
}
"""Other ways in which runs of a kind come home: what concerns that is tried over each of them, too."""

WELL = {"fake_push": _fake(transport="push"), "fake_log": _fake(transport="log")}
"""These where all goes well: that is quick, and nothing is tried again that ought to have gone at once."""

ANOTHERS = {"amlcompute", "computeinstance"}
"""Kinds that are local with other words: tests/core/targets/local/test_cluster.py tries what they are besides."""

ENGINES = {"slurm", "ray"}
"""Kinds that need a real engine: tests/engines tries them."""
