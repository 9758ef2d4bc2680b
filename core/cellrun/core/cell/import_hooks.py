"""Does something to a library once it is loaded in the run, without loading it: few cells use all that is set up."""

from __future__ import annotations

import importlib.util
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.abc import Loader, MetaPathFinder
else:
    Loader = MetaPathFinder = object  # importlib.abc takes longer to load than all that is set up for a cell

Action = Callable[[ModuleType], None]


def after_import(name: str, action: Action) -> None:
    """Call `action` with a module as soon as it is loaded: at once if it is."""
    loaded = sys.modules.get(name)
    if loaded is not None:
        action(loaded)
        return
    finder = next((each for each in sys.meta_path if isinstance(each, _Finder)), None)
    if finder is None:
        finder = _Finder()
        sys.meta_path.insert(0, finder)
    finder.actions[name].append(action)


class _Finder(MetaPathFinder):
    """Finds the modules that something waits for, by the other finders, and has them tell when they are loaded."""

    def __init__(self) -> None:
        self.actions: defaultdict[str, list[Action]] = defaultdict(list)
        self._asked = ""  # one thread searches at a time: the import system locks around every finder

    def find_spec(self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None) -> ModuleSpec | None:
        if name not in self.actions or name == self._asked:
            return None
        before, self._asked = self._asked, name
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._asked = before
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self.actions)
        return spec


class _Loader(Loader):
    """Loads as the module's own loader does, which the module keeps, and then does what waited for it."""

    def __init__(self, loader: Loader, actions: dict[str, list[Action]]) -> None:
        self._loader = loader
        self._actions = actions

    def __getattr__(self, name: str) -> Any:  # get_source and its kin, by which inspect and pkgutil ask
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        for action in self._actions.pop(module.__name__, ()):
            action(module)
