"""The shell that a magic runs in: the cell that it executes, the names that it holds, and what is shown below."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from cellrun.core import front_end
from cellrun.core.errors import CellrunError, ContextException, ResultError, RunNotFoundError, UserErrorException
from cellrun.core.front_end import plain
from cellrun.core.likely_secrets import masked
from cellrun.core.names import experiment_from
from cellrun.core.runs import open_runs
from cellrun.core.runs.results import open_results, value_of
from cellrun.core.runs.run import Run
from cellrun.core.store.liveness import checked_status
from cellrun.core.store.status import Status
from cellrun.widgets.text import started_text


@dataclass(frozen=True)
class NotebookCell:
    """A cell that is being executed."""

    source: str
    """All of it, the magic's line included, without the values of environment variables."""
    execution_count: int
    id: str | None
    """Its id in the notebook, where the front end tells it."""
    notebook: str | None
    """The notebook's path, where somebody tells it."""

    @classmethod
    def current(cls, shell: InteractiveShell, otherwise: str) -> NotebookCell:
        """Return the cell that a shell executes; `otherwise` is its source where the shell doesn't tell."""
        message = front_end.request(shell)
        source = message.get("content", {}).get("code")
        if source is None and shell.history_manager is not None and shell.history_manager.input_hist_raw:
            source = shell.history_manager.input_hist_raw[-1]
        if not source or not source.rstrip("\n").endswith(_body(otherwise)):  # no cell: called from code
            source = otherwise
        # The shell's own counter is the next cell's in IPython 9 and this one's before; the display hook knows.
        number = shell.displayhook.prompt_count
        return cls(masked(source), number, front_end.cell_id(message), _notebook_path(shell))

    @property
    def title(self) -> str:
        """How tracebacks name it."""
        return f"Cell In[{self.execution_count}]"

    def record(self) -> dict[str, Any]:
        """Return what is recorded of it with a run."""
        return {
            "source": self.source,
            "id": self.id,
            "notebook": self.notebook,
            "execution_count": self.execution_count,
            "title": self.title,
        }

    def code(self, body: str, shell: InteractiveShell) -> str:
        """Return the body below its magic as plain Python, in the lines that it has in the notebook.

        Raises UserErrorException for a cell that no file can hold.
        """
        above = self.source[: self.source.rindex(masked(body).rstrip("\n"))].split("\n")[:-1]
        _check_characters("\n".join([*above, body]))  # IPython names no line when it fails, as since Python 3.12
        plain: str = shell.transform_cell(body)  # type: ignore[no-untyped-call]
        blank = len(list(takewhile(str.isspace, body.splitlines(keepends=True))))  # IPython drops them
        return "".join(f"# {line}".rstrip() + "\n" for line in above) + "\n" * blank + plain


def _body(source: str) -> str:
    return source.partition("\n")[2].rstrip("\n")


def _check_characters(source: str) -> None:
    try:
        source.encode()
    except UnicodeEncodeError as error:
        line = source.count("\n", 0, error.start) + 1
        raise UserErrorException(
            f"line {line} of the cell holds {source[error.start]!a}, half of a surrogate pair, which no file can hold; "
            "take it out, or write it as that escape"
        ) from None


def default_experiment(shell: InteractiveShell) -> str:
    """Return the experiment that is meant when none is named: the notebook's stem, else the folder's name."""
    path = _notebook_path(shell)
    return experiment_from(Path(path).stem if path else Path.cwd().name)


def _notebook_path(shell: InteractiveShell) -> str | None:
    """Return the notebook's path: from Jupyter Server's variable, or VS Code's name; a console has none."""
    path = shell.user_ns.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME") or ""
    return str(Path(path).absolute()) if path.endswith(".ipynb") else None


RUN_NAME = "run"


def check_name(shell: InteractiveShell, asked: str | None, ending: Run | None = None) -> None:
    """Raise UsageError if the name that was asked for can't be bound; a run that is about to be ended may lose it."""
    if asked is None:
        return
    taken = _taken_by(shell, asked)
    if taken and (ending is None or shell.user_ns[asked] is not ending):
        raise UsageError(f"--as {asked}: the notebook has {taken} of that name; give another, such as `--as trial`")


def bind_run(shell: InteractiveShell, run: Run, asked: str | None) -> str:
    """Bind a run to the name asked for, else to `run`, else to one with its number; return the name.

    If that isn't `run`, it is said, and what `run` is.
    """
    name = asked or RUN_NAME
    if name != RUN_NAME:
        say(f"this run is {name!r}; {_left_alone(shell)}")
    if taken := _taken_by(shell, name):
        name = f"{RUN_NAME}_{run.number}"
        while _taken_by(shell, name):
            name += "_"
        say(f"this run is {name!r}, as {RUN_NAME!r} is {taken} of the notebook; --as NAME chooses another name")
    shell.user_ns[name] = run
    return name


def _left_alone(shell: InteractiveShell) -> str:
    """Return in words what `run` is, which a run of another name doesn't touch."""
    if RUN_NAME not in shell.user_ns:
        return f"there is no {RUN_NAME!r}"
    value = shell.user_ns[RUN_NAME]
    try:
        what = value.name if isinstance(value, Run) else f"the notebook's own ({type(value).__name__})"
    except RunNotFoundError:
        what = "one that is deleted"
    return f"{RUN_NAME!r} is still {what}"


def _taken_by(shell: InteractiveShell, name: str) -> str:
    """Return in words what a name holds that may not be lost; empty if it is free. A run that has ended may."""
    if name not in shell.user_ns:
        return ""
    value = shell.user_ns[name]
    if not isinstance(value, Run):
        return f"a variable ({type(value).__name__})"
    return "an open run" if open_runs.holds(value) and not _has_ended(value) else ""


def _has_ended(run: Run) -> bool:
    """Whether a run has ended, as by Cancel in the side bar, of which its notebook isn't told."""
    try:
        return Status(run.get_status()).is_terminal
    except RunNotFoundError:  # deleted while it is open
        return False


def take_results(shell: InteractiveShell, run: Run, names: Sequence[str]) -> None:
    """Give the notebook's variables the values that a run's cell gave back, unless the run was canceled.

    What can't come back is said, and leaves its variable as it was.
    """
    if not names or run.get_status() != Status.COMPLETED:
        return
    try:
        returned = open_results(run.layout, checked_status(run.layout))
    except (ResultError, ContextException) as error:
        say(str(error))
        return
    for name in names:
        try:
            shell.push({name: value_of(returned, run.id, name)})  # type: ignore[no-untyped-call]
        except (ResultError, ContextException) as error:
            say(str(error))


def announce_results(run_name: str, names: Sequence[str]) -> None:
    """Say how to get at what a run's cell will give back."""
    if names:
        more = f"; {run_name}.results() gives all" if len(names) > 1 else ""
        say(f"{run_name}.result({names[0]!r}) gives its value back once the run has completed{more}")


def is_notebook(shell: InteractiveShell) -> bool:
    """Whether a front end shows what the shell displays, so that a run has its live view there."""
    return getattr(shell, "kernel", None) is not None


def show(shell: InteractiveShell, run: Run) -> None:
    """Show a run that was just started live; in a terminal, as it is now."""
    if not is_notebook(shell):
        print(started_text(run.layout))  # noqa: T201  # a terminal has no other place to show it
        return
    from cellrun.widgets.run_details import RunDetails  # noqa: PLC0415  # ipywidgets loads when there is something to show

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
