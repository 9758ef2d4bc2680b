"""The doctor of a Slurm cluster: what is well, what isn't, and what to do about it."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from cellrun.core.disk.whole_files import make_private_folder
from cellrun.core.errors import ComputeTargetException
from cellrun.core.places import home
from cellrun.core.targets.contract import Finding
from cellrun.core.targets.slurm.accounting import Accounting
from cellrun.core.targets.slurm.partitions import Partitions
from cellrun.core.targets.slurm.programs import SlurmPrograms
from cellrun.core.targets.slurm.settings import OPTIONS
from cellrun.core.targets.slurm.submission import python_of

_PROGRAMS = ("sbatch", "squeue", "scancel", "scontrol", "sinfo")
_NODE_S = 30.0
_MOST_CLOCK_S = 60.0
_PROBE = """
import sys, time
print("probe", sys.version_info[0], sys.version_info[1], time.time(), open(sys.argv[1]).read())
"""


def findings(slurm: SlurmPrograms, settings: Mapping[str, Any], folder: Path | None) -> list[Finding]:
    """Look at all that a run needs; `folder` is the workspace's; None: that of all.

    A small job is tried on a node.
    """
    missing = [program for program in _PROGRAMS if not slurm.is_there(program)]
    if missing:
        words = f"{', '.join(missing)} not found; take a machine of the cluster, or `module load slurm` first"
        return [Finding("slurm", is_well=False, text=words)]
    try:
        version = slurm.ask("sinfo", "--version").strip()
        partitions = Partitions.asked(slurm, _NODE_S)
    except ComputeTargetException as error:
        return [Finding("slurm", is_well=False, text=f"{error}; ask whoever runs the cluster, or try again later")]
    found = [Finding("slurm", is_well=True, text=f"{version} answers"), _partition(partitions, settings)]
    found.append(_accounts(slurm))
    if found[1].is_well:
        found += _node(slurm, settings, folder or home())
    return found


def _partition(partitions: Partitions, settings: Mapping[str, Any]) -> Finding:
    wanted = str(settings.get("partition") or "")
    groups, names = partitions.of(wanted), ", ".join(partitions.names)
    if not groups:
        text = f"there is no partition {wanted!r}" if wanted else "there is no default partition"
        return Finding("partition", is_well=False, text=f"{text}; attach it again with partition=, one of {names}")
    working = sum(group.nodes for group in groups if group.is_working)
    nodes = sum(group.nodes for group in groups)
    text = f"{wanted or groups[0].partition}: {working} of {nodes} nodes work"
    return Finding("partition", is_well=bool(working), text=text if working else f"{text}; runs wait until one does")


def _accounts(slurm: SlurmPrograms) -> Finding:
    why_not = Accounting(slurm).why_not() if slurm.is_there("sacct") else "sacct isn't there"
    if not why_not:
        return Finding("accounting", is_well=True, text="sacct tells of jobs that ended long ago")
    words = "a run whose job ended while nobody looked for minutes is known by what it wrote alone"
    return Finding("accounting", is_well=True, text=f"there is none ({why_not}): {words}")


def _node(slurm: SlurmPrograms, settings: Mapping[str, Any], folder: Path) -> list[Finding]:
    """Let a node read a file that is written here, by the Python that runs begin with."""
    file, python = folder / ".slurm" / f"doctor-{time.time_ns()}", python_of(settings)
    chosen = [f"--{name}={settings[name]}" for name in OPTIONS if settings.get(name)]
    options = [*settings.get("sbatch", ()), *chosen, "--nodes=1", "--ntasks=1", "--time=2", "--quiet"]
    options += [f"--immediate={_NODE_S:.0f}", "--chdir=/", "--export=NIL", "--job-name=cellrun_doctor"]
    try:
        make_private_folder(file.parent)
        file.write_text("seen", encoding="utf-8")
        said = slurm.ask("srun", *options, python, "-I", "-S", "-c", _PROBE, str(file), timeout_s=2 * _NODE_S)
    except (ComputeTargetException, OSError) as error:
        return [_unseen(str(error), folder, python)]
    finally:
        with suppress(OSError):
            file.unlink()
    words = next((line.split() for line in said.splitlines() if line.startswith("probe ")), [])
    if len(words) != 5:
        return [_unseen(said.strip()[-300:] or "it said nothing", folder, python)]
    version, ahead_s = (int(words[1]), int(words[2])), float(words[3]) - time.time()
    shown = f"a node's {python} is Python {version[0]}.{version[1]}"
    mend = "; cellrun needs 3.10 or newer: give python="
    clock = f"a node's clock is {abs(ahead_s):.0f} s {'ahead' if ahead_s > 0 else 'behind'}"
    return [
        Finding("node", is_well=True, text=f"a node sees {folder}"),
        Finding("python", is_well=version >= (3, 10), text=shown if version >= (3, 10) else shown + mend),
        Finding("clock", is_well=abs(ahead_s) < _MOST_CLOCK_S, text=clock),
    ]


def _unseen(said: str, folder: Path, python: str) -> Finding:
    if "nodes are busy" in said or "Immediate execution impossible" in said:
        return Finding("node", is_well=True, text=f"no node was free to be asked for {_NODE_S:.0f} s; try again later")
    if "Unable to allocate resources" in said or "srun --help" in said:
        words = f"Slurm refuses a job with these settings: {said}; attach it again with what it takes"
        return Finding("node", is_well=False, text=words)
    words = f"a node can't read {folder} by {shlex.quote(python)}: {said}; both have to be on a disk that nodes share"
    return Finding("node", is_well=False, text=words)
