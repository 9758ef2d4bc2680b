"""When a run of a sweep is stopped early, after the examples of Azure ML's documentation."""

import math

import pytest

from cellrun.core.sweep.policy import (
    BanditPolicy,
    MedianStoppingPolicy,
    NoTerminationPolicy,
    TruncationSelectionPolicy,
    policy_from_json,
)
from cellrun.core.sweep.primary_metric import PrimaryMetric, PrimaryMetricGoal

ACCURACY = PrimaryMetric("accuracy", PrimaryMetricGoal.MAXIMIZE)
LOSS = PrimaryMetric("loss", PrimaryMetricGoal.MINIMIZE)


def stopped(policy, logged, metric=ACCURACY, interval=1):
    return {run for run in logged if policy.verdict(run, interval, logged, metric)}


def test_a_policy_is_asked_at_multiples_of_its_interval_from_its_delay_on():
    policy = BanditPolicy(evaluation_interval=2, slack_factor=0.1, delay_evaluation=5)
    assert [each for each in range(1, 11) if policy.is_asked_at(each)] == [6, 8, 10]
    assert [each for each in range(4) if MedianStoppingPolicy().is_asked_at(each)] == [1, 2, 3]
    assert not NoTerminationPolicy().is_asked_at(1)


def test_bandit_with_a_factor_allows_the_best_divided_by_one_and_the_factor():
    logged = {"best": [0.8], "just": [0.67], "under": [0.66]}  # 0.8 / 1.2 is 0.6667
    assert stopped(BanditPolicy(slack_factor=0.2), logged) == {"under"}


def test_bandit_with_an_amount_allows_the_best_less_the_amount():
    logged = {"best": [0.8], "just": [0.6], "under": [0.59]}
    assert stopped(BanditPolicy(slack_amount=0.2), logged) == {"under"}


def test_bandit_turns_round_for_a_metric_to_minimize():
    logged = {"best": [1.0], "just": [1.2], "over": [1.21]}
    assert stopped(BanditPolicy(slack_factor=0.2), logged, LOSS) == {"over"}
    assert stopped(BanditPolicy(slack_amount=0.1), logged, LOSS) == {"just", "over"}


@pytest.mark.parametrize(("metric", "best"), [(ACCURACY, -0.5), (LOSS, -2.0)])
def test_bandit_never_stops_the_best_run_of_a_negative_metric(metric, best):
    assert stopped(BanditPolicy(slack_factor=0.2), {"best": [best]}, metric) == set()


def test_bandit_compares_at_the_same_number_of_values():
    logged = {"old": [0.2, 0.5, 0.9], "young": [0.3]}
    assert stopped(BanditPolicy(slack_amount=0.1), logged, interval=1) == set()


def test_median_stopping_compares_the_best_value_with_the_median_of_averages():
    # averages over the first two values: 0.5, 0.6, 0.2; their median: 0.5
    logged = {"a": [0.4, 0.6], "b": [0.6, 0.6], "c": [0.1, 0.3]}
    assert stopped(MedianStoppingPolicy(), logged, interval=2) == {"c"}
    assert stopped(MedianStoppingPolicy(), {"alone": [0.1, 0.2]}, interval=2) == set()


def test_truncation_stops_so_many_percent_of_the_worst():
    logged = {f"run{number}": [number / 10] for number in range(10)}
    assert stopped(TruncationSelectionPolicy(truncation_percentage=20), logged) == {"run0", "run1"}
    assert stopped(TruncationSelectionPolicy(20), logged, LOSS) == {"run8", "run9"}
    assert stopped(TruncationSelectionPolicy(20), dict(list(logged.items())[:4])) == set()  # 20 percent of 4 is none
    assert stopped(TruncationSelectionPolicy(50), {"a": [1], "b": [1]}) == set()


def test_what_is_no_number_is_the_worst_value():
    logged = {"best": ACCURACY.numbers([0.8]), "nan": ACCURACY.numbers([math.nan]), "text": ACCURACY.numbers("high")}
    for policy in (BanditPolicy(slack_factor=0.1), TruncationSelectionPolicy(70)):
        assert stopped(policy, logged) == {"nan", "text"}
    assert stopped(MedianStoppingPolicy(), logged) == set()  # two of three are no numbers: so is the median
    assert ACCURACY.best(logged["nan"]) is None


@pytest.mark.parametrize(
    "policy",
    [
        NoTerminationPolicy(),
        BanditPolicy(2, slack_factor=0.1),
        MedianStoppingPolicy(1, 5),
        TruncationSelectionPolicy(20, 1, 5),
    ],
)
def test_a_policy_is_kept_as_plain_values(policy):
    again = policy_from_json(policy.to_json())
    assert type(again) is type(policy)
    assert again.to_json() == policy.to_json()
    assert again.problems() == []


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (BanditPolicy(), "one of them"),
        (BanditPolicy(slack_factor=0.1, slack_amount=0.1), "one of them"),
        (BanditPolicy(slack_factor=-1), "slack_factor=-1"),
        (BanditPolicy(0, slack_factor=0.1), "evaluation_interval=0"),
        (MedianStoppingPolicy(delay_evaluation=-1), "delay_evaluation=-1"),
        (TruncationSelectionPolicy(100), "truncation_percentage=100"),
    ],
)
def test_a_mistake_in_a_policy_is_named(policy, said):
    (problem,) = policy.problems()
    assert said in problem
