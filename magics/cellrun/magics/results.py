"""What a cell gives back, in the notebook that submitted it."""

from __future__ import annotations

from collections.abc import Sequence

from IPython.core.interactiveshell import InteractiveShell

from cellrun.core.errors import ContextException, ResultError
from cellrun.core.runs.results import open_results, value_of
from cellrun.core.runs.run import Run
from cellrun.core.status import Status
from cellrun.core.store.settle import settle
from cellrun.magics.view import say


def take(shell: InteractiveShell, run: Run, names: Sequence[str]) -> None:
    """Give the notebook's variables the values that a run's cell gave back, unless the run was canceled.

    What can't come back is said, and leaves its variable as it was.
    """
    if not names or run.get_status() != Status.COMPLETED:
        return
    try:
        returned = open_results(run.layout, settle(run.layout))
    except (ResultError, ContextException) as error:
        say(str(error))
        return
    for name in names:
        try:
            shell.push({name: value_of(returned, run.id, name)})  # type: ignore[no-untyped-call]
        except (ResultError, ContextException) as error:
            say(str(error))


def announce(run_name: str, names: Sequence[str]) -> None:
    """Say how to get at what a run's cell will give back."""
    if names:
        more = f"; {run_name}.results() gives all" if len(names) > 1 else ""
        say(f"{run_name}.result({names[0]!r}) gives its value back once the run has completed{more}")
