"""Carries values, and the functions and classes of the notebook: by pickles, one per group that shares objects."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cellrun.core.context.manifest import Group, Need
from cellrun.core.context.pickling import ClassIds, Pickled, pickle_together
from cellrun.core.context.value_store import ValueStore
from cellrun.core.limits import limits
from cellrun.core.submission.resources import size_text
from cellrun.magics.capture.analysis import Read, Text
from cellrun.magics.capture.culprit import Culprit, find_culprit
from cellrun.magics.capture.found import Found, Refusal
from cellrun.magics.capture.notebook import Notebook
from cellrun.magics.capture.words import texts_in, type_words


@dataclass(frozen=True)
class _Item:
    """A name and its value, pickled alone."""

    name: str
    value: object
    read: Read
    pickled: Pickled
    is_code: bool

    def shares(self) -> Iterator[object]:
        """Iterate over what puts it into one group with whatever has the same: its objects, or being code."""
        yield id(self.value)
        yield from self.pickled.objects
        if self.is_code:
            yield "code"


class ValueCarrier:
    """Carries what no other carrier takes."""

    def __init__(self, notebook: Notebook) -> None:
        self._notebook = notebook
        self._class_ids = ClassIds()
        self._items: dict[str, _Item] = {}
        self.refusals: dict[str, Refusal] = {}
        self.references: set[str] = set()
        """Names that pickles refer to: without these, they can't be loaded."""

    def find(self, name: str, value: object, read: Read) -> Found:
        """Pickle a value to see what it needs in turn; one that can't be pickled is kept among `refusals`."""
        known = self._items.get(name)
        try:
            pickled = known.pickled if known else self._pickle([value])
        except Exception as error:  # noqa: BLE001  # whatever the types of the user's values raise
            culprit = find_culprit(name, value, error, self._attempt)
            self.refusals[name] = _refusal(name, value, culprit, read)
            return Found()
        self._items[name] = _Item(name, value, read, pickled, self._notebook.is_own_code(value))
        self.references |= pickled.names
        reads = [Read(each, read.line, read.where, read.certainty) for each in sorted(pickled.names)]
        texts = [] if isinstance(value, type) else [Text(text, read.line, read.where) for text in texts_in(value)]
        return Found(reads, pickled.functions, pickled.modules, texts)

    def check(self, values_folder: Path) -> list[Refusal]:
        """Return why the values are too much, if they are."""
        size = sum(item.pickled.bytes for item in self._items.values())
        most = limits().value_bytes
        free = shutil.disk_usage(_existing(values_folder)).free // 2
        if size <= min(most, free):
            return []
        largest = sorted(self._items.values(), key=lambda item: -item.pickled.bytes)[:3]
        listed = ", ".join(f"{each.name} {size_text(each.pickled.bytes)} ({each.read.place})" for each in largest)
        limit, remedy = f"the limit is {size_text(most)}", "Set CELLRUN_VALUE_BYTES to allow more"
        if free < most:
            limit = f"half of the free disk below {values_folder} is {size_text(free)}"
            remedy = "Free some space, or set CELLRUN_HOME to a folder on a larger disk"
        return [Refusal("", f"what the cell needs is {size_text(size)}; {limit}; largest: {listed}", remedy=remedy)]

    def pack(self, store: ValueStore) -> list[Group]:
        """Write the values to the store; return their groups, the code first."""
        groups = []
        for items in self._groups():
            pickled = items[0].pickled if len(items) == 1 else self._pickle([item.value for item in items])
            payload = store.put(pickled.payload)
            buffers = tuple(store.put(buffer.raw()) for buffer in pickled.buffers)
            groups.append(Group(tuple(item.name for item in items), payload, buffers))
        return groups

    def account(self) -> Iterator[Need]:
        """Iterate over the values, functions and classes."""
        return map(_need, self._items.values())

    def _groups(self) -> list[list[_Item]]:
        """Return the items in groups that share something; the one with the code, which others refer to, first."""
        leader = {name: name for name in self._items}

        def lead(name: str) -> str:
            while leader[name] != name:
                name = leader[name]
            return name

        first_with: dict[object, str] = {}
        for item in self._items.values():
            for key in item.shares():
                leader[lead(item.name)] = lead(first_with.setdefault(key, item.name))
        groups = defaultdict(list)
        for name in sorted(self._items):
            groups[lead(name)].append(self._items[name])
        return sorted(groups.values(), key=lambda group: not any(item.is_code for item in group))

    def _pickle(self, values: Sequence[object]) -> Pickled:
        members = {id(value) for value in values}

        def name_of(value: object) -> str | None:
            return None if id(value) in members else self._notebook.name_of(value)

        return pickle_together(values, self._notebook.namespace, name_of, self._class_ids)

    def _attempt(self, value: object) -> Exception | None:
        try:
            self._pickle([value])
        except Exception as error:  # noqa: BLE001  # as in find
            return error
        return None


def _refusal(name: str, value: object, culprit: Culprit, read: Read) -> Refusal:
    what = f"{culprit.path} is {culprit.why}" if culprit.path else f"it is {culprit.why}"
    return Refusal(name, f"variable {name!r} ({type(value).__name__}) cannot be sent to the run: {what}", read.place)


def _need(item: _Item) -> Need:
    kind = "value"
    if item.is_code:
        kind = "class" if isinstance(item.value, type) else "function"
    how = "source" if item.is_code else "value"
    return Need(item.name, kind, type_words(item.value), item.read.place, item.pickled.bytes, how)


def _existing(folder: Path) -> Path:
    return next(each for each in (folder, *folder.parents) if each.exists())
