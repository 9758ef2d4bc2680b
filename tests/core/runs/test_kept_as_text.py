"""What a program of Azure ML's first SDK logs is kept, as text if need be: a training doesn't end because of it."""

import sys
import types
import warnings

import pytest

from cellrun.core import InvalidMetricError, UserErrorException

REFUSED = [
    (lambda run: run.log("m", 2**20_000), str(int)),
    (lambda run: run.log("m", 1, step="first"), "1"),
    (lambda run: run.log_list("m", [1, [2]]), "'[1, [2]]'"),
    (lambda run: run.log_list("m", 7), "'7'"),
    (lambda run: run.log_row("m", x=[1, 2], y=3), "{'x': '[1, 2]', 'y': 3}"),
    (lambda run: run.log_table("m", {"x": [1, 2], "y": [1]}), "\"{'x': [1, 2], 'y': [1]}\""),
    (lambda run: run.log_table("m", [1, 2]), "'[1, 2]'"),
]


@pytest.fixture
def run(exp):
    return exp.start_logging()


@pytest.mark.parametrize(("log", "kept"), REFUSED[1:])
def test_under_the_old_names_it_is_kept_as_text_and_said_once(run, monkeypatch, log, kept):
    monkeypatch.setitem(sys.modules, "azureml.core", types.ModuleType("azureml.core"))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        log(run)
        values = repr(run.get_metrics()["m"])
        log(run)
    assert values == kept
    (said,) = told
    assert "is kept as text" in str(said.message)
    assert said.filename == __file__


def test_a_number_beyond_all_bounds_too(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "azureml.core", types.ModuleType("azureml.core"))
    with pytest.warns(UserWarning, match="is kept as text"):
        run.log("m", 2**20_000)
    assert isinstance(run.get_metrics()["m"], str)


@pytest.mark.parametrize("log", [log for log, _ in REFUSED])
def test_elsewhere_it_is_an_error(run, log):
    assert "azureml.core" not in sys.modules
    with pytest.raises((InvalidMetricError, UserErrorException)):
        log(run)
    assert run.get_metrics() == {}
