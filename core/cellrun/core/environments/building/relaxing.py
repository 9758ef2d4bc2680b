"""Relaxes a lenient environment's requirements that can't be met, by what the resolver says of them."""

from __future__ import annotations

import re

from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.lenient import loosened, without
from cellrun.core.environments.package_lines import package_name

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9]|[A-Za-z0-9]")
_UNSOLVED = re.compile(r"No solution found|Because |Failed to build ")
_NOT_FOUND = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*) was not found in the ")


def relaxed(spec: EnvironmentSpec, words: str) -> EnvironmentSpec | None:
    """Return a spec that asks for less of a package which the resolver names; None if there is none to ask less of."""
    if found := _NOT_FOUND.search(words):
        less = without(spec, found["name"])
        if less is not spec:
            return less
    known = {package_name(line) for line in spec.packages}
    for name in _NAME.findall(words):
        if (normal := re.sub(r"[-_.]+", "-", name).lower()) in known:
            less = loosened(spec, normal)
            if less.packages != spec.packages:
                return less
    less = loosened(spec) if _UNSOLVED.search(words) else spec  # it is others' versions that let nothing be found
    return less if less.packages != spec.packages else None
