"""An environment as another machine can build it: without what is on this one alone."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import NamedTuple

from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.lenient import Available, is_strict, lenient
from cellrun.core.environments.package_lines import local_path, requirement
from cellrun.core.errors import UserErrorException

_EDITABLE = re.compile(r"^(?:--editable|-e)[ =]\s*(?P<path>.+)$")
_LOCAL_INDEX = re.compile(r"^(?:--find-links|-f|--index-url|-i|--extra-index-url)[ =]\s*(?:file://)?(?P<path>[/~.].*)$")
_REMEDY = (
    "put it where that machine finds it (an index, a git or https address), or what it has of yours into the source "
    "folder, which goes along"
)


class PortableSpec(NamedTuple):
    """What is sent of an environment, and why it can't be sent."""

    spec: EnvironmentSpec
    problems: tuple[str, ...] = ()
    """What of it is on this machine alone, a sentence each."""

    @classmethod
    def of(cls, spec: EnvironmentSpec) -> PortableSpec:
        """Make it of a spec as users mean it here: the Python is this one's where they named none.

        A spec of a Python that is there is one of a path over there. What the notices say that another machine hasn't
        got, as of the notebook's own environment, is left out; else it is a problem.
        """
        if spec.is_given:
            return cls(spec)
        try:
            spec = _eased(spec)
            found = list(_only_here(spec))
        except UserErrorException as error:  # no line of a package
            return cls(spec, (str(error),))
        left_out = {line for line, path, _ in found if any(path in notice for notice in spec.notices)}
        problems = [
            f"{words}, which no other machine has; {_REMEDY}" for line, _, words in found if line not in left_out
        ]
        return cls(_without(spec, left_out), tuple(problems))


def _eased(spec: EnvironmentSpec) -> EnvironmentSpec:
    if spec.is_lenient:
        spec = replace(spec, is_lenient=False) if is_strict() else lenient(spec, Available.here(), is_here=False)
    return replace(spec, python=spec.python or ".".join(map(str, sys.version_info[:2])))


def _without(spec: EnvironmentSpec, lines: Collection[str]) -> EnvironmentSpec:
    return replace(
        spec,
        packages=tuple(line for line in spec.packages if line not in lines),
        constraints=tuple(line for line in spec.constraints if line not in lines),
        options=tuple(line for line in spec.options if line not in lines),
    )


def _only_here(spec: EnvironmentSpec) -> Iterator[tuple[str, str, str]]:
    """Iterate over the lines that take something from this machine: each with its path, and the words for it."""
    for line in spec.options:
        if found := _EDITABLE.match(line):
            yield line, found["path"], f"the environment has what is in the folder {found['path']}"
        elif found := _LOCAL_INDEX.match(line):
            yield line, found["path"], f"the environment looks for packages in {found['path']}"
    for line in (*spec.packages, *spec.constraints):
        if path := local_path(line):
            yield line, str(path), f"the environment has {requirement(line).name} from {path}"
