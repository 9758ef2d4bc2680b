"""The Ray that tests run is a real one of two nodes, and what happens to it is what happens to one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engines.machine import wait
from tests.engines.ray_cluster import CPUS, NODES, RayCluster, why_not

pytestmark = pytest.mark.timeout(400)
"""It takes half a minute to start, and longer where others work."""


def submitted(ray: RayCluster, name: str, command: str, **more: object) -> None:
    """Submit a job as Ray's own client does."""
    job = {"entrypoint": command, "submission_id": name, "entrypoint_num_cpus": 1, **more}
    assert ray.ask("POST", "/api/jobs/", job) == {"job_id": name, "submission_id": name}


def status(ray: RayCluster, name: str) -> str:
    """Return what is said of a job; "" where nothing is."""
    told = ray.ask("GET", f"/api/jobs/{name}")
    return told["status"] if isinstance(told, dict) else ""


def printed(ray: RayCluster, name: str) -> list[str]:
    """Return the lines that a job has printed, without Ray's own between them, once it has ended."""
    wait(lambda: status(ray, name) in {"SUCCEEDED", "FAILED", "STOPPED"}, "the end of a job")
    told = ray.ask("GET", f"/api/jobs/{name}/logs")
    assert isinstance(told, dict)
    return [line for line in told["logs"].splitlines() if "job_manager.py" not in line and "Running entry" not in line]


def test_a_job_runs_on_a_machine_of_its_own_with_a_python_without_cellrun(standing_ray: RayCluster):
    submitted(standing_ray, "own", "hostname; ls /home | wc -l; python -c 'import numpy, cellrun' 2>&1 | tail -n 1")
    assert printed(standing_ray, "own") == ["head", "0", "ModuleNotFoundError: No module named 'cellrun'"]


def test_jobs_go_to_the_second_node_once_the_first_is_full(standing_ray: RayCluster):
    submitted(standing_ray, "large", "hostname; sleep 77", entrypoint_num_cpus=CPUS)
    wait(lambda: status(standing_ray, "large") == "RUNNING", "the large job")
    submitted(standing_ray, "other", "hostname", entrypoint_num_cpus=CPUS)
    (other,) = printed(standing_ray, "other")
    standing_ray.ask("POST", "/api/jobs/large/stop")
    assert sorted([*printed(standing_ray, "large"), other]) == sorted(NODES)


def test_whoever_has_no_token_is_turned_away(standing_ray: RayCluster):
    with standing_ray.without_token():
        assert standing_ray.ask("GET", "/api/jobs/") is None
    assert isinstance(standing_ray.ask("GET", "/api/jobs/"), list)


@pytest.fixture
def own_ray(tmp_path) -> Iterator[RayCluster]:
    """A Ray that may be broken."""
    if why := why_not():
        pytest.skip(why)
    made = RayCluster(tmp_path)
    yield made
    made.close()


def test_one_that_loses_a_node_and_then_its_head(own_ray: RayCluster):
    assert own_ray.ask("GET", "/api/jobs/") == []
    submitted(own_ray, "first", "sleep 77", entrypoint_resources={f"node:{NODES['second']}": 0.1})
    wait(lambda: status(own_ray, "first") == "RUNNING", "the job")
    own_ray.kill_node()
    wait(lambda: status(own_ray, "first") == "FAILED", "the end of a job whose node is gone")
    own_ray.stop_head()
    assert own_ray.ask("GET", "/api/jobs/") is None
    own_ray.start_head()
    assert own_ray.ask("GET", "/api/jobs/first") is None
    own_ray.start_node()
    submitted(own_ray, "second", "echo there")
    assert printed(own_ray, "second") == ["there"]
