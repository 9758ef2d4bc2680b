"""What a capture is given: the notebook, and what the user adds or leaves out."""

from __future__ import annotations

import glob
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from cellrun.core.context.pickles.references import is_own_code, own_name
from cellrun.magics.capture.local.local_modules import is_found_here

_MODULE_NAMES = frozenset(
    {"__name__", "__doc__", "__package__", "__loader__", "__spec__", "__builtin__", "__builtins__", "__annotations__"}
)
_OF_IPYTHON = frozenset({"In", "Out", "_ih", "_oh", "_dh", "get_ipython", "exit", "quit", "open"})


@dataclass(frozen=True)
class Notebook:
    """What a cell is captured from."""

    namespace: dict[str, Any]
    hidden: Mapping[str, Any] = field(default_factory=dict)
    """What IPython put into the namespace itself; last results too, which are the user's all the same."""
    title_of: Callable[[str], str | None] = lambda _: None
    """How tracebacks call the cell that a file name stands for: `Cell In[3]`."""
    folder: Path = field(default_factory=Path.cwd)
    shell: InteractiveShell | None = None

    @classmethod
    def of_shell(cls, shell: InteractiveShell) -> Notebook:
        """Return the notebook of a running shell."""

        def title_of(filename: str) -> str | None:
            found = shell.compile.format_code_name(filename)
            return " ".join(found) if found else None

        return cls(shell.user_ns, shell.user_ns_hidden, title_of, Path.cwd(), shell)

    @property
    def shell_class(self) -> str:
        """The class of its shell, `module:name`; empty without one."""
        kind = type(self.shell)
        return "" if self.shell is None else f"{kind.__module__}:{kind.__qualname__}"

    def holds(self, name: str) -> bool:
        """Whether the user, not IPython, gave a name its value."""
        if name not in self.namespace or name in _MODULE_NAMES:
            return False
        return not self.is_hidden(name)

    def is_hidden(self, name: str) -> bool:
        """Whether a name is IPython's own, as `In`, `Out` and `get_ipython` are."""
        if name not in _OF_IPYTHON or name not in self.hidden:
            return False
        return self.namespace.get(name) is self.hidden[name]

    def cells(self) -> list[str]:
        """Return the sources of the cells that have run, first to last, whatever the user has made of `In`."""
        history = self.hidden.get("In", ())
        return [cell for cell in history if isinstance(cell, str)]

    def is_known(self, name: str) -> bool:
        """Whether every module has such a name."""
        return name in _MODULE_NAMES

    def is_own_code(self, value: object) -> bool:
        """Whether a value is a function or class that was defined in the notebook."""
        return is_own_code(value, self.namespace)

    def name_of(self, value: object) -> str | None:
        """Return the name that a function or class of the notebook was defined with, if it still has it."""
        return own_name(value, self.namespace)


@dataclass(frozen=True)
class Choices:
    """Names of the notebook, paths beside it, modules."""

    added: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    """Names whose values come back, as they are when the cell has completed."""
    given: tuple[str, ...] = ()
    """Names that the run itself has a value for: its data."""


@dataclass
class LeftOut:
    """What isn't to be captured, and which of it the cell would have needed, with the place."""

    names: frozenset[str]
    places: dict[str, str] = field(default_factory=dict)

    def has(self, name: str, place: str) -> bool:
        """Whether a name, a module or a path is left out, by itself or with a folder that it is in; noted if so."""
        parts = name.split("/")
        for length in range(len(parts), 0, -1):
            chosen = "/".join(parts[:length])
            if chosen in self.names:
                self.places.setdefault(chosen, place)
                return True
        return False

    def unused(self) -> list[str]:
        """Return what would not have been captured anyway."""
        return [name for name in sorted(self.names) if name not in self.places]

    def notes(self) -> list[str]:
        """Return what is worth saying of what stays behind."""
        return [
            f"{name!r} ({place}) stays behind, as --without says; the run fails where it can't do without"
            for name, place in self.places.items()
        ]


def is_path(name: str, folder: Path) -> bool:
    """Whether something in a folder is called so, or fits the pattern, as seen from that folder."""
    return not is_absolute(name) and _matches(name, folder)


def is_absolute(name: str) -> bool:
    """Whether a path is named as seen from anywhere."""
    return name.startswith(("/", "~"))


def _matches(name: str, folder: Path) -> bool:
    return (folder / name).exists() or (glob.has_magic(name) and any(folder.glob(name)))


def is_module(name: str) -> bool:
    """Whether a module of this dotted name can be imported, as far as its top can tell."""
    return all(part.isidentifier() for part in name.split(".")) and is_found_here(name)
