"""Runs through a Slurm that does wrong what it can: each is started once, ends once, and says why."""

import json
import os
import sys
import time
from unittest.mock import Mock

import pytest

from cellrun.core.engine.order import JobOrder
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.building import plan
from cellrun.core.errors import ComputeTargetException, ExperimentExecutionException, InvalidSubmissionError
from cellrun.core.run_request import RunRequest
from cellrun.core.store.record import RunTarget
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision.launch_spec import LaunchSpec
from cellrun.core.targets.contract import JobState
from cellrun.core.targets.slurm import job_observer, programs, submission
from cellrun.core.targets.slurm.cluster import SlurmCluster
from cellrun.core.targets.slurm.job_folder import JobFolder
from cellrun.core.targets.sync_round import bring
from tests.killed import killed_at

ASLEEP = "print('up', flush=True); import time; time.sleep(60)"
SECRET = "s3cret;$(id)\nline"

pytestmark = pytest.mark.usefixtures("without_keeper")


@pytest.fixture
def submit(runs, cluster):
    """Submit a script to the cluster."""

    def do(text="pass", *arguments, **options):
        return runs.script(text, *arguments, compute_target=cluster.name, **options)

    return do


@pytest.fixture
def impatient(monkeypatch):
    """Wait for nobody as long as for a busy cluster."""
    monkeypatch.setattr(programs, "TIMEOUT_S", 3.0)
    monkeypatch.setattr(submission, "_PAUSE_S", 0.0)
    monkeypatch.setattr(job_observer, "POLITE_S", 0.0)
    monkeypatch.setattr(job_observer, "_DISK_S", 0.0)


def test_a_run_is_a_job_and_writes_into_its_folder(slurm, runs, submit, until):
    layout = submit("import os, sys; print(sys.argv[1:], os.environ['SLURM_JOB_ID'])", "$(id)", "a;b\n")
    assert runs.end(layout).status is Status.COMPLETED
    assert layout.log.read_text() == "['$(id)', 'a;b\\n'] 1\n"
    assert RunTarget.read(layout).handle == {"job": "1"}
    until(lambda: not list((layout.workspace.folder / ".slurm").iterdir()), "its order to go")


def test_its_order_says_what_it_was_submitted_as(slurm, submit):
    """What is exchanged while it waits isn't started (`tests/core/engine/test_job.py`)."""
    slurm.hold("Priority")
    layout = submit()
    assert JobOrder.read(JobFolder(layout).order).launch == LaunchSpec.read(layout).digest()
    slurm.set_state(1, "CANCELLED")


def test_nothing_of_a_users_is_in_the_script_and_no_secret_is_shown(slurm, runs, submit):
    layout = submit(
        "import os; print(repr(os.environ['KEY']))",
        environment_variables={"KEY": SECRET},
        target_options={"account": "it's; $(id)"},
    )
    assert runs.end(layout).status is Status.COMPLETED
    assert layout.log.read_text() == f"{SECRET!r}\n"
    (arguments,) = slurm.called("sbatch")
    assert "--account=it's; $(id)" in arguments
    assert "--export=NIL" in arguments
    lines = slurm.script(1).splitlines()
    assert lines[0] == "#!/bin/sh"
    assert lines[1].startswith("exec ")
    assert lines[1].endswith(f"job.py {layout.folder}")
    told = [slurm.script(1), *arguments, *(path.read_text() for path in layout.folder.glob("*.json"))]
    assert not [text for text in told if "s3cret" in text]


def test_nothing_is_kept_or_removed_where_a_link_in_the_place_of_its_orders_leads(runs, submit, tmp_path):
    """As in a workspace out of an archive: an order says what is started, and has secrets in it."""
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    run = runs.workspace.layout.run("a_1")
    (theirs / run.run_id).mkdir()
    (theirs / run.run_id / "kept").touch()
    (run.workspace.folder / ".slurm").symlink_to(theirs)
    JobFolder(run).forget()
    with pytest.raises(ComputeTargetException, match=r"\.slurm is a link"):
        submit()
    assert [str(path.relative_to(theirs)) for path in theirs.rglob("*")] == ["a_1", "a_1/kept"]


