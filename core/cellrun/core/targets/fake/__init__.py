"""A target to try code with that has to do with targets: it shares neither folder nor processes with us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cellrun.core.targets.fake.target import FakeTarget

__all__ = ["FakeTarget"]


def __getattr__(name: str) -> Any:  # the far side imports what goes wrong, and nothing more
    if name != "FakeTarget":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from cellrun.core.targets.fake.target import FakeTarget  # noqa: PLC0415

    return FakeTarget
