"""What a real Slurm does with runs that only it can do: it takes their node away, it ends them, it loses its mind."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest

from cellrun.core import Workspace
from cellrun.core.layout import RunLayout
from cellrun.core.store.record import RunTarget
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.targets.look import look
from cellrun.core.targets.slurm.job_folder import JobFolder
from cellrun.core.targets.slurm.job_observer import POLITE_S
from tests.core.submitted_runs import Runs
from tests.engines.slurm_cluster import SlurmCluster

ASLEEP = "print('up', flush=True); import time; time.sleep(300)"
SAVES = f"""
import signal, sys
def save(*_):
    print('saved', flush=True)
    sys.exit(3)
signal.signal(signal.SIGTERM, save)
{ASLEEP}
"""


@pytest.fixture
def submit(slurm: SlurmCluster, runs: Runs) -> Callable[..., RunLayout]:
    """Submit a script to the cluster."""
    runs.workspace.attach("cluster", "slurm")

    def do(text: str = ASLEEP, **options: Any) -> RunLayout:
        layout = runs.script(text, compute_target="cluster", **options)
        return runs.running(runs.seen(layout, "up")) if "'up'" in text else layout

    return do


def job(layout: RunLayout) -> str:
    found = RunTarget.read(layout)
    assert found
    return str(found.handle["job"])


def given_back(slurm: SlurmCluster, runs: Runs, layout: RunLayout, until: Callable[..., None]) -> None:
    """Wait until a run waits for its second attempt, let Slurm begin that now, and see it run."""
    until(lambda: runs.status(layout).status is Status.QUEUED, "the run to wait again")
    assert StatusFile(layout).read().fields["attempt"] == 2
    until(lambda: "PENDING" in slurm.ask("squeue", "--noheader", "--format=%T", f"--jobs={job(layout)}").stdout, "it")
    # Not at once: a node takes nothing of the job that was begun in the second in which it was ended there.
    slurm.ask("scontrol", "update", f"jobid={job(layout)}", "StartTime=now+3").check_returncode()
    until(lambda: runs.status(layout).status is Status.RUNNING, "its second attempt")
    assert layout.claim_of(2).exists()
    runs.target(layout).cancel(layout)
    assert runs.end(layout).status is Status.CANCELED
    until(lambda: not JobFolder(layout).folder.exists(), "its order to go")


def test_one_that_is_requeued_has_a_second_attempt(slurm, runs, submit, until):
    layout = submit(SAVES)
    slurm.ask("scontrol", "requeue", job(layout)).check_returncode()
    given_back(slurm, runs, layout, until)
    assert layout.log.read_text().startswith("up\nsaved\nup\n")


def test_one_that_is_preempted_may_save_what_it_has(slurm, runs, submit, until):
    layout = submit(SAVES, memory="15900M", target_options={"partition": "spot"})
    others = [submit(memory="15900M", target_options={"partition": "main"}) for _ in slurm.nodes]
    until(lambda: runs.status(layout).status is Status.QUEUED, "the run to wait again")
    for other in others:
        runs.target(other).cancel(other)
    given_back(slurm, runs, layout, until)
    assert layout.log.read_text().startswith("up\nsaved\nup\n")


def test_one_that_is_preempted_for_good_is_failed_once_it_has_saved_what_it_has(slurm, runs, submit):
    layout = submit(SAVES, memory="15900M", target_options={"partition": "scrap"})
    for _ in slurm.nodes:
        submit(memory="15900M", target_options={"partition": "main"})
    end = runs.end(layout)
    assert end.status is Status.FAILED
    assert "PREEMPTED: its machine was given to another job" in end.reason
    assert layout.log.read_text() == "up\nsaved\n"


def test_one_whose_node_fails_has_a_second_attempt(slurm, runs, submit, until):
    layout = submit()
    node = slurm.ask("squeue", "--noheader", "--format=%N", f"--jobs={job(layout)}").stdout.strip()
    slurm.kill_node(node)
    given_back(slurm, runs, layout, until)
    slurm.start_node(node)


def test_one_that_is_canceled_by_hand_is_canceled(slurm, runs, submit):
    layout = submit()
    slurm.ask("scancel", job(layout)).check_returncode()
    assert runs.end(layout).status is Status.CANCELED


def test_a_limit_of_slurms_own_fails_it_and_says_so(slurm, runs, submit):
    runs.workspace.attach("short", "slurm", sbatch=["--time=1"])
    layout = runs.script(ASLEEP, compute_target="short")
    end = runs.end(layout)
    assert (end.status, end.reason) == (Status.FAILED, "ended by Slurm's time limit")


def test_while_its_controller_is_away_a_run_goes_on_and_is_canceled(slurm, runs, submit):
    layout = submit(
        "print('up', flush=True)\nimport time\nfor n in range(9999):\n    print(n, flush=True); time.sleep(.1)"
    )
    slurm.stop_controller()
    runs.printed(layout, "\n20\n")
    runs.target(layout).cancel(layout)
    assert runs.end(layout).status is Status.CANCELED
    slurm.start_controller()


def test_one_that_its_controller_has_forgotten_is_failed(slurm, runs, submit):
    layout = submit()
    slurm.forget()
    end = runs.end(layout)
    assert (end.status, end.reason) == (Status.FAILED, "slurm no longer knows it; last seen Running")


def test_it_has_the_gpus_that_it_asks_for(slurm, runs, submit):
    layout = submit("import os; print(os.environ['CUDA_VISIBLE_DEVICES'])", gpus=2)
    assert runs.end(layout).status is Status.COMPLETED
    assert layout.log.read_text() == "0,1\n"


def test_it_finds_itself_well(slurm, runs, submit):
    findings = runs.workspace.compute_targets["cluster"].doctor()
    assert [each for each in findings if not each.is_well] == []
    assert {each.subject for each in findings} >= {"slurm", "partition", "accounting", "node", "python", "clock"}


@pytest.mark.parametrize("name", ["a b'c\"", "$(touch x);`y`", "new\n#SBATCH --time=1", "per%j%%", "back\\%j", "日本"])
def test_a_folder_may_have_any_name(slurm, tmp_path, monkeypatch, name):
    monkeypatch.setenv("CELLRUN_GRACE_S", "0.5")
    (tmp_path / name / "source").mkdir(parents=True)
    runs = Runs(Workspace.create("tests", tmp_path / name / "workspace"), tmp_path / name / "source")
    runs.workspace.attach("cluster", "slurm")
    layout = runs.script("print('well')", compute_target="cluster")
    assert runs.end(layout).status is Status.COMPLETED
    assert (layout.log.read_text(), (layout.log.parent / "slurm_log.txt").exists()) == ("well\n", True)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(name[:3])) == [name]


def test_a_hundred_that_wait_run_once_each_and_one_process_asks_slurm_about_them(
    slurm, runs, submit, tmp_path, monkeypatch, until
):
    asked, squeue = tmp_path / "asked", tmp_path / "bin" / "squeue"
    squeue.parent.mkdir()
    squeue.write_text(f'#!/bin/sh\necho "$PPID $(date +%s.%N)" >> {asked}\nexec {shutil.which("squeue")} "$@"\n')
    squeue.chmod(0o700)
    monkeypatch.setenv("PATH", f"{squeue.parent}{os.pathsep}{os.environ['PATH']}")
    slurm.ask("scontrol", "update", "NodeName=n1,n2", "State=DRAIN", "Reason=tests").check_returncode()
    waiting = [submit("print('once')") for _ in range(100)]
    target = runs.target(waiting[0])
    until(lambda: all(each.reason for each in look(target, waiting).values()), "why each of them waits")
    slurm.ask("scontrol", "update", "NodeName=n1,n2", "State=RESUME").check_returncode()
    for _ in range(5):  # it takes a machine of few cores longer than one waits for anything else
        with suppress(AssertionError):
            until(lambda: all(each.status.is_terminal for each in look(target, waiting).values()), "all of them to end")
            break
    assert {status.status for status in look(target, waiting).values()} == {Status.COMPLETED}
    assert {run.log.read_text() for run in waiting} == {"once\n"}
    calls = [line.split() for line in asked.read_text().splitlines()]
    times = [float(at) for _, at in calls]
    assert len({process for process, _ in calls}) == 1
    assert min(after - before for before, after in pairwise(times)) >= POLITE_S
