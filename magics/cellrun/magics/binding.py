"""The name that a magic binds a run to, never over something else that the notebook has there."""

from __future__ import annotations

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from cellrun.core.errors import RunNotFoundError
from cellrun.core.runs import open_runs
from cellrun.core.runs.run import Run
from cellrun.core.status import Status
from cellrun.magics.view import say

RUN_NAME = "run"


def check_name(shell: InteractiveShell, asked: str | None, ending: Run | None = None) -> None:
    """Raise UsageError if the name that was asked for can't be bound; a run that is about to be ended may lose it."""
    if asked is None:
        return
    taken = _taken_by(shell, asked)
    if taken and (ending is None or shell.user_ns[asked] is not ending):
        raise UsageError(f"--as {asked}: the notebook has {taken} of that name; give another, such as `--as trial`")


def bind(shell: InteractiveShell, run: Run, asked: str | None) -> str:
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
