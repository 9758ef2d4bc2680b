"""Loads a captured context into a namespace: the one reader that all share who need it."""

from __future__ import annotations

import importlib
import linecache
import operator
import pickle
import sys
from pathlib import Path
from typing import Any

from cellrun.core.context.manifest import Context, Group, Import
from cellrun.core.context.references import loading_into
from cellrun.core.context.value_store import ValueStore
from cellrun.core.errors import ContextException


def load_context(folder: Path, store: ValueStore, namespace: dict[str, Any]) -> Context:
    """Load the context in a folder, whose values are in a store, into a namespace, and return its account.

    Raises ContextException that names what can't be loaded here, and why.
    """
    context = Context.read(folder)
    here = python_version()
    if context.python != here:
        raise ContextException(
            f"this run was captured with Python {context.python}, and Python {here} runs it: pickled functions belong "
            f"to one version; submit to a target that has Python {context.python}"
        )
    for filename, source in context.sources.items():
        lines = source.text.splitlines(keepends=True)
        linecache.cache[filename] = (len(source.text), None, lines, filename)  # None: kept although there is no file
    for each in context.imports:
        _import(each, namespace)
    with loading_into(namespace):
        for group in context.groups:
            namespace.update(zip(group.names, _values(group, store), strict=True))
    return context


def python_version() -> str:
    """Return the version that byte code belongs to: `3.11`."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def _import(each: Import, namespace: dict[str, Any]) -> None:
    try:
        value: Any = importlib.import_module(each.module)
        if each.attribute:
            value = operator.attrgetter(each.attribute)(value)
    except (ImportError, AttributeError) as error:
        needed = f"{each.name!r}, which the cell needs, comes" if each.name else "the cell needs it: it comes"
        raise ContextException(f"{needed} from {each.module!r}, which can't be imported here: {error}") from error
    if each.name:
        namespace[each.name] = value


def _values(group: Group, store: ValueStore) -> list[Any]:
    payload, *buffers = [store.open(blob) for blob in (group.payload, *group.buffers)]
    try:
        return pickle.loads(payload, buffers=buffers)  # type: ignore[no-any-return]  # noqa: S301
    except Exception as error:  # whatever a class of the user's raises when it is loaded
        names = ", ".join(group.names)
        raise ContextException(f"{names} can't be loaded here: {type(error).__name__}: {error}") from error
