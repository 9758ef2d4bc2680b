"""A notebook without a front end: a real IPython shell with the magics loaded, in a folder of its own."""

from __future__ import annotations

import atexit
import builtins
import contextlib
import io
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from cellrun.core import Run, Workspace
from cellrun.core.errors import InvalidSubmissionError
from cellrun.core.store.lists.index import Index
from cellrun.core.store.status import Status


class NotebookShell:
    """Runs cells and submits them."""

    def __init__(self, shell: InteractiveShell, folder: Path) -> None:
        self.shell = shell
        self.folder = folder

    @property
    def names(self) -> dict[str, Any]:
        """The notebook's variables."""
        return self.shell.user_ns

    def run(self, cell: str) -> str:
        """Run a cell; return what it prints, raise what it raises."""
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            result = self.shell.run_cell(cell, store_history=True)
        result.raise_error()
        return printed.getvalue()

    def value(self, expression: str) -> str:
        """What a notebook's value prints."""
        return str(eval(expression, self.names))

    def submit(self, body: str, line: str = "") -> Run:
        """Submit a cell and wait for its end."""
        self.run(f"%%submit {line}\n{body}")
        run = newest_run()
        run.wait_for_completion(raise_on_error=False)
        return run

    def refusal(self, body: str) -> str:
        """Why a cell can't be submitted."""
        with pytest.raises(InvalidSubmissionError) as refused:
            self.run(f"%%submit\n{body}")
        return str(refused.value)

    def prints(self, body: str, line: str = "") -> str:
        """Submit a cell that must complete; return what it printed."""
        run = self.submit(body, line)
        text = log(run)
        assert run.get_status() == Status.COMPLETED, text
        return text


def newest_run() -> Run:
    """The run that was submitted last."""
    workspace = Workspace.from_config()
    return workspace.get_run(Index(workspace.layout).runs(limit=1)[0].id)


def log(run: Run) -> str:
    """What a run has printed."""
    return run.layout.log.read_text() if run.layout.log.exists() else ""


@contextlib.contextmanager
def _fresh_warning_filters() -> Iterator[None]:
    """Let warnings be as in a fresh interpreter: pytest's filters, which make them errors, would go with the cells."""
    silent = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)
    with warnings.catch_warnings():
        warnings.resetwarnings()
        for kind in silent:
            warnings.simplefilter("ignore", kind, append=True)
        warnings.filters.insert(0, ("default", None, DeprecationWarning, "__main__", 0))  # type: ignore[attr-defined]
        yield


@contextlib.contextmanager
def notebook_shell(folder: Path) -> Iterator[NotebookShell]:
    """Start a shell in a folder; nothing of it is left afterwards."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    main, path, modules = sys.modules["__main__"], list(sys.path), set(sys.modules)
    hooks = sys.displayhook, sys.excepthook
    sys.path.insert(0, str(folder))
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(config=config, ipython_dir=str(folder.parent / "ipython"))
    try:
        notebook = NotebookShell(shell, folder)
        with _fresh_warning_filters():
            notebook.run("%load_ext cellrun.magics")
            yield notebook
    finally:
        atexit.unregister(shell.atexit_operations)  # else each collects garbage at the end: minutes
        InteractiveShell.clear_instance()
        atexit.unregister(shell.atexit_operations)  # it keeps the shell, and collects garbage at the end for each one
        sys.modules["__main__"], sys.path[:] = main, path
        for place in [place for place in sys.path_importer_cache if not place.startswith(os.sep)]:
            del sys.path_importer_cache[place]  # it remembers where this test's `lib` was
        sys.displayhook, sys.excepthook = hooks
        vars(builtins).pop("_", None)  # doctest leaves it, and IPython then sets no `_`
        for name in sorted(set(sys.modules) - modules, reverse=True):  # a folder without init asks the package above it
            file = vars(sys.modules[name]).get("__file__") or ""  # a module's own __getattr__ may raise anything
            locations = [str(each) for each in vars(sys.modules[name]).get("__path__") or ()]
            is_made = type(sys.modules[name]).__module__ == "__main__"  # by a class of a cell
            if is_made or any(place.startswith(str(folder)) for place in (file, *locations)):
                del sys.modules[name]
