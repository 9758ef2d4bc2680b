"""Runs on a cluster that does what a test says: handed over once, in order, ended by what is known."""

import json
from contextlib import suppress
from typing import NamedTuple

import pytest

from cellrun.core.distributed.distribution import Distribution
from cellrun.core.environments.job_library import LibraryArchive
from cellrun.core.errors import AuthenticationError, ComputeTargetException
from cellrun.core.mirror.frame import Frame, FrameKind, to_line
from cellrun.core.mirror.receiver import Receiver
from cellrun.core.mirror.run_key import key_of
from cellrun.core.resources import Resources
from cellrun.core.run_request import RunRequest
from cellrun.core.store.record import RunTarget
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.targets.contract import JobState
from cellrun.core.targets.pending_launch import PendingLaunch
from cellrun.core.targets.ray import logs, package, submit_queue
from cellrun.core.targets.ray import target as ray_target
from cellrun.core.targets.ray.submit_queue import MOST_PENDING
from cellrun.core.targets.ray.target import RayTarget
from cellrun.core.targets.sync_round import bring
from tests.core.targets.ray.fake_ray import FakeRay
from tests.killed import killed_at


class Code(NamedTuple):
    """What a run takes along, as a submission knows it."""

    size_bytes: int
    values_bytes: int


START_TIMEOUT = "JOB_SUPERVISOR_ACTOR_START_TIMEOUT"


@pytest.fixture(autouse=True)
def each_look_asks(monkeypatch, without_keeper):
    monkeypatch.setattr(ray_target, "_YOUNG_S", 0.0)
    for module in (submit_queue, logs):  # however busy this machine is
        monkeypatch.setattr(module, "_CALL_S", 60.0)
    monkeypatch.setattr("cellrun.core.targets.keeper.client.wake", lambda *_: None)


@pytest.fixture(autouse=True)
def little_code(monkeypatch):
    """What a run takes along of cellrun is packed for each cluster anew: test_package.py looks at all of it."""
    archive = LibraryArchive({"cellrun/core/__init__.py": b""})
    monkeypatch.setattr(package, "library_archive", lambda: archive)


@pytest.fixture
def opened(ws):
    """Open a target anew, as another process does: `opened(ray)`."""
    made = []

    def open_(ray, **settings):
        made.append(RayTarget("cluster", {"address": ray.address, **settings}))
        made[-1].layout = ws.layout
        return made[-1]

    yield open_
    for each in made:
        each.close()


@pytest.fixture
def target(ray, opened):
    return opened(ray)


@pytest.fixture
def launched(ws, new_run, target):
    """Submit a run: `launched(variables={})`."""

    def make(**options):
        run = new_run(kind="script", target="cluster")
        run.snapshot.mkdir(exist_ok=True)
        (run.snapshot / "train.py").write_text("print(1)\n")
        target.launch(RunRequest("script", "train.py", experiment="digits", **options), run)
        return run

    return make


def job_of(ray, run):
    return ray.jobs[RunTarget.read(run).handle["job"]]


def status(run):
    return StatusFile(run).read().status


def told(ray, run, *files, is_all=False):
    """Let a run's job print frames of files, each a path, an offset and bytes."""
    facts = [{"size": len(data), "mtime_ns": 1} for *_, data in files]
    frames = [Frame(run.run_id, FrameKind.BYTES, *file, each) for file, each in zip(files, facts, strict=True)]
    lines = [to_line(frame, key_of(run)) for frame in frames]
    if is_all:
        facts = {"sizes": {"user_logs/std_log.txt": 0}, "count": 1, "made_ns": 1}
        lines.append(to_line(Frame(run.run_id, FrameKind.SIZES, facts=facts), key_of(run)))
    job_of(ray, run).log += b"Runtime env is setting up.\n" + b"".join(lines)


def entry(n, to, **fields):
    known = {"status": to.value, "at": 1.0, "reason": None, "fields": fields, "started_at": None}
    return f"status/{n}.json", 0, json.dumps(known).encode()


