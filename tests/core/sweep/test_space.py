"""Spaces of hyperparameters: Azure ML's expressions, and what is drawn from them."""

import math
from random import Random

import numpy as np
import pytest

from cellrun.core.sweep import space
from cellrun.core.sweep.space import DISTRIBUTIONS, choice, draw, randint, space_problems


def drawn(expression, count=300):
    random = Random(1)
    return [draw(expression, random) for _ in range(count)]


@pytest.mark.parametrize("given", [choice(1, 2, 3), choice([1, 2, 3]), choice(range(1, 4)), choice(np.arange(1, 4))])
def test_a_choice_is_given_its_values_one_by_one_or_as_any_kind_of_list(given):
    assert given == ["choice", [[1, 2, 3]]]
    assert set(drawn(given)) == {1, 2, 3}


def test_a_choice_can_be_among_lists_and_a_text_is_one_value():
    assert choice([16, 32], [64]) == ["choice", [[[16, 32], [64]]]]
    assert choice("rbf") == ["choice", [["rbf"]]]


def test_each_distribution_keeps_within_what_its_name_means():
    assert set(drawn(randint(3))) == {0, 1, 2}
    assert all(0.05 <= value <= 0.1 for value in drawn(space.uniform(0.05, 0.1)))
    logarithms = list(map(math.log, drawn(space.loguniform(-6, -1))))
    assert all(-6 <= value <= -1 for value in logarithms)
    assert -4 < sum(logarithms) / 300 < -3  # uniform is the logarithm, not the value
    values = drawn(space.normal(10, 3))
    assert 9 < sum(values) / 300 < 11
    assert all(value > 0 for value in drawn(space.lognormal(0, 1)))


def test_quantised_values_are_multiples_of_q_and_whole_numbers_for_a_whole_q():
    assert set(drawn(space.quniform(0.1, 0.5, 0.1))) <= {0.1, 0.2, 0.3, 0.4, 0.5}
    whole = drawn(space.quniform(50, 150, 10)) + drawn(space.qnormal(64, 16, 8)) + drawn(space.qloguniform(1, 4, 2))
    assert all(isinstance(value, int) and value % 2 == 0 for value in whole)
    assert all(value >= 0 for value in drawn(space.qlognormal(3, 1, 1)))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"--lr": [0.1, 0.2]}, "choice("),
        ({"--lr": ["unifrom", [0, 1]]}, "uniform"),
        ({"--lr": choice()}, "no values"),
        ({"--lr": choice(object())}, "can't be passed"),
        ({"--lr": space.uniform(2, 1)}, "min_value is below"),
        ({"--lr": space.uniform("a", 1)}, "numbers"),
        ({"--lr": space.normal(0, 0)}, "sigma"),
        ({"--lr": space.quniform(0, 1, 0)}, "q is above"),
        ({"--lr": randint(0)}, "from 1 on"),
        ({"--lr": space.loguniform(1, 1000)}, "logarithms"),
        ({1: choice(1)}, "as a text"),
        ({}, "a dict of parameters"),
        (None, "a dict of parameters"),
    ],
)
def test_a_mistake_in_a_space_is_named_with_what_to_write(given, said):
    (problem,) = space_problems(given, DISTRIBUTIONS, "RandomParameterSampling")
    assert said in problem


def test_a_sampling_that_takes_few_distributions_says_which():
    (problem,) = space_problems({"--lr": space.normal(0, 1)}, ("choice",), "GridParameterSampling")
    assert "normal" in problem
    assert "GridParameterSampling" in problem
