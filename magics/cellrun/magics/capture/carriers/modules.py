"""Carries modules: installed ones are imported again, local ones travel as files, with all that they import."""

from __future__ import annotations

import operator
import sys
import types
from collections.abc import Iterable, Iterator
from pathlib import Path

from cellrun.core.context.manifest import Import, Need
from cellrun.core.submission.snapshot import Snapshot
from cellrun.magics.capture.analysis import Read
from cellrun.magics.capture.local_modules import find_local, imported_by
from cellrun.magics.capture.shipment import Shipment


class ModuleCarrier:
    """Carries modules, and what can be imported from one."""

    def __init__(self, shipment: Shipment) -> None:
        self._shipment = shipment
        self._imports: dict[str, Import] = {}
        self._places: dict[str, str] = {}
        self._seen: set[str] = set()

    def find(self, name: str, value: object, read: Read) -> bool:
        """Take a value that comes back by importing it; false if it doesn't."""
        found = importable(name, value)
        if found is None:
            return False
        module, attribute = found
        self._imports[name] = Import(module, attribute, name)
        self._places[name] = read.place
        self.need([module], read.place)
        return True

    def need(self, modules: Iterable[str], place: str) -> None:
        """Take modules that something needs, by name; local ones with all local ones that they import in turn."""
        waiting = [module.partition(".")[0] for module in modules]
        while waiting:
            top = waiting.pop()
            if top in self._seen:
                continue
            self._seen.add(top)
            for path in find_local(top):
                for file in self._ship(top, path, place):
                    waiting += imported_by(file)

    def needs(self, top: str) -> bool:
        """Whether a top-level module was found to be needed."""
        return top in self._seen

    def pack(self, tops: Iterable[str], attributes: frozenset[str]) -> list[Import]:
        """Return the imports; `tops` and `attributes` are what the cell imports and uses."""
        imports = list(self._imports.values())
        packages = {each.module for each in imports if not each.attribute} | set(tops)
        return imports + [Import(module) for module in _loaded_submodules(packages, attributes)]

    def account(self) -> Iterator[Need]:
        """Iterate over the names that are imported."""
        for name, each in self._imports.items():
            yield Need(name, "import", _words(each), self._places[name], how="import")

    def _ship(self, top: str, path: Path, place: str) -> Iterator[Path]:
        if path.is_file():
            self._shipment.add(path.name, path, place, "module")
            yield path
            return
        for file in Snapshot(path).files:
            self._shipment.add(f"{top}/{file.path}", Path(file.source), place, "module")
            if file.path.endswith(".py"):
                yield Path(file.source)


def importable(name: str, value: object) -> tuple[str, str] | None:
    """Return the module and the attribute that give the very same object when they are imported, if any do."""
    if isinstance(value, types.ModuleType):
        path = value.__name__
        return (path, "") if sys.modules.get(path) is value and path != "__main__" else None
    if not callable(value):
        return None
    owner = getattr(value, "__self__", None)  # random.seed is a method of a hidden object of its module
    modules = {getattr(value, "__module__", None): None, type(value).__module__: None, type(owner).__module__: None}
    for module in modules:
        loaded = sys.modules.get(module) if isinstance(module, str) else None
        if loaded is None or module == "__main__":
            continue
        for attribute in (getattr(value, "__qualname__", None), getattr(value, "__name__", None), name):
            if isinstance(attribute, str) and _attribute(loaded, attribute) is value:
                return str(module), attribute
    return None


def _attribute(module: types.ModuleType, path: str) -> object:
    try:
        return operator.attrgetter(path)(module)
    except AttributeError:
        return None


def _loaded_submodules(packages: Iterable[str], attributes: frozenset[str]) -> list[str]:
    """Return the submodules that the notebook has imported and the cell seems to use: `xml.etree` of `import xml`."""
    prefixes = tuple(f"{package}." for package in packages)
    return sorted(
        module
        for module in tuple(sys.modules)
        for prefix in prefixes
        if module.startswith(prefix) and attributes.issuperset(module[len(prefix) :].split("."))
    )


def _words(found: Import) -> str:
    version = getattr(sys.modules.get(found.module.partition(".")[0]), "__version__", "")
    what = f"{found.module}.{found.attribute}" if found.attribute else found.module
    return f"{what} {version}".strip() if isinstance(version, str) else what
