"""Carries what the notebook changed in modules: `config.LR = 3`, `helper.CACHE[key] = value`, `Frame.peek = peek`."""

from __future__ import annotations

import ast
import builtins
import importlib.util
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, NamedTuple

from cellrun.core.context.pickles.instances import filled_at_call
from cellrun.core.context.pickles.log_handlers import OwnHandlers
from cellrun.core.context.state.interpreter import own_handlers
from cellrun.core.resources import size_text
from cellrun.magics.capture.carrier import CapturedCell, Carrier, Found
from cellrun.magics.capture.carriers.modules import ModuleCarrier
from cellrun.magics.capture.carriers.names import estimated_bytes
from cellrun.magics.capture.carriers.values import ValueCarrier
from cellrun.magics.capture.local.loaded_module import LoadedModule
from cellrun.magics.capture.source.analysis import Certainty, Read
from cellrun.magics.capture.words import attribute_of

_MOST_BYTES = 16 << 20
_NOT_FOLLOWED = frozenset({"sys", "os", "builtins", "__main__", "warnings", "IPython", "cellrun"})  # a run has its own
_NEVER_SHARED = (str, bytes, int, float, complex, type(None), type, ModuleType, FunctionType, BuiltinFunctionType)


class AttributeCarrier(Carrier):
    """Carries attributes of modules, by names such as `config:LR`.

    Of a local module it carries what its source doesn't give: what plain assignments gave and is something else now,
    what its import computed, what cells assigned, and what shares objects with other values of the cell. Of installed
    ones it carries what cells assigned. Where a file has changed since it was imported, its version goes instead, and
    that is said.
    """

    def __init__(self, cell: CapturedCell, modules: ModuleCarrier, values: ValueCarrier) -> None:
        self._notebook = cell.notebook
        self._left_out = cell.left_out
        self._refused = cell.needs.refused
        self._modules = modules
        self._values = values
        self._taken: set[str] = set()
        self._left: list[str] = []

    def find_more(self) -> Iterator[Found]:
        """Take what attributes have now; what can't be captured stays behind and is said."""
        for read, value in self._assigned():
            if self._left_out.has(read.name.replace(":", "."), read.place):  # `config:LR`, as in `--without`
                continue
            found = self._values.find(read, value)
            refusal = self._refused.pop(read.name, None)
            if refusal is None:
                yield found
            else:
                self._leave(read.name, read.place, refusal.what)

    def notes(self) -> list[str]:
        """Return which attributes stay behind."""
        return self._left

    def _assigned(self) -> list[tuple[Read, Any]]:
        """Return what wasn't returned before, of local modules that are loaded and of installed ones."""
        loaded, installed, is_shared = self._modules.loaded(), self._modules.installed(), self._values.has_object
        cells = self._notebook.cells()
        stored = set(_stored(self._notebook.namespace, cells))
        paths = {(each.module, each.path) for each in stored}
        direct = {(each.module, each.path) for each in stored if each.is_direct}
        touched = set(_touched(self._notebook.namespace, cells)) if loaded else set()
        found = [
            *self._of_local(loaded, paths, lambda value: id(value) in touched or is_shared(value)),
            *self._of_installed(direct, installed),
            *self._accessors(installed),
            *_of_builtins(direct),
            *_log_handlers(installed),
            *_of_filled(self._values.filled_classes()),
        ]
        return list(self._fresh(found))

    def _leave(self, name: str, place: str, why: str) -> None:
        """Note that an attribute can't be captured."""
        shown = name.replace(":", ".")
        self._left.append(f"{shown} ({place}) stays behind: {why}; the run has what the source of its module gives")

    def _of_local(
        self, loaded: Sequence[LoadedModule], stored: AbstractSet[tuple[str, str]], is_shared: Callable[[object], bool]
    ) -> Iterator[tuple[str, str, Any]]:
        taken = set()
        for each in loaded:
            for path, value in (*each.changed(), *each.added(), *each.computed()):
                if not each.is_changed or (each.name, path) in stored:
                    taken.add((each.name, path))
                    yield f"{each.name}:{path}", each.place, value
            for path, value in _values_at(each.module, stored):
                taken.add((each.name, path))
                yield f"{each.name}:{path}", each.place, value
            for name, value in vars(each.module).items():
                if _can_be_shared(name, value) and is_shared(value):
                    yield f"{each.name}:{name}", each.place, value
        for each in loaded:  # names that it has from there, whichever is imported first in the run
            for name, (module, there) in each.source.from_imports.items():
                if (_absolute(module, each.module), there) in taken and hasattr(each.module, name):
                    yield f"{each.name}:{name}", each.place, getattr(each.module, name)

    def _of_installed(
        self, stored: AbstractSet[tuple[str, str]], installed: AbstractSet[str]
    ) -> Iterator[tuple[str, str, Any]]:
        for name in sorted({name for name, _ in stored}):
            top = name.partition(".")[0]
            if top in installed and top not in _NOT_FOLLOWED:
                for path, value in _values_at(sys.modules[name], stored):
                    yield f"{name}:{path}", "what cells assigned", value

    def _accessors(self, installed: AbstractSet[str]) -> Iterator[tuple[str, str, Any]]:
        """Iterate over the accessors of frames that the notebook has registered: `df.geo`."""
        pandas = sys.modules.get("pandas")
        if pandas is None or "pandas" not in installed:
            return
        for kind in ("DataFrame", "Series", "Index"):
            for name, value in tuple(vars(vars(pandas)[kind]).items()):
                if self._notebook.is_own_code(getattr(value, "_accessor", None)):
                    yield f"pandas:{kind}.{name}", "what cells registered", value

    def _fresh(self, found: Iterable[tuple[str, str, Any]]) -> Iterator[tuple[Read, Any]]:
        for name, place, value in found:
            if name in self._taken:
                continue
            self._taken.add(name)
            size = estimated_bytes(value, _MOST_BYTES)
            if size > _MOST_BYTES:
                self._leave(
                    name, place, f"it has {size_text(size)}, and {size_text(_MOST_BYTES)} is the limit for such"
                )
            else:
                yield Read(name, 0, place, Certainty.LIKELY), value