def test_a_launch_queues_the_run_here_and_asks_nobody(ray, target, launched):
    run = launched()
    assert status(run) is Status.QUEUED
    assert ray.asked == []
    assert RunTarget.read(run).handle["job"].startswith(run.run_id)
    bring(target, [run])
    assert [RunTarget.read(run).handle["job"]] == ray.submitted
    assert status(run) is Status.QUEUED  # it waits there
    observed = bring(target, [run]).observed
    assert observed[run.run_id].state is JobState.WAITING
    assert len(ray.submitted) == 1


def test_as_many_are_handed_over_as_may_wait_there_in_the_order_of_their_submission(ray, target, launched):
    runs = [launched() for _ in range(12)]
    jobs = [RunTarget.read(run).handle["job"] for run in runs]
    assert bring(target, list(reversed(runs)))[3:] == (True, True)  # so the next look comes soon
    assert bring(target, list(reversed(runs)))[3:] == (False, True)
    assert ray.submitted == jobs[:MOST_PENDING]
    for job in jobs[:3]:
        ray.jobs[job].status = "RUNNING"
    bring(target, runs)
    assert ray.submitted == jobs[: MOST_PENDING + 3]
    assert [status(run) for run in runs[:4]] == [Status.STARTING] * 3 + [Status.QUEUED]


def test_another_process_hands_over_nothing_twice_and_forgets_nothing(ray, target, launched, opened):
    runs = [launched() for _ in range(10)]
    bring(target, runs)
    again = opened(ray)
    bring(again, runs)
    assert len(ray.submitted) == len(set(ray.submitted)) == MOST_PENDING
    for job in list(ray.jobs.values()):
        job.status = "RUNNING"
    bring(opened(ray), runs)
    assert len(set(ray.submitted)) == len(ray.submitted) == 10


def test_a_run_whose_answer_was_lost_is_one_job(ray, target, launched, opened):
    run = launched()
    ray.loses_answers = True
    with pytest.raises(ComputeTargetException):
        bring(target, [run])
    ray.loses_answers = False
    bring(opened(ray), [run])
    assert len(ray.submitted) == 1
    assert RunTarget.read(run).handle["is_taken"] is True


def test_a_keeper_that_is_killed_at_any_step_hands_a_run_over_once(ray, target, launched, opened):
    """Whoever goes on finds the job, and has the key that the job was given."""
    bring(target, [launched()])  # the cluster has the code by now
    was_killed, step = True, 0
    while was_killed:
        run = launched()
        was_killed = killed_at(step, lambda run=run: bring(opened(ray), [run]))
        bring(opened(ray), [run])
        assert RunTarget.read(run).handle["is_taken"] is True
        secrets = json.loads(job_of(ray, run).told["runtime_env"]["env_vars"]["CELLRUN_JOB_SECRETS"])
        assert secrets["key"] == key_of(run).hex()
        job_of(ray, run).status = "RUNNING"
        bring(opened(ray), [run])
        assert status(run) is Status.STARTING
        assert not PendingLaunch(run.workspace).has(run)
        step += 2
    assert len(ray.jobs) == len(ray.submitted) == step // 2 + 1
    assert step > 10


def test_a_question_that_never_arrived_is_asked_again(ray, target, launched):
    run = launched()
    ray.loses_answers = True
    with pytest.raises(ComputeTargetException):
        bring(target, [run])
    ray.restart()  # as if it had never heard of it
    ray.loses_answers = False
    bring(target, [run])
    assert list(ray.jobs) == [RunTarget.read(run).handle["job"]]


def test_the_code_travels_once_and_the_job_has_what_it_needs(ray, target, launched):
    runs = [launched(variables={"PASSWORD": "hunter2"}, env_in_engine=True), launched()]
    bring(target, runs)
    assert len(ray.packages) == 3
    told = job_of(ray, runs[0]).told
    (core,) = told["runtime_env"]["py_modules"]
    assert job_of(ray, runs[1]).told["runtime_env"]["py_modules"] == [core]
    secrets = json.loads(told["runtime_env"]["env_vars"]["CELLRUN_JOB_SECRETS"])
    assert secrets == {"variables": {"PASSWORD": "hunter2"}, "key": key_of(runs[0]).hex(), "token": ""}
    assert told["entrypoint_num_cpus"] == 1
    assert "hunter2" not in told["entrypoint"]


