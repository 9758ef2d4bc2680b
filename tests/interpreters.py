"""Other Pythons than the one that runs the tests: real ones where there are any, else one that says it is another."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path


def bare_environment(folder: Path, python: str = sys.executable) -> str:
    """Make an environment without any package in a folder; return its interpreter."""
    subprocess.run([python, "-m", "venv", "--without-pip", str(folder)], check=True, capture_output=True)
    return str(folder / "bin" / "python")


@functools.cache
def other_pythons() -> tuple[str, ...]:
    """Return interpreters on this machine of other versions that cellrun supports; maybe none."""
    others = (python_of(minor) for minor in range(10, 20) if minor != sys.version_info[1])
    return tuple(python for python in others if python)


def python_of(minor: int) -> str | None:
    """Return an interpreter of Python 3.`minor` on this machine, if there is one."""
    folders = [*os.environ.get("PATH", "").split(os.pathsep), *map(str, Path.home().glob(".pyenv/versions/*/bin"))]
    return next(filter(None, (_working(folder, minor) for folder in folders)), None)


def _working(folder: str, minor: int) -> str | None:
    program = shutil.which(f"python3.{minor}", path=folder)
    if program is None:
        return None
    asked = [program, "-c", "import venv, sys; print(sys.version_info[1], sys.executable)"]
    told = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.split(maxsplit=1)
    # What is in PATH may be a script that chooses an interpreter anew each time.
    return told[1].rstrip("\n") if told[:1] == [str(minor)] else None


def fake_interpreter(folder: Path, version: tuple[int, int, int], **told: object) -> str:
    """Make an interpreter that says it has another version and all modules, or what is told; it runs as this one."""
    answer = {"version": version, "implementation": "cpython", "missing": [], "errors": {}, **told}
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "python"
    program.write_text(
        '#!/bin/sh\ncase "$1" in\n'
        f"*interpreter_script.py) echo '{json.dumps(answer)}' ;;\n"
        f'*) exec {sys.executable} "$@" ;;\nesac\n'
    )
    program.chmod(0o755)
    return str(program)
