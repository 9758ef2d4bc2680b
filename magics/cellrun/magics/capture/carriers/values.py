"""Carries values, and the functions and classes of the notebook: by pickles, one per group that shares objects."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from types import FunctionType
from typing import Any, NamedTuple

from cellrun.core.context.manifest import Context, Group, Need
from cellrun.core.context.pickles.pickling import ClassIds, Pickled, Store, grouped, pickle_together
from cellrun.core.likely_secrets import likely_key
from cellrun.core.resources import limits, size_text
from cellrun.magics.capture.carrier import CapturedCell, Carrier, Found
from cellrun.magics.capture.carriers.code import CodeCarrier, annotated_names, attribute_texts
from cellrun.magics.capture.carriers.culprit import find_culprit
from cellrun.magics.capture.refusals import Refusal
from cellrun.magics.capture.source.analysis import Certainty, Read, Text
from cellrun.magics.capture.source.flow import analyse
from cellrun.magics.capture.words import code_words, error_words, texts_in, type_words

_PATIENCE_S = 1.0
_LARGE_BYTES = 1000  # worth saying that it isn't sent twice


class WithCode(NamedTuple):
    """A value that is pickled with byte code in it."""

    name: str
    value: object
    read: Read
    pickled: Pickled


@dataclass(frozen=True, eq=False)
class _Item:
    """A name and its value, pickled alone."""

    name: str
    value: object
    read: Read
    pickled: Pickled
    is_code: bool

    @cached_property
    def likely_key(self) -> str:
        """What it seems to hold that is nobody else's business, such as "a GitHub token"; empty for nothing."""
        return likely_key(self.pickled.payload)

    def ties(self) -> Iterator[object]:
        """Iterate over what puts it into one group with others, besides what is in it: its identity, being code."""
        yield id(self.value)
        if self.is_code:
            yield "code"


