"""What the benches of a cluster share: a two-node Slurm or Ray of its own, attached, and its own bare command.

Both are this machine, in namespaces of their own (tests/engines): one clock, one processor.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import kit
from bench.elsewhere import Elsewhere, keepers
from cellrun.core import Workspace
from tests.engines.box import NAME
from tests.engines.ray_cluster import PYTHON, RayCluster
from tests.engines.slurm_cluster import SlurmCluster

KINDS = ("slurm", "ray")
_LOOK_S = 0.005


@dataclass
class Cluster:
    """An engine, and a workspace here that has it as a target."""

    kind: str
    place: Elsewhere
    bare: Callable[[Path], float]
    """Starts a Python file by the engine's own command; returns when its first line was here (monotonic seconds)."""
    cut: Callable[[], None]
    """Lets nobody reach the engine: Slurm's controller is stopped, the wire to Ray's API is cut."""
    mend: Callable[[], None]
    carried: Callable[[], Mapping[str, int]]
    """Returns how many bytes went to and from it until now; none where a disk is shared."""


@contextmanager
def cluster(kind: str, folder: Path) -> Iterator[Cluster]:
    """Start one, and attach it to a new workspace; end it and what works for it here."""
    (folder / "source").mkdir()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # users have byte code
    os.chdir(folder)
    workspace = Workspace.create("bench")
    place = Elsewhere(None, workspace, folder / "source")  # type: ignore[arg-type]  # there is no box
    engine: SlurmCluster | RayCluster
    if kind == "slurm":
        engine = slurm = SlurmCluster(folder / "slurm")
        os.environ["SLURM_CONF"] = slurm.config
        workspace.attach(NAME, "slurm")
        made = Cluster(kind, place, _by_sbatch, slurm.stop_controller, slurm.start_controller, dict)
    else:
        (folder / "ray").mkdir()
        engine = ray = RayCluster(folder / "ray")
        workspace.attach(NAME, "ray", address=ray.address)
        bare, wire = partial(_by_ray, ray.address), ray.wire
        made = Cluster(kind, place, bare, wire.cut, wire.mend, lambda: _up_and_down(wire.counted()))
    try:
        yield made
    finally:
        engine.close()
        for pid in keepers(folder / "home"):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)


def parser(description: str | None, rounds: int | None = None) -> argparse.ArgumentParser:
    """Return a parser that takes which engines are measured."""
    made = kit.parser(description, rounds)
    made.add_argument("--engine", nargs="*", choices=KINDS, default=list(KINDS))
    return made


def _up_and_down(counted: Mapping[str, int]) -> Mapping[str, int]:
    return {way: counted[way] for way in ("up", "down")}


def _by_sbatch(script: Path) -> float:
    output = script.with_name(f"out-{time.monotonic_ns()}")
    command = ["sbatch", "--parsable", f"--output={output}", f"--wrap=python3 {script}"]
    subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    while not (output.exists() and output.read_bytes().endswith(b"\n")):
        time.sleep(_LOOK_S)
    return time.monotonic()


def _by_ray(address: str, script: Path) -> float:
    command = [
        str(PYTHON.with_name("ray")),
        "job",
        "submit",
        "--address",
        address,
        "--",
        "python",
        "-c",
        script.read_text(),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout
        seen = next(time.monotonic() for line in process.stdout if line.startswith("line"))
        process.stdout.read()
    return seen
