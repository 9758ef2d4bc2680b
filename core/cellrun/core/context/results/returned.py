"""Reads what a cell gave back: plain forms from anybody, pickles only from this user or on their word."""

from __future__ import annotations

import builtins
import linecache
import sys
import warnings
from operator import attrgetter
from pathlib import Path
from typing import Any

from cellrun.core.context.manifest import CONTEXT_FILE, Context, Group, python_version
from cellrun.core.context.pickles.references import at_path, loading_into, own_path
from cellrun.core.context.reader import group_values
from cellrun.core.context.results.found import OF_MODULE
from cellrun.core.context.results.plain_forms import PICKLE, load_plain
from cellrun.core.context.signature import why_untrusted
from cellrun.core.context.trusted import VerifiedStore
from cellrun.core.errors import ContextException, UntrustedError
from cellrun.core.front_end import plain, plain_line

_MOST_KEPT = 4  # runs; each may hold large globals of its functions


class Returned:
    """The results in a folder. Values that share objects do so again within one of these."""

    def __init__(self, folder: Path, values: Path) -> None:
        """Read the account of the results; nothing is loaded. Raises ContextException if they can't be read."""
        self._folder = folder
        self._bytes = Context.bytes_in(folder)
        self.context = Context.of_bytes(self._bytes, folder)
        self._store = VerifiedStore(values)
        self._groups: dict[str, tuple[Group, int]] = {
            name: (group, number) for group in self.context.groups for number, name in enumerate(group.names)
        }
        self._loaded: dict[Group, list[Any]] = {}

    @property
    def problems(self) -> dict[str, str]:
        """Why results couldn't be kept, by their names."""
        names, needs = self.context.returns, self.context.needs
        return {name: need.note for name in names for need in needs if need.name == name and not need.how}

    def value(self, name: str, *, trust: bool = False) -> Any:
        """Return a value that was kept.

        Raises UntrustedError for a pickle that isn't this user's own and that nobody says to trust, ContextException
        for a value that can't be loaded here.
        """
        if name not in self._groups:
            raise ContextException(f"the results in {self._folder} are damaged: there is no value of {name!r}")
        group, number = self._groups[name]
        if group.format != PICKLE:
            return load_plain(group, self._store)
        if why := "" if trust else self._why_untrusted():
            raise UntrustedError(f"result {name!r}", why)
        return self._pickled(group)[number]

    def _why_untrusted(self) -> str:
        run = self.context.run or self._folder.parent.name  # an earlier cellrun didn't say whose they are
        if run != self._folder.parent.name:
            return f"another run, {plain_line(run)}, gave it back"
        return why_untrusted(self._folder / CONTEXT_FILE, self._bytes)

    def _pickled(self, group: Group) -> list[Any]:
        code = _code_of(self._folder, self._bytes, self.context, self._store)
        if any(name.startswith(OF_MODULE) for name in group.names):  # it is what functions of the run see, too
            return code.values(group)
        if group not in self._loaded:
            self._loaded[group] = code.load(group)
        return self._loaded[group]


class _RunCode:
    """The functions and classes that came back with a run's results, and the globals that they read.

    A name stands for what the notebook has defined by it, if it has; else for the run's own, loaded when it is needed.
    """

    def __init__(self, context: Context, store: VerifiedStore) -> None:
        self._context = context
        self._store = store
        self._loaded: dict[Group, list[Any]] = {}
        self._namespace: dict[str, Any] = {"__name__": "__main__", "__builtins__": builtins}
        self._is_whole = False

    def load(self, group: Group) -> list[Any]:
        """Return the values of a group, made anew."""
        values = self._made(group)
        if group.has_code:
            self._complete()
        return values

    def values(self, group: Group) -> list[Any]:
        """Return the values of a group that the run's functions see: always the same."""
        if group not in self._loaded:
            self._loaded[group] = self._made(group)
            if group.has_code:
                self._complete()
        return self._loaded[group]

    def _made(self, group: Group) -> list[Any]:
        if group.format != PICKLE:
            return [load_plain(group, self._store)]
        if group.has_code and self._context.python != python_version():
            names = ", ".join(name.removeprefix(OF_MODULE) for name in group.names)
            raise ContextException(
                f"{names} came back from Python {self._context.python}, and this is {python_version()}: byte code of "
                "functions and classes belongs to one version; define them here, or use that Python"
            )
        with loading_into(self._namespace, self._named, self._of_run):
            return group_values(group, self._store)

    def _named(self, path: str) -> Any:
        main = vars(sys.modules["__main__"])
        own = at_path(path, main)
        return own if own_path(own, main) == path else self._of_run(path)

    def _of_run(self, path: str) -> Any:
        name, _, rest = path.partition(".")
        group, number = next(
            (group, names.index(OF_MODULE + name))
            for group in self._context.groups
            if OF_MODULE + name in (names := group.names)
        )
        value = self.values(group)[number]
        return attrgetter(rest)(value) if rest else value

    def _complete(self) -> None:
        """Give functions that were loaded the globals that they read, and their sources."""
        if self._is_whole:
            return
        self._is_whole = True  # now: what is loaded here comes here again
        for filename, source in self._context.sources.items():
            lines = source.text.splitlines(keepends=True)
            linecache.cache.setdefault(filename, (len(source.text), None, lines, filename))
        for group in self._context.groups:
            for name in group.names:
                if name.startswith(OF_MODULE):
                    self._bind(name.removeprefix(OF_MODULE))

    def _bind(self, name: str) -> None:
        try:
            self._namespace[name] = self._named(name)
        except ContextException as error:  # a module that isn't installed here: not every function needs it
            words = f"a function that came back fails if it comes to {name!r}: {error}"
            warnings.warn(plain(words), stacklevel=6)


_codes: dict[tuple[Path, bytes], _RunCode] = {}


def _code_of(folder: Path, content: bytes, context: Context, store: VerifiedStore) -> _RunCode:
    """Return the code of some results: one for all looks at the last few runs, whose classes are then the same."""
    key = folder, content
    code = _codes.pop(key, None) or _RunCode(context, store)
    _codes[key] = code  # at the end: what was looked at longest ago goes first
    while len(_codes) > _MOST_KEPT:
        del _codes[next(iter(_codes))]
    return code