def test_a_job_that_ray_gave_up_for_want_of_room_is_handed_over_again(ray, target, launched):
    run = launched()
    bring(target, [run])
    first = RunTarget.read(run).handle["job"]
    job_of(ray, run).status, job_of(ray, run).error_type = "FAILED", START_TIMEOUT
    bring(target, [run])
    second = RunTarget.read(run).handle
    assert (second["attempt"], second["is_taken"]) == (2, True)
    assert ray.submitted == [first, second["job"]]
    assert status(run) is Status.QUEUED


def test_a_job_that_waited_at_a_head_that_was_restarted_is_handed_over_again(ray, target, launched):
    runs = [launched(), launched()]
    bring(target, runs)
    job_of(ray, runs[0]).status = "RUNNING"
    bring(target, runs)
    ray.restart()
    bring(target, runs)
    assert [status(run) for run in runs] == [Status.FAILED, Status.QUEUED]
    assert list(ray.jobs) == [RunTarget.read(runs[1]).handle["job"]]
    assert RunTarget.read(runs[1]).handle["attempt"] == 2


def test_what_a_job_prints_comes_home_and_its_supervisors_word_ends_it(ray, target, launched):
    run = launched()
    bring(target, [run])
    job_of(ray, run).status = "RUNNING"
    told(ray, run, entry(0, Status.NOT_STARTED), entry(1, Status.RUNNING), ("user_logs/std_log.txt", 0, b"up\n"))
    bring(target, [run])
    assert status(run) is Status.RUNNING
    assert run.log.read_text() == "up\n"
    told(ray, run, entry(2, Status.COMPLETED), is_all=True)
    job_of(ray, run).status = "SUCCEEDED"
    bring(target, [run])
    assert status(run) is Status.COMPLETED


def test_a_watched_run_is_tailed_and_others_are_read_once_a_minute(ray, target, launched, until):
    runs = [launched(), launched()]
    bring(target, runs)
    for run in runs:
        job_of(ray, run).status = "RUNNING"
    target.watched = frozenset({runs[0].run_id})
    bring(target, runs)
    for run in runs:
        told(ray, run, ("user_logs/std_log.txt", 0, b"up\n"))
    until(lambda: bring(target, runs) and runs[0].log.exists(), "the watched run's line")
    assert not runs[1].log.exists()
    assert ray.count("GET", r".*/logs/tail") == 1
    assert ray.count("GET", r".*/logs") == 1  # the unwatched one's first look


@pytest.mark.parametrize("is_watched", [False, True])
def test_what_a_full_disk_here_refuses_is_taken_later(ray, target, launched, until, monkeypatch, is_watched):
    run, take, refusals = launched(), Receiver.take, []

    def refuse_once(self, frames):
        if not refusals:
            refusals.append(OSError(28, "No space left on device"))
            raise refusals[0]
        return take(self, frames)

    bring(target, [run])
    job_of(ray, run).status = "RUNNING"
    target.watched = frozenset({run.run_id} if is_watched else ())
    monkeypatch.setattr(Receiver, "take", refuse_once)
    monkeypatch.setattr(logs, "_AGAIN_S", 0.0)
    told(ray, run, entry(0, Status.NOT_STARTED), entry(1, Status.RUNNING), ("user_logs/std_log.txt", 0, b"one\n"))

    def bring_anyway():
        with suppress(OSError):
            bring(target, [run])
        return run.log.exists()

    until(bring_anyway, "what is printed")
    told(ray, run, ("user_logs/std_log.txt", 4, b"two\n"), entry(2, Status.COMPLETED))
    told(ray, run, is_all=True)
    job_of(ray, run).status = "SUCCEEDED"
    until(lambda: bring_anyway() and status(run) is Status.COMPLETED, "the run's end")
    assert run.log.read_text() == "one\ntwo\n"
    assert len(refusals) == 1


