"""A kind of target for tests of what is said before a run: another machine on which nothing runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import EntryPoint
from typing import Any, ClassVar

import pytest

from cellrun.core.resources import Resources
from cellrun.core.targets import kinds
from cellrun.core.targets.contract import ComputeTarget, Finding, TargetDescription, TargetPython


class BoxTarget(ComputeTarget):
    """Says of itself what its settings say."""

    kind = "box"
    settings_known: ClassVar[Mapping[str, str]] = {
        "version": "that of its Python",
        "packages": "their versions by name",
        "shared": "a folder that is the same there",
        "builds": "whether environments are built there",
    }

    def describe(self) -> TargetDescription:
        shared = self.settings.get("shared")
        return TargetDescription(Resources(8, 1, 1 << 34), Resources(), 0, 0, (shared,) if shared else ())

    def python(self, environment: object) -> TargetPython:
        is_its_own = environment is None
        packages = self.settings.get("packages") if is_its_own else None
        return TargetPython("/usr/bin/python3", self.settings.get("version"), packages, self.settings.get("builds"))

    def problems(self, _: object) -> list[str]:
        return []

    def launch(self, *_: Any) -> None:
        raise AssertionError("nothing is to be started")

    def observe(self, _: object) -> dict[str, Any]:
        return {}

    def cancel(self, _: object) -> None:
        """Nothing runs."""

    def doctor(self) -> list[Finding]:
        return []


@contextmanager
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make the kind known as an installed package would."""
    entry = EntryPoint(BoxTarget.kind, f"{__name__}:{BoxTarget.__name__}", kinds.GROUP)
    known = kinds._others()
    with monkeypatch.context() as patched:
        patched.setattr(kinds, "_others", lambda: {**known, BoxTarget.kind: entry})
        yield
