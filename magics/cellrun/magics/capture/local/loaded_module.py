"""A local module as it is in memory, against its source: functions that differ, and attributes that were changed."""

from __future__ import annotations

import inspect
import itertools
import os
import random
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from cellrun.magics.capture.local.module_source import (
    EMPTY,
    ModuleSource,
    function_codes,
    has_stale_cache,
    module_source,
    qualified_name,
)

_PLAIN = (str, bytes, int, float, complex, type(None))
_COMPUTED = (*_PLAIN, random.Random, itertools.count)
_CODE_FIELDS = (
    "co_code",
    "co_names",
    "co_varnames",
    "co_freevars",
    "co_cellvars",
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
)


@dataclass(frozen=True)
class LoadedModule:
    """A local module that the notebook has imported, its file, and the place of the cell that needs it."""

    module: ModuleType
    file: Path
    place: str

    @property
    def name(self) -> str:
        """Its dotted name."""
        return self.module.__name__

    @cached_property
    def source(self) -> ModuleSource:
        """What its file tells, as it is on disk."""
        return module_source(self.file)

    @cached_property
    def differing(self) -> list[str]:
        """The functions and methods whose code in memory isn't that on disk; none if something rewrites its code."""
        spec = self.module.__spec__
        if spec is None or type(spec.loader) is not SourceFileLoader:  # pytest and others change what they load
            return []
        on_disk = function_codes(self.file)
        own = [
            (qualified_name(code), code) for code in self._codes()
        ]  # two by one name: a property's getter and setter
        differing = [name for name, code in own if not self._is_among(code, name, on_disk.get(name, []))]
        return list(dict.fromkeys(differing))

    @cached_property
    def is_changed(self) -> bool:
        """Whether its file is surely another one than was imported."""
        return bool(self.differing) or has_stale_cache(self.file)

    def changed(self) -> Iterator[tuple[str, Any]]:
        """Iterate over (dotted attribute, value) of what isn't as the plain assignments of its source give it."""
        for path, expected in self.source.values.items():
            *owner, name = path.split(".")
            holder = self._class(owner) if owner else self.module
            value = vars(holder).get(name, expected) if holder is not None else expected
            is_as_given = _is_empty(value) if expected is EMPTY else _is_same(value, expected)
            if not is_as_given and not hasattr(type(value), "__get__"):
                yield path, value

    def computed(self) -> Iterator[tuple[str, Any]]:
        """Iterate over (attribute, value) of what its import computed, and would compute otherwise in the run.

        Paths, which are others there, and what the environment gives there as well, aside.
        """
        for name, words in self.source.computed.items():
            value = vars(self.module).get(name)
            if name.startswith("__") or not isinstance(value, _COMPUTED) or name not in vars(self.module):
                continue
            if isinstance(value, str) and (str(self.file.parent) in value or str(Path.cwd()) in value):
                continue
            if not words.isdisjoint({"environ", "getenv"}) and _is_of_environment(value, words):
                continue
            yield name, value

    def added(self) -> Iterator[tuple[str, Any]]:
        """Iterate over (attribute, value) of what nothing in its source gives a value."""
        if self.source.is_open:
            return
        for name, value in vars(self.module).items():
            if name not in self.source.bound and not name.startswith("__") and not isinstance(value, ModuleType):
                yield name, value

    def _is_among(self, code: CodeType, name: str, on_disk: list[CodeType]) -> bool:
        if name in self.source.functions:
            on_disk = sorted(on_disk, key=lambda each: each.co_firstlineno)[-1:]
        return any(_is_same_code(code, each) for each in on_disk)

    def _class(self, path: list[str]) -> type | None:
        """Return one of its classes; None if its attributes may be something else than its body gave them."""
        found: Any = self.module
        for name in path:
            found = vars(found).get(name)
            if type(found) is not type:
                return None
        return found if isinstance(found, type) else None

    def _codes(self) -> Iterator[CodeType]:
        for value in vars(self.module).values():
            members = vars(value).values() if _is_class_of(value, self.module) else (value,)
            for member in members:
                for function in _functions_of(member):
                    code = function.__code__
                    if code.co_filename == self.module.__file__ and "<" not in qualified_name(code):
                        yield code


def _is_of_environment(value: Any, words: AbstractSet[str]) -> bool:
    """Whether the environment as it is gives a value again, so that it need not be written down: it may be secret."""
    if value in os.environ.values():
        return True
    return os.environ.keys().isdisjoint(words) and (value is None or value in words)


def _is_empty(value: Any) -> bool:
    """Whether it is a container of `collections` with nothing in it; an array that a cell put there has no truth."""
    return type(value).__module__ == "collections" and not value


def _is_class_of(value: object, module: ModuleType) -> bool:
    return isinstance(value, type) and value.__module__ == module.__name__


def _functions_of(member: Any) -> Iterator[FunctionType]:
    """Iterate over the functions that a member of a module or class is made of, without what decorators put around."""
    if isinstance(member, (staticmethod, classmethod)):
        member = member.__func__
    parts = (member.fget, member.fset, member.fdel) if isinstance(member, property) else (member,)
    for part in parts:
        if isinstance(part, FunctionType):
            found = inspect.unwrap(part)
            if isinstance(found, FunctionType):
                yield found


def _is_same_code(one: CodeType, other: CodeType) -> bool:
    if any(getattr(one, each) != getattr(other, each) for each in _CODE_FIELDS):
        return False
    return len(one.co_consts) == len(other.co_consts) and all(map(_is_same_constant, one.co_consts, other.co_consts))


def _is_same_constant(one: object, other: object) -> bool:
    if isinstance(one, CodeType) and isinstance(other, CodeType):
        return _is_same_code(one, other)
    return _is_same(one, other)


def _is_same(one: Any, other: Any) -> bool:
    """Whether two values made of plain ones are the same, types included: 1 isn't True, and NaN is NaN."""
    if type(one) is not type(other):
        return False
    if isinstance(one, (tuple, list)):
        return len(one) == len(other) and all(map(_is_same, one, other))
    if isinstance(one, dict):
        return _is_same(list(one), list(other)) and all(map(_is_same, one.values(), other.values()))
    if isinstance(one, (set, frozenset)):
        return bool(one == other)
    return repr(one) == repr(other) if isinstance(one, _PLAIN) else one is other
