"""The conformance suite over a real Slurm whose nodes see this machine's disk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cellrun.core.layout import RunLayout
from cellrun.core.targets.contract import ComputeTarget
from tests.core.targets.test_conformance import *  # noqa: F403  # the suite and its fixtures
from tests.core.targets.under_test import UnderTest
from tests.engines.slurm_cluster import NODES, SlurmCluster


@pytest.fixture(scope="module")
def under_test(standing_slurm: SlurmCluster) -> Iterator[UnderTest]:
    """The cluster. What a job writes is on this disk however its controller is: nothing is cut off."""

    def lose(_: ComputeTarget, layout: RunLayout) -> None:
        standing_slurm.lose(f"cellrun-{layout.run_id}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLURM_CONF", standing_slurm.config)
        yield UnderTest(lambda workspace, _: workspace.attach("cluster", "slurm"), lose, nodes=len(NODES))
