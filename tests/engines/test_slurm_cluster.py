"""The Slurm that tests run is a real one of two nodes, and what happens to it is what happens to one."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engines.box import USER, Box
from tests.engines.machine import wait
from tests.engines.slurm_cluster import GPUS, NODES, SlurmCluster

WATCHED = ("squeue", "--noheader", "--format=%T %R", "--states=all", "--jobs")
UP_AND_ASLEEP = "echo attempt $SLURM_RESTART_COUNT; sleep 77"


def submitted(tmp_path: Path, script: str, *options: str) -> str:
    """Submit a script as any user does; return the job's id."""
    given = ["sbatch", "--parsable", f"--output={tmp_path}/out", "--open-mode=append", *options, f"--wrap={script}"]
    return subprocess.run(given, capture_output=True, text=True, check=True, cwd=tmp_path).stdout.strip()


def said(slurm: SlurmCluster, job: str) -> str:
    """Return what is said of a job: its state, and where it runs or why it doesn't."""
    return slurm.ask(*WATCHED, job).stdout.strip()


def printed(tmp_path: Path, text: str) -> Callable[[], bool]:
    """Whether the job has printed something."""
    return lambda: (tmp_path / "out").exists() and text in (tmp_path / "out").read_text()


def test_a_job_runs_on_a_machine_of_its_own_that_shares_our_disk(slurm: SlurmCluster, tmp_path: Path):
    submitted(tmp_path, "hostname; ps -e --no-headers | wc -l; touch /dev/shm/here", "--wait", "--nodelist=n2")
    host, processes = (tmp_path / "out").read_text().split()
    assert host == "n2"
    assert int(processes) < 12
    assert not Path("/dev/shm/here").exists()
    assert slurm.nodes["n2"].run("ls", "/dev/shm").stdout == "here\n"
    assert slurm.nodes["n1"].run("ls", "/dev/shm").stdout == ""


def test_a_job_of_two_nodes_has_a_task_on_each(slurm: SlurmCluster, tmp_path: Path):
    submitted(tmp_path, "srun --label hostname", "--wait", "--nodes=2")
    assert sorted((tmp_path / "out").read_text().splitlines()) == ["0: n1", "1: n2"]


def test_each_node_has_gpus_that_are_given_to_one_job_at_a_time(slurm: SlurmCluster, tmp_path: Path):
    submitted(tmp_path, "echo $CUDA_VISIBLE_DEVICES", "--wait", f"--gpus-per-node={GPUS}", "--nodelist=n1")
    assert (tmp_path / "out").read_text() == "0,1\n"
    for _ in range(2 * GPUS):
        submitted(tmp_path, UP_AND_ASLEEP, "--gpus-per-node=1")
    waiting = submitted(tmp_path, UP_AND_ASLEEP, "--gpus-per-node=1")
    wait(lambda: said(slurm, waiting) == "PENDING (Resources)", "a job that waits")


def test_a_job_that_makes_room_starts_again_afterwards(slurm: SlurmCluster, tmp_path: Path):
    spot = submitted(tmp_path, UP_AND_ASLEEP, "--partition=spot", "--nodelist=n1", "--exclusive", "--requeue")
    wait(printed(tmp_path, "attempt"), "the job that will make room")
    submitted(tmp_path, "sleep 1", "--wait", "--nodelist=n1", "--exclusive")
    slurm.hurry(spot)
    wait(printed(tmp_path, "attempt 1"), "the job that made room")
    assert said(slurm, spot) == "RUNNING n1"


def test_a_job_of_a_node_that_dies_starts_again_on_another_one(slurm: SlurmCluster, tmp_path: Path):
    job = submitted(tmp_path, "hostname; sleep 77", "--requeue")
    wait(printed(tmp_path, "n1"), "the job on the first node")
    slurm.kill_node("n1")
    slurm.hurry(job)
    wait(printed(tmp_path, "n2"), "the job on the other one")
    assert said(slurm, job) == "RUNNING n2"
    slurm.start_node("n1")
    assert {name: slurm.state(name) for name in NODES} == {"n1": "IDLE", "n2": "MIXED"}


def test_while_the_controller_is_gone_nobody_answers_and_jobs_go_on(slurm: SlurmCluster, tmp_path: Path):
    job = submitted(tmp_path, f"while [ ! -e {tmp_path}/on ]; do sleep 0.1; done; echo went on")
    wait(lambda: said(slurm, job) == "RUNNING n1", "the job")
    slurm.stop_controller()
    assert slurm.ask(*WATCHED, job).returncode
    (tmp_path / "on").touch()
    wait(printed(tmp_path, "went on"), "the job's end")
    slurm.start_controller()
    wait(lambda: said(slurm, job).startswith("COMPLETED"), "what is known of it")


def test_one_that_forgets_knows_none_of_its_jobs_and_they_end(slurm: SlurmCluster, tmp_path: Path):
    job = submitted(tmp_path, UP_AND_ASLEEP)
    wait(lambda: said(slurm, job) == "RUNNING n1", "the job")
    slurm.forget()
    assert "Invalid job id" in slurm.ask(*WATCHED, job).stderr
    wait(lambda: not [line for line in slurm.nodes["n1"].everything().values() if "sleep 77" in line], "its end")


def test_in_a_box_it_is_there_for_the_user_who_logs_in_alone(slurm_box: SlurmCluster, box: Box, tmp_path: Path):
    line = "sbatch --wait --parsable --output=out --wrap='hostname; whoami; ls $HOME /tmp'"
    told = subprocess.run(["ssh", "box", f"touch /tmp/box; {line}"], capture_output=True, text=True, check=True)
    assert told.stdout == "1\n", slurm_box.log()
    assert (box.home / "out").read_text().split() == ["n1", USER, f"/home/{USER}:", "out", "/tmp:"]
    with pytest.raises(subprocess.CalledProcessError):
        submitted(tmp_path, "true")
