"""Samplers: which hyperparameters come next, in Azure ML's ways."""

from __future__ import annotations

import json
import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from itertools import product
from random import Random
from typing import Any, NamedTuple

from cellrun.core.errors import shown
from cellrun.core.sweep.space import DISTRIBUTIONS, Expression, draw, size, space_problems
from cellrun.core.sweep.tree_parzen import parzen_draw

Parameters = dict[str, Any]
"""Hyperparameters by name."""
_TRIES = 100
"""So often is drawn again what was drawn before, where a space has no end."""


class Trial(NamedTuple):
    """Hyperparameters that were tried, and what came of it."""

    parameters: Parameters
    badness: float | None = None
    """A number that is lower for a better result; None without any yet."""


class HyperParameterSampling:
    """What all ways of sampling have; a subclass says which hyperparameters come next."""

    def __init__(
        self,
        sampling_method_name: str,
        parameter_space: Mapping[str, Expression],
        properties: Mapping[str, Any] | None = None,
        supported_distributions: Sequence[str] | None = None,
        distributions_validators: object = None,  # noqa: ARG002  # Azure ML's; the checks are one list here
    ) -> None:
        self._name = sampling_method_name
        self._parameter_space = parameter_space
        self._properties = properties
        self._distributions = tuple(supported_distributions or DISTRIBUTIONS)

    @property
    def space(self) -> Mapping[str, Expression]:
        """What is drawn from, by parameter."""
        return self._parameter_space

    @property
    def seed(self) -> Any:
        """What its random numbers begin with, `properties={"seed": 1}`; None for others each time."""
        return (self._properties or {}).get("seed")

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values: its name, the space and its properties."""
        given = {"properties": dict(self._properties)} if self._properties else {}
        return {"name": self._name, "parameter_space": dict(self._parameter_space), **given}

    def problems(self) -> list[str]:
        """Return every mistake in the space."""
        problems = space_problems(self._parameter_space, self._distributions, type(self).__name__)
        if self._properties is not None and not isinstance(self._properties, Mapping):
            problems.append(f"{type(self).__name__}: properties={shown(self._properties)}; give a dict")
        elif not isinstance(self.seed, (int, type(None))):
            problems.append(f"{type(self).__name__}: the seed is {shown(self.seed)}; give a whole number")
        return problems

    def count(self) -> float:
        """Return how many runs there can be at most."""
        return size(self._parameter_space)

    @abstractmethod
    def following(self, trials: Sequence[Trial], random: Random, older: Sequence[Trial] = ()) -> Parameters | None:
        """Return the hyperparameters that follow on those that were tried; None if there are no others.

        What `older` trials came to is known as well, and may be tried again.
        """


class RandomParameterSampling(HyperParameterSampling):
    """Each parameter is drawn from its distribution; no combination comes twice while there are others."""

    def __init__(self, parameter_space: Mapping[str, Expression], properties: Mapping[str, Any] | None = None) -> None:
        super().__init__("RANDOM", parameter_space, properties)

    def following(self, trials: Sequence[Trial], random: Random, older: Sequence[Trial] = ()) -> Parameters | None:  # noqa: ARG002
        """Return hyperparameters that weren't tried; None if all were."""
        return _untried(
            lambda: {name: draw(each, random) for name, each in self._parameter_space.items()}, trials, self.count()
        )


class GridParameterSampling(HyperParameterSampling):
    """Every combination of `choice`s in turn, the last parameter's values changing fastest."""

    def __init__(self, parameter_space: Mapping[str, Expression], properties: Mapping[str, Any] | None = None) -> None:
        super().__init__("GRID", parameter_space, properties, ("choice",))

    def following(self, trials: Sequence[Trial], random: Random, older: Sequence[Trial] = ()) -> Parameters | None:  # noqa: ARG002
        """Return the next combination that wasn't tried."""
        tried = {_key(trial.parameters) for trial in trials}
        for values in product(*(arguments[0] for _, arguments in self._parameter_space.values())):
            combination = dict(zip(self._parameter_space, values, strict=True))
            if _key(combination) not in tried:
                return combination
        return None


class BayesianParameterSampling(HyperParameterSampling):
    """What promises most after the results so far, by a tree-structured Parzen estimator; at first at random."""

    def __init__(self, parameter_space: Mapping[str, Expression], properties: Mapping[str, Any] | None = None) -> None:
        super().__init__("BAYESIANOPTIMIZATION", parameter_space, properties, ("choice", "uniform", "quniform"))

    def following(self, trials: Sequence[Trial], random: Random, older: Sequence[Trial] = ()) -> Parameters | None:
        """Return hyperparameters that weren't tried; None if all were."""
        known = [trial for trial in (*older, *trials) if trial.badness is not None and math.isfinite(trial.badness)]
        known.sort(key=lambda trial: trial.badness or 0.0)

        def drawn() -> Parameters:
            return {
                name: parzen_draw(each, [trial.parameters[name] for trial in known if name in trial.parameters], random)
                for name, each in self._parameter_space.items()
            }

        return _untried(drawn, trials, self.count())


_SAMPLINGS = {
    "RANDOM": RandomParameterSampling,
    "GRID": GridParameterSampling,
    "BAYESIANOPTIMIZATION": BayesianParameterSampling,
}


def sampling_from_json(data: Mapping[str, Any]) -> HyperParameterSampling:
    """Return the sampling that `to_json` gave."""
    return _SAMPLINGS[data["name"]](data["parameter_space"], data.get("properties"))  # type: ignore[abstract]


def _untried(drawn: Any, trials: Sequence[Trial], count: float) -> Parameters | None:
    """Return something drawn that wasn't tried: of a finite space while there is some, else if that comes soon."""
    tried = {_key(trial.parameters) for trial in trials}
    if len(tried) >= count:
        return None
    for _ in range(_TRIES):
        parameters: Parameters = drawn()
        if _key(parameters) not in tried:
            break
    return parameters


def _key(parameters: Parameters) -> str:
    return json.dumps(parameters, sort_keys=True)
