"""Carries what the notebook's functions need besides their pickles: the names they read, and their sources."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import lru_cache
from pathlib import PurePath
from types import CodeType, FunctionType
from typing import ForwardRef, NamedTuple, get_args

from cellrun.core.context.manifest import Context, Definition, Source
from cellrun.core.context.pickles.pickling import Store
from cellrun.core.context.pickles.references import at_path
from cellrun.magics.capture.another_python.definitions import Defined, Undefined, find_definition, parsed_cell
from cellrun.magics.capture.carrier import CapturedCell, Carrier, Found
from cellrun.magics.capture.paths.in_source import outside_of_code
from cellrun.magics.capture.source.analysis import NOTHING, Certainty, Outside, Read, Text
from cellrun.magics.capture.source.code_reads import CodeReads, code_reads, evaluated_names
from cellrun.magics.capture.words import texts_in

_HAVE_CODE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_HOLDERS = (str, PurePath, list, tuple, dict, set, frozenset)  # of texts


class _Span(NamedTuple):
    """Where a function or class stands, lines from 1, its decorators included."""

    name: str
    first: int
    last: int


def annotated_names(value: FunctionType | type) -> list[str]:
    """Return the names in annotations that are texts: typing, dataclasses, pydantic and others evaluate them."""
    try:
        annotations = dict(vars(value).get("__annotations__", {}) if isinstance(value, type) else value.__annotations__)
    except Exception:  # noqa: BLE001  # since Python 3.14 they are evaluated when somebody asks
        return []
    texts: list[str] = []
    waiting = list(annotations.values())
    while waiting:
        each = waiting.pop()
        if isinstance(each, (str, ForwardRef)):
            texts.append(each if isinstance(each, str) else each.__forward_arg__)
        else:
            waiting += get_args(each)
    return [name for text in texts for name in evaluated_names(text)]


def attribute_texts(value: type) -> Iterator[str]:
    """Iterate over the texts that a class of the notebook gives its attributes; its methods tell theirs themselves."""
    for each in vars(value).values():
        if isinstance(each, type):
            if each.__module__ == value.__module__ and each.__qualname__.startswith(f"{value.__qualname__}."):
                yield from attribute_texts(each)
        elif isinstance(each, _HOLDERS):
            yield from texts_in(each)


class CodeCarrier(Carrier):
    """Carries the sources of functions, and the definitions of functions and classes."""

    def __init__(self, cell: CapturedCell) -> None:
        self._notebook = cell.notebook
        self._sources: dict[str, Source] = {}
        self._lines: dict[str, set[int]] = {}  # of what is captured, by source
        self._definitions: dict[str, Definition] = {}
        self._found: dict[str, Defined | Undefined] = {}
        self.writes: set[str] = set()
        """Global names that functions of the notebook give a value."""
        self._attributes: set[str] = set()
        self._readers: dict[str, set[str]] = {}  # by global name, the functions and methods that read it
        self._methods: dict[str, str] = {}  # by qualified name, how each is called

    def follow(self, found: Found) -> Iterator[Found]:
        """Iterate over what functions of the notebook need."""
        return (self._needed_by(function, found.read) for function in found.functions)

    def pack(self, context: Context, store: Store) -> Context:
        """Return the context with the definitions, and the sources, by the file names that the functions have.

        What else is in their cells is blank: a cell may hold what nobody meant to send along, such as a password in the
        line above a function.
        """
        del store
        sources = {
            name: replace(source, text=only_lines(source.text, self._lines.get(name, set())))
            for name, source in self._sources.items()
        }
        return replace(context, sources=sources, definitions=self._definitions)

    def _needed_by(self, function: FunctionType, read: Read) -> Found:
        """Return what a function of the notebook reads, imports and names."""
        reads = code_reads(function.__code__)
        self.writes |= reads.writes
        self._note_reader(function, reads)
        self._keep_source(function.__code__.co_filename)
        self._keep_lines(function.__code__)
        where, line = function.__qualname__, function.__code__.co_firstlineno
        possible = min(Certainty.POSSIBLE, read.certainty)
        likely = min(Certainty.LIKELY, read.certainty)
        named = [
            Read(
                each.name,
                each.line,
                where,
                possible if each.is_possible else likely,
                read.bound,
                is_branched=each.is_branched or read.is_branched,
            )
            for each in reads.names
        ]
        annotated = [Read(name, line, where, possible) for name in annotated_names(function)]
        return Found(
            read,
            reads=[*named, *annotated],
            modules=set(reads.modules),
            texts=[Text(text, line, where) for text in (*reads.texts, *_given_texts(function))],
            outside=self._outside(function, where),
            is_evaluating=reads.is_evaluating,
            reach=reads.reach,
            uses_shell="get_ipython" in reads.attributes,
            imports_by_name=reads.imports_by_name,
        )

    def uncalled(self, name: str, used: AbstractSet[str]) -> list[str]:
        """Return the methods that read a global name, if nobody else does and nothing captured names one of them.

        `used` are the attributes that the cell and its modules use. Empty as well if no function reads the name.
        """
        readers = self._readers.get(name, set())
        called = used | self._attributes
        are_uncalled = all(self._methods.get(each, "") not in {"", *called} for each in readers)
        return sorted(readers) if are_uncalled else []

    def _note_reader(self, function: FunctionType, reads: CodeReads) -> None:
        self._attributes |= {*reads.attributes, *reads.texts}
        if name := self._method_name(function):
            self._methods[function.__qualname__] = name
        for each in reads.names:
            self._readers.setdefault(each.name, set()).add(function.__qualname__)

    def _method_name(self, function: FunctionType) -> str:
        """Return how a method is called; nothing for what may be called by other ways, as a library's base does."""
        path, _, name = function.__qualname__.rpartition(".")
        kind = at_path(path, self._notebook.namespace) if path else None
        if not isinstance(kind, type) or name.startswith("__"):
            return ""
        if not all(each is object or self._notebook.is_own_code(each) for each in kind.__mro__):
            return ""
        held = vars(kind).get(name)
        return name if function in (held, getattr(held, "__func__", None), getattr(held, "fget", None)) else ""

    def define(self, name: str, value: object, functions: Sequence[FunctionType]) -> Defined | None:
        """Return the statement that makes a function or class again, if there is one; `functions` are in its pickle."""
        if name not in self._found:
            self._found[name] = find_definition(name, value, functions, self._notebook)
        found = self._found[name]
        return found if isinstance(found, Defined) else None

    def keep(self, name: str, definition: Definition) -> None:
        """Take a definition along."""
        self._definitions[name] = definition
        self._keep_source(definition.filename)
        last = definition.line + definition.text.rstrip("\n").count("\n")
        self._lines.setdefault(definition.filename, set()).update(range(definition.line, last + 1))

    def why_undefined(self, name: str) -> str:
        """Return why a name has no definition, as the end of a sentence about it."""
        found = self._found.get(name)
        return found.why if isinstance(found, Undefined) else ""

    def definitions(self) -> dict[str, Definition]:
        """Return the definitions by name."""
        return self._definitions

    def _outside(self, function: FunctionType, where: str) -> Outside:
        source = self._sources.get(function.__code__.co_filename)
        return replace(outside_of_code(function.__code__, source.text), where=where) if source else NOTHING

    def _keep_source(self, filename: str) -> None:
        if filename not in self._sources:
            lines = linecache.getlines(filename)
            if lines:
                self._sources[filename] = Source(self._notebook.title_of(filename) or filename, "".join(lines))

    def _keep_lines(self, code: CodeType) -> None:
        if source := self._sources.get(code.co_filename):
            self._lines.setdefault(code.co_filename, set()).update(lines_of(code, source.text))


