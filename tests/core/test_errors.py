from __future__ import annotations

import inspect
import pickle
import re

import pytest

from cellrun.core import errors
from cellrun.core.mirror import frame_errors


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    parents: list[str] = []
    drawn = {}
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"^( {4}[│ ├└─]*)(\w+) {2,}\w", line):
            depth = (len(found.group(1)) - 4) // 4
            parents[depth:] = [found.group(2)]
            drawn[found.group(2)] = parents[depth - 1] if depth else "Exception"
    real = {
        name: kind.__bases__[0].__name__
        for name, kind in {**vars(errors), **vars(frame_errors)}.items()
        if inspect.isclass(kind) and issubclass(kind, Exception)
    }
    assert drawn == real


def test_a_single_problem_reads_as_a_sentence_and_several_as_a_list() -> None:
    assert str(errors.InvalidSubmissionError(["no script"])) == "the run can't be submitted: no script"
    several = errors.InvalidSubmissionError(["no script", "no folder"])
    assert str(several).splitlines()[1:] == ["  - no script", "  - no folder"]
    assert several.problems == ("no script", "no folder")


def test_a_long_value_is_cut() -> None:
    text = errors.shown("x" * 10_000)
    assert len(text) < 110
    assert "10002 characters" in text


def test_an_ambiguous_run_names_the_candidates() -> None:
    error = errors.RunNotFoundError("best", "/ws", ["a", "b"])
    assert error.candidates == ("a", "b")
    assert "names 2 runs: a, b" in str(error)


SAMPLES = [
    errors.CellrunError("so", target="there"),
    errors.DatastoreError("blobs", "is away"),
    errors.UserErrorException("so"),
    errors.InvalidNameError("metric name", lambda: 1, "is text"),
    errors.NoSuchNameError("no"),
    errors.OthersTargetError("box", "ssh", {"host": "box"}, ["host"], "another user attached it"),
    errors.NotSupportedError("azureml.x", "is away", "stay"),
    errors.InvalidMetricError("m", "a list"),
    errors.InvalidSubmissionError(["no script", "no folder"], "look"),
    errors.ActivityFailedException("digits_1", "exit 1", "KeyError: 1", "/log"),
    errors.RunClosedError("digits_1", "Completed"),
    errors.EventNotKeptError("digits_1", "m", OSError(28, "No space left on device")),
    frame_errors.FramesError("so"),
    frame_errors.FrameError("so"),
    frame_errors.GapError({"events/main.jsonl": 3}),
    frame_errors.ConflictError(["events/main.jsonl"]),
    errors.RunNotFoundError("best", "/ws", ["a", "b"]),
    errors.DamagedRunError("digits_1", "run.json", "is a pipe"),
    errors.NotOfferedError("a", "a link"),
    errors.IndexTooNewError("/index.db", 9, 2),
    errors.UntrustedError("this", "it isn't signed"),
    errors.ResultError("digits_1", "x", "is lost"),
]


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
def test_each_comes_back_from_another_process_as_it_was(error: errors.CellrunError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.args) == (type(error), str(error), error.args)
    expected = {name: errors.shown(value) if callable(value) else value for name, value in vars(error).items()}
    assert vars(copy) == expected


def test_the_samples_are_all_that_have_a_constructor_of_their_own() -> None:
    kinds = {kind for _, kind in inspect.getmembers(errors, inspect.isclass) if "__init__" in vars(kind)}
    assert kinds <= {type(error) for error in SAMPLES}


def test_what_is_a_key_error_too_is_said_without_quotes() -> None:
    assert str(errors.NoSuchTargetError("no compute target 'gpu'")) == "no compute target 'gpu'"
