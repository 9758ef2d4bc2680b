"""The shapes of Azure ML's `get_metrics`, recorded from its SDK, through a real interactive run."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest

from cellrun.core import CellrunError, UserErrorException

CASES = json.loads((Path(__file__).parents[2] / "data" / "azure_v1_metric_golden.json").read_text())["cases"]
ERRORS = {"AzureMLException": CellrunError, "UserErrorException": UserErrorException}


def expected_of(case):
    """Return what cellrun is to give: what Azure ML gave, or what is better on purpose."""
    return case.get("ours", case["get_metrics"])


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_golden(case, exp):
    expected = expected_of(case)
    with exp.start_logging() as run:
        if isinstance(expected, str) and expected.startswith("EXC "):
            error = ERRORS[expected.removeprefix("EXC ").partition(":")[0]]
            with pytest.raises(error):
                log(case["calls"], run)
            assert run.get_metrics() == {}
        else:
            log(case["calls"], run)
            metrics = run.get_metrics()
            assert repr(metrics) == repr(expected)  # 1 and 1.0 and True are equal, their reprs aren't


def log(calls, run):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is kept as text only is said
        for call in calls:
            eval(call, {"run": run, "np": np})
