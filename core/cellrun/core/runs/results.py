"""What a run's cell gave back, or why it didn't."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cellrun.core.context.manifest import Context, has_context
from cellrun.core.errors import ContextException, ResultError
from cellrun.core.layout import RunLayout
from cellrun.core.store.status import Status, StatusRecord

if TYPE_CHECKING:
    from cellrun.core.context.results.returned import Returned


def result(layout: RunLayout, status: StatusRecord, name: str, *, trust: bool) -> Any:
    """Return one value that a run's cell gave back.

    Raises ResultError if there is none, UntrustedError for a pickle that isn't this user's own, ContextException for
    one that can't be loaded here.
    """
    return value_of(open_results(layout, status, name), layout.run_id, name, trust=trust)


def value_of(returned: Returned, run_id: str, name: str, *, trust: bool = False) -> Any:
    """Return one of a run's values from its results that were opened: those that share objects do so again.

    Raises as `result` does.
    """
    if name not in returned.context.returns:
        raise ResultError(run_id, name, f"its cell gives back {', '.join(returned.context.returns)}")
    if name in returned.problems:
        raise ResultError(run_id, name, f"it isn't kept: {returned.problems[name]}")
    return returned.value(name, trust=trust)


def results(layout: RunLayout, status: StatusRecord, *, trust: bool) -> dict[str, Any]:
    """Return all values that a run's cell gave back, by their names. Raises as `result` does."""
    returned = open_results(layout, status)
    if returned.problems:
        lost = "; ".join(f"{name!r} isn't kept: {problem}" for name, problem in returned.problems.items())
        kept = [name for name in returned.context.returns if name not in returned.problems]
        others = f"; run.result({kept[0]!r}) gives one of the others ({', '.join(kept)})" if kept else ""
        raise ResultError(layout.run_id, "", lost + others)
    return {name: returned.value(name, trust=trust) for name in returned.context.returns}


def kept_results(layout: RunLayout) -> list[dict[str, Any]]:
    """Return name, type, bytes and form of each value that a cell gave back: nothing is loaded."""
    if not has_context(layout.results):
        return []
    try:
        needs = Context.read(layout.results).needs
    except ContextException:  # of a newer cellrun, or damaged: who asks for a value is told
        return []
    return [{"name": each.name, "type": each.what, "bytes": each.bytes, "form": each.how} for each in needs if each.how]


def open_results(layout: RunLayout, status: StatusRecord, name: str = "") -> Returned:
    """Return what a run's cell gave back, of which nothing is loaded.

    Raises ResultError, about `name`, if there is nothing, ContextException if it can't be read.
    """
    if status.status is not Status.COMPLETED:
        raise ResultError(layout.run_id, name, _not_completed(status))
    if not has_context(layout.results):
        raise ResultError(layout.run_id, name, _none(layout))
    from cellrun.core.context.results.returned import Returned  # noqa: PLC0415  # it loads cloudpickle, a look at details needn't

    return Returned(layout.results, layout.workspace.values)


def _not_completed(status: StatusRecord) -> str:
    if not status.status.is_terminal:
        return f"the run is {status.status.word}; run.wait_for_completion() waits until it has completed"
    why = f" ({status.reason})" if status.reason else ""
    return f"the run is {status.status.word}{why}; only a run that has completed gives values back"


def _none(layout: RunLayout) -> str:
    asked = Context.read(layout.context).returns if has_context(layout.context) else ()
    if not asked:
        return "its cell was asked for none; submit a cell with `--return NAMES`"
    return f"its process ended before it could give back {', '.join(asked)}; its log tells more"
