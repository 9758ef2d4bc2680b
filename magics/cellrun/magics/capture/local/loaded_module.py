"""A local module as it is in memory, against its source: functions that differ, and attributes that were changed."""

from __future__ import annotations

import importlib.util
import inspect
import itertools
import marshal
import os
import random
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from cellrun.magics.capture.local.module_source import EMPTY, ModuleSource, module_source
from cellrun.magics.capture.source.code_reads import is_function, walk_code

_PYC_HEADER_BYTES = 16  # https://peps.python.org/pep-0552/
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
            (_qualified_name(code), code) for code in self._codes()
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
                    if code.co_filename == self.module.__file__ and "<" not in _qualified_name(code):
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


def function_codes(file: Path) -> Mapping[str, list[CodeType]]:
    """Return the code of a file's functions as it is on disk, by qualified name: there may be several by one name."""
    found = file.stat()
    return _codes_of_version(file, found.st_mtime_ns, found.st_size)


def has_stale_cache(file: Path) -> bool:
    """Whether the compiled code that Python keeps of a file is of another version of it: so it was imported then."""
    try:
        header = Path(importlib.util.cache_from_source(str(file))).read_bytes()[:_PYC_HEADER_BYTES]
    except (OSError, NotImplementedError):
        return False
    return len(header) == _PYC_HEADER_BYTES and not _is_current(header, file)


@lru_cache(maxsize=4096)
def _codes_of_version(file: Path, _changed: int, _size: int) -> Mapping[str, list[CodeType]]:
    try:
        code = _compiled(file)
    except (SyntaxError, ValueError):
        return {}
    functions: dict[str, list[CodeType]] = {}
    for each in filter(is_function, walk_code(code)):
        functions.setdefault(_qualified_name(each), []).append(each)
    return functions


def _compiled(file: Path) -> CodeType:
    """Return the code of a file, from Python's own cache where that is of this version of it."""
    try:
        cache = Path(importlib.util.cache_from_source(str(file)))
        data = cache.read_bytes()
        # Python knows whole seconds: it takes a file that was edited within one, to the same size, for the old one
        is_later = cache.stat().st_mtime_ns > file.stat().st_mtime_ns
        if is_later and data[:4] == importlib.util.MAGIC_NUMBER and _is_current(data[:_PYC_HEADER_BYTES], file):
            code = marshal.loads(data[_PYC_HEADER_BYTES:])  # noqa: S302  # as an import does
            if isinstance(code, CodeType):
                return code
    except (OSError, NotImplementedError, EOFError, TypeError, ValueError):  # none, or a damaged one
        pass
    return compile(file.read_bytes(), str(file), "exec", dont_inherit=True)


def _is_current(header: bytes, file: Path) -> bool:
    """Whether a cache belongs to the file as it is: by time and size, as Python decides."""
    found = file.stat()
    expected = (int(found.st_mtime) & 0xFFFFFFFF).to_bytes(4, "little") + (found.st_size & 0xFFFFFFFF).to_bytes(
        4, "little"
    )
    return header[4:8] != b"\0\0\0\0" or header[8:16] == expected  # by hash instead of time: for Python to check


def _qualified_name(code: CodeType) -> str:
    """Return the name of a function's code, with the classes and functions around it where Python keeps those."""
    name = getattr(code, "co_qualname", code.co_name)  # since Python 3.11
    return str(name)
