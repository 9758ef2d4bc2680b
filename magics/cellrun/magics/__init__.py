"""What `%load_ext cellrun.magics` brings: `%%submit`, `%start_logging`, `%load_run`, and lists of what there is."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from IPython.core.interactiveshell import InteractiveShell

__all__ = ["load_ipython_extension", "unload_ipython_extension"]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register the magics: what `%load_ext cellrun.magics` calls."""
    with _without_collection():
        _register(shell)
    threading.Thread(target=_tend, name="cellrun queue", daemon=True).start()


def _register(shell: InteractiveShell) -> None:
    from cellrun.magics.environments import environments  # noqa: PLC0415  # as below
    from cellrun.magics.load_run import LoadRunMagic  # noqa: PLC0415  # importing the package alone stays cheap
    from cellrun.magics.runs import runs  # noqa: PLC0415
    from cellrun.magics.start_logging import StartLoggingMagic  # noqa: PLC0415
    from cellrun.magics.submit import SubmitMagic  # noqa: PLC0415
    from cellrun.magics.targets import targets  # noqa: PLC0415

    register = shell.magics_manager.register_function
    register(SubmitMagic(shell).submit, "line_cell", "submit")
    register(StartLoggingMagic(shell).start_logging, "line", "start_logging")
    register(runs, "line", "runs")
    register(targets, "line", "targets")
    register(environments, "line", "environments")
    register(LoadRunMagic(shell).load_run, "line", "load_run")


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take the magics away: what `%unload_ext cellrun.magics` calls. Open runs stay open."""
    for magics in shell.magics_manager.magics.values():
        for name in ("submit", "start_logging", "runs", "targets", "environments", "load_run"):
            magics.pop(name, None)


@contextmanager
def _without_collection() -> Iterator[None]:
    """Look for no garbage in this block: among what is imported is none, and a fifth of the time would go into that."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _tend() -> None:
    """Start runs that wait and that nobody is left to start, beside what the user does."""
    from cellrun.core.targets.local.admission import tend_own  # noqa: PLC0415  # as above

    tend_own()
