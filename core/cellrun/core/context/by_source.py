"""Brings a context into another Python than the one it was captured with: functions and classes from their source.

Values that hold no byte code are loaded as ever; whatever of all this needs something else gets that first.
"""

from __future__ import annotations
import __future__

import inspect
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

from cellrun.core.context.manifest import Context, Group
from cellrun.core.context.pickles.references import loading_into
from cellrun.core.errors import ContextException

_CONTAINERS = frozenset({list, dict, set})


class SourceLoader:
    """Fills a namespace with a context's names, each one at the time when something needs it.

    `here` is this Python's version, `load_group` brings the values of a group there.
    Responsibilities: what is needed when a definition is executed; each thing once; values as they were captured,
    whatever decorators did to them meanwhile; what can't be made here.
    """

    def __init__(
        self, context: Context, namespace: dict[str, Any], here: str, load_group: Callable[[Group], None]
    ) -> None:
        self._context = context
        self._namespace = namespace
        self._here = here
        self._load_group = load_group
        self._groups = {name: group for group in context.groups for name in group.names}
        self._codes: dict[str, CodeType] = {}
        self._begun: set[str] = set()
        self._executing = 0
        self._early: list[_Early] = []

    def load(self) -> None:
        """Make all there is. Raises ContextException that names what can't be made here, and why."""
        with loading_into(self._namespace, self._code_named):
            for name in (*self._context.definitions, *self._groups):
                self._make(name)
            for early in self._early:
                self._restore(early)
        for path in filter(is_attribute, self._groups):
            self._set(path, self._namespace.pop(path))

    def _code_named(self, name: str) -> Any:
        loading = [early for early in self._early if not early.is_loaded]
        if loading and name not in self._namespace and self._waits_for(name, loading):  # a register of such things
            for early in loading:
                early.has_gaps = True
            return None
        self._make(name)
        return self._namespace[name]

    def _waits_for(self, name: str, loading: Sequence[_Early]) -> bool:
        """Whether a function or class can't be made before something is loaded that refers to it."""
        awaited = {each for early in loading for each in early.group.names}
        return name in self._begun or not awaited.isdisjoint(self._needed_at_once(name))

    def _make(self, name: str) -> None:
        if name in self._begun:
            return
        self._begun.add(name)
        group = self._groups.get(name)
        if group is not None and (not group.has_code or self._context.python == self._here):
            self._begun.update(group.names)
            self._load(group)
        elif name in self._context.definitions:
            self._execute(name)
        elif group is not None:
            raise ContextException(
                f"{name} can't be loaded with Python {self._here}: it was captured with Python {self._context.python} "
                "together with functions or classes, whose byte code belongs to that version, and it has no definition "
                f"of its own to make it from; use Python {self._context.python}, or submit its cell again to this one"
            )

    def _load(self, group: Group) -> None:
        if not self._executing:
            self._load_group(group)
            return
        early = _Early(group)
        self._early.append(early)
        self._load_group(group)
        early.is_loaded = True
        early.contents = self._contents(group)

    def _restore(self, early: _Early) -> None:
        """Give values that definitions were executed with the content that they were captured with, in place."""
        values = {name: self._namespace[name] for name in early.contents}
        if early.has_gaps:  # what they lacked is there now
            self._load_group(early.group)
            early.contents = self._contents(early.group)
        for name, value in values.items():
            _set_content(value, early.contents[name])
            self._namespace[name] = value

    def _contents(self, group: Group) -> dict[str, Any]:
        """Return what the containers and plain objects of a group hold, by name."""
        values = {name: self._namespace[name] for name in group.names if name in self._namespace}
        return {name: held for name, value in values.items() if (held := _content(value)) is not None}

    def _set(self, path: str, value: object) -> None:
        """Set what the notebook changed of a function or class after its definition."""
        owner, _, attribute = path.rpartition(".")
        try:
            setattr(self._namespace[owner], attribute, value)
        except (AttributeError, TypeError) as error:
            raise ContextException(f"{path} can't be set with Python {self._here}: {error}") from error

    def _execute(self, name: str) -> None:
        """Execute the statement that defines a name, once all that it needs for that is there."""
        code = self._code_of(name)
        self._executing += 1
        for needed in self._needed_at_once(name):
            self._make(needed)
        self._executing -= 1
        try:
            exec(code, self._namespace)  # noqa: S102  # the notebook's own
        except ContextException:
            raise
        except Exception as error:  # whatever a decorator or the body of a class of the user's raises
            raise ContextException(
                f"{name} can't be made from its source with Python {self._here}: {type(error).__name__}: {error}"
            ) from error

    def _code_of(self, name: str) -> CodeType:
        if name not in self._codes:
            definition = self._context.definitions[name]
            flags = sum(getattr(__future__, feature).compiler_flag for feature in definition.future)
            source = "\n" * (definition.line - 1) + definition.text  # its lines in tracebacks are the cell's own
            try:
                self._codes[name] = compile(source, definition.filename, "exec", flags, dont_inherit=True)
            except SyntaxError as error:
                raise ContextException(
                    f"{name} is no Python {self._here} (line {error.lineno}: {error.msg}): it was captured with Python "
                    f"{self._context.python}"
                ) from error
        return self._codes[name]

    def _needed_at_once(self, name: str) -> Iterator[str]:
        """Iterate over what executing a definition may use: decorators, bases, defaults, and all that these call."""
        if name not in self._context.definitions:
            return
        seen = {name} if _is_plain(self._context.definitions[name].text) else set()
        waiting = list(_names(self._code_of(name), is_called=False))
        while waiting:
            name = waiting.pop(0)
            if name in seen:
                continue
            seen.add(name)
            yield name
            if name in self._context.definitions:
                waiting += _names(self._code_of(name), is_called=True)


def _is_plain(definition: str) -> bool:
    """Whether executing a definition can't call what it defines: no decorator, no base class."""
    return definition.startswith(("def ", "async def ")) or "lambda" in definition.partition("\n")[0]


@dataclass
class _Early:
    """Values that were loaded for a definition to be executed with; `has_gaps` if it is itself in them."""

    group: Group
    is_loaded: bool = False
    has_gaps: bool = False
    contents: dict[str, Any] = field(default_factory=dict)


def _content(value: Any) -> Any:
    """Return what a container or a plain object holds; None for anything else."""
    if type(value) in _CONTAINERS:
        return copy(value)
    return dict(vars(value)) if hasattr(value, "__dict__") and not isinstance(value, type) else None


def _set_content(value: Any, content: Any) -> None:
    """Put what `_content` returned back in place."""
    if type(value) in _CONTAINERS:
        value.clear()
        (value.extend if type(value) is list else value.update)(content)
    else:
        vars(value).clear()
        vars(value).update(content)


def is_attribute(name: str) -> bool:
    """Whether a name in a group stands for an attribute of a function or class of the notebook: `Model.rate`."""
    return "." in name and ":" not in name


def _names(code: CodeType, *, is_called: bool) -> Iterator[str]:
    """Iterate over the names in code; those in the bodies of functions only where these may be called."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType) and (is_called or not _is_function(constant)):
            yield from _names(constant, is_called=is_called)


def _is_function(code: CodeType) -> bool:
    """Whether code runs when somebody calls it: not a class's, a comprehension's, nor that of type parameters."""
    is_optimized = bool(code.co_flags & inspect.CO_OPTIMIZED)
    return is_optimized and (not code.co_name.startswith("<") or code.co_name == "<lambda>")
