"""The format of a captured context: `context.json`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cellrun.core.disk.control_file import check_parts, read_control_file
from cellrun.core.errors import ContextException, DamagedRunError, shown

VERSION = 2
CONTEXT_FILE = "context.json"


@dataclass(frozen=True)
class Blob:
    """Some bytes in the value store. Raises ContextException for a hash that would be a path elsewhere."""

    hash: str
    bytes: int

    def __post_init__(self) -> None:
        if not self.hash.replace("-", "").isalnum():
            raise ContextException(f"{shown(self.hash)} is no hash of a captured value")


@dataclass(frozen=True)
class Group:
    """Names whose values share objects: one pickle, of the list of the values."""

    names: tuple[str, ...]
    """Names of the cell; `module:attribute` for what the notebook assigned to a local module."""
    payload: Blob
    buffers: tuple[Blob, ...] = ()
    """Large contiguous memory of the values, apart from the pickle, in its order."""
    format: str = "pickle"
    """How the payload is written: pickle; for results json, npy or scalar too (`plain_forms`), which run no code."""
    has_code: bool = False
    """Whether byte code is in it, which belongs to one version of Python."""


@dataclass(frozen=True)
class Definition:
    """The statement that defines a function or class of the notebook, for a Python that can't load its pickle."""

    filename: str
    """The key of its source in `Context.sources`."""
    line: int
    """Where the statement begins there, from 1."""
    text: str
    future: tuple[str, ...] = ()
    """The features of `__future__` that it was compiled with."""


@dataclass(frozen=True)
class State:
    """State of a library (a random generator, options), set again once its module is loaded in the run."""

    module: str
    """The module that has to be loaded first: `numpy.random`."""
    what: str
    """Which state of it, as the table in `context/state` calls it."""
    payload: Blob
    format: str = "json"
    """How the payload is written: json, or pickle where an option is a function of the notebook."""


@dataclass(frozen=True)
class Import:
    """A module, or something in it, that comes back by importing it."""

    module: str
    attribute: str = ""
    """Dotted; empty for the module itself."""
    name: str = ""
    """The name that it gets; empty if it only has to be imported, as a submodule has."""


@dataclass(frozen=True)
class Source:
    """The source that functions of the notebook were compiled from."""

    title: str
    """How tracebacks name it: `Cell In[3]`."""
    text: str


@dataclass(frozen=True)
class Need:
    """One line of the account of what was captured: for people, nothing is loaded by it."""

    name: str
    kind: str
    """One of `account.KINDS`."""
    what: str
    """The value's type, the module's version …"""
    place: str
    """Where in the cell it is needed."""
    bytes: int = 0
    how: str = ""
    """What it is captured as: value, source, import, copy, link, reference, state, inherited."""
    note: str = ""
    """What else there is to say: `same as digits-2: not sent again`."""


