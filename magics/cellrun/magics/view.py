"""What a magic shows below its cell."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from IPython.core.interactiveshell import InteractiveShell

from cellrun.core.errors import CellrunError
from cellrun.core.front_end import plain
from cellrun.core.runs.run import Run


def is_notebook(shell: InteractiveShell) -> bool:
    """Whether a front end shows what the shell displays, so that a run has its live view there."""
    return getattr(shell, "kernel", None) is not None


def show(run: Run) -> None:
    """Show a run live; in a terminal, as it is now."""
    from cellrun.widgets import RunDetails  # noqa: PLC0415  # ipywidgets loads when there is something to show

    RunDetails(run).show()


def say(text: str) -> None:
    """Print a line of the magic's own."""
    sys.stdout.write(f"cellrun: {plain(text)}\n")


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Print warnings as the magic's own lines: where in cellrun they come from is no concern of the notebook."""
    with warnings.catch_warnings(record=True) as caught:
        yield
    for each in caught:
        if issubclass(each.category, UserWarning):
            say(str(each.message))
        else:
            warnings.showwarning(each.message, each.category, each.filename, each.lineno)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Let IPython show an error of cellrun's as its text alone: how it came about is no concern of the notebook."""
    try:
        yield
    except CellrunError as error:
        text = f"{type(error).__name__}: {error}"
        error._render_traceback_ = text.splitlines  # type: ignore[method-assign]  # IPython's
        raise


@contextmanager
def plain_interrupt(what: str) -> Iterator[None]:
    """Let IPython show Ctrl-C as one line that says what it left."""
    try:
        yield
    except KeyboardInterrupt as error:
        error._render_traceback_ = [f"KeyboardInterrupt: {what}"].copy  # type: ignore[attr-defined]  # IPython's
        raise


@contextmanager
def cells_syntax_errors(shell: InteractiveShell) -> Iterator[None]:
    """Let IPython show a syntax error as it shows one of its own cells: without the frames of how it was found."""
    try:
        yield
    except SyntaxError:
        before = shell.custom_exceptions, shell.CustomTB

        def show(shell: InteractiveShell, *_: object, **__: object) -> None:
            shell.custom_exceptions, shell.CustomTB = before
            shell.showsyntaxerror()  # type: ignore[no-untyped-call]

        shell.set_custom_exc((SyntaxError,), show)  # type: ignore[no-untyped-call]
        raise
