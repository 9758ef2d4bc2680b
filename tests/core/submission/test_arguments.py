"""What arrives in sys.argv, and what can't."""

import enum
import json
from pathlib import Path

import numpy as np
import pytest

from cellrun.core.errors import UserErrorException
from cellrun.core.run_data import DataPlaceholder, RunInput, RunOutput
from cellrun.core.submission.arguments import DataOfArguments, argument_parts, variable_texts
from tests.core.test_run_data import Given


class Color(str, enum.Enum):
    RED = "red"


GIVEN = [
    0.001, 1e-05, 10, True, None, "a b", "", "it's \"q\"\n;$(touch p) && `x` *", Path("/a/b c"), "--flag=x y", "-1",
    np.float64(0.5), np.int64(3), np.True_, np.str_("s"), np.float32(0.1), Color.RED, "日本 \udc80",
]  # fmt: skip
TEXTS = [
    "0.001", "1e-05", "10", "True", "None", "a b", "", "it's \"q\"\n;$(touch p) && `x` *", "/a/b c", "--flag=x y", "-1",
    "0.5", "3", "True", "s", "0.1", "red", "日本 \udc80",
]  # fmt: skip


def test_a7_arguments_arrive_exactly_element_by_element(runs):
    assert argument_parts(GIVEN, DataOfArguments()) == (TEXTS, [])
    big = "x" * (128 * 1024 - 1)
    layout = runs.script("import json, sys; json.dump(sys.argv[1:], open('outputs/argv', 'w'))", *GIVEN, big)
    runs.end(layout)
    assert json.loads((layout.outputs / "argv").read_text()) == [*TEXTS, big]


@pytest.mark.parametrize(
    ("value", "facts"),
    [
        (b"raw", ["argument 3", "(bytes) cannot be passed", "str", "int", "float", "path"]),
        ([1, 2], ["argument 3", "(list) cannot be passed"]),
        ({"a": 1}, ["argument 3", "(dict)"]),
        (np.array([1.0]), ["argument 3", "(ndarray)"]),
        (np.bytes_(b"raw"), ["argument 3", "(bytes_)"]),
        (1j, ["argument 3", "(complex)"]),
        ("x" * 2 * 1024**2, ["argument 3", "2.1 MB", "128 KiB", "write it to a file"]),
        ("a\0b", ["argument 3", "NUL"]),
        ("a\ud800b", ["argument 3", "surrogate"]),
    ],
)
def test_a7_what_cannot_be_passed_is_named(value, facts):
    texts, [problem] = argument_parts(["--x", 1, value], DataOfArguments())
    assert texts[:2] == ["--x", "1"]
    assert not [fact for fact in facts if fact not in problem], problem


def test_environment_variables_are_texts():
    assert variable_texts({"A": 1, "B": Path("/x"), "C": True}) == ({"A": "1", "B": "/x", "C": "True"}, [])
    _, problems = variable_texts({"A=B": "1", "": "1", 3: "1", "N": None, "L": [1], "Z": "a\0b"})
    assert len(problems) == 6


def test_two_of_one_name_are_refused_unless_they_are_the_same():
    data = DataOfArguments()
    assert data.add(Given(RunInput("x", {"kind": "file"}))) == DataPlaceholder("x")
    data.add(Given(RunInput("x", {"kind": "file"})))
    for other in (RunInput("x", {}), RunOutput("x", "", "p")):
        with pytest.raises(UserErrorException, match="called 'x'"):
            data.add(Given(other))
    assert list(data.inputs) == ["x"]
    assert not data.outputs
