"""The interface of a builder of environments, and how it starts the programs that build."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.errors import UserErrorException

_FAILURES = ("error:", "critical ", "\N{MULTIPLICATION SIGN} ")
"""How uv, of one version and another, pixi and micromamba begin to say why they fail."""
_DRAWN = re.compile("[\N{MULTIPLICATION SIGN}╰├─▶│]")

Say = Callable[[str], object]
"""Takes a line of a build's log."""


class BuildError(UserErrorException):
    """An environment couldn't be built: in the words of whatever builds it, in one line."""


class Builder(Protocol):
    """One way to build environments."""

    def problems(self, spec: EnvironmentSpec) -> list[str]:
        """Return why this machine could never build it, each with what to do. Nothing is built or asked for long."""

    def is_conda(self) -> bool:
        """Whether what it builds is a conda prefix, else a virtual environment."""

    def build(self, spec: EnvironmentSpec, base: str, folder: Path, say: Say) -> Path:
        """Build it in a folder that isn't there yet, at the place where it stays; return its prefix.

        `base` is the Python to make it with. Raises BuildError.
        """


def run(
    command: Sequence[str], environ: Mapping[str, str], folder: Path, say: Say, hidden: Collection[str] = ()
) -> None:
    """Run a program of a build; what it prints is said line by line, paths in a folder relative to that.

    The values of variables that are `hidden` aren't said: `${NAME}` is, in their place. Raises BuildError if it fails.
    """
    names = {
        form: f"${{{name}}}"
        for name in hidden
        if (value := environ.get(name))
        for form in (value, quote(value, safe=""))
    }
    shown = [Path(command[0]).name, *(word.removeprefix(f"{folder}/") for word in command[1:])]
    say(f"$ {shlex.join(shown)}")
    lines = []
    try:
        # Its output comes by a pipe: what it says is looked at, and the log may be anywhere.
        with subprocess.Popen(
            command,
            env=dict(environ),
            cwd="/",  # uv takes a uv.toml or pyproject.toml of any folder above: in /tmp that is anybody's
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        ) as process:
            try:
                for line in process.stdout or ():
                    lines.append(_without(names, line.rstrip()))
                    say(lines[-1])
            except BaseException:  # Ctrl-C: nobody waits for it any more
                process.kill()
                raise
    except OSError as error:
        raise BuildError(f"{command[0]} can't be started: {error.strerror or error}") from error
    if process.returncode:
        raise BuildError(words(lines) or f"{shlex.join(command)[:80]} ended with {process.returncode}")


def _without(names: Mapping[str, str], line: str) -> str:
    """Return a line with names in the place of values, the longest of these first: one may be part of another."""
    values = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return re.sub(values, lambda found: names[found[0]], line) if names else line


def words(lines: Sequence[str]) -> str:
    """Return what a program said of its failure, in one line: from where it begins to, else its last line."""
    said = [line for line in lines if line.strip()]
    starts = [number for number, line in enumerate(said) if line.lower().lstrip().startswith(_FAILURES)]
    told = said[starts[-1] :] if starts else said[-1:]
    return " ".join(_DRAWN.sub(" ", " ".join(told)).split()).removeprefix("error: ")
