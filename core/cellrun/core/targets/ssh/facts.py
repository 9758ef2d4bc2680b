"""Facts about a machine reached by ssh, as it told them last: it isn't asked for each question."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from cellrun.core.disk.control_file import is_system_text
from cellrun.core.disk.whole_files import replace_file
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.places import home_folder
from cellrun.core.resources import Resources, size_text
from cellrun.core.run_request import RunRequest
from cellrun.core.targets.contract import TargetPython

_TOLD = ("executable", "host", "python", "packages", "uv", "cpus", "gpus", "memory_bytes")
_MOST_PACKAGES, _MOST_CHARS, _MOST_ENGINE_CHARS = 20_000, 4096, 1 << 20
"""Who tells may be anybody by now, and all of it is read before each submission."""


class Facts(NamedTuple):
    """What a machine told of itself. Kept in CELLRUN_HOME for the settings by which it was reached; no secret."""

    learned_at: float
    """Epoch seconds, of our clock."""
    host: str
    """What it calls itself."""
    python: TargetPython
    """What a run gets that asks for no other."""
    capacity: Resources
    """The most that one run may ask for."""
    uv: str | None
    """Where uv is, which builds environments."""
    engine: Mapping[str, Any]
    """What its engine told (`ComputeTarget.learned`), as it came: it is for its kind to read."""

    @classmethod
    def known(cls, settings: Mapping[str, str]) -> Facts | None:
        """Return what a machine told last; None if it never did."""
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            return cls._of(json.loads(_path(settings).read_bytes()))
        return None

    @classmethod
    def keep(cls, settings: Mapping[str, str], told: Mapping[str, Any]) -> Facts:
        """Keep what a machine has told just now, and return it. Raises ValueError for what doesn't tell that."""
        try:
            kept = {**{name: told[name] for name in _TOLD}, "engine": told.get("engine"), "learned_at": time.time()}
            facts = cls._of(kept)
        except (KeyError, TypeError, AttributeError, ArithmeticError) as error:
            raise ValueError(f"a machine tells of itself without {error}") from error
        with suppress(OSError):  # a full disk: it is asked again the next time
            replace_file(_path(settings), json.dumps(kept), mode=0o600)
        return facts

    def python_of(self, environment: str | EnvironmentSpec | None) -> TargetPython:
        """Return the Python that a run with an environment gets there, as far as this tells."""
        return self.python if environment is None else TargetPython.of(environment)

    def environment_problems(self, request: RunRequest, name: str) -> list[str]:
        """Return why a run's environment can't be built on this machine, as a target of a name."""
        if not isinstance(request.environment, EnvironmentSpec) or self.uv:
            return []
        problem = (
            f"its environment is built on {name!r}, and uv isn't there; install it (https://docs.astral.sh/uv), "
            "or give the path of a Python there: --environment PATH, environment='PATH'"
        )
        return [problem]

    def problems(self, request: RunRequest, name: str) -> list[str]:
        """Return why a run could never start on this machine itself, as a target of a name."""
        asked, most, problems = request.resources, self.capacity, self.environment_problems(request, name)
        if asked.cpus > most.cpus:
            problems.append(f"cpus={asked.cpus}: {name!r} has {most.cpus}")
        if asked.gpus > most.gpus:
            problems.append(f"gpus={asked.gpus}: {name!r} has {most.gpus}")
        if asked.memory_bytes > most.memory_bytes:
            problems.append(f"memory={size_text(asked.memory_bytes)}: {name!r} has {size_text(most.memory_bytes)}")
        if request.distribution and request.distribution.nodes > 1:
            problems.append(f"node_count={request.distribution.nodes}: {name!r} is one machine; give node_count=1")
        return problems

    @classmethod
    def _of(cls, told: Mapping[str, Any]) -> Facts:
        uv, packages, engine = told["uv"], told["packages"], dict(told.get("engine") or {})
        if not all(map(_is_short_text, (told["executable"], told["python"], told["host"], uv or ""))):
            raise ValueError("a machine tells of itself what can't be")
        if len(json.dumps(engine)) > _MOST_ENGINE_CHARS:
            raise ValueError("a machine tells more of its engine than there can be")
        if packages is not None:
            packages = dict(filter(_are_short_texts, islice(packages.items(), _MOST_PACKAGES)))
        python = TargetPython(told["executable"], told["python"], packages, builds=bool(uv))
        return cls(float(told["learned_at"]), told["host"], python, Resources.from_json(dict(told)), uv, engine)


def _is_short_text(value: object) -> bool:
    return is_system_text(value) and len(str(value)) <= _MOST_CHARS


def _are_short_texts(package: tuple[Any, Any]) -> bool:
    return all(map(_is_short_text, package))


def _path(settings: Mapping[str, str]) -> Path:
    name = hashlib.sha256(json.dumps(dict(settings), sort_keys=True).encode()).hexdigest()[:32]
    return home_folder("machines") / f"{name}.json"
