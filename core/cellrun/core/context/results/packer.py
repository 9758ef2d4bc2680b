"""Packs the values that a cell gives back as a context of their own.

Plain data and arrays are kept in forms that run no code when they are read; all else is pickled, with the functions
and classes of the cell that it needs, so that it can be loaded where there is no notebook.
"""

from __future__ import annotations

import linecache
from collections.abc import Mapping, Sequence
from typing import Any

from cellrun.core.context.manifest import Context, Group, Need, Source, python_version
from cellrun.core.context.pickles.pickling import Pickled, grouped
from cellrun.core.context.results.found import OF_MODULE, FoundResults, Item, tops_of
from cellrun.core.context.results.plain_forms import PlainForm
from cellrun.core.context.value_store import ValueStore


class ResultPacker:
    """Packs the results of one cell, in groups that share objects; the arguments are those of FoundResults."""

    def __init__(self, context: Context, namespace: dict[str, Any], captured: Mapping[str, object]) -> None:
        self._context = context
        self._namespace = namespace
        self._found = FoundResults(context, namespace, captured)

    @property
    def left_behind(self) -> Mapping[str, int]:
        """Globals that functions read and that are too large to come along unasked, with their bytes."""
        return self._found.left_behind

    def pack(self, store: ValueStore) -> Context:
        """Write the values to a store, and return the context that finds them again."""
        groups = [self._keep(items, store) for items in self._value_groups()]
        forms = {name: group.format for group in groups for name in group.names}
        groups += [self._keep_code(names, store) for names in self._code_groups()]
        return Context(
            python=python_version(),
            title=self._context.title,
            groups=tuple(groups),
            sources=self._sources(),
            returns=self._context.returns,
            needs=tuple(self._account(name, forms.get(name, "")) for name in self._context.returns),
        )

    def _value_groups(self) -> list[list[Item]]:
        """Return the values in groups that share objects or memory."""
        forms = {name: item.form for name, item in self._found.items.items()}
        return [[self._found.items[name] for name in names] for names in grouped(forms, {})]

    def _code_groups(self) -> list[list[str]]:
        """Return the names of the cell's own code in groups that refer to each other; all others load on demand."""
        leads_to = {name: self._reached_from(name) for name in self._found.code}
        groups: dict[frozenset[str], list[str]] = {}
        for name in self._found.code:
            circle = frozenset(each for each in leads_to[name] if name in leads_to[each]) | {name}
            groups.setdefault(circle, []).append(name)
        return list(groups.values())

    def _reached_from(self, name: str) -> set[str]:
        reached: set[str] = set()
        waiting = tops_of(self._found.code[name])
        while waiting:
            each = waiting.pop()
            reached.add(each)
            waiting |= tops_of(self._found.code[each]) - reached
        return reached

    def _keep(self, items: Sequence[Item], store: ValueStore) -> Group:
        form = items[0].form if len(items) == 1 else self._found.pickle([item.value for item in items])
        names = tuple(item.name for item in items)
        if isinstance(form, PlainForm):
            return Group(names, store.put(form.payload), tuple(map(store.put, form.buffers)), form.format)
        return Group(names, *form.keep(store), has_code=form.has_code)

    def _keep_code(self, names: Sequence[str], store: ValueStore) -> Group:
        values = [self._namespace[name] for name in names]
        pickled = self._found.code[names[0]] if len(names) == 1 else self._found.pickle(values, by_value=True)
        return Group(tuple(OF_MODULE + name for name in names), *pickled.keep(store), has_code=pickled.has_code)

    def _sources(self) -> dict[str, Source]:
        """Return the sources of the functions that come back, by the file names that these have."""
        forms = [
            *self._found.code.values(),
            *(item.form for item in self._found.items.values() if isinstance(item.form, Pickled)),
        ]
        sources = {}
        for filename in {function.__code__.co_filename for form in forms for function in form.functions}:
            known = self._context.sources.get(filename)
            text = known.text if known else "".join(linecache.getlines(filename))
            if text:
                sources[filename] = Source(known.title if known else self._context.title, text)
        return sources

    def _account(self, name: str, form: str) -> Need:
        if name in self._found.problems:
            return Need(name, "value", "", "--return", note=self._found.problems[name])
        item = self._found.items[name]
        return Need(name, "value", type(item.value).__name__, "--return", item.bytes, form)
