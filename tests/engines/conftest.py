"""What tests of real engines begin with. `make test-engines` runs them, `make test` doesn't: they are marked here."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cellrun.core import Workspace
from tests.core.submitted_runs import runs, shared_workspace, until  # noqa: F401  # fixtures of the tests below
from tests.engines import ray_cluster, slurm_cluster
from tests.engines.box import NAME, Box, why_not
from tests.engines.ray_cluster import RayCluster
from tests.engines.runs_there import RunsThere, end_keepers
from tests.engines.slurm_cluster import SlurmCluster

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TOKEN = "of-the-tests-" * 3


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what stands in this folder, before marks are looked at.

    What the conformance suite tries over several ways home is tried once over an engine, as it is over ssh.
    """
    others = []
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("engine")
            given = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
            if given.get("under_test", "ssh") != "ssh":
                others.append(item)
    items[:] = [item for item in items if item not in others]
    config.hook.pytest_deselected(items=others)


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


@pytest.fixture
def slurm(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[SlurmCluster]:
    """A Slurm that `sbatch` and the like reach from here; its nodes see this machine's disk."""
    if why := slurm_cluster.why_not():
        pytest.skip(why)
    made = SlurmCluster(tmp_path_factory.mktemp("slurm"))
    monkeypatch.setenv("SLURM_CONF", made.config)
    yield made
    made.close()


@pytest.fixture(scope="session")
def standing_slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlurmCluster]:
    """A Slurm on this machine's disk that stands as long as the tests run. Whoever breaks it mends it."""
    if why := slurm_cluster.why_not():
        pytest.skip(why)
    made = SlurmCluster(tmp_path_factory.mktemp("slurm"))
    yield made
    made.close()


@pytest.fixture
def ray(standing_ray: RayCluster, monkeypatch: pytest.MonkeyPatch) -> RayCluster:
    """That Ray, for a test that has its token."""
    monkeypatch.setenv("RAY_AUTH_TOKEN", standing_ray.token)
    return standing_ray


@pytest.fixture
def slurm_box(box: Box) -> Iterator[SlurmCluster]:
    """A Slurm that only `ssh box` leads to: its login node; the nodes see that machine's disk."""
    if why := slurm_cluster.why_not():
        pytest.skip(why)
    made = SlurmCluster(box.folder / "slurm", box)
    box.set_variables({"SLURM_CONF": made.config})
    yield made
    made.close()


@pytest.fixture(scope="session")
def standing_ray(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RayCluster]:
    """A Ray with a token that stands as long as the tests run, as it starts slowly. Whoever breaks it mends it."""
    if why := ray_cluster.why_not():
        pytest.skip(why)
    made = RayCluster(tmp_path_factory.mktemp("ray"), [tmp_path_factory.getbasetemp(), ROOT], token=TOKEN)
    yield made
    made.close()


@pytest.fixture
def there(box: Box, tmp_path: Path, home: Path) -> Iterator[RunsThere]:
    """Submit runs to that machine; what kept them here ends with the test, and what they were there as well."""
    (tmp_path / "source").mkdir()
    workspace = Workspace.create("tests", tmp_path / "workspace")
    workspace.attach(NAME, "ssh", host=NAME)
    made = RunsThere(workspace, tmp_path / "source")
    made.box = box
    yield made
    end_keepers(home)
