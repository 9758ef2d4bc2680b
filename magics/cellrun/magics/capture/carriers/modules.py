"""Carries modules: installed ones are imported again, local ones go along as files, with all that they import."""

from __future__ import annotations

import operator
import re
import sys
import types
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path
from typing import Any

from cellrun.core.context.manifest import Context, Import, Need
from cellrun.core.context.pickles.pickling import Store
from cellrun.core.submission.snapshot import Snapshot
from cellrun.magics.capture.carrier import CapturedCell, Carrier, Found
from cellrun.magics.capture.local.loaded_module import LoadedModule
from cellrun.magics.capture.local.local_modules import find_local, is_importable, why_unfound
from cellrun.magics.capture.local.module_source import module_source
from cellrun.magics.capture.refusals import Refusal
from cellrun.magics.capture.source.analysis import Read, Text
from cellrun.magics.capture.words import attribute_of

_MOST_BYTES_BESIDE = 16 << 20
_DOTTED = re.compile(r"[A-Za-z_]\w*(\.\w*)*")


class ModuleCarrier(Carrier):
    """Carries modules, and what can be imported from one.

    Responsibilities: imports; which files are captured; what they need in turn, by imports, names in texts and paths.
    """

    def __init__(self, cell: CapturedCell) -> None:
        self._analysis = cell.analysis
        self._shipment = cell.shipment
        self._imports: dict[str, Import] = {}
        self._places: dict[str, str] = {}
        self._seen: dict[str, str] = {}
        self._needed: dict[str, str] = {}  # by dotted name, as `_seen` by top-level one
        self._local: set[str] = set()
        self._files: dict[str, str] = {}  # Python sources, with the place that needs each
        self._loaded: list[LoadedModule] = []
        self._loaded_of = 0
        self._paths: list[Text] = []
        self._imports_by_name = False
        self._names: dict[str, str] = {}  # texts that may name modules

    def find(self, read: Read, value: Any) -> Found | None:
        """Take a value that comes back by importing it."""
        found = importable(read.name, value)
        if found is None:
            return None
        module, attribute = found
        self._imports[read.name] = Import(module, attribute, read.name)
        self._places[read.name] = read.place
        return Found(read, modules={module})

    def follow(self, found: Found) -> Iterable[Found]:
        """Take the modules that something needs, and note its texts, which may name others."""
        self._need(found.modules, found.read.place)
        self._note_texts(found.texts, imports_by_name=found.imports_by_name)
        return ()

    def find_more(self) -> Iterator[Found]:
        """Take the local modules that texts name; iterate over the paths that local modules name."""
        self._need_named()
        if self._paths:
            paths, self._paths = self._paths, []
            yield Found(Read("", 0), paths=paths)

    def _need(self, modules: Iterable[str], place: str) -> None:
        """Take modules that something needs, by name; local ones with all local ones that they import in turn."""
        waiting = list(modules)
        while waiting:
            module = waiting.pop()
            top = module.partition(".")[0]
            if self._shipment.leaves_out(top, place):
                continue
            self._needed.setdefault(module, place)
            if top in self._seen:
                continue
            self._seen[top] = place
            for path in find_local(top):
                self._local.add(top)
                for file in self._ship(top, path, place):
                    waiting += self._follow(file, path.parent, place)

    def _note_texts(self, texts: Iterable[Text], *, imports_by_name: bool) -> None:
        """Note texts that may name modules, and whether code imports modules by such names."""
        self._imports_by_name |= imports_by_name
        self._names |= {
            text.value: text.where or f"line {text.line}" for text in texts if _DOTTED.fullmatch(text.value)
        }

    def _need_named(self) -> None:
        """Take the local modules that texts name: those that are loaded, or any where code imports modules by name."""
        names = 0
        while names < len(self._names):  # a module brings texts of its own
            names = len(self._names)
            for name, place in tuple(self._names.items()):
                top = name.partition(".")[0]
                if top not in self._seen and self._is_named(name, top):
                    self._need([top], place)

    def loaded(self) -> list[LoadedModule]:
        """Return the local modules that are captured and that the notebook has imported."""
        if self._loaded_of != len(self._files):  # new ones since the last time
            self._loaded_of = len(self._files)
            modules = [module for module in tuple(sys.modules.values()) if isinstance(module, types.ModuleType)]
            files = [(module, vars(module).get("__file__")) for module in modules]
            self._loaded = [
                LoadedModule(module, Path(file), self._files[file])
                for module, file in files
                if isinstance(file, str) and file in self._files
            ]
        return self._loaded

    def installed(self) -> AbstractSet[str]:
        """Return the top-level modules that are needed and that aren't local."""
        return self._seen.keys() - self._local

    def check(self, values_folder: Path) -> list[Refusal]:
        """Return which modules can't be had again, though the notebook has them."""
        del values_folder
        needed = dict.fromkeys((each.module for each in self._all_imports()), "the cell") | self._needed
        made = self._analysis.modules if self._analysis.may_bring_modules else ()  # the cell may make them itself
        broken = [
            Refusal(
                each.name,
                f"module {each.name!r} can't be imported any more: {each.file.name}, {each.source.broken}",
                remedy=f"Put it right, or leave it out: --without {each.name.partition('.')[0]}",
            )
            for each in self.loaded()
            if each.source.broken
        ]
        return broken + [
            Refusal(
                module,
                f"module {module!r} can't be captured: it {why}",
                place,
                "Write its source to a file and import it again, or leave it out: --without "
                + module.partition(".")[0],
            )
            for module, place in needed.items()
            if module.partition(".")[0] not in made and (why := why_unfound(module))
        ]

    def notes(self) -> list[str]:
        """Return which modules are others on disk than in memory."""
        return [note for each in self.loaded() for note in _differences(each)]

    def needs(self, top: str) -> bool:
        """Whether a top-level module was found to be needed."""
        return top in self._seen

    def imported(self) -> dict[str, str]:
        """Return the modules that the run imports before the cell begins, each with the place that needs it."""
        return {each.module: self._places[name] for name, each in self._imports.items()}

    def met(self) -> dict[str, str]:
        """Return all top-level modules that the run may come to import, each with the place that needs it."""
        return self._seen

    def pack(self, context: Context, store: Store) -> Context:
        """Return the context with the imports."""
        del store
        return replace(context, imports=(*context.imports, *self._all_imports()))

    def _all_imports(self) -> list[Import]:
        """Return the imports, with those of submodules that the cell uses."""
        imports = list(self._imports.values())
        packages = {each.module for each in imports if not each.attribute} | set(self._analysis.modules)
        submodules = _loaded_submodules(packages, self._analysis.attributes)
        return imports + [Import(module) for module in submodules]

    def account(self) -> Iterator[Need]:
        """Iterate over the names that are imported."""
        for name, each in self._imports.items():
            yield Need(name, "import", _words(each), self._places[name], how="import")

    def _follow(self, file: Path, root: Path, place: str) -> frozenset[str]:
        """Note what a local module's source needs; return the top-level modules that it imports."""
        self._files[str(file)] = place
        source = module_source(file)
        texts = [Text(text, 1, file.name) for text in source.texts]
        if source.imports_by_name:
            self._note_texts(texts, imports_by_name=True)
        self._paths += [text for text in texts if "/" in text.value or "." in text.value]
        self._paths += [Text(path, 1, file.name) for path in source.paths]
        if "__file__" in source.names:
            for text in texts:
                self._take_beside(root, text.value, place)
        return source.imports

    def _take_beside(self, root: Path, text: str, place: str) -> None:
        """Take a file that a module finds from where it stands itself: `Path(__file__).parent / "table.csv"`."""
        if text.startswith(("/", "~", ".")) or "\0" in text or str(root / text) in self._files:
            return
        path = root / text
        if path.is_file() and path.suffix != ".py" and path.stat().st_size <= _MOST_BYTES_BESIDE:
            self._shipment.add(Path(text).as_posix(), path, place, "module")
        elif path.is_dir() and not (path / "__init__.py").exists():
            snapshot = Snapshot(path)
            if snapshot.size_bytes <= _MOST_BYTES_BESIDE:
                for file in snapshot.files:
                    self._shipment.add(f"{Path(text).as_posix()}/{file.path}", Path(file.source), place, "module")

    def _is_named(self, name: str, top: str) -> bool:
        if self._imports_by_name:
            return is_importable(top)
        return top in sys.modules and "." in name and is_importable(top)

    def _ship(self, top: str, path: Path, place: str) -> Iterator[Path]:
        if path.is_file():
            self._shipment.add(path.name, path, place, "module")
            yield path
            return
        for file in Snapshot(path).files:
            self._shipment.add(f"{top}/{file.path}", Path(file.source), place, "module")
            if file.path.endswith(".py"):
                yield Path(file.source)


