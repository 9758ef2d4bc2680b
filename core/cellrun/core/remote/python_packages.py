"""What a Python has installed, asked as a job of it would see it, and kept until something of that has changed."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from cellrun.core.disk.whole_files import replace_file
from cellrun.core.errors import ComputeTargetException, system_reason
from cellrun.core.places import home_folder

_ANSWER_S = 60.0
_QUESTION = """
import json, sys
from importlib.metadata import distributions
heads = [each.metadata for each in distributions()]  # each time it is asked for it is parsed
found = {head["Name"]: head["Version"] for head in heads if head["Name"] and head["Version"]}
version = ".".join(map(str, sys.version_info[:3]))
print("\\n" + json.dumps({"version": version, "packages": found, "path": [each for each in sys.path if each]}))
"""


class PythonPackages(NamedTuple):
    """A Python of this machine."""

    executable: str
    version: str
    packages: Mapping[str, str]
    """Versions by name."""

    @classmethod
    def of(cls, executable: str) -> PythonPackages:
        """Return what a Python has. Raises ComputeTargetException for what is none, or doesn't answer."""
        kept = home_folder("pythons") / f"{hashlib.sha256(os.fsencode(executable)).hexdigest()[:32]}.json"
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            told = json.loads(kept.read_bytes())
            if told["state"] == _state(executable, told["path"]):
                return cls(executable, str(told["version"]), dict(told["packages"]))
        told = _asked(executable)
        with suppress(OSError):  # a full disk: it is asked again
            replace_file(kept, json.dumps({**told, "state": _state(executable, told["path"])}), mode=0o600)
        return cls(executable, told["version"], told["packages"])


def _asked(executable: str) -> dict[str, Any]:
    try:
        done = subprocess.run(
            [executable, "-c", _QUESTION],
            stdin=subprocess.DEVNULL,
            cwd="/",
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_ANSWER_S,
            check=False,
        )
    except OSError as error:
        raise ComputeTargetException(f"{executable} can't be started: {system_reason(error)}") from None
    except subprocess.TimeoutExpired as error:
        raise ComputeTargetException(f"{executable} gave no answer in {_ANSWER_S:g} s") from error
    try:
        told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return {"version": told["version"], "packages": dict(told["packages"]), "path": list(told["path"])}
    except (ValueError, LookupError, TypeError) as error:
        said = (done.stderr.strip() or f"it ended with {done.returncode}").splitlines()[-1]
        raise ComputeTargetException(f"{executable} doesn't tell what it has: {said}") from error


def _state(executable: str, folders: list[str]) -> list[int]:
    """Return what changes when a package is installed or removed: when these folders were changed."""
    return [_changed_at(path) for path in (executable, *folders)]


def _changed_at(path: str) -> int:
    try:
        return Path(path).stat().st_mtime_ns
    except OSError:  # a folder of its path that isn't there
        return 0
