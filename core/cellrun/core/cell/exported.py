"""Runs a cell that was exported: `python cell.py`, in a folder that has what it needs, and this module in its `lib`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from cellrun.core.cell.display.echo import echo
from cellrun.core.cell.display.progress_bars import use_text_bars
from cellrun.core.cell.execution import run_code
from cellrun.core.cell.import_hooks import after_import
from cellrun.core.cell.linked_files import LinkedFiles
from cellrun.core.cell.start import load_names, prepare, show_sources
from cellrun.core.context.manifest import Context
from cellrun.core.context.value_store import ValueStore
from cellrun.core.layout import RunLayout

_OF_SCRIPT = ("sys", "Path", "cell_context")  # what `cell.py` imports for itself


class ExportedCell:
    """The cell of a folder; `folder` is the one of its context, below the cell's own."""

    def __init__(self, folder: Path) -> None:
        self._context = folder.resolve()
        self._folder = self._context.parent
        self._store = ValueStore(self._context / "values")

    def load(self, namespace: dict[str, Any], arguments: Sequence[str] = (), *, body: str = "") -> None:
        """Make a script's names those that the cell got from its notebook, and go to its folder.

        `arguments` are the script's if it was started without any. `body` is the file beside `cell.py` that is run
        then: of a cell that can't stand in a script, as it has `await` outside of functions.
        """
        if len(sys.argv) == 1:
            sys.argv += arguments
        for name in _OF_SCRIPT:
            namespace.pop(name, None)
        # Processes that the cell spawns import what `__spec__` names: there the cell isn't run.
        namespace["__spec__"] = ModuleSpec(f"{self._context.name}.spawned", None)
        context = self.load_names(namespace)
        script = str(self._folder / (body or "cell.py"))
        show_sources(context, script, f'File "{script}"')
        self._enter(context)
        after_import("IPython", self._start_shell)
        after_import("tqdm.notebook", use_text_bars)
        prepare(context, self._store, namespace)
        sys.displayhook = echo
        if body:
            source = self._folder / body
            run_code(source.read_text(encoding="utf-8"), str(source), namespace)

    def load_names(self, namespace: dict[str, Any]) -> Context:
        """Load the names alone, as a process that the cell spawns does."""
        return load_names(lambda: Context.read(self._context), self._store, namespace)

    def _enter(self, context: Context) -> None:
        """Go where the cell's relative paths begin, and link what wasn't copied if it is there."""
        folder = self._folder / context.folder
        folder.mkdir(parents=True, exist_ok=True)
        os.chdir(folder)
        for name, target in context.links.items():
            link = Path(os.path.normpath(folder / name))
            if not link.is_symlink() and not link.exists() and Path(target).exists():
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(target)
        if context.links:
            LinkedFiles(folder, context.links, context.copies).protect()

    def _start_shell(self, _: ModuleType) -> None:
        from cellrun.core.cell.shell import start_shell  # noqa: PLC0415  # it loads all of IPython

        start_shell(sys.modules["__main__"], RunLayout(self._context))