class ValueCarrier(Carrier):
    """Carries what no other carrier takes; `code` keeps what functions and classes are made again from."""

    def __init__(self, cell: CapturedCell, code: CodeCarrier) -> None:
        self._notebook = cell.notebook
        self._place = cell.place
        self._destination = cell.destination
        self._refused = cell.needs.refused
        self._code = code
        self._class_ids = ClassIds()
        self._items: dict[str, _Item] = {}
        self.references: set[str] = set()
        """Names that pickles refer to: without these, they can't be loaded."""
        self._from_source: set[str] = set()
        self._pickled_groups: list[tuple[list[_Item], Pickled]] = []
        self._plain: dict[str, str] = {}
        self._indexed = 0
        self._value_ids: set[int] = set()
        self._held: list[dict[int, object]] = []

    def find(self, read: Read, value: Any) -> Found:
        """Pickle a value to see what it needs in turn; one that can't be pickled is refused."""
        try:
            found = self._pickled(read, value)
            if isinstance(value, type) and self._notebook.is_own_code(value):
                certainty = min(Certainty.POSSIBLE, read.certainty)
                found.reads += [Read(each, read.line, read.name, certainty) for each in annotated_names(value)]
                found.texts = [*found.texts, *(Text(each, read.line, read.name) for each in attribute_texts(value))]
            if read.name in self._items and self._items[read.name].pickled.has_code:
                self._define(found)
        except Exception as error:  # noqa: BLE001  # whatever the types of the user's values raise
            return self.find_plainly(read, value, error)
        return found

    def _define(self, found: Found) -> None:
        """Keep the definition of a function or class; what executing it reads, where that will be done, is found."""
        read = found.read
        defined = self._code.define(read.name, found.value, found.functions)
        if defined is None:
            return
        definition, changed = defined
        if self._destination.loads_byte_code:
            if not changed:  # for whoever loads it later with another Python
                self._code.keep(read.name, definition)
            return
        self._code.keep(read.name, definition)
        self._from_source.add(read.name)
        found.reads += [
            Read(each.name, read.line, read.name, min(each.certainty, read.certainty))
            for each in analyse(defined.source).reads
            if each.name != read.name
        ]
        for path, now in changed.items():
            found.include(self._pickled(replace(read, name=path), now))

    def _pickled(self, read: Read, value: Any) -> Found:
        name, known = read.name, self._items.get(read.name)
        try:
            pickled = known.pickled if known else self._pickle([value])
        except Exception as error:  # noqa: BLE001  # whatever the types of the user's values raise
            culprit = find_culprit(name.replace(":", "."), value, error, self._attempt)
            remedy = f"{culprit.remedy}, or leave it out: --without {name}"
            self._refused[name] = Refusal(name, culprit.what, read.place, remedy)
            return Found(read, value)
        texts = [] if isinstance(value, type) else [Text(text, read.line, read.where) for text in texts_in(value)]
        return replace(self._keep(read, value, pickled), functions=pickled.functions, texts=texts)

    def find_plainly(self, read: Read, value: Any, error: Exception) -> Found:
        """Keep no more than the pickle of a value that doesn't bear being looked at, which raised an error; noted."""
        name, known = read.name, self._items.get(read.name)
        if name in self._refused:
            return Found(read, value)
        try:
            pickled = known.pickled if known else self._pickle([value])
        except Exception as reason:  # noqa: BLE001  # as in find
            what = f"{name} ({type(value).__name__}) can't be pickled: {error_words(reason)}"
            remedy = f"Make it inside the cell, or leave it out: --without {name}"
            self._refused[name] = Refusal(name, what, read.place, remedy)
            return Found(read, value)
        if read.certainty is not Certainty.DISTANT:
            self._plain[name] = error_words(error)
        return self._keep(read, value, pickled)

    def notes(self) -> list[str]:
        """Return what is worth saying: of values that look like a secret, too."""
        notes = [
            f"{name} ({self._items[name].read.place}) is captured alone, without files and names it leads to: {why}"
            for name, why in self._plain.items()
        ]
        for item in self._packed():
            if item.likely_key:
                name = item.name.replace(":", ".")
                notes.append(
                    f"{name!r} ({item.read.place}) holds what looks like {item.likely_key}, and is kept with the run; "
                    "an environment variable (`--env NAME`) isn't"
                )
        return notes

    def _keep(self, read: Read, value: object, pickled: Pickled) -> Found:
        """Take a pickle along; return the names and modules that it needs."""
        self._items[read.name] = _Item(read.name, value, read, pickled, self._notebook.is_own_code(value))
        self.references |= pickled.names
        reads = [replace(read, name=each, bound=frozenset(), key=None) for each in sorted(pickled.names)]
        return Found(read, value, reads, modules=pickled.modules)

    def check(self, values_folder: Path) -> list[Refusal]:
        """Return what the run's place doesn't have, and why the values are too much, if they are."""
        return [*self._lacking(), *self._too_much(values_folder)]

    def _too_much(self, values_folder: Path) -> list[Refusal]:
        """Return why the values are too much, if they are; what they share is counted once."""
        try:
            size = sum(pickled.bytes for _, pickled in self._in_groups())
        except Exception as error:  # noqa: BLE001  # as in find: they could be pickled one by one before
            what = f"what the cell needs changed while it was captured: {error_words(error)}"
            return [Refusal("", what, remedy="Submit it again once nothing in the notebook changes it any more")]
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

    def _lacking(self) -> Iterator[Refusal]:
        """Iterate over the arrays that are files mapped into memory which the run's place doesn't have."""
        for item in self._packed():
            for path in item.pickled.mapped:
                if not self._place.finds(Path(path).absolute()):
                    what = f"{item.name} is the file {path}, mapped into memory, and {self._place} doesn't have it"
                    remedy = f"Take a copy of what the cell needs: {item.name} = np.array({item.name})"
                    yield Refusal(item.name, what, item.read.place, remedy)

    def with_code(self) -> list[WithCode]:
        """Return what would be packed with byte code in it."""
        return [
            WithCode(each.name, each.value, each.read, each.pickled) for each in self._packed() if each.pickled.has_code
        ]

    def modules(self) -> Iterator[tuple[str, str]]:
        """Iterate over the modules that what is packed is loaded with, each with the place that needs it."""
        for item in self._packed():
            yield from ((module, item.read.place) for module in item.pickled.modules)

    def _packed(self) -> list[_Item]:
        return [item for name, item in self._items.items() if name not in self._from_source]

    def pack(self, context: Context, store: Store) -> Context:
        """Write the values to the store; return the context with their groups, the code first."""
        if self._destination.is_another_python:  # byte code that it couldn't load, and that the cell can do without
            self._from_source |= {each.name for each in self.with_code()}
        packed = self._in_groups()
        with _progress("what the cell needs", sum(pickled.bytes for _, pickled in packed)) as wrote:
            groups = [
                Group(tuple(item.name for item in items), *pickled.keep(store, wrote), has_code=pickled.has_code)
                for items, pickled in packed
            ]
        return replace(context, groups=(*context.groups, *groups))

    def account(self) -> Iterator[Need]:
        """Iterate over the values, functions and classes; the first of several names for one object has its size."""
        names: dict[int, str] = {}
        for item in self._items.values():
            need = self._need(item)
            first = names.setdefault(id(item.value), need.name)
            is_again = first != need.name and need.bytes >= _LARGE_BYTES
            yield replace(need, bytes=0, note=f"the same object as {first}") if is_again else need

    def has_object(self, value: object) -> bool:
        """Whether an object is one of the values, or in one."""
        for each in islice(self._items.values(), self._indexed, None):  # a package asks for a thousand objects
            self._value_ids.add(id(each.value))
            self._held += [each.pickled.objects] if each.pickled.objects else []
        self._indexed = len(self._items)
        return id(value) in self._value_ids or any(id(value) in each for each in self._held)

    def filled_classes(self) -> set[type]:
        """Return the classes of modules whose attributes the first of the instances that are captured has set."""
        return set[type]().union(*(each.pickled.filled for each in self._items.values()))

    def users_of(self, name: str) -> list[str]:
        """Return the names whose values can't be loaded without a function or class of the notebook."""
        return [item.name for item in self._items.values() if name in item.pickled.names]

    def _groups(self) -> list[list[_Item]]:
        """Return the items in groups that share something; the one with the code, which others refer to, first."""
        items = {item.name: item for item in self._packed()}
        named = grouped(
            {name: item.pickled for name, item in items.items()}, {name: item.ties() for name, item in items.items()}
        )
        groups = [[items[name] for name in names] for names in named]
        return sorted(groups, key=lambda group: not any(item.is_code for item in group))

    def _in_groups(self) -> list[tuple[list[_Item], Pickled]]:
        """Return the groups with their pickles: what was checked is what is packed."""
        groups = self._groups()
        if [items for items, _ in self._pickled_groups] != groups:
            self._pickled_groups = [
                (items, items[0].pickled if len(items) == 1 else self._pickle([item.value for item in items]))
                for items in groups
            ]
        return self._pickled_groups

    def _pickle(self, values: Sequence[object]) -> Pickled:
        members = {id(value) for value in values}

        def name_of(value: object) -> str | None:
            return None if id(value) in members else self._notebook.name_of(value)

        with _progress("looking at what the cell needs") as wrote:
            return pickle_together(values, self._notebook.namespace, name_of, self._class_ids, wrote)

    def _need(self, item: _Item) -> Need:
        value, place, size = item.value, item.read.place, item.pickled.bytes
        name = item.name.replace(":", ".")  # of a module's attribute
        if isinstance(value, (type, FunctionType)) and item.is_code:
            kind = "class" if isinstance(value, type) else "function"
            return Need(name, kind, code_words(value, self._notebook.title_of), place, size, "source")
        if item.pickled.mapped:
            files = f"mapped from {', '.join(item.pickled.mapped)}"
            return Need(name, "value", type_words(value), place, size, "reference", files)
        note = f"looks like {item.likely_key}" if item.likely_key else ""
        return Need(name, "value", type_words(value), place, size, "value", note)

    def _attempt(self, value: object) -> Exception | None:
        try:
            self._pickle([value])
        except Exception as error:  # noqa: BLE001  # as in find
            return error
        return None


def _existing(folder: Path) -> Path:
    return next(each for each in (folder, *folder.parents) if each.exists())


@contextmanager
def _progress(description: str, total_bytes: int | None = None) -> Iterator[Callable[[int], None]]:
    """Let the block tell of each number of bytes that it has made.

    A bar appears once that has taken a second, and goes at the end; a count where no total is known.
    """
    began_s, done_bytes, bar = time.monotonic(), 0, None

    def wrote(count: int) -> None:
        nonlocal done_bytes, bar
        done_bytes += count
        if bar is not None:
            bar.update(count)
        elif time.monotonic() - began_s > _PATIENCE_S and done_bytes != total_bytes:
            from tqdm.auto import tqdm  # type: ignore[import-untyped]  # noqa: PLC0415  # few cells take so long

            form = {"unit": "B", "unit_scale": True, "leave": False, "dynamic_ncols": True}
            bar = tqdm(desc=description, total=total_bytes, initial=done_bytes, **form)

    try:
        yield wrote
    finally:
        if bar is not None:
            bar.close()
