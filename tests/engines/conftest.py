"""What tests of real engines begin with. `make test-engines` runs them, `make test` doesn't: they are marked here."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.submitted_runs import runs, until  # noqa: F401  # fixtures of the tests below
from tests.engines.box import Box, why_not

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what stands in this folder, before marks are looked at."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("engine")


@pytest.fixture
def box(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, home: Path
) -> Iterator[Box]:
    """A machine elsewhere that `ssh box` leads to. Neither this test's folder nor the checkout is there."""
    if why := why_not():
        pytest.skip(why)
    made = Box(tmp_path_factory.mktemp("box"), [tmp_path, ROOT, Path(sys.prefix)])
    monkeypatch.setenv("PATH", f"{made.shims}{os.pathsep}{os.environ['PATH']}")
    yield made
    made.close()
