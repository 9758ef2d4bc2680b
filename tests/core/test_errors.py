from __future__ import annotations

import inspect
import re

from cellrun.core import errors


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    parents: list[str] = []
    drawn = {}
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"^( {4}[│ ├└─]*)(\w+) {2,}\w", line):
            depth = (len(found.group(1)) - 4) // 4
            parents[depth:] = [found.group(2)]
            drawn[found.group(2)] = parents[depth - 1] if depth else "Exception"
    real = {
        name: kind.__base__.__name__
        for name, kind in vars(errors).items()
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
