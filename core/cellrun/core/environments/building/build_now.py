"""An environment that is built in this process: what `Environment.build` gives."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.building.build import build
from cellrun.core.environments.building.builder import BuildError
from cellrun.core.environments.building.built_environments import words_of
from cellrun.core.environments.building.plan import Plan, plan_of
from cellrun.core.environments.building.uv_program import kept_choices
from cellrun.core.errors import UserErrorException
from cellrun.core.front_end import plain


class BuiltEnvironment:
    """An environment that is there, as Azure ML's `build` tells of an image; it is there when this is."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    @property
    def status(self) -> str:
        """Azure ML's word: Succeeded."""
        return "Succeeded"

    @property
    def interpreter(self) -> str:
        """The path of its Python."""
        return self._plan.interpreter

    @property
    def packages(self) -> Mapping[str, str]:
        """The versions of what was installed, by name; nothing is known of a Python that was there."""
        return dict(self._plan.kept.facts.get("packages", {})) if self._plan.kept else {}

    @property
    def log(self) -> Path | None:
        """What the build printed; None for a Python that was there."""
        return self._plan.kept.log if self._plan.kept else None

    def wait_for_completion(self, show_output: bool = True) -> BuiltEnvironment:  # noqa: FBT001, FBT002, ARG002  # Azure ML's signature
        """Return itself: the build has ended."""
        return self

    def __repr__(self) -> str:
        return f"BuiltEnvironment({words_of(self._plan.spec)!r}, interpreter={self.interpreter!r})"


def build_now(spec: EnvironmentSpec, *, show_output: bool = True, **_: Any) -> BuiltEnvironment:
    """Build an environment unless it is there, waiting for whoever builds it already; what is done is printed.

    Raises UserErrorException for what can't be had here, or can't be built, in the words of what builds it.
    """
    plan = plan_of(spec)
    if plan.problems:
        raise UserErrorException("; ".join(plan.problems))
    for warning in plan.warnings:
        warnings.warn(plain(warning), stacklevel=3)
    if plan.kept is not None:
        plan.kept.order(plan.spec, plan.base, kept_choices(plan.choices))
        try:
            build(plan.kept, _print if show_output else lambda _: None)
        except BuildError as error:
            raise BuildError(f"environment {words_of(spec)} can't be built: {error}") from error
    return BuiltEnvironment(plan)


def _print(line: str) -> None:
    print(plain(line), flush=True)  # noqa: T201  # what the user waits for
