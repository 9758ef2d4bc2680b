"""The Python that an environment is made with: the running one if it fits, another of this machine, else none."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from cellrun.core.environments.building.uv_program import DOWNLOADS
from cellrun.core.environments.package_lines import python_fits

_ANSWER_S = 30.0


class BasePython(NamedTuple):
    """A Python to make environments with."""

    executable: str
    """Its path; of one that uv is to bring, the version wanted."""
    version: str | None
    """As in `3.11.7`; None for one that uv is to bring."""

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine."""
        return self.version is not None


def this_python() -> BasePython:
    """Return the one that runs this code."""
    return BasePython(sys.executable, ".".join(map(str, sys.version_info[:3])))


def find_python(wanted: str | None) -> BasePython | None:
    """Return a Python of a version (`3.11`), or of a specifier (`>=3.10,<3.12`): the running one if it fits.

    None if there is none here and uv isn't told to bring one. Raises UserErrorException for what is neither.
    """
    if python_fits(wanted, this_python().version or ""):
        return this_python()
    found = _find(str(wanted), os.environ.get("PATH", ""))
    if found is None and os.environ.get(DOWNLOADS, "").lower() in {"automatic", "auto", "true"}:
        return BasePython(str(wanted), None)
    return found


@lru_cache(maxsize=64)
def _find(wanted: str, path: str) -> BasePython | None:
    """Ask uv for an interpreter of this machine that is in no virtual environment."""
    from cellrun.core.environments.building.uv_program import uv_program  # noqa: PLC0415  # rarely needed

    find = [uv_program(), "python", "find", "--system", "--no-project", "--no-python-downloads", wanted]
    told = _answer(find, {**os.environ, "PATH": os.pathsep.join(_folders(path))})
    version = _answer([told, "-I", "-c", "import sys; print('%d.%d.%d' % sys.version_info[:3])"]) if told else ""
    return BasePython(told, version) if version else None


def _folders(path: str) -> list[str]:
    """Return the folders of a PATH, for pyenv's shims, of which most fail, those of the Pythons behind them."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    behind = map(str, sorted(root.glob("versions/*/bin"), reverse=True))
    return [*(folder for folder in path.split(os.pathsep) if Path(folder) != root / "shims"), *behind]


def _answer(command: list[str], environ: Mapping[str, str] = os.environ) -> str:
    try:
        done = subprocess.run(
            command,
            env=dict(environ),
            capture_output=True,
            text=True,
            errors="replace",
            cwd="/",
            timeout=_ANSWER_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if not done.returncode else ""
