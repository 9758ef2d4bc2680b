"""docs/faults.md has each row once, and each row names tests that are there; what takes long is one of a row."""

from __future__ import annotations

import ast

from tests.faults.table import TABLE, rows
from tests.imports import ROOT

LETTERS = {"A": 11, "B": 19, "C": 15, "D": 12, "E": 7, "F": 13, "G": 5, "H": 4, "I": 10, "J": 17}


def test_each_row_is_there_once_in_order():
    ids = [row.id for row in rows()]
    assert ids == [f"{letter}{number}" for letter, count in LETTERS.items() for number in range(1, count + 1)]
    assert [row.id for row in rows(["C2", "E"])] == ["C2", *(f"E{number}" for number in range(1, 8))]


def test_each_row_names_tests_that_are_there():
    named = [test for row in rows() for test in row.tests]
    assert TABLE.read_text().count("::test_") == len(named)  # none is written otherwise
    assert [row.id for row in rows() if not row.tests] == []
    assert [test for test in named if test not in _tests(test.partition("::")[0])] == []


def test_each_test_that_is_here_for_a_row_is_named_by_it():
    for file in sorted(TABLE.parents[1].glob("tests/faults/test_[a-z]_*.py")):
        for test in _tests(file.relative_to(ROOT).as_posix()):
            letter = test.rpartition("::test_")[2].partition("_")[0].upper()
            assert [row.tests.count(test) for row in rows([letter])] == [1], test


def test_each_test_that_takes_long_is_one_of_a_row():
    files = [path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")]
    long = {test for file in files for test in _tests(file, marked="mark.long")}
    assert long
    assert long - {test for row in rows() for test in row.tests} == set()
    unseen = [file for file in files if "mark.long" in (ROOT / file).read_text() and not _tests(file, "mark.long")]
    assert unseen == ["tests/faults/test_table.py"]  # what marks a whole file, or a class


def _tests(file: str, marked: str = "") -> list[str]:
    """Return the tests of a file; those only that have a mark, or a case with it."""
    path = ROOT / file
    tree = ast.parse(path.read_bytes()) if path.exists() else ast.Module([], [])
    return [
        f"{file}::{node.name}"
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name[:4] == "test"
        if not marked or any(marked in ast.unparse(decorator) for decorator in node.decorator_list)
    ]
