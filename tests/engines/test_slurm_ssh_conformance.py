"""The conformance suite over a real Slurm that only ssh leads to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cellrun.core.layout import RunLayout
from cellrun.core.targets.contract import ComputeTarget
from tests.core.targets.test_conformance import *  # noqa: F403  # the suite
from tests.core.targets.test_conformance import submit  # noqa: F401  # its fixture
from tests.core.targets.under_test import UnderTest
from tests.engines.box import NAME, Box
from tests.engines.slurm_cluster import NODES, SlurmCluster

pytestmark = pytest.mark.usefixtures("slurm_box")
"""It is there before all else of a test, and goes after it."""


@pytest.fixture
def under_test(box: Box, slurm_box: SlurmCluster) -> UnderTest:
    """The cluster behind its login node."""

    def lose(_: ComputeTarget, layout: RunLayout) -> None:
        slurm_box.lose(f"cellrun-{layout.run_id}")

    @contextmanager
    def cut_off(_: ComputeTarget) -> Iterator[None]:
        box.wire.cut()
        try:
            yield
        finally:
            box.wire.mend()

    return UnderTest(
        lambda workspace, _: workspace.attach("cluster", "slurm", host=NAME), lose, cut_off, nodes=len(NODES)
    )


@pytest.fixture
def target(under_test, runs, tmp_path) -> ComputeTarget:
    """The cluster, attached."""
    return under_test.made(runs.workspace, tmp_path)
