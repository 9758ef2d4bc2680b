"""The names of the old SDK: how Python finds `azureml` and what is below it.

Every process of a run loads this before it does anything else: nothing is imported that takes a millisecond, not even
`typing` and `importlib.abc`.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec, PathFinder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

OLD = "azureml"
OURS = "cellrun.azureml"
CHILDREN_TOO = "CELLRUN_AZUREML"
"""Set where the names are installed by hand: processes that are started there have them as well."""
_RUN_FOLDER = "CELLRUN_RUN_FOLDER"
_OF_THEIR_OWN = ("azureml.dataprep", "azureml.fsspec", "azureml.mlflow")
"""Packages that do without the old SDK, and that other programs use: where one is installed, it is what it is."""


def install() -> None:
    """Let `azureml` and all below it be cellrun, in this process and in those that it starts.

    Where the real SDK is installed it is left alone, which is said, unless this process is part of a run. Doing it
    twice changes nothing.
    """
    if any(isinstance(each, OldNames) for each in sys.meta_path):
        return
    is_job = _RUN_FOLDER in os.environ
    if not is_job and _has_real_sdk():
        print(  # noqa: T201  # the user has asked for the names, in a notebook or a script
            "azureml-core is installed here: its names stay as they are, cellrun's come into runs alone; "
            "`pip uninstall azureml-core` and a new start let them come here, too"
        )
        return
    for name in [name for name in sys.modules if _is_old(name)]:  # what is left of the SDK's namespace, or of a folder
        del sys.modules[name]
    sys.meta_path.insert(0, OldNames())
    if not is_job:
        os.environ[CHILDREN_TOO] = "1"


class OldNames:
    """Finds `azureml…` in `cellrun.azureml…`, and there what isn't supported by the table of that.

    Responsibilities:
    - one module object under both names
    - modules that are no files: those of which cellrun supports nothing
    """

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how a module of the old names is loaded; None for any other, and for one that nobody knows."""
        del path, target
        if _is_old(fullname):
            if installed := _installed(fullname):
                return installed
            ours = OURS + fullname[len(OLD) :]
            if not _is_there(ours):
                return None
            return ModuleSpec(fullname, _SameModule(ours), is_package=True)  # type: ignore[arg-type]  # has no base
        if not fullname.startswith(f"{OURS}.") or PathFinder.find_spec(fullname, _path_of(fullname)):
            return None
        from cellrun.azureml.unsupported import module_row  # noqa: PLC0415  # few programs need it

        if module_row(OLD + fullname[len(OURS) :]) is None:
            return None
        return ModuleSpec(fullname, _Unsupported(), is_package=True)  # type: ignore[arg-type]  # as above


class _SameModule:
    """Gives the module of another name, as it is."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module, loaded if needed."""
        del spec
        __import__(self._name)
        module = sys.modules[self._name]
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Run nothing, and give the module back its own spec, in whose place importlib has put the other name's."""
        module.__spec__ = self._spec


class _Unsupported:
    """Makes a module whose names can be imported, and fail when they are used."""

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Leave it to importlib."""
        del spec
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Give it its names."""
        from cellrun.azureml.lazy import lazily, old_name  # noqa: PLC0415  # as above

        names, name = vars(module), old_name(module.__name__)
        names["__getattr__"], names["__dir__"] = lazily(module.__name__, {})
        names["__doc__"] = f"{name}: isn't supported by cellrun; its names fail when they are used."


def _is_old(name: str) -> bool:
    return name == OLD or name.startswith(f"{OLD}.")


def _installed(name: str) -> ModuleSpec | None:
    """Return how a module is loaded that isn't the old SDK's own, though it stands below its name."""
    if not f"{name}.".startswith(tuple(f"{each}." for each in _OF_THEIR_OWN)):
        return None
    places: Sequence[str] | None
    if name in _OF_THEIR_OWN:
        above = PathFinder.find_spec(OLD)
        places = above.submodule_search_locations if above else None
    else:
        parent = sys.modules[name.rpartition(".")[0]]
        places = None if parent.__name__.startswith(OURS) else parent.__path__
    return PathFinder.find_spec(name, list(places)) if places else None


def _is_there(ours: str) -> bool:
    from importlib.util import find_spec  # noqa: PLC0415  # loads more than a job that imports no old name needs

    try:
        return find_spec(ours) is not None
    except ModuleNotFoundError:
        return False


def _path_of(module: str) -> Sequence[str] | None:
    parent = sys.modules.get(module.rpartition(".")[0])
    return getattr(parent, "__path__", None)


def _has_real_sdk() -> bool:
    """Whether some other `azureml.core` would be imported; nothing is."""
    found = PathFinder.find_spec(OLD)
    places = found.submodule_search_locations if found else None
    return bool(places) and PathFinder.find_spec(f"{OLD}.core", list(places or ())) is not None