def test_another_home_without_the_runs_key_ends_nothing(ray, target, launched, opened, tmp_path, monkeypatch):
    """A second notebook of this user's, with a CELLRUN_HOME of its own, looks at the same workspace."""
    run = launched()
    bring(target, [run])
    told(ray, run, entry(0, Status.NOT_STARTED), entry(1, Status.RUNNING), ("user_logs/std_log.txt", 0, b"up\n"))
    told(ray, run, entry(2, Status.COMPLETED), is_all=True)
    job_of(ray, run).status = "SUCCEEDED"
    with monkeypatch.context() as other:
        other.setenv("CELLRUN_HOME", str(tmp_path / "other home"))
        bring(opened(ray), [run])
        assert not status(run).is_terminal
    bring(target, [run])
    assert (status(run), run.log.read_text()) == (Status.COMPLETED, "up\n")


def test_all_runs_are_observed_by_one_question(ray, target, launched):
    runs = [launched() for _ in range(6)]
    bring(target, runs)
    for job in ray.jobs.values():
        job.status = "RUNNING"
    bring(target, runs)
    ray.asked.clear()
    bring(target, runs)
    assert ray.asked == [("GET", "/api/jobs/")]


def test_a_job_that_ray_forgot_is_failed_and_one_that_isnt_answered_for_is_not(ray, target, launched):
    run = launched()
    bring(target, [run])
    job_of(ray, run).status = "RUNNING"
    bring(target, [run])
    with ray.away(), pytest.raises(ComputeTargetException):
        bring(target, [run])
    assert status(run) is Status.STARTING
    ray.restart()
    bring(target, [run])
    end = StatusFile(run).read()
    assert end.status is Status.FAILED
    assert end.reason.startswith("ray no longer knows it")
    assert run.run_id in end.reason


def test_a_run_that_says_running_without_a_word_is_never_failed(ray, target, launched):
    run = launched()
    bring(target, [run])
    job_of(ray, run).status = "RUNNING"
    for _ in range(5):
        bring(target, [run])
    assert status(run) is Status.STARTING


@pytest.mark.parametrize("refusal", [401, 403])
def test_who_isnt_let_in_any_more_pauses_and_the_run_goes_on(ray, target, launched, refusal):
    run = launched()
    bring(target, [run])
    job_of(ray, run).status = "RUNNING"
    bring(target, [run])
    ray.refuses = refusal
    with pytest.raises(AuthenticationError):
        bring(target, [run])
    assert status(run) is Status.STARTING
    ray.refuses = 0
    bring(target, [run])


def test_a_run_that_waits_here_is_canceled_without_a_word_to_the_cluster(ray, target, launched):
    run = launched()
    target.cancel(run)
    with ray.away(), pytest.raises(ComputeTargetException):
        bring(target, [run, launched()])
    assert status(run) is Status.CANCELED
    assert not PendingLaunch(run.workspace).has(run)
    assert ray.submitted == []


def test_a_run_that_waits_there_is_canceled_though_ray_stops_its_job_only_when_there_is_room(ray, target, launched):
    run = launched()
    bring(target, [run])
    target.cancel(run)
    target.cancel(run)
    bring(target, [run])
    assert ray.stopped == [RunTarget.read(run).handle["job"]]
    assert status(run) is Status.CANCELED


def test_a_run_whose_job_ray_stopped_before_anybody_was_there_to_say_so_is_canceled(ray, target, launched):
    run = launched()
    bring(target, [run])
    job_of(ray, run).status = "RUNNING"
    bring(target, [run])
    target.cancel(run)
    target.cancel(run)
    bring(target, [run])
    bring(target, [run])
    assert ray.stopped == [RunTarget.read(run).handle["job"]]
    assert status(run) is Status.STARTING
    job_of(ray, run).status = "STOPPED"
    bring(target, [run])
    assert status(run) is Status.CANCELED


def test_a_cancel_that_comes_too_late_leaves_the_run_completed(ray, target, launched):
    run = launched()
    bring(target, [run])
    job_of(ray, run).status = "RUNNING"
    bring(target, [run])
    target.cancel(run)
    bring(target, [run])
    told(ray, run, entry(0, Status.NOT_STARTED), entry(1, Status.COMPLETED), is_all=True)
    job_of(ray, run).status = "STOPPED"
    bring(target, [run])
    end = StatusFile(run).read()
    assert end.status is Status.COMPLETED
    assert "cancel" in " ".join(end.fields["notes"])