def test_no_order_stays_of_a_run_that_never_was_handed_over(slurm, runs, submit, monkeypatch):
    """The disk is full; or its submitter was interrupted: the next launch finds what is left."""
    orders = runs.workspace.layout.folder / ".slurm"

    def fails(error):
        with monkeypatch.context() as patched:
            patched.setattr(JobFolder, "keep", Mock(side_effect=error))
            with pytest.raises((ExperimentExecutionException, KeyboardInterrupt)):
                submit(environment_variables={"KEY": SECRET})

    fails(OSError(28, "No space left on device"))
    assert [path.name for path in orders.iterdir() if path.suffix != ".lock"] == []
    fails(KeyboardInterrupt())
    layout = submit(ASLEEP)
    assert {path.stem for path in orders.iterdir()} == {layout.run_id}
    runs.target(layout).cancel(layout)
    assert runs.end(layout).status is Status.CANCELED


def test_a_notebook_that_is_a_job_itself_lends_its_runs_nothing_of_that(slurm, runs, submit, monkeypatch):
    """Else a run would look for the notebook's GPUs, and srun in it would do as the notebook's options say."""
    outer = {"SLURM_JOB_ID": "999", "SLURM_MEM_PER_NODE": "1", "SLURM_CPU_BIND": "x", "SBATCH_HOLD": "1"}
    node = {"CUDA_VISIBLE_DEVICES": "7", "TMPDIR": "/tmp/job.999", "SRUN_DEBUG": "3", "PMIX_RANK": "5"}
    for name, value in (outer | node | {"SLURM_CONF": "/etc/slurm/slurm.conf"}).items():
        monkeypatch.setenv(name, value)
    code = "import json, os; print(json.dumps(dict(os.environ)))"
    layout = submit(code, environment_variables={"SLURM_CPU_FREQ_REQ": "low"})
    assert runs.end(layout).status is Status.COMPLETED
    seen = json.loads(layout.log.read_text())
    assert {name: seen[name] for name in outer | node if name in seen} == {"SLURM_JOB_ID": "1"}
    assert (seen["SLURM_CPU_FREQ_REQ"], seen["SLURM_CONF"]) == ("low", "/etc/slurm/slurm.conf")


def test_what_it_asks_for_is_told_by_options(slurm, submit):
    slurm.hold("Priority")
    layout = submit(cpus=2, gpus=1, memory="3000M", max_run_duration_seconds=60, target_options={"partition": "long"})
    (arguments,) = slurm.called("sbatch")
    assert {
        "--cpus-per-task=2",
        "--gpus-per-node=1",
        "--mem=2862M",
        "--time=3",
        "--partition=long",
        "--nodes=1",
    } <= set(arguments)
    assert f"--job-name=cellrun-{layout.run_id}" in arguments


def test_the_time_limit_of_the_partition_is_not_exceeded(slurm, submit):
    slurm.hold("Priority")
    submit(max_run_duration_seconds=86400)
    assert "--time=1440" in slurm.called("sbatch")[0]


def test_a_banner_before_the_number_is_no_number(slurm, submit):
    slurm.goes_wrong("sbatch", banner="Welcome 2026!\n12 jobs of yours wait.\n")
    slurm.hold("Priority")
    layout = submit()
    assert RunTarget.read(layout).handle == {"job": "1"}


def test_a_lost_answer_makes_no_second_job(slurm, runs, submit, impatient):
    slurm.goes_wrong("sbatch", loses_answer=True)
    layout = submit("print('once')")
    assert RunTarget.read(layout).handle == {"job": "1"}
    slurm.goes_well()
    assert runs.end(layout).status is Status.COMPLETED
    assert (layout.log.read_text(), slurm.jobs()) == ("once\n", 1)


@pytest.mark.parametrize(
    "how",
    [
        {"says": "", "complains": "sbatch: error: Invalid account\n", "code": 1},
        {"says": "", "complains": "sbatch: error: Invalid account\n"},
        {"says": "Invalid account\n"},
    ],
)
def test_what_slurm_refuses_is_failed_and_quotes_it(slurm, runs, submit, how):
    slurm.goes_wrong("sbatch", **how)
    with pytest.raises(ExperimentExecutionException, match="Invalid account"):
        submit()
    (folder,) = runs.workspace.layout.runs.iterdir()
    assert "Invalid account" in runs.status(runs.workspace.layout.run(folder.name)).reason
    assert list((runs.workspace.layout.folder / ".slurm").iterdir()) == []


def test_a_program_that_is_missing_is_said(slurm, submit, monkeypatch):
    monkeypatch.setenv("PATH", str(slurm.bin))
    slurm.remove("sbatch")
    with pytest.raises(ExperimentExecutionException, match="sbatch isn't on PATH here"):
        submit()


def test_if_nobody_knows_whether_slurm_has_it_the_next_look_finds_out(slurm, runs, submit, cluster, impatient):
    slurm.goes_wrong("sbatch", says="", complains="sbatch: error: Socket timed out on send/recv operation\n", code=1)
    with pytest.raises(ExperimentExecutionException, match="timed out"):
        submit()  # squeue says that there is none
    assert slurm.jobs() == 0


