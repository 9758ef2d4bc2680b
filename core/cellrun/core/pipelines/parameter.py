"""A value of a pipeline that is given when it is submitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cellrun.core.errors import UserErrorException, did_you_mean, shown


class PipelineParameter:
    """A named value among the arguments of a pipeline's steps, its default unless the submission gives another one.

    The value is what an argument may be, a DataPath or a dataset (Azure ML's name).
    """

    def __init__(self, name: str, default_value: Any) -> None:
        if not isinstance(name, str) or not name:
            raise UserErrorException(f"PipelineParameter(name={shown(name)}): a name is a text")
        self.name = name
        self.default_value = default_value

    def __deepcopy__(self, memo: object) -> PipelineParameter:
        """Return itself: it is one parameter wherever it stands."""
        return self

    def __str__(self) -> str:
        return f"PipelineParameter({self.name})"

    def __repr__(self) -> str:
        return f"PipelineParameter({self.name!r}, {shown(self.default_value)})"


class ParameterValues:
    """What the parameters of a pipeline are in one submission of it."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = dict(given)
        self.used: dict[str, Any] = {}
        """Those that stand in a step, with their values."""
        self.problems: list[str] = []

    def value(self, parameter: PipelineParameter) -> Any:
        """Return the value of a parameter, and note that it is one of the pipeline's."""
        value = self._given.get(parameter.name, parameter.default_value)
        if parameter.name in self.used and not _are_equal(self.used[parameter.name], value):
            self.problems.append(
                f"two different parameters are called {parameter.name!r}: {parameter!r} and one with the default "
                f"{shown(self.used[parameter.name])}"
            )
        self.used[parameter.name] = value
        return value

    def unknown(self) -> list[str]:
        """Return what was given and stands in no step, as problems. To be asked once all steps have been."""
        known = ", ".join(self.used) or "none"
        return [
            f"pipeline_parameters: no step has a PipelineParameter {name!r}"
            f"{did_you_mean(name, self.used, '; ') or f'; there are: {known}'}"
            for name in self._given
            if name not in self.used
        ]

    def to_json(self) -> dict[str, str]:
        """Return the values as they are recorded."""
        return {name: _told(value) for name, value in self.used.items()}


def _are_equal(one: Any, other: Any) -> bool:
    try:
        return one is other or bool(one == other)
    except Exception:  # noqa: BLE001  # whatever a stranger's type raises for a comparison
        return False


def _told(value: Any) -> str:
    """Return a value as it is recorded: of a place or a dataset, which one it is."""
    return str(value) if isinstance(value, (str, int, float, type(None))) else repr(value)
