"""Which hyperparameters come next: at random, by a grid, by the results so far."""

from random import Random

import pytest

from cellrun.core.sweep.sampler import (
    BayesianParameterSampling,
    GridParameterSampling,
    RandomParameterSampling,
    Trial,
    sampling_from_json,
)
from cellrun.core.sweep.space import choice, normal, quniform, uniform


def all_of(sampling, most=50, badness=lambda _: None, seed=1):
    random, trials = Random(seed), []
    while len(trials) < most and (found := sampling.following(trials, random)) is not None:
        trials.append(Trial(found, badness(found)))
    return trials


def test_a_grid_has_every_combination_once_in_order():
    grid = GridParameterSampling({"--a": choice(1, 2), "--b": choice("x", "y")})
    assert [trial.parameters for trial in all_of(grid)] == [
        {"--a": 1, "--b": "x"},
        {"--a": 1, "--b": "y"},
        {"--a": 2, "--b": "x"},
        {"--a": 2, "--b": "y"},
    ]
    assert grid.count() == 4


def test_random_sampling_of_a_finite_space_ends_when_all_were_tried():
    sampling = RandomParameterSampling({"--a": choice(range(5)), "--b": choice(True, False)})
    found = [tuple(trial.parameters.values()) for trial in all_of(sampling)]
    assert len(found) == len(set(found)) == 10


@pytest.mark.parametrize("kind", [RandomParameterSampling, GridParameterSampling, BayesianParameterSampling])
def test_a_value_that_is_written_twice_is_tried_once(kind):
    found = [trial.parameters["--C"] for trial in all_of(kind({"--C": choice(1.0, 0.5, 0.001, 0.001)}))]
    assert sorted(found) == [0.001, 0.5, 1.0]


def test_a_seed_gives_the_same_values_again():
    sampling = RandomParameterSampling({"--lr": uniform(0, 1)}, properties={"seed": 7})
    assert sampling.seed == 7
    assert all_of(sampling, 5) == all_of(sampling, 5) != all_of(sampling, 5, seed=2)


def test_bayesian_sampling_finds_a_better_place_than_chance():
    space = {"--x": uniform(-10, 10), "--kind": choice("a", "b", "c"), "--n": quniform(0, 100, 5)}

    def badness(parameters):
        return abs(parameters["--x"] - 3) + (parameters["--kind"] != "b") * 5 + abs(parameters["--n"] - 40) / 10

    def last_ten(sampling, seed):
        return sum(trial.badness for trial in all_of(sampling, 60, badness, seed)[-10:]) / 10

    wins = [
        last_ten(BayesianParameterSampling(space), seed) < last_ten(RandomParameterSampling(space), seed)
        for seed in range(5)
    ]
    assert all(wins)
    trials = all_of(BayesianParameterSampling(space), 30, badness)
    assert all(-10 <= trial.parameters["--x"] <= 10 and trial.parameters["--n"] % 5 == 0 for trial in trials)


def test_bayesian_sampling_comes_near_a_bound_without_trying_it_again_and_again():
    sampling = BayesianParameterSampling({"--x": uniform(0, 1)})
    found = [trial.parameters["--x"] for trial in all_of(sampling, 40, lambda parameters: -parameters["--x"])]
    assert max(found[-10:]) > 0.9
    assert len(set(found)) == 40


def test_bayesian_sampling_lives_without_results_and_without_names_that_older_trials_lack():
    sampling = BayesianParameterSampling({"--x": uniform(0, 1)})
    older = [Trial({"--other": 1}, float(number)) for number in range(10)] + [Trial({"--x": 0.5}, float("inf"))]
    assert 0 <= sampling.following(older, Random(1))["--x"] <= 1


@pytest.mark.parametrize(
    "sampling",
    [
        GridParameterSampling({"--a": choice(1, 2)}),
        RandomParameterSampling({"--a": normal(0, 1)}, properties={"seed": 3}),
        BayesianParameterSampling({"--a": uniform(0, 1)}),
    ],
)
def test_a_sampling_is_kept_as_plain_values(sampling):
    again = sampling_from_json(sampling.to_json())
    assert type(again) is type(sampling)
    assert again.to_json() == sampling.to_json()
    assert again.problems() == []
    assert again.following([], Random(1)) == sampling.following([], Random(1))


def test_a_grid_of_numbers_without_end_and_a_seed_that_is_none_are_mistakes():
    assert "takes choice" in GridParameterSampling({"--a": uniform(0, 1)}).problems()[0].replace("it takes", "takes")
    assert "normal" in BayesianParameterSampling({"--a": normal(0, 1)}).problems()[0]
    assert "seed" in RandomParameterSampling({"--a": choice(1)}, properties={"seed": "x"}).problems()[0]
