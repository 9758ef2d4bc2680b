"""Prepares a cell's process: loads its names, binds its run, restores the state of libraries; or ends in a line."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from cellrun.core.cell.notebook_builtins import announce
from cellrun.core.cell.tracebacks import show_cells
from cellrun.core.context.manifest import Context
from cellrun.core.context.reader import load
from cellrun.core.context.value_store import ValueStore
from cellrun.core.errors import ContextException
from cellrun.core.identity import INPUT_NAMES, OUTPUT_NAMES, REFERENCE


def load_names(read: Callable[[], Context], store: ValueStore, namespace: dict[str, Any]) -> Context:
    """Load a context's names into a namespace; return the context."""
    with exit_on_errors():
        context = read()
        announce(context.shell)  # a module looks while it is imported
        load(context, store, namespace)
        return context


def show_sources(context: Context, script: str, title: str) -> None:
    """Have tracebacks show the lines of the notebook's cells, and those of the script under a title."""
    show_cells({**{name: source.title for name, source in context.sources.items()}, script: title})


def prepare(context: Context, store: ValueStore, namespace: dict[str, Any]) -> None:
    """Give a cell, in the folder where it runs, what it needs besides its names."""
    bind_run(context, namespace)
    bind_data(namespace)
    with exit_on_errors():
        if context.needs_ipython:
            _import_ipython()
        if context.state:
            from cellrun.core.cell.notebook_state import restore_state  # noqa: PLC0415  # few need the table's modules

            restore_state(context, store, namespace)


def bind_run(context: Context, namespace: dict[str, Any]) -> None:
    """Give a cell its run, by the name that it has there; also what the cell spawns, whose functions may log."""
    if context.run_name:
        from cellrun.core.runs.run import Run  # noqa: PLC0415  # a cell that doesn't use its run needn't wait for it

        namespace[context.run_name] = Run.get_context()


def bind_data(namespace: dict[str, Any]) -> None:
    """Give a cell its data by their names: paths, and datasets that are given as they are."""
    told = [each.rpartition(":") for each in os.environ.get(INPUT_NAMES, "").split(",") if each]
    names = [name for name, _, mode in told if mode != "direct"] + os.environ.get(OUTPUT_NAMES, "").split(";")
    namespace.update({name: os.environ[f"{REFERENCE}{name}"] for name in names if name})
    if whole := [name for name, _, mode in told if mode == "direct"]:
        from cellrun.core.runs.run import Run  # noqa: PLC0415  # few cells have one

        datasets = Run.get_context().input_datasets
        namespace.update({name: datasets[name] for name in whole})


@contextmanager
def exit_on_errors() -> Iterator[None]:
    """Say in a line what the cell can't have, and end."""
    try:
        yield
    except ContextException as error:
        sys.exit(f"{type(error).__name__}: {error}")


def _import_ipython() -> None:
    try:
        importlib.import_module("IPython")  # its shell starts with it
    except ImportError as error:
        raise ContextException(
            f"the cell uses IPython (a magic, a shell line or display), which {sys.executable} can't import: {error}; "
            "install it there: pip install ipython"
        ) from error