def test_launched_again_by_whoever_takes_it_up_it_is_one_job(slurm, runs, submit, cluster):
    layout = submit("print('once'); import time; time.sleep(0.3)")
    SlurmCluster("cluster").launch(RunRequest("script", "train.py"), layout)
    assert runs.end(layout).status is Status.COMPLETED
    assert (layout.log.read_text(), slurm.jobs()) == ("once\n", 1)


def test_a_launch_that_was_killed_before_slurm_heard_of_it_is_gone_on_with(slurm, new_run, cluster, monkeypatch):
    """As that of an agent on a login node, whose machine is asked once more."""
    slurm.hold("Priority")
    layout, request = new_run(kind="script", target="cluster"), RunRequest("script", "train.py", experiment="digits")
    layout.snapshot.mkdir()
    (layout.snapshot / "train.py").write_text("print('once')")
    with monkeypatch.context() as patched:
        patched.setattr(JobFolder, "keep", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            cluster.launch(request, layout)
    (layout.work / "train.py").write_text("pri")  # half of it
    cluster.launch(request, layout)
    assert (layout.work / "train.py").read_text() == "print('once')"
    assert (StatusFile(layout).read().status, slurm.jobs()) == (Status.QUEUED, 1)
    cluster.cancel(layout)


@pytest.mark.parametrize("stride", [8, pytest.param(2, marks=pytest.mark.long)])
def test_who_is_killed_at_any_step_of_a_launch_leaves_one_job_or_none(
    slurm, runs, submit, cluster, impatient, monkeypatch, stride
):
    """And whoever looks knows how the run ends."""
    launch, folders = SlurmCluster.launch, runs.workspace.layout.runs

    def announced(*arguments):
        sys.audit("tests.launch")
        launch(*arguments)

    monkeypatch.setattr(SlurmCluster, "launch", announced)
    was_killed, step, ends = True, 0, list[str]()
    while was_killed:
        known, jobs = set(folders.glob("tests_*")), slurm.jobs()
        was_killed = killed_at(step, lambda: submit("print('once')"), after="tests.launch")
        (folder,) = set(folders.glob("tests_*")) - known
        layout = runs.workspace.layout.run(folder.name)
        end = runs.end(layout)
        ends.append(end.status.value)
        handed_over = slurm.jobs() - jobs
        assert handed_over <= 1
        if end.status is Status.COMPLETED:
            assert (layout.log.read_text(), handed_over) == ("once\n", 1)
        else:
            assert end.status is Status.FAILED
            assert "it was never handed to Slurm" in end.reason
            assert handed_over == 0
        step += stride
    assert ends == sorted(ends, reverse=True)  # Failed ones, and from a step on Completed ones
    assert set(ends) == {"Completed", "Failed"}
    JobFolder.sweep(runs.workspace.layout)
    assert list((runs.workspace.layout.folder / ".slurm").iterdir()) == []


def test_why_it_waits_is_said_in_slurms_word_and_ours(slurm, runs, submit, cluster):
    slurm.hold("Priority")
    layout = submit()
    assert cluster.observe([layout])[layout.run_id] == (JobState.WAITING, "Priority: others go before it")
    cluster.cancel(layout)
    assert runs.status(layout).status is Status.CANCELED
    assert runs.status(layout).reason == "canceled while it was waiting"
    assert not JobFolder(layout).folder.exists()


def test_one_that_slurm_holds_back_is_canceled(slurm, runs, submit, cluster):
    slurm.hold("JobHeldUser")
    layout = submit()
    slurm.set_state(1, "REQUEUE_HOLD", "JobHeldUser")
    cluster.cancel(layout)
    assert runs.status(layout).status is Status.CANCELED


def test_all_runs_are_asked_for_in_one_question_and_not_again_at_once(slurm, submit, cluster):
    slurm.hold("Resources")
    layouts = [submit() for _ in range(3)]
    before = len(slurm.called("squeue"))
    assert {said.state for said in cluster.observe(layouts).values()} == {JobState.WAITING}
    for _ in range(20):
        cluster.observe(layouts)
    assert len(slurm.called("squeue")) == before + 1


def test_of_a_run_that_is_newer_than_the_last_answer_nothing_is_said(slurm, submit, cluster):
    slurm.hold("Resources")
    first = submit()
    assert set(cluster.observe([first])) == {first.run_id}
    second = submit()
    assert set(cluster.observe([first, second])) == {first.run_id}


def test_a_run_ends_as_slurm_cancels_it(slurm, runs, submit, cluster):
    layout = runs.printed(submit(ASLEEP), "up")
    os.system(f"scancel {RunTarget.read(layout).handle['job']}")  # by hand
    assert runs.end(layout).status is Status.CANCELED


def test_a_run_that_waits_and_is_canceled_by_hand_is_canceled(slurm, runs, submit, cluster, impatient):
    slurm.hold("Priority")
    layout = submit()
    slurm.set_state(1, "CANCELLED")
    cluster.observe([layout])
    status = StatusFile(layout).read()
    assert (status.status, status.reason) == (Status.CANCELED, "CANCELLED: it was canceled in Slurm")
    assert not JobFolder(layout).folder.exists()


def test_what_slurm_told_the_job_that_a_jupyter_is_in_is_not_told_its_runs(slurm, runs, submit, monkeypatch):
    told = {"SLURM_JOB_ID": "77", "SLURM_MEM_PER_NODE": "99", "CUDA_VISIBLE_DEVICES": "5", "TMPDIR": "/tmp/77"}
    for name, value in {**told, "SLURM_CONF": "/etc/slurm.conf"}.items():
        monkeypatch.setenv(name, value)
    names = [*told, "SLURM_CONF"]
    layout = submit(f"import os; print([os.environ.get(name) for name in {names}])")
    runs.end(layout)
    assert layout.log.read_text() == "['1', None, None, None, '/etc/slurm.conf']\n"


def test_a_cancel_that_comes_too_late_changes_nothing(slurm, runs, submit, cluster):
    """H9."""
    layout = submit("print('done')")
    runs.end(layout)
    cluster.cancel(layout)
    assert runs.status(layout).status is Status.COMPLETED
    assert slurm.called("scancel") == []


def test_a_run_whose_job_slurm_has_killed_is_failed_by_its_word(slurm, runs, submit, cluster, impatient, until):
    layout = runs.printed(submit(ASLEEP), "up")
    slurm.kill(1)
    slurm.set_state(1, "OUT_OF_MEMORY")
    until(lambda: bring(cluster, [layout]) and StatusFile(layout).read().status.is_terminal, "its end")
    status = StatusFile(layout).read()
    assert status.status is Status.FAILED
    assert not JobFolder(layout).folder.exists()


def test_a_job_that_slurm_has_forgotten_is_failed_with_what_was_seen_last(slurm, runs, submit, cluster, impatient):
    """H2."""
    layout = runs.printed(submit(ASLEEP), "up")
    runs.running(layout)
    slurm.forget(1)
    bring(cluster, [layout])
    status = StatusFile(layout).read()
    assert (status.status, status.reason) == (Status.FAILED, "slurm no longer knows it; last seen Running")
    slurm.kill(1)  # as a node does with a job that its controller doesn't know


def test_a_job_that_the_accounts_know_is_not_forgotten(slurm, runs, submit, cluster, impatient):
    layout = runs.running(runs.printed(submit(ASLEEP), "up"))
    slurm.forget(1)
    slurm.keep_accounts(f"1|cellrun-{layout.run_id}|NODE_FAIL")
    bring(cluster, [layout])
    reason = "slurm says that it has ended (NODE_FAIL: its node failed); last seen Running"
    assert StatusFile(layout).read().reason == reason
    slurm.kill(1)


@pytest.mark.parametrize("how", [{"hangs": True}, {"says": ""}, {"says": "", "complains": "error: no controller\n"}])
def test_no_answer_is_no_word_about_any_run(slurm, submit, cluster, impatient, how):
    slurm.hold("Priority")
    layout = submit()
    StatusFile(layout).change(Status.RUNNING)
    slurm.goes_wrong("squeue", **how)
    with pytest.raises(Exception, match="squeue"):
        bring(cluster, [layout])
    assert StatusFile(layout).read().status is Status.RUNNING
    slurm.goes_well()


def test_an_end_that_the_disk_does_not_show_yet_is_given_time(slurm, runs, submit, cluster, monkeypatch):
    layout = runs.running(runs.printed(submit(ASLEEP), "up"))
    monkeypatch.setattr(job_observer, "POLITE_S", 0.0)
    slurm.set_state(1, "COMPLETED")
    for _ in range(3):
        assert cluster.observe([layout])[layout.run_id].state is JobState.RUNNING
    seen = time.monotonic()
    cluster.observe([])  # neither who asks about others has it wait anew, nor one who looks without a keeper
    monkeypatch.setattr(job_observer, "_DISK_S", time.monotonic() - seen)
    assert SlurmCluster("cluster").observe([layout])[layout.run_id].state is JobState.ENDED


def test_a_run_that_slurm_gives_back_waits_for_its_next_attempt(slurm, runs, submit, cluster, impatient):
    """H6: as after a node's failure, where nobody was left to say so."""
    layout = runs.running(runs.printed(submit(ASLEEP), "up"))
    slurm.set_state(1, "PENDING", "BeginTime")
    assert cluster.observe([layout])[layout.run_id].state is JobState.WAITING
    status = StatusFile(layout).read()
    assert (status.status, status.fields["attempt"]) == (Status.QUEUED, 2)
    assert status.reason == "Slurm has taken its node away, or that failed: it starts it again"
    cluster.observe([layout])
    assert StatusFile(layout).read().n == status.n
    slurm.set_state(1, "RUNNING")


def test_one_that_is_given_back_before_it_was_seen_to_run_waits_too(slurm, submit, cluster, impatient):
    slurm.hold("BeginTime")
    layout = submit()
    layout.claim.touch()  # as its supervisor did, before its node failed
    cluster.observe([layout])
    status = StatusFile(layout).read()
    assert (status.status, status.fields["attempt"]) == (Status.QUEUED, 2)


@pytest.mark.parametrize("ahead_s", [0, 3600, -3600])
def test_a_run_that_does_not_end_though_it_was_asked_to_is_ended_by_slurm(
    slurm, runs, submit, cluster, impatient, monkeypatch, ahead_s
):
    """Whatever the clock of the disk says."""
    layout = runs.running(runs.printed(submit(ASLEEP), "up"))
    layout.cancel_request.parent.mkdir(exist_ok=True)
    os.kill(json.loads(layout.processes.read_bytes())["supervisor"]["pid"], 19)
    layout.cancel_request.write_text("{}\n")
    hours = time.time() + ahead_s
    os.utime(layout.cancel_request, (hours, hours))
    cluster.observe([layout])
    assert slurm.called("scancel") == []
    monkeypatch.setattr(job_observer, "_AFTER_GRACES_S", -3600.0)
    cluster.observe([layout])
    cluster.observe([layout])
    assert slurm.called("scancel") == [["1"]]
    os.kill(json.loads(layout.processes.read_bytes())["supervisor"]["pid"], 18)


def test_its_environment_is_made_here_before_slurm_gets_it(slurm, runs, submit):
    layout = submit("print('made')", environment=EnvironmentSpec(python=">=3.10"))
    assert runs.end(layout).status is Status.COMPLETED, layout.preparation_log.read_text()
    history = [(one.status, one.reason) for one in StatusFile(layout).history()]
    made = (Status.PREPARING, f"its environment is made on {os.uname().nodename}, before it is handed to Slurm")
    assert history[1:3] == [made, (Status.QUEUED, None)]
    assert layout.log.read_text() == "made\n"


def test_a_run_is_canceled_while_its_environment_is_made(slurm, runs, submit, cluster, monkeypatch):
    layout = being_made(submit, monkeypatch)
    cluster.cancel(layout)
    end = runs.end(layout)
    assert (end.status, end.reason) == (Status.CANCELED, "canceled while things were made ready for it")
    assert slurm.jobs() == 0


def test_a_run_whose_making_was_killed_says_so(slurm, runs, submit, cluster, monkeypatch, impatient):
    layout = being_made(submit, monkeypatch)
    assert cluster.observe([layout])[layout.run_id].state is JobState.WAITING
    os.kill(json.loads(layout.processes.read_bytes())["supervisor"]["pid"], 9)
    bring(cluster, [layout])
    status = StatusFile(layout).read()
    assert status.status is Status.FAILED
    assert "what made its environment ready here was killed; submit it again" in status.reason
    assert slurm.jobs() == 0


def being_made(submit, monkeypatch):
    """Return a run whose environment takes long."""
    monkeypatch.setattr(plan.Plan, "commands", lambda _: (("sleep", "60"),))
    return submit(environment=EnvironmentSpec(python=">=3.10"))


def test_it_describes_itself_by_what_its_partition_has(slurm, cluster):
    told = cluster.describe()
    assert (told.capacity.cpus, told.capacity.gpus, told.in_use.cpus, told.in_use.gpus) == (16, 4, 3, 1)


def test_what_can_never_start_is_refused_before_a_run_exists(slurm, runs, submit):
    with pytest.raises(InvalidSubmissionError, match="partition 'gpuu': 'cluster' has main, long"):
        submit(target_options={"partition": "gpuu"})
    assert not runs.workspace.layout.runs.exists() or not list(runs.workspace.layout.runs.iterdir())
