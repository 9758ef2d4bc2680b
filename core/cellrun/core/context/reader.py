"""Loads a captured context into a namespace: the one reader that all share who need it."""

from __future__ import annotations

import importlib
import io
import linecache
import operator
import pickle
import sys
from pathlib import Path
from typing import Any

from cellrun.core.context.manifest import Context, Group, Import, python_version
from cellrun.core.context.pickles.references import loading_into
from cellrun.core.context.value_store import ValueStore
from cellrun.core.errors import ContextException
from cellrun.core.moved import moved_name, names_moved


def load_context(folder: Path, store: ValueStore, namespace: dict[str, Any]) -> Context:
    """Load the context in a folder, whose values are in a store, into a namespace, and return its account.

    Raises ContextException that names what can't be loaded here, and why.
    """
    context = Context.read(folder)
    load(context, store, namespace)
    return context


def load(context: Context, store: ValueStore, namespace: dict[str, Any]) -> None:
    """Load a context that was read into a namespace. Raises ContextException as `load_context` does."""
    sys.path += [folder for folder in context.path if folder not in sys.path]
    for filename, source in context.sources.items():
        lines = source.text.splitlines(keepends=True)
        linecache.cache[filename] = (len(source.text), None, lines, filename)  # None: kept although there is no file
    for each in context.imports:
        _import(each, namespace)
    packed = {name for group in context.groups for name in group.names}
    if context.python != python_version() or not packed.issuperset(context.definitions):
        from cellrun.core.context.by_source import SourceLoader  # noqa: PLC0415  # few go to another Python

        SourceLoader(context, namespace, python_version(), lambda group: _load(group, store, namespace)).load()
        return
    with loading_into(namespace):
        for group in context.groups:
            _load(group, store, namespace)


def _import(each: Import, namespace: dict[str, Any]) -> None:
    try:
        value: Any = importlib.import_module(each.module)
        if each.attribute:
            value = operator.attrgetter(each.attribute)(value)
    except (ImportError, AttributeError) as error:
        needed = f"{each.name!r}, which the cell needs, comes" if each.name else "the cell needs it: it comes"
        # Which Python that is a user can't see: the run's may be on another machine.
        words = f"{needed} from {each.module!r}, which {sys.executable} can't import: {error}"
        if isinstance(error, ModuleNotFoundError):
            words += "; install it for that Python, or submit with --with-package"
        raise ContextException(words) from error
    if each.name:
        namespace[each.name] = value


def _load(group: Group, store: ValueStore, namespace: dict[str, Any]) -> None:
    for name, value in zip(group.names, group_values(group, store), strict=True):
        if ":" in name:
            _set_attribute(name, value)
        else:
            namespace[name] = value


def _set_attribute(name: str, value: Any) -> None:
    """Give an attribute of a module, `module:attribute`, the value that the notebook has there."""
    module, _, path = name.partition(":")
    owner, _, attribute = path.rpartition(".")
    try:
        loaded: Any = importlib.import_module(module)
        setattr(operator.attrgetter(owner)(loaded) if owner else loaded, attribute, value)
    except Exception:  # noqa: BLE001  # the cell itself meets, and shows, what a module raises that can't be imported
        return


class _MovedUnpickler(pickle.Unpickler):
    """Finds what earlier versions of cellrun had in other modules."""

    def find_class(self, module: str, name: str) -> Any:
        return super().find_class(*moved_name(module, name))


def group_values(group: Group, store: ValueStore) -> list[Any]:
    """Return the values of a group that is pickled. Raises ContextException that names what can't be loaded here."""
    payload, buffers = store.read(group.payload), [store.open(blob) for blob in group.buffers]
    try:
        try:
            return pickle.loads(payload, buffers=buffers)  # type: ignore[no-any-return]  # noqa: S301
        except (ModuleNotFoundError, AttributeError):
            if not names_moved(bytes(payload)):
                raise
            return _MovedUnpickler(io.BytesIO(payload), buffers=buffers).load()  # type: ignore[no-any-return]
    except ContextException:  # of what it refers to
        raise
    except Exception as error:  # whatever a class of the user's raises when it is loaded
        names = ", ".join(group.names)
        raise ContextException(f"{names} can't be loaded here: {type(error).__name__}: {error}") from error
