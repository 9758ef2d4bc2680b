"""The notebook as a capture sees it: its namespace, what in it is the user's, and how its cells are called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from cellrun.core.context.pickles.references import is_own_code, own_name

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
