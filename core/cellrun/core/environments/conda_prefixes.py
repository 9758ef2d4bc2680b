"""Environments of conda on this machine, found by their names without asking conda."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from cellrun.core.errors import UserErrorException, shown


def conda_prefix(name: str) -> Path:
    """Return the folder of an environment of conda. Raises UserErrorException if there is none of that name."""
    known: dict[str, Path] = {}
    for prefix in _prefixes():
        if (prefix / "conda-meta").is_dir():
            known.setdefault(_name(prefix), prefix)
    if name not in known:
        listed = ", ".join(sorted(known)) or "none"
        raise UserErrorException(f"no conda environment {shown(name)} is on this machine; known: {listed}")
    return known[name]


def _prefixes() -> Iterator[Path]:
    """Iterate over folders that may be environments: the active one, those that conda has listed, those beside it."""
    if active := os.environ.get("CONDA_PREFIX"):
        yield Path(active)
    listed = Path.home() / ".conda" / "environments.txt"
    if listed.is_file():
        yield from (Path(line) for line in listed.read_text(errors="replace").splitlines() if line.strip())
    if program := os.environ.get("CONDA_EXE") or os.environ.get("MAMBA_EXE"):
        root = Path(program).parent.parent
        yield root
        yield from (root / "envs").glob("*")
    if root_of_mamba := os.environ.get("MAMBA_ROOT_PREFIX"):
        yield from (Path(root_of_mamba) / "envs").glob("*")


def _name(prefix: Path) -> str:
    return prefix.name if prefix.parent.name == "envs" else "base"
