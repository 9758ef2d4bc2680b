"""The conformance suite over a real sshd."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cellrun.core.layout import RunLayout
from cellrun.core.targets.contract import ComputeTarget
from tests.core.targets.test_conformance import *  # noqa: F403  # the suite
from tests.core.targets.test_conformance import submit  # noqa: F401  # its fixture
from tests.core.targets.under_test import UnderTest
from tests.engines.box import NAME, Box

pytestmark = pytest.mark.usefixtures("box")
"""It is there before all else of a test, and goes after it."""


@pytest.fixture
def under_test(box: Box) -> UnderTest:
    """The machine elsewhere."""

    def lose(_: ComputeTarget, layout: RunLayout) -> None:
        found = box.home.glob(f".local/share/cellrun/remote/*/runs/{layout.run_id}/process.json")
        pids = [str(each["pid"]) for path in found for each in json.loads(path.read_bytes()).values()]
        assert pids
        assert box.run(f"kill -9 {' '.join(pids)}").returncode == 0

    @contextmanager
    def cut_off(_: ComputeTarget) -> Iterator[None]:
        box.wire.cut()
        try:
            yield
        finally:
            box.wire.mend()

    return UnderTest(lambda workspace, _: workspace.attach(NAME, "ssh", host=NAME), lose, cut_off)


@pytest.fixture
def target(under_test, runs, tmp_path) -> ComputeTarget:
    """The machine elsewhere, attached."""
    return under_test.made(runs.workspace, tmp_path)
