"""The live view of a run in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cellrun.widgets.run_details import RunDetails

__all__ = ["RunDetails"]


def __getattr__(name: str) -> Any:
    """Load `RunDetails`, and ipywidgets with it, when it is first asked for (PEP 562)."""
    if name != "RunDetails":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from cellrun.widgets.run_details import RunDetails  # noqa: PLC0415  # that is the point

    return RunDetails
