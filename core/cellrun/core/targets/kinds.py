"""The kinds of compute targets: the built-in ones, and those of an entry-point group.

The built-in ones are named here, as a run in another Python has a copy of cellrun without the metadata of a package.
"""

from __future__ import annotations

from functools import lru_cache
from inspect import isabstract
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from cellrun.core.errors import ComputeTargetException, did_you_mean, shown
from cellrun.core.targets.contract import ComputeTarget

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "cellrun.compute_targets"
_BUILT_IN = {
    "amlcompute": "cellrun.core.targets.local.cluster:AmlCompute",
    "computeinstance": "cellrun.core.targets.local.cluster:ComputeInstance",
    "fake": "cellrun.core.targets.fake:FakeTarget",
    "local": "cellrun.core.targets.local.target:LocalTarget",
    "ray": "cellrun.core.targets.ray.target:RayTarget",
    "slurm": "cellrun.core.targets.slurm.cluster:SlurmCluster",
    "ssh": "cellrun.core.targets.ssh.target:SshTarget",
}


def kind_named(name: object) -> type[ComputeTarget]:
    """Return the class of a kind.

    Raises ComputeTargetException if there is none of that name, or if it can't be loaded: then with its own error.
    """
    if isinstance(name, str) and name in _BUILT_IN:
        return _checked(name, _BUILT_IN[name], resolve_name(_BUILT_IN[name]))
    others = _others()
    if not isinstance(name, str) or name not in others:
        known = kind_names()
        hint = did_you_mean(name, known, "; ")
        raise ComputeTargetException(f"no kind of compute target {shown(name)}; known: {', '.join(known)}{hint}")
    return _loaded(others[name])


def kind_names() -> list[str]:
    """Return the names of all kinds. None is loaded: a kind's library may take seconds."""
    return sorted({*_BUILT_IN, *_others()})


@lru_cache(maxsize=1)  # reading the metadata of all installed packages takes longer than a submission
def _others() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points  # noqa: PLC0415  # it loads what reads mail; a built-in kind needs none

    return {entry.name: entry for entry in entry_points(group=GROUP)}


def _loaded(entry: EntryPoint) -> type[ComputeTarget]:
    try:
        made = entry.load()
    except Exception as error:  # a stranger's module may raise anything while it is imported
        raise ComputeTargetException(
            f"compute target {entry.name!r} ({entry.value}) can't be loaded: {type(error).__name__}: {error}"
        ) from error
    return _checked(entry.name, entry.value, made)


def _checked(name: str, place: str, made: Any) -> type[ComputeTarget]:
    if not (isinstance(made, type) and issubclass(made, ComputeTarget)) or isabstract(made):
        lacks = ", ".join(sorted(getattr(made, "__abstractmethods__", ())))
        problem = f"lacks {lacks}" if lacks else "is no subclass of cellrun.core.targets.contract.ComputeTarget"
        raise ComputeTargetException(f"compute target {name!r} ({place}) {problem}")
    if (kind := getattr(made, "kind", None)) != name:
        raise ComputeTargetException(
            f"compute target {name!r} ({place}) calls its kind {shown(kind)}; expected {name!r}"
        )
    return made
