"""A cluster that only ssh leads to, by shims: `ssh` leads to a home of its own where Slurm's programs are."""

import os
import re

import pytest

from cellrun.core.errors import ComputeTargetException, InvalidSubmissionError, UserErrorException
from cellrun.core.store.record import RunTarget
from cellrun.core.store.status import Status
from cellrun.core.submission.script_run_config import ScriptRunConfig
from cellrun.core.targets.slurm.cluster import SlurmCluster
from cellrun.core.targets.slurm.login_node import LoginNode
from tests.core.submitted_runs import wait_for
from tests.core.targets.slurm.fake_slurm import FakeSlurm
from tests.core.targets.ssh.shim import SshShim


@pytest.fixture
def slurm(tmp_path):
    """The cluster: its programs are on PATH there alone."""
    (tmp_path / "cluster").mkdir()
    return FakeSlurm(tmp_path / "cluster")


@pytest.fixture
def login(slurm, tmp_path, monkeypatch):
    """Its login node, which `ssh` leads to."""
    shim = SshShim(tmp_path, f"{slurm.bin}:/usr/bin:/bin")
    monkeypatch.setenv("PATH", f"{shim.bin}{os.pathsep}{os.environ['PATH']}")
    return shim


@pytest.fixture
def target(login, runs):
    """The target, attached to the workspace."""
    made = runs.workspace.attach("cluster", "slurm", host="login")
    yield made
    made.close()


def test_settings_decide_whether_it_is_reached_through_a_login_node(target, runs):
    assert type(target) is LoginNode
    assert type(runs.workspace.compute_targets["cluster"]) is LoginNode
    assert not target.shares_files
    assert type(SlurmCluster.for_settings("near", {})) is SlurmCluster
    assert SlurmCluster.for_settings("near", {}).shares_files


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"host": "-oProxyCommand=x"}, "host is one word"),
        ({"host": "a;b"}, "host is one word"),
        ({"host": "login", "folder": "scratch"}, "folder is a path there"),
        ({"host": "login", "python": "-c"}, "python is"),
        ({"folder": "/scratch"}, "beyond a login node"),
        ({"host": "login", "partition": "a\nb"}, "partition is one line"),
    ],
)
def test_what_cannot_be_set_is_refused(runs, settings, words):
    with pytest.raises(UserErrorException, match=re.escape(words)):
        runs.workspace.attach("cluster", "slurm", **settings)


def test_a_run_is_a_job_of_the_cluster_and_comes_home(target, runs, slurm):
    layout = runs.script("print('hello')", compute_target="cluster", target_options={"partition": "long"})
    assert runs.end(layout).status is Status.COMPLETED
    assert layout.log.read_text() == "hello\n"
    [asked] = slurm.called("sbatch")
    assert "--partition=long" in asked
    assert f"--job-name=cellrun-{layout.run_id}" in asked
    told = RunTarget.read(layout)
    assert told
    assert (told.kind, told.shares_processes, told.handle) == ("slurm", False, {"host": "login"})


def test_what_is_set_goes_to_the_cluster_and_what_leads_there_stays(login, runs, slurm):
    runs.workspace.attach("cluster", "slurm", host="login", partition="long", sbatch=["--constraint=a100"])
    runs.end(runs.script("print('hello')", compute_target="cluster"))
    [asked] = slurm.called("sbatch")
    assert {"--partition=long", "--constraint=a100"} <= {*asked}
    assert "--host" not in " ".join(asked)


def test_what_the_cluster_has_not_is_refused_by_what_it_told_last(target, runs, login):
    with login.trouble("ssh: connect to host login port 22: Connection refused"):
        with pytest.raises(InvalidSubmissionError, match=r"cpus=65: a node of 'cluster' \(main\) has 64 at most"):
            runs.script("pass", compute_target="cluster", cpus=65)
        with pytest.raises(InvalidSubmissionError, match="partition 'gpu': 'cluster' has main, long"):
            runs.script("pass", compute_target="cluster", target_options={"partition": "gpu"})
    assert runs.submitted == []


def test_a_run_that_slurm_refuses_is_failed_with_its_words(target, runs, slurm):
    slurm.goes_wrong("sbatch", says="", complains="sbatch: error: Invalid account", code=1)
    layout = runs.script("pass", compute_target="cluster")
    status = runs.end(layout)
    assert status.status is Status.FAILED
    assert "Invalid account" in str(status.reason)
    assert slurm.jobs() == 0


def test_a_run_that_waits_says_why_and_is_canceled(target, runs, slurm):
    slurm.hold("Priority")
    layout = runs.script("pass", compute_target="cluster")
    wait_for(
        lambda: (said := target.observe([layout]).get(layout.run_id)) and "others go before it" in said.reason, "why"
    )
    assert runs.status(layout).status is Status.QUEUED
    target.cancel(layout)
    assert runs.end(layout).status is Status.CANCELED
    assert any("--state=PENDING" in call for call in slurm.called("scancel"))


def test_a_cluster_that_does_not_answer_is_attached_and_says_so(login, runs, slurm):
    slurm.goes_wrong("sinfo", says="", complains="sinfo: error: Unable to contact slurm controller", code=1)
    target = runs.workspace.attach("cluster", "slurm", host="login")
    assert target.problems(ScriptRunConfig(runs.source, command="true", cpus=1000).request()) == []
    with pytest.raises(ComputeTargetException, match="Unable to contact slurm controller"):
        target.describe()
    found = {each.subject: each for each in target.doctor()}
    assert found["connection"].is_well
    assert not found["slurm"].is_well