def _given_texts(function: FunctionType) -> Iterator[str]:
    """Iterate over the texts that a function was given when it was made: its defaults, and what it closes over."""
    yield from texts_in((function.__defaults__, function.__kwdefaults__))
    for cell in function.__closure__ or ():
        try:
            yield from texts_in(cell.cell_contents)
        except ValueError:  # it has no value yet
            continue


def lines_of(code: CodeType, source: str) -> range:
    """Return the lines of a function, or of the class that it is a method of, in the source it was compiled from."""
    spans = _spans(source)
    found = [span for span in spans if (span.name, span.first) == (code.co_name, code.co_firstlineno)]
    if found:
        span = spans[found[-1]]
        return range(span.first, span.last + 1)
    return range(code.co_firstlineno, max(_code_lines(code)) + 1)  # made by other code, or no Python that we know


def only_lines(source: str, lines: AbstractSet[int]) -> str:
    """Return a source in which all but these lines, from 1, are blank."""
    kept = source.split("\n")
    return "\n".join(line if number in lines else "" for number, line in enumerate(kept, 1))


@lru_cache(maxsize=64)
def _spans(source: str) -> dict[_Span, _Span]:
    """Return the functions and classes of a source, each with the outermost class that it belongs to, or itself."""
    return dict(_spans_in(ast.Module([*parsed_cell(source)], []), None))


def _spans_in(node: ast.AST, around: _Span | None) -> Iterator[tuple[_Span, _Span]]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _HAVE_CODE):
            yield from _spans_in(child, around)
            continue
        decorators = getattr(child, "decorator_list", ())
        first = min([child.lineno, *(each.lineno for each in decorators)])
        span = _Span(getattr(child, "name", "<lambda>"), first, child.end_lineno or child.lineno)
        yield span, around or span
        yield from _spans_in(child, (around or span) if isinstance(child, ast.ClassDef) else None)


def _code_lines(code: CodeType) -> Iterator[int]:
    yield code.co_firstlineno
    yield from (line for _, _, line in code.co_lines() if line)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _code_lines(constant)
