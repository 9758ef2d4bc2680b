"""The space that hyperparameters are drawn from: expressions of Azure ML's names, as plain data."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from cellrun.core.errors import did_you_mean, shown

Expression = list[Any]
"""A distribution's name and its arguments, `["uniform", [0.05, 0.1]]`: what the functions here return."""


def choice(*options: Any) -> Expression:
    """One of several values: `choice(16, 32)`, `choice([16, 32])` or `choice(range(1, 5))`."""
    if len(options) == 1 and not isinstance(options[0], (str, bytes)) and hasattr(options[0], "__iter__"):
        options = tuple(options[0])
    return ["choice", [[_plain(option) for option in options]]]


def randint(upper: int) -> Expression:
    """Any whole number from 0 to below `upper`, each as likely."""
    return ["randint", [_plain(upper)]]


def uniform(min_value: float, max_value: float) -> Expression:
    """Any number between two, each as likely."""
    return ["uniform", [_plain(min_value), _plain(max_value)]]


def quniform(min_value: float, max_value: float, q: float) -> Expression:
    """`round(uniform(min_value, max_value) / q) * q`."""
    return ["quniform", [_plain(min_value), _plain(max_value), _plain(q)]]


def loguniform(min_value: float, max_value: float) -> Expression:
    """`exp(uniform(min_value, max_value))`: the bounds are those of its logarithm."""
    return ["loguniform", [_plain(min_value), _plain(max_value)]]


def qloguniform(min_value: float, max_value: float, q: float) -> Expression:
    """`round(exp(uniform(min_value, max_value)) / q) * q`."""
    return ["qloguniform", [_plain(min_value), _plain(max_value), _plain(q)]]


def normal(mu: float, sigma: float) -> Expression:
    """Any number, by the normal distribution with the mean `mu` and the standard deviation `sigma`."""
    return ["normal", [_plain(mu), _plain(sigma)]]


def qnormal(mu: float, sigma: float, q: float) -> Expression:
    """`round(normal(mu, sigma) / q) * q`."""
    return ["qnormal", [_plain(mu), _plain(sigma), _plain(q)]]


def lognormal(mu: float, sigma: float) -> Expression:
    """`exp(normal(mu, sigma))`."""
    return ["lognormal", [_plain(mu), _plain(sigma)]]


def qlognormal(mu: float, sigma: float, q: float) -> Expression:
    """`round(exp(normal(mu, sigma)) / q) * q`."""
    return ["qlognormal", [_plain(mu), _plain(sigma), _plain(q)]]


def draw(expression: Expression, random: Random) -> Any:
    """Return a value of a distribution."""
    name, arguments = expression
    if name == "choice":
        return random.choice(arguments[0])
    if name == "randint":
        return random.randrange(arguments[0])
    value = _CONTINUOUS[name.removeprefix("q")](random, *arguments[:2])
    return quantised(value, arguments[2]) if name.startswith("q") else value


def quantised(value: float, q: float) -> float:
    """Return the multiple of `q` that is next to a value: a whole number for a whole `q`."""
    multiple = round(value / q) * q
    return multiple if isinstance(q, int) else float(f"{multiple:.12g}")  # 3 * 0.1 isn't 0.3


def size(space: Mapping[str, Expression]) -> float:
    """Return how many combinations a space has; infinite where a value may be any number."""
    return math.prod(_count(name, arguments) for name, arguments in space.values())


def space_problems(space: object, distributions: Sequence[str], sampling: str) -> list[str]:
    """Return what is wrong with a space, of which a way of sampling takes some distributions only."""
    if not isinstance(space, Mapping) or not space:
        told = "give a dict of parameters and what they are drawn from, as in {'--lr': uniform(0.01, 0.1)}"
        return [f"the parameter space is {shown(space)}: {told}"]
    problems = []
    for name, expression in space.items():
        if not isinstance(name, str) or not name.strip("-"):
            problems.append(f"the parameter {shown(name)}: give its name as a text, '--lr' or 'lr'")
        elif problem := _expression_problem(expression, distributions, sampling):
            problems.append(f"the parameter {name!r} {problem}")
    return problems


def _uniform(random: Random, lowest: float, highest: float) -> float:
    return random.uniform(lowest, highest)


def _normal(random: Random, mu: float, sigma: float) -> float:
    return random.gauss(mu, sigma)


_CONTINUOUS: Mapping[str, Callable[[Random, float, float], float]] = {
    "uniform": _uniform,
    "loguniform": lambda random, lowest, highest: math.exp(random.uniform(lowest, highest)),
    "normal": _normal,
    "lognormal": lambda random, mu, sigma: math.exp(random.gauss(mu, sigma)),
}
DISTRIBUTIONS = ("choice", "randint", *_CONTINUOUS, *(f"q{name}" for name in _CONTINUOUS))


def _expression_problem(expression: object, distributions: Sequence[str], sampling: str) -> str:
    if not (isinstance(expression, list) and len(expression) == 2 and isinstance(expression[1], list)):
        return f"is {shown(expression)}: write choice({shown(expression)}) for a value, or another expression"
    name, arguments = expression
    if name not in DISTRIBUTIONS:
        return f"is drawn from {shown(name)}, which isn't known{did_you_mean(str(name), DISTRIBUTIONS, '; ')}"
    if name not in distributions:
        return f"is drawn from {name}, which {sampling} doesn't take; it takes {', '.join(distributions)}"
    if name == "choice":
        options = arguments[0]
        wrong = [option for option in options if not _is_plain(option)]
        if not options:
            return "is one of no values; give choice(1, 2) at least one"
        return f"is one of values that can't be passed: {shown(wrong[0])}" if wrong else ""
    return _range_problem(name, arguments)


def _range_problem(name: str, arguments: Sequence[Any]) -> str:
    told = f"is drawn from {name}({', '.join(map(shown, arguments))})"
    if not all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in arguments):
        return f"{told}: give numbers"
    wrong = {
        "give finite numbers": not all(math.isfinite(one) for one in arguments),
        "give a whole number from 1 on": name == "randint" and not (isinstance(arguments[0], int) and arguments[0] > 0),
        "q is above 0": name.startswith("q") and not arguments[-1] > 0,
        "min_value is below max_value": name.endswith("uniform") and not arguments[0] < arguments[1],
        "sigma is above 0": name.endswith("normal") and not arguments[1] > 0,
        "its bounds are logarithms, and exp(max_value) is too large": name.endswith("loguniform")
        and arguments[1] > _MOST_LOG,
    }
    return next((f"{told}: {what}" for what, is_so in wrong.items() if is_so), "")


def _count(name: str, arguments: Sequence[Any]) -> float:
    if name == "choice":
        return len(set(map(json.dumps, arguments[0])))  # people write one twice
    return arguments[0] if name == "randint" else math.inf


_MOST_LOG = 709
"""`math.exp` overflows above it."""


def _plain(value: Any) -> Any:
    """Return a value without numpy's type; what JSON hasn't is left for the check."""
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        return value.tolist()
    return list(map(_plain, value)) if isinstance(value, (list, tuple, range)) else value


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (str, int, float, bool))
