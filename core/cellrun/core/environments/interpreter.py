"""The Python that runs a run: found in an environment, and asked what it has where it isn't this process's own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from cellrun.core.context.manifest import version_words
from cellrun.core.environments import interpreter_script
from cellrun.core.errors import UserErrorException, system_reason
from cellrun.core.supervision.launch_spec import recorded

_ANSWER_S = 30.0
_OLDEST = ".".join(map(str, interpreter_script.OLDEST))


@dataclass(frozen=True)
class Answer:
    """What a Python told of itself."""

    version: tuple[int, int, int]
    python: str
    """The version that byte code belongs to, as `context.manifest.python_version` tells this one's."""
    missing: frozenset[str] = frozenset()
    """The modules asked for that it doesn't find."""
    errors: Mapping[str, str] = field(default_factory=dict)
    """What in the sources asked for is no Python there, by their titles."""

    @property
    def version_text(self) -> str:
        """Its whole version: `3.13.5`."""
        return ".".join(map(str, self.version))


def interpreter_of(environment: str | os.PathLike[str]) -> Path:
    """Return the interpreter of an environment, absolute: of a virtual environment or conda prefix, or itself.

    Nothing says that it is there.
    """
    path = Path(environment).expanduser().absolute()
    return path / "bin" / "python" if path.is_dir() else path


def environment_problems(environment: str) -> list[str]:
    """Return why an environment can't be one on this machine: nothing is there to run, or no Python is in it."""
    expected = "give the folder of a virtual environment or conda prefix, or the path of a Python interpreter"
    if Path(environment).expanduser().is_dir():
        is_there = interpreter_of(environment).exists()
        return [] if is_there else [f"environment={environment!r} is a folder without bin/python; {expected}"]
    if os.sep not in environment and not Path(environment).exists():
        found = shutil.which(environment)
        return [f"environment={environment!r} isn't there: {f'did you mean {found}?' if found else expected}"]
    return []


def environment_of(interpreter: str) -> Path:
    """Return the folder of the virtual environment or conda prefix that an interpreter is in; if in none, itself."""
    prefix = Path(interpreter).parent.parent
    is_environment = (prefix / "pyvenv.cfg").exists() or (prefix / "conda-meta").exists()
    return prefix if is_environment else Path(interpreter)


def ask(interpreter: str, modules: Collection[str] = (), sources: Mapping[str, str] | None = None) -> Answer:
    """Ask an interpreter for its version, the modules that it lacks, and the sources that aren't Python to it.

    It takes one short process, in the environment that a run would get; none for what was answered before.
    Raises UserErrorException for what is no Python, or one that is too old for a cell.
    """
    try:
        changed = Path(interpreter).stat().st_mtime_ns
    except OSError as error:
        raise _unusable(interpreter, system_reason(error)) from error
    if not modules and not sources:
        return _version(interpreter, changed)
    return _answer(interpreter, {"modules": sorted(modules), "sources": dict(sources or {})})


@lru_cache(maxsize=64)
def _version(interpreter: str, _changed: int) -> Answer:
    return _answer(interpreter, {"modules": [], "sources": {}})


def _answer(interpreter: str, question: dict[str, object]) -> Answer:
    command = [interpreter, interpreter_script.__file__]
    try:
        done = subprocess.run(
            command,
            input=json.dumps(question),
            env=_environment(interpreter),
            cwd="/",
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_ANSWER_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _unusable(interpreter, f"it gave no answer in {_ANSWER_S:g} s") from error
    except OSError as error:
        raise _unusable(interpreter, system_reason(error)) from error
    try:
        told = json.loads(done.stdout.splitlines()[-1])
        major, minor, micro = told["version"]
    except (ValueError, LookupError, TypeError) as error:
        said = (done.stderr.strip() or done.stdout.strip() or f"it ended with {done.returncode}").splitlines()[-1]
        raise _unusable(interpreter, said) from error
    if (major, minor) < interpreter_script.OLDEST:
        raise _unusable(interpreter, f"it is Python {major}.{minor}.{micro}")
    python = version_words(told["implementation"], major, minor)
    return Answer((major, minor, micro), python, frozenset(told["missing"]), told["errors"])


def _environment(interpreter: str) -> dict[str, str]:
    kept, others = recorded(os.environ, interpreter, 1)
    return {**{name: os.environ[name] for name in others}, **kept}


def _unusable(interpreter: str, why: str) -> UserErrorException:
    return UserErrorException(
        f"{interpreter} can't run a cell: {why}; give an environment with Python {_OLDEST} or newer: a virtual "
        "environment, a conda prefix, or an interpreter"
    )
