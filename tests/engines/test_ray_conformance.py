"""The conformance suite over a real Ray that doesn't reach us: its jobs' logs bring runs home."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cellrun.core.layout import RunLayout
from cellrun.core.targets.contract import ComputeTarget
from tests.core.targets.test_conformance import *  # noqa: F403  # the suite
from tests.core.targets.test_conformance import submit  # noqa: F401  # its fixture
from tests.core.targets.under_test import UnderTest
from tests.engines.ray_cluster import NODES, RayCluster

pytestmark = [pytest.mark.usefixtures("ray"), pytest.mark.timeout(300)]
"""It is there before all else of a test."""


@pytest.fixture
def under_test(ray: RayCluster) -> UnderTest:
    """The cluster, as far away as its wire lets it be."""

    def lose(_: ComputeTarget, layout: RunLayout) -> None:
        ray.lose(layout.run_id)

    @contextmanager
    def cut_off(_: ComputeTarget) -> Iterator[None]:
        ray.wire.cut()
        try:
            yield
        finally:
            ray.wire.mend()

    return UnderTest(
        lambda workspace, _: workspace.attach("cluster", "ray", address=ray.address),
        lose,
        cut_off,
        largest_bytes=5_000_000,
        nodes=len(NODES),
        waits_here=True,
        may_grow=True,
    )


@pytest.fixture
def target(under_test, runs, tmp_path) -> ComputeTarget:
    """The cluster, attached."""
    return under_test.made(runs.workspace, tmp_path)
