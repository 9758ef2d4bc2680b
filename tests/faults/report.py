"""The pytest plugin of `make faults`: looks at the invariants after each test, and prints the table at the end."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.faults.invariants import assert_invariants
from tests.faults.table import Row, rows

_reports: defaultdict[str, list[pytest.TestReport]] = defaultdict(list)
"""What became of each test, all its parameters together."""


@pytest.fixture(autouse=True)
def _invariants(home: Path) -> Iterator[None]:
    """Look at the invariants when all other fixtures of a test but its home are gone."""
    yield
    assert_invariants(home)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _reports[report.nodeid.partition("[")[0]].append(report)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.section("the fault table")
    chosen = rows(os.environ.get("CELLRUN_FAULT_ROWS", "").split())
    for row in chosen:
        terminalreporter.write_line(_line(row))
    states = [_state(row) for row in chosen]
    counted = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    terminalreporter.write_line(f"{len(chosen)} rows: {counted}")


def _line(row: Row) -> str:
    seconds = sum(report.duration for report in _of(row))
    told = [f"{row.id:<4} {_state(row):<8} {seconds:7.1f} s  {row.fault}"]
    told += [f"{'':25}not here: {row.not_here}"] if row.not_here else []
    told += [f"{'':25}{why}" for test in row.tests for why in _whys(test)]
    return "\n".join(told)


def _of(row: Row) -> list[pytest.TestReport]:
    return [report for test in row.tests for report in _reports.get(test, ())]


def _state(row: Row) -> str:
    reports = _of(row)
    if any(report.failed for report in reports):
        return "FAILED"
    if not all(test in _reports for test in row.tests):
        return "not run"
    if any(map(_is_expected, reports)):
        return "not yet"
    if not _has_run(reports):
        return "skipped"
    return "in part" if row.not_here else "passed"


def _is_expected(report: pytest.TestReport) -> bool:
    """Whether a test failed that is known to."""
    return report.skipped and hasattr(report, "wasxfail")


def _has_run(reports: Iterable[pytest.TestReport]) -> bool:
    return any(report.passed and report.when == "call" for report in reports)


def _whys(test: str) -> list[str]:
    """Return what there is to say of a test: that it failed, is known to, didn't run, or can't be done here at all."""
    if test not in _reports:
        return [f"not run: {test}"]
    reports = _reports[test]
    told = [report for report in reports if report.failed or _is_expected(report)]
    return [_why(report) for report in told or ([] if _has_run(reports) else reports) if not report.passed]


def _why(report: pytest.TestReport) -> str:
    name = report.nodeid.rpartition("::")[2]
    if report.failed:
        return f"failed: {name}"
    if _is_expected(report):
        return f"not yet: {report.wasxfail.removeprefix('reason: ')} ({name})"
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return f"skipped: {reason.removeprefix('Skipped: ')} ({name})"