def _of_builtins(stored: AbstractSet[tuple[str, str]]) -> Iterator[tuple[str, str, Any]]:
    """Iterate over what cells made known to all modules: `builtins.helper = helper`."""
    for path, value in _values_at(builtins, {each for each in stored if each[0] == "builtins"}):
        yield f"builtins:{path}", "what cells assigned", value


def _log_handlers(installed: AbstractSet[str]) -> Iterator[tuple[str, str, Any]]:
    """Iterate over the handlers of loggers that the state of logging has no words for."""
    logging = sys.modules.get("logging")
    handlers = own_handlers(logging, installed) if logging is not None else {}
    if handlers:
        yield "logging:root.manager", "handlers of loggers", OwnHandlers(handlers)


def _of_filled(kinds: AbstractSet[type]) -> Iterator[tuple[str, str, Any]]:
    """Iterate over what the first instances of classes have set: in the run there may be none but the captured ones."""
    for kind in sorted(kinds, key=lambda each: (each.__module__, each.__qualname__)):
        for name in filled_at_call(kind):
            yield f"{kind.__module__}:{kind.__qualname__}.{name}", "what its first instance set", vars(kind)[name]


def _absolute(module: str, importer: ModuleType) -> str:
    try:
        return importlib.util.resolve_name(module, importer.__package__)
    except (ImportError, ValueError):
        return module


def _can_be_shared(name: str, value: Any) -> bool:
    """Whether it matters that an object is one and the same: not of constants, nor of marks that have no state."""
    if name.startswith("__") or isinstance(value, _NEVER_SHARED):
        return False
    return isinstance(value, (dict, list, set, bytearray)) or bool(attribute_of(value, "__dict__"))


def _values_at(module: ModuleType, stored: AbstractSet[tuple[str, str]]) -> Iterator[tuple[str, Any]]:
    """Iterate over (dotted attribute, value) of what cells stored in a module, as it is now."""
    for name, path in sorted(stored):
        if name == module.__name__:
            value: Any = module
            for part in path.split("."):
                value = attribute_of(value, part) if not isinstance(value, type) else vars(value).get(part)
            if value is not None or hasattr(module, path):
                yield path, value


def _touched(namespace: dict[str, Any], cells: Iterable[str]) -> Iterator[int]:
    """Iterate over the identities of what the notebook's cells seem to have changed by a name of their own."""
    for cell in cells:
        for names, _ in _stored_paths(cell):
            if names[0] in namespace:
                yield id(namespace[names[0]])


class _Stored(NamedTuple):
    """An attribute of a module that a cell seems to have assigned, or changed; dotted below the module."""

    module: str
    path: str
    is_direct: bool
    """Whether it was assigned itself, not an item of it or by a method."""


def _stored(namespace: dict[str, Any], cells: Iterable[str]) -> Iterator[_Stored]:
    for cell in cells:
        for names, is_direct in _stored_paths(cell):
            found = _attribute_at(names, namespace)
            if found is not None:
                module, path, is_whole = found
                yield _Stored(module, path, is_direct and is_whole)


def _attribute_at(names: tuple[str, ...], namespace: dict[str, Any]) -> tuple[str, str, bool] | None:
    """Return the module, the attribute of it or of one of its classes that a chain of names leads to or through.

    And whether it leads there: `pd.options.display.width` leads through `pandas:options`.
    """
    root, *rest = names
    holder: Any = namespace.get(root)
    module, path, is_whole = "", "", True
    for name in rest:
        kind = type(holder)  # not isinstance, which asks the object too: a proxy's `__class__` raises what it likes
        if issubclass(kind, ModuleType):
            module, path = holder.__name__, name
        elif issubclass(kind, type):
            module, path = holder.__module__, f"{holder.__qualname__}.{name}"
        else:
            is_whole = False
            break
        holder = attribute_of(holder, name)
    return (module, path, is_whole) if module in sys.modules and module != "__main__" else None


@lru_cache(maxsize=4096)
def _stored_paths(cell: str) -> tuple[tuple[tuple[str, ...], bool], ...]:
    """Return the chains of names that a cell assigns to, deletes items of, or calls methods of: `a.b.c` of `a.b.c = 1`.

    Of a call, and of a decorator, it is what its method belongs to: `a.b` of `a.b.update(c=1)`. True beside it stands
    for an attribute that is assigned itself.
    """
    try:
        nodes = list(ast.walk(ast.parse(cell)))
    except (SyntaxError, ValueError):
        return ()
    found = []
    for node in nodes:
        if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
            found.append((_chain(node), isinstance(node, ast.Attribute)))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            found.append((_chain(node.func.value), False))
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found += [(_chain(each.value), False) for each in node.decorator_list if isinstance(each, ast.Attribute)]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "setattr":
            target, name, *_ = [*node.args, None, None]
            if isinstance(target, ast.expr) and isinstance(name, ast.Constant):
                found.append(((*_chain(target), str(name.value)), True))
    return tuple(dict.fromkeys(each for each in found if each[0]))


def _chain(node: ast.expr) -> tuple[str, ...]:
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.Subscript):
        return _chain(node.value)
    if isinstance(node, ast.Attribute):
        above = _chain(node.value)
        return (*above, node.attr) if above else ()
    return ()
