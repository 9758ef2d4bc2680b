"""A target to try code with that has to do with targets: it shares neither folder nor processes with us."""

from __future__ import annotations

from cellrun.core.targets.fake.target import FakeTarget

__all__ = ["FakeTarget"]
