"""A Slurm by shims, and runs that are submitted to it."""

import os

import pytest

from tests.core.submitted_runs import runs, until  # noqa: F401  # fixtures
from tests.core.targets.slurm.fake_slurm import FakeSlurm


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """The programs; they are first on PATH."""
    made = FakeSlurm(tmp_path)
    monkeypatch.setenv("PATH", f"{made.bin}{os.pathsep}{os.environ['PATH']}")
    return made


@pytest.fixture
def cluster(slurm, runs):  # noqa: F811  # the fixture above
    """The target, attached to the workspace."""
    return runs.workspace.attach("cluster", "slurm")
