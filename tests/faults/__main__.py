"""Run the tests of the fault table and print it: `make faults`, or `make faults ROWS="D C2"`."""

from __future__ import annotations

import os
import sys

import pytest

from tests.faults.table import rows
from tests.imports import ROOT


def main(chosen: list[str]) -> int:
    """Run the rows that are chosen, or all; return pytest's exit code."""
    tests = dict.fromkeys(test for row in rows(chosen) for test in row.tests)
    if not tests:
        sys.exit(f"there is no row {', '.join(chosen)}; rows are A1 … {rows()[-1].id}, or letters")
    os.chdir(ROOT)
    os.environ["CELLRUN_FAULT_ROWS"] = " ".join(chosen)
    options = ["-m", "", "--numprocesses=auto", "--no-loadscope-reorder", "-p", "tests.faults.report", "-q", "-r", "N"]
    return int(pytest.main([*options, *os.environ.get("PYTEST_OPTIONS", "").split(), *tests]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
