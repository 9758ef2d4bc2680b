"""Runs on a real Ray that need more than its Jobs API: a server of ours that jobs reach, a store for large values."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cellrun.core import Datastore, Workspace
from cellrun.core.layout import RunLayout
from cellrun.core.store.record import RunTarget
from cellrun.core.store.status import Status
from tests.core.data.stores.test_stores import S3
from tests.core.submitted_runs import Runs
from tests.engines.ray_cluster import RayCluster
from tests.engines.runs_there import numbers
from tests.keepers import end_keepers
from tests.magics.conftest import notebook, notebook_folder  # noqa: F401  # fixtures of the tests below
from tests.magics.notebook_shell import NotebookShell, log
from tests.server.jupyter_process import BASE, JupyterProcess, jupyter_process
from tests.stores import s3_server  # noqa: F401  # as above

pytestmark = pytest.mark.timeout(300)
LARGE_BYTES = 6_000_000
"""More than a job's log brings home."""
VALUE_BYTES = 120_000_000
"""More than the Jobs API takes."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """What the tests share with a server that they start."""
    folder = tmp_path / "jupyter"
    folder.mkdir()
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.setenv("CELLRUN_HOME", str(folder / "home"))
    monkeypatch.setenv("CELLRUN_RUNTIME_DIR", str(folder / "cellrun-runtime"))
    yield folder
    end_keepers(folder / "cellrun-runtime")


@pytest.fixture
def server(home: Path) -> Iterator[JupyterProcess]:
    """A Jupyter server of ours; the cluster's nodes reach it by this machine's loopback."""
    with jupyter_process(home) as made:
        yield made


@pytest.fixture
def attached(ray: RayCluster, server: JupyterProcess, runs: Runs) -> Runs:
    """Submit runs whose jobs reach that server."""
    runs.workspace.attach("cluster", "ray", address=ray.address, server=f"http://{server.host}{BASE}")
    return runs


def job_log(ray: RayCluster, layout: RunLayout) -> str:
    kept = RunTarget.read(layout)
    assert kept
    told = ray.ask("GET", f"/api/jobs/{kept.handle['job']}/logs")
    assert isinstance(told, dict)
    return str(told["logs"])


def test_a_job_that_reaches_our_server_brings_all_home_by_it_and_nothing_by_its_log(ray: RayCluster, attached: Runs):
    layout = attached.script(
        f"""
from cellrun.core import Run
run = Run.get_context()
for number in range(2000):
    run.log("number", number)
print("logged")
with open("outputs/large.bin", "wb") as file:
    file.write(bytes(range(250)) * {LARGE_BYTES // 250})
""",
        compute_target="cluster",
    )
    assert attached.end(layout).status is Status.COMPLETED
    assert numbers(layout) == list(range(2000))
    assert layout.log.read_text() == "logged\n"
    assert (layout.outputs / "large.bin").read_bytes() == bytes(range(250)) * (LARGE_BYTES // 250)
    assert "cellrun-frame:" not in job_log(ray, layout)


def test_a_cancel_comes_to_the_job_by_our_server(attached: Runs):
    layout = attached.script(
        """
import time
print("up", flush=True)
try:
    time.sleep(600)
except KeyboardInterrupt:
    print("saved")
""",
        compute_target="cluster",
    )
    attached.seen(layout, "up\n")
    attached.target(layout).cancel(layout)
    assert attached.end(layout).status is Status.CANCELED
    assert layout.log.read_text() == "up\nsaved\n"


def test_the_doctor_says_that_jobs_reach_our_server_and_that_a_folder_is_not_shared(
    ray: RayCluster, server: JupyterProcess, runs: Runs, tmp_path: Path
):
    (tmp_path / "folder").mkdir()
    Datastore.register_folder(runs.workspace, "here", tmp_path / "folder")
    address = f"http://{server.host}{BASE}"
    runs.workspace.attach("cluster", "ray", address=ray.address, server=address, datastore="here")
    found = {each.subject: each for each in runs.workspace.compute_targets["cluster"].doctor()}
    assert found["server"].is_well, found["server"].text
    assert "what runs write comes home by it" in found["server"].text
    assert "jobs can't read the datastore 'here' ([Errno 2] No such file" in found["datastore"].text


def test_a_value_that_is_larger_than_the_jobs_api_takes_comes_by_a_store_that_both_sides_reach(
    ray: RayCluster,
    notebook: NotebookShell,  # noqa: F811  # the fixture
    s3_server: str,  # noqa: F811  # as above
):
    workspace = Workspace.from_config()
    workspace.attach("alone", "ray", address=ray.address)
    notebook.run(f"data = {{'bytes': bytes(range(250)) * {VALUE_BYTES // 250}}}")
    with pytest.raises(Exception, match="attach it with datastore="):
        notebook.run("%%submit --target alone\nprint(len(data['bytes']))")
    S3(s3_server).register(workspace)
    workspace.attach("cluster", "ray", address=ray.address, datastore="blobs")
    body = "import hashlib\nprint(len(data['bytes']), hashlib.sha256(data['bytes']).hexdigest())"
    found = {each.subject: each for each in workspace.compute_targets["cluster"].doctor()}
    assert found["datastore"].text == "jobs read the datastore 'blobs': values too large for the Jobs API go by it"
    run = notebook.submit(body, "--target cluster")
    assert run.get_status() == "Completed", run.get_details()
    size, digest = log(run).split()
    notebook.run(body.replace("print(", "here = ("))
    assert (int(size), digest) == notebook.names["here"]
