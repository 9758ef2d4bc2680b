"""Puts `get_ipython` and `display` among the builtins, as a notebook has them, without loading IPython.

Local modules and libraries look for it there, most only to tell a notebook from a terminal: by the name of the shell's
class, by whether it has a `kernel`. pandas decides so how wide it prints, and few of them go on to use the shell.
"""

from __future__ import annotations

import builtins
import importlib.util
import sys
from typing import Any

_IPYTHONS_OWN = "IPython."  # shells of this module are those without a kernel
_shell_of_notebook = ""


def announce(shell: str) -> None:
    """Let all code find that it runs in a notebook with a shell of this class, `module:name`; empty if nobody knows."""
    global _shell_of_notebook  # noqa: PLW0603  # a process has one notebook
    _shell_of_notebook = shell
    if shell and importlib.util.find_spec("IPython"):
        stand_in = named_as_in_notebook(_StandIn)()
        vars(builtins).update(get_ipython=lambda: _loaded() or stand_in, display=_display, __IPYTHON__=True)


def named_as_in_notebook(kind: type) -> type[Any]:
    """Return a class derived from one that is told from the class of the notebook's shell by nobody who looks."""
    module, _, name = _shell_of_notebook.rpartition(":")
    if not name:
        return kind
    attributes = {} if module.startswith(_IPYTHONS_OWN) else {"kernel": None}
    return type(kind)(name, (kind,), {"__module__": module, "__doc__": kind.__doc__, **attributes})


class _StandIn:
    """Stands in for the shell, which is started when something of it is used."""

    def __getattr__(self, name: str) -> Any:
        if name == "kernel":  # a shell with one has it in its class
            raise AttributeError(name)
        return getattr(_started(), name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(_started(), name, value)


def _loaded() -> Any | None:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None


def _started() -> Any:
    import IPython  # noqa: PLC0415  # slow to load; the run's shell starts with it

    return IPython.get_ipython()


def _display(*objects: object, **options: Any) -> Any:
    from IPython.display import display  # noqa: PLC0415  # as above

    return display(*objects, **options)  # type: ignore[no-untyped-call]
