"""The local machine as a compute target: a supervisor for each run, a queue for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cellrun.core.targets.local.target import LocalTarget

__all__ = ["LocalTarget"]


def __getattr__(name: str) -> Any:  # an ending supervisor imports the queue beside it, and nothing more
    if name != "LocalTarget":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from cellrun.core.targets.local.target import LocalTarget  # noqa: PLC0415

    return LocalTarget
