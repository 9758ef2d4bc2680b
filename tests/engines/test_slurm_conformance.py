"""The conformance suite over a real Slurm whose nodes see this machine's disk."""

from __future__ import annotations

import pytest

from cellrun.core.layout import RunLayout
from cellrun.core.targets.contract import ComputeTarget
from tests.core.targets.test_conformance import *  # noqa: F403  # the suite
from tests.core.targets.test_conformance import submit  # noqa: F401  # its fixture
from tests.core.targets.under_test import UnderTest
from tests.engines.slurm_cluster import NODES, SlurmCluster


@pytest.fixture
def under_test(standing_slurm: SlurmCluster, monkeypatch: pytest.MonkeyPatch) -> UnderTest:
    """The cluster. What a job writes is on this disk however its controller is: nothing is cut off."""
    monkeypatch.setenv("SLURM_CONF", standing_slurm.config)

    def lose(_: ComputeTarget, layout: RunLayout) -> None:
        standing_slurm.lose(f"cellrun-{layout.run_id}")

    return UnderTest(lambda workspace, _: workspace.attach("cluster", "slurm"), lose, nodes=len(NODES))


@pytest.fixture
def target(under_test, runs, tmp_path) -> ComputeTarget:
    """The cluster, attached."""
    return under_test.made(runs.workspace, tmp_path)
