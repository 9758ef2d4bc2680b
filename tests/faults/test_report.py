"""What `make faults` prints of a row, from what became of its tests."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from tests.faults import report
from tests.faults.table import Row

ROW = Row("D1", "the disk is full", "it is said", "", ("tests/x.py::test_a", "tests/x.py::test_b"))


@pytest.fixture(autouse=True)
def _reports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "_reports", defaultdict(list))


def became(name: str, outcome: str, *, longrepr: Any = None, **more: str) -> None:
    """Tell the plugin what became of a test."""
    made = pytest.TestReport(f"tests/x.py::{name}", ("", 0, ""), {}, outcome, longrepr, "call", duration=0.5, **more)  # type: ignore[arg-type]
    report.pytest_runtest_logreport(made)


def test_all_passed():
    became("test_a[1]", "passed")
    became("test_a[2]", "passed")
    became("test_b", "passed")
    assert report._line(ROW) == "D1   passed       1.5 s  the disk is full"
    assert report._state(ROW._replace(not_here="no disk")) == "in part"


def test_one_failed():
    became("test_a[1]", "passed")
    became("test_b[x]", "failed")
    first, second = report._line(ROW).splitlines()
    assert first.split()[:2] == ["D1", "FAILED"]
    assert second.strip() == "failed: test_b[x]"


def test_one_is_known_to_fail():
    became("test_a", "passed")
    became("test_b", "skipped", wasxfail="reason: nobody counts them")
    assert "not yet: nobody counts them (test_b)" in report._line(ROW)
    assert report._state(ROW) == "not yet"


@pytest.mark.parametrize(("of_a", "state"), [("passed", "passed"), ("skipped", "skipped")])
def test_what_cannot_be_done_here_is_said(of_a: str, state: str):
    why = ("x.py", 1, "Skipped: needs root")
    became("test_a", of_a, longrepr=why)
    became("test_b", "skipped", longrepr=why)
    assert report._state(ROW) == state
    assert "skipped: needs root (test_b)" in report._line(ROW)


def test_what_did_not_run_is_said():
    became("test_a", "passed")
    assert "not run: tests/x.py::test_b" in report._line(ROW)
    assert report._state(ROW) == "not run"