@dataclass(frozen=True)
class Context:
    """A captured context. `groups` and `imports` are loaded in order: code first, for values of its classes."""

    python: str
    """`3.11`: pickled code holds byte code, which belongs to one version."""
    title: str
    """How tracebacks name the cell itself: `Cell In[7]`."""
    needs_ipython: bool = False
    shell: str = ""
    """The class of the notebook's shell, `module:name`, by which libraries tell a notebook from a terminal."""
    run_name: str = ""
    """The name that the cell's own Run is bound to; empty if the cell doesn't use it."""
    imports: tuple[Import, ...] = ()
    groups: tuple[Group, ...] = ()
    sources: dict[str, Source] = field(default_factory=dict)
    """By the file name that the functions' code objects have."""
    links: dict[str, str] = field(default_factory=dict)
    """Files and folders that are read where they are: the path beside the cell, and the absolute one."""
    copies: tuple[str, ...] = ()
    """Those of the links, and paths below them, that are copied when the run starts: the cell may change them."""
    folder: str = ""
    """Where below the working folder the cell runs, so that `..` in its paths leads to what stands beside it."""
    path: tuple[str, ...] = ()
    """What the notebook added to `sys.path`, absolute; looked at last."""
    state: tuple[State, ...] = ()
    definitions: dict[str, Definition] = field(default_factory=dict)
    """By name, of the functions and classes that can be made again from their source."""
    returns: tuple[str, ...] = ()
    """Names whose values come back when the cell has completed."""
    needs: tuple[Need, ...] = ()
    run: str = ""
    """Of results: the id of the run that gave them back, so that they can't be taken for another run's."""

    def write(self, folder: Path) -> None:
        """Write it into a context folder, made if needed."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / CONTEXT_FILE).write_text(json.dumps({"version": VERSION, **asdict(self)}, indent=1) + "\n")

    @classmethod
    def read(cls, folder: Path) -> Context:
        """Read what `write` wrote.

        Raises ContextException if there is none, or a newer cellrun wrote it.
        """
        return cls.of_bytes(cls.bytes_in(folder), folder)

    @staticmethod
    def bytes_in(folder: Path) -> bytes:
        """Return the bytes of a folder's context, which `of_bytes` reads. Raises ContextException if there are none."""
        try:
            return read_control_file(folder, folder / CONTEXT_FILE)
        except FileNotFoundError as error:
            raise ContextException(f"there is no captured context in {folder}") from error
        except DamagedRunError as error:
            raise ContextException(f"the context in {folder} is damaged: {error.file_problem}") from error

    @classmethod
    def of_bytes(cls, content: bytes, folder: Path) -> Context:
        """Read the bytes of a folder's context. Raises ContextException if they are damaged or newer."""
        try:
            check_parts(content)
            return cls._of_json(json.loads(content), folder)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ContextException(f"the context in {folder} is damaged: {error!r}") from error

    @classmethod
    def _of_json(cls, data: dict[str, Any], folder: Path) -> Context:
        if data["version"] > VERSION:
            raise ContextException(
                f"the context in {folder} has version {data['version']}, this cellrun knows {VERSION}: update cellrun"
            )
        return cls(
            python=data["python"],
            title=data["title"],
            needs_ipython=data["needs_ipython"],
            shell=str(data.get("shell", "")),
            run_name=data["run_name"],
            imports=tuple(Import(**each) for each in data["imports"]),
            groups=tuple(_group(each) for each in data["groups"]),
            sources={name: Source(**each) for name, each in data["sources"].items()},
            links=data["links"],
            copies=_names(data.get("copies", ())),
            folder=data.get("folder", ""),
            path=tuple(data.get("path", ())),
            state=tuple(_state(each) for each in data.get("state", ())),
            definitions={name: _definition(each) for name, each in data.get("definitions", {}).items()},
            returns=_names(data.get("returns", ())),
            needs=tuple(Need(**each) for each in data["needs"]),
            run=str(data.get("run", "")),
        )

    def blobs(self) -> Iterator[Blob]:
        """Iterate over all that it refers to in the value store."""
        for group in self.groups:
            yield from (group.payload, *group.buffers)
        for each in self.state:
            yield each.payload


def has_context(folder: Path) -> bool:
    """Whether a context folder holds a context: runs of scripts have none."""
    return (folder / CONTEXT_FILE).exists()


def _names(data: Sequence[object]) -> tuple[str, ...]:
    names = tuple(each for each in data if isinstance(each, str))
    if len(names) < len(data):
        raise TypeError(f"names are texts; got {shown(data)}")
    return names


def _group(data: dict[str, Any]) -> Group:
    fields = {"names": _names(data["names"]), "payload": Blob(**data["payload"])}
    return Group(**{**data, **fields, "buffers": tuple(Blob(**each) for each in data["buffers"])})


def _definition(data: dict[str, Any]) -> Definition:
    return Definition(**{**data, "future": tuple(data.get("future", ()))})


def _state(data: dict[str, Any]) -> State:
    return State(**{**data, "payload": Blob(**data["payload"])})


def python_version() -> str:
    """Return the version that byte code belongs to: `3.11`."""
    return version_words(sys.implementation.name, *sys.version_info[:2])


def version_words(implementation: str, major: int, minor: int) -> str:
    """Return the version that a Python's byte code belongs to: `3.11`, or `pypy 3.11` of one that isn't CPython."""
    return f"{major}.{minor}" if implementation == "cpython" else f"{implementation} {major}.{minor}"