def _differences(loaded: LoadedModule) -> Iterator[str]:
    """Iterate over a sentence on what is another on disk than in memory, if something is."""
    names = [*loaded.differing]
    if loaded.is_changed:
        names += [path for path, _ in loaded.changed()]
    if names:
        yield (
            f"{loaded.file.name} isn't as it was imported: {', '.join(dict.fromkeys(names))} "
            f"{'differs' if len(set(names)) == 1 else 'differ'}; the version on disk goes "
            "(importlib.reload or %autoreload brings it into the notebook, too)"
        )


def importable(name: str, value: object) -> tuple[str, str] | None:
    """Return the module and the attribute that give the very same object when they are imported, if any do."""
    if isinstance(value, types.ModuleType):
        path = value.__name__
        return (path, "") if sys.modules.get(path) is value and path != "__main__" else None
    if not callable(value):
        return _mark(value)
    owner = attribute_of(value, "__self__")  # random.seed is a method of a hidden object of its module
    modules = {attribute_of(value, "__module__"): None, type(value).__module__: None, type(owner).__module__: None}
    for module in modules:
        loaded = sys.modules.get(module) if isinstance(module, str) else None
        if loaded is None or module == "__main__":
            continue
        for attribute in (attribute_of(value, "__qualname__"), attribute_of(value, "__name__"), name):
            if isinstance(attribute, str) and _attribute(loaded, attribute) is value:
                return str(module), attribute
    return None


def _mark(value: object) -> tuple[str, str] | None:
    """Return the module and attribute of an object without state, told by its identity: `MISSING = _Missing()`."""
    kind = type(value)
    module = sys.modules.get(kind.__module__)
    is_plain = kind.__reduce_ex__ is object.__reduce_ex__ and kind.__reduce__ is object.__reduce__
    if module is None or not is_plain or kind.__module__ == "__main__" or attribute_of(value, "__dict__") != {}:
        return None
    return next(((module.__name__, name) for name, each in vars(module).items() if each is value), None)


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
    version = attribute_of(sys.modules.get(found.module.partition(".")[0]), "__version__") or ""
    what = f"{found.module}.{found.attribute}" if found.attribute else found.module
    return f"{what} {version}".strip() if isinstance(version, str) else what
