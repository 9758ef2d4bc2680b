"""Why Slurm stops a job: what it says of it, or what time it is."""

import time

import pytest

from cellrun.core.engine.engine import Stop
from cellrun.core.engine.order import JobOrder
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.targets.slurm import job
from cellrun.core.targets.slurm.job import SlurmEngine
from cellrun.core.targets.slurm.job_folder import JobFolder

NOW = int(time.time())


def clock(ahead_s):
    """Return a time as scontrol prints it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(NOW + ahead_s))


@pytest.mark.parametrize(
    ("told", "environ", "why"),
    [
        ("JobId=7 JobState=COMPLETING Restarts=0", {}, Stop.CANCEL),
        ("JobId=7 JobState=COMPLETING Restarts=1", {}, Stop.PREEMPTED),
        ("JobId=7 JobState=COMPLETING Restarts=1", {"SLURM_RESTART_COUNT": "1"}, Stop.CANCEL),
        ("JobId=7 JobState=PREEMPTED Restarts=0 PreemptTime=None", {}, Stop.PREEMPTED),
        ("JobId=7 JobState=RUNNING Restarts=0 PreemptTime=2026-11-28T21:41:08", {}, Stop.PREEMPTED),
        ("JobId=7 JobState=RUNNING Restarts=0", {"SLURM_JOB_END_TIME": str(NOW + 30)}, Stop.TIME_LIMIT),
        ("JobId=7 JobState=RUNNING Restarts=0", {"SLURM_JOB_END_TIME": str(NOW + 3600)}, Stop.CANCEL),
        ("JobId=7 JobState=CANCELLED Restarts=0", {"SLURM_JOB_END_TIME": str(NOW + 30)}, Stop.CANCEL),
        ("JobId=7 JobState=RUNNING Restarts=0 EndTime=SOON", {}, Stop.TIME_LIMIT),  # before 23.02
        ("JobId=7 JobState=RUNNING EndTime=LATER", {"SLURM_JOB_END_TIME": str(NOW + 30)}, Stop.CANCEL),
        ("JobId=7 JobState=COMPLETING EndTime=SOON", {"SLURM_JOB_END_TIME": str(NOW + 3600)}, Stop.CANCEL),
        ("JobId=7 JobState=RUNNING EndTime=Unknown", {}, Stop.CANCEL),
        ("JobId=7 JobState=CANCELLED Restarts=0 Command=(null) WorkDir=/a Restarts=9 PreemptTime=1", {}, Stop.CANCEL),
        ("JobId=7 JobState=CANCELLED Restarts=many", {"SLURM_JOB_END_TIME": "N/A"}, Stop.CANCEL),
    ],
)
def test_it_is_what_slurm_says(slurm, told, environ, why):
    said = told.replace("SOON", clock(30)).replace("LATER", clock(3600))
    slurm.goes_wrong("scontrol", says=f"{said}\n")
    assert SlurmEngine({"SLURM_JOB_ID": "7", **environ}).why_stopped() is why
    assert slurm.called("scontrol") == [["--oneliner", "show", "job", "7"]]


@pytest.mark.parametrize(("left_s", "why"), [(30, Stop.TIME_LIMIT), (3600, Stop.PREEMPTED)])
def test_without_an_answer_the_clock_decides_or_whoever_asks_slurm_later(slurm, left_s, why):
    slurm.goes_wrong("scontrol", says="", complains="error: no controller", code=1)
    assert SlurmEngine({"SLURM_JOB_ID": "7", "SLURM_JOB_END_TIME": str(NOW + left_s)}).why_stopped() is why


def test_a_job_sees_what_slurm_gave_it_and_not_how_it_was_submitted():
    engine = SlurmEngine({})
    seen = ["SLURM_JOB_ID", "CUDA_VISIBLE_DEVICES", "TMPDIR", "SLURMD_NODENAME"]
    hidden = ["SLURM_EXPORT_ENV", "SBATCH_PARTITION", "PATH", "HOME"]
    assert [name for name in (*seen, *hidden) if engine.passes(name)] == seen


def test_a_job_without_an_order_says_why_it_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(job, "_DISK_S", 0.0)
    run = WorkspaceLayout(tmp_path).run("a_1")
    assert str(job.main(str(run.folder))).startswith(f"there is no order for {run.folder}: the run has ended, or")


def test_a_second_job_of_a_run_ends_at_once(tmp_path, monkeypatch):
    run = WorkspaceLayout(tmp_path).run("a_1")
    JobOrder(str(run.folder), ("python",), {"PATH": "/bin"}).write(JobFolder(run).order)
    assert JobFolder(run).is_first("1")
    assert JobFolder(run).is_first("1")  # requeued
    monkeypatch.setenv("SLURM_JOB_ID", "2")
    assert job.main(str(run.folder)) == "another job of Slurm's has this run; this one ends"