def test_a_log_with_a_byte_that_is_no_text_is_said_once_and_the_run_ends_by_what_ray_says(ray, target, launched):
    run = launched()
    bring(target, [run])
    job_of(ray, run).status = "RUNNING"
    job_of(ray, run).log = b"caf\xe9\n"
    bring(target, [run])
    assert status(run) is Status.STARTING
    job_of(ray, run).status = "FAILED"
    job_of(ray, run).message = "Job entrypoint command failed with exit code 1"
    bring(target, [run])
    end = StatusFile(run).read()
    assert end.status is Status.FAILED
    assert "exit code 1" in end.reason
    notes = run.notes.read_text()
    assert notes.count("what the run writes from now on can't come home") == 1


def test_a_run_larger_than_the_cluster_takes_is_failed_with_both_sizes(ray, target, launched, monkeypatch):
    run = launched()
    small = launched()
    (run.snapshot / "large.bin").write_bytes(bytes(range(256)) * 20_000)
    ray.most_bytes = 4_000_000
    bring(target, [run, small])
    end = StatusFile(run).read()
    assert end.status is Status.FAILED
    assert "5.1 MB" in end.reason
    assert "4.0 MB" in end.reason
    assert len(ray.submitted) == 1
    assert "4.0 MB at most" in target.size_problem(Code(5_000_000, 0))  # the next one is refused before there is a run


def test_several_nodes_are_refused_before_there_is_a_run(target):
    request = RunRequest("script", "train.py", distribution=Distribution("pytorch", 2, nodes=2))
    assert "slurm" in " ".join(target.problems(request))
    assert target.problems(RunRequest("script", "train.py")) == []


def test_a_job_reaches_our_server_where_one_is_said(ray, opened, ws, new_run):
    target = opened(ray, server="http://me:8888")
    run = new_run(kind="script", target="cluster")
    run.snapshot.mkdir(exist_ok=True)
    target.launch(RunRequest("script", "train.py"), run)
    bring(target, [run])
    secrets = json.loads(job_of(ray, run).told["runtime_env"]["env_vars"]["CELLRUN_JOB_SECRETS"])
    assert secrets["token"]
    assert target.describe().reaches_server


def test_a_job_that_doesnt_reach_the_server_that_it_was_told_of_is_stopped_by_ray_at_once(ray, opened, ws, new_run):
    target = opened(ray, server="http://me:8888")
    runs = [new_run(kind="script", target="cluster") for _ in range(2)]
    for run in runs:
        run.snapshot.mkdir(exist_ok=True)
        target.launch(RunRequest("script", "train.py"), run)
    bring(target, runs)
    for run in runs:
        job_of(ray, run).status = "RUNNING"
    told(ray, runs[0], entry(0, Status.NOT_STARTED), entry(1, Status.RUNNING))
    bring(target, runs)
    for run in runs:
        target.cancel(run)
    bring(target, runs)
    assert ray.stopped == [RunTarget.read(runs[0]).handle["job"]]


def test_a_cluster_says_how_full_it_is(ray, target):
    ray.cpus = {"n1": (1.0, 4.0), "n2": (0.0, 2.0)}
    ray.submit({"submission_id": "anothers"})
    found = target.describe()
    assert (found.capacity.cpus, found.in_use.cpus, found.running, found.waiting) == (6, 1, 0, 1)


def test_what_no_node_has_is_said_before_a_run_waits_for_it(ray, target):
    request = RunRequest("script", "train.py", resources=Resources(5, 1, 7 * 10**9))
    assert target.warnings(request) == ()
    ray.cpus = {"n1": (1.0, 4.0), "n2": (0.0, 2.0)}
    target.describe()
    cpus, gpus = target.warnings(request)
    assert cpus.startswith("cpus=5: the largest node of 'cluster' has 4; the run waits until")
    assert gpus.startswith("gpus=1: the largest node of 'cluster' has 0")


def test_a_cluster_that_lets_everybody_in_is_said_when_it_is_attached(ray, target):
    with pytest.warns(UserWarning, match="RAY_AUTH_MODE"):
        target.learn()


def test_a_cluster_with_a_token_is_learned_without_a_word(opened, monkeypatch):
    ray = FakeRay(token="mine")
    monkeypatch.setenv("RAY_AUTH_TOKEN", "mine")
    try:
        opened(ray).learn()
    finally:
        ray.close()
