"""The fake target with what goes wrong on demand, in each way home."""

import json
import time

import pytest

from cellrun.core import Run
from cellrun.core.errors import ComputeTargetException, ExperimentExecutionException, UserErrorException
from cellrun.core.live.run_poller import RunPoller
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.targets.contract import JobState
from cellrun.core.targets.fake.faults import FAULTS, Faults
from tests.keepers import end_keepers

ASLEEP = "print('up'); import time; time.sleep(60)"

pytestmark = pytest.mark.one_home


@pytest.fixture
def far(tmp_path):
    """The far side's folder."""
    return tmp_path / "far side"


@pytest.fixture(params=["pull", "log"])
def target(request, runs, far):
    """A target of each way home that needs no server of ours."""
    return runs.workspace.attach(far.parent.name, "fake", folder=far, transport=request.param)


@pytest.fixture
def submit(runs, target):
    """Submit a script to it."""
    return lambda text, **options: runs.script(text, compute_target=target.name, **options)


def test_a_submission_whose_answer_is_lost_starts_one_job(runs, submit, far):
    Faults(lost_answers=1).write(far)
    layout = submit("print('once')")
    assert runs.end(layout).status is Status.COMPLETED
    assert layout.log.read_text() == "once\n"


def test_a_job_that_its_engine_forgot_is_failed_once_all_that_it_wrote_is_here(runs, target, submit, far, until):
    layout = runs.seen(submit(ASLEEP), "up")
    until(lambda: runs.status(layout).status is Status.RUNNING, "Running")
    Faults(engine="forgot").write(far)
    assert target.observe([layout])[layout.run_id].state is JobState.UNKNOWN
    end = runs.end(layout)
    assert (end.status, end.reason) == (Status.FAILED, "fake no longer knows it; last seen Running")
    assert layout.log.read_text() == "up\n"
    Faults().write(far)
    assert runs.status(layout).status is Status.FAILED
    there = target._far.run(layout)
    (there.cancel_request.parent).mkdir(exist_ok=True)
    there.cancel_request.write_text("{}\n")
    until(lambda: StatusFile(there).read().status.is_terminal, "the end over there")


@pytest.fixture
def impatient_keeper(home, monkeypatch):
    """Let the test have a keeper of its own, to which a second is long."""
    end_keepers(home.parent / "runtime")
    monkeypatch.setenv("CELLRUN_SILENCE_S", "1")
    yield
    end_keepers(home.parent / "runtime")


@pytest.mark.usefixtures("impatient_keeper")
def test_an_engine_that_does_not_answer_makes_its_runs_silent_until_it_does(runs, target, submit, far, until):
    layout = runs.seen(submit(ASLEEP), "up")
    until(lambda: runs.status(layout).status is Status.RUNNING, "Running")
    Faults(engine="dead").write(far)
    with pytest.raises(ComputeTargetException, match="doesn't answer"):
        target.observe([layout])
    until(lambda: runs.status(layout).status is Status.NOT_RESPONDING, "NotResponding")
    assert "doesn't answer" in runs.status(layout).reason
    Faults().write(far)
    until(lambda: runs.status(layout).status is Status.RUNNING, "Running again")


def test_statuses_have_our_time_and_events_keep_theirs_though_its_clock_is_wrong(runs, submit, far):
    Faults(clock_offset_s=3600).write(far)
    began = time.time()
    shifted = "import time; true = time.time; time.time = lambda: true() + 3600\n"
    layout = submit(f"{shifted}from cellrun.core import Run\nRun.get_context().log('loss', 1)")
    assert runs.end(layout).status is Status.COMPLETED
    ended = time.time()
    assert all(began - 1 <= entry.at <= ended for entry in StatusFile(layout).history())
    (events,) = layout.events.glob("*.jsonl")
    times = [json.loads(line[9:])["t"] for line in events.read_bytes().splitlines()]
    assert all(began + 3599 <= at <= ended + 3600 for at in times)


def test_a_run_whose_machine_is_taken_is_started_again_where_it_was(runs, submit, far, until):
    layout = submit(
        """
import os, time
from cellrun.core import Run
print('attempt', os.environ['CELLRUN_RUN_ATTEMPT'], flush=True)
Run.get_context().log('loss', 1)
if not os.path.exists('checkpoint'):
    open('checkpoint', 'w').close()
    print('up', flush=True)
    time.sleep(60)
"""
    )
    runs.seen(layout, "up")
    Faults(preemptions=1).write(far)
    assert runs.end(layout).status is Status.COMPLETED
    assert layout.log.read_text() == "attempt 1\nup\nattempt 2\n"
    history = [entry for entry in StatusFile(layout).history() if entry.fields.get("attempt") == 2]
    assert (history[0].status, history[0].reason) == (Status.QUEUED, "its machine was taken from it by the engine")
    assert Status.RUNNING in {entry.status for entry in history}
    run = Run.get(runs.workspace, layout.run_id)
    assert run.get_metrics("loss") == {"loss": [1, 1]}
    why = "its machine was taken from it by the engine"
    assert run.get_details()["attempt"] == {"number": 2, "reason": why}
    shown = RunPoller(layout).poll()
    assert shown.header["attempt"] == 2
    assert f"attempt 2: {why}" in shown.header["notes"]
    (loss,) = shown.metrics
    assert loss.attempts == [(2, 1)]


def test_over_a_slow_link_all_comes_late(runs, submit, far):
    Faults(bytes_per_s=200_000).write(far)
    began = time.monotonic()
    layout = submit("open('outputs/some', 'wb').write(bytes(100_000))")
    assert runs.end(layout).status is Status.COMPLETED
    assert (layout.outputs / "some").read_bytes() == bytes(100_000)
    assert time.monotonic() - began >= 0.5


def test_faults_that_cannot_be_followed_are_said_wherever_it_is_used(runs, target, submit, far):
    far.mkdir(exist_ok=True)
    (far / FAULTS).write_text('{"loss": "all"}')
    with pytest.raises(ExperimentExecutionException, match="loss is a share from 0 to 1; got 'all'"):
        submit("pass")
    with pytest.raises(ComputeTargetException, match="loss is a share"):
        target.describe()
    (finding,) = [finding for finding in target.doctor() if not finding.is_well]
    assert "loss is a share" in finding.text


def test_keys_and_variables_are_on_the_far_disk_for_its_user_alone_and_only_until_the_end(runs, submit, far):
    """An engine may start its job again before."""
    layout = runs.seen(submit(ASLEEP, environment_variables={"TOKEN": "hush-hush"}), "up")
    (order,) = (far / "private").iterdir()
    assert (order.stat().st_mode & 0o777, order.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    runs.target(layout).cancel(layout)
    runs.end(layout)
    until_gone(order)


def until_gone(path):
    until = time.monotonic() + 30
    while path.exists():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("settings", "fact"),
    [
        ({"transport": "pigeon"}, "pull, push, log; got 'pigeon'"),
        ({"transport": []}, "got []"),
        ({"transport": "push"}, "needs server="),
        ({"transport": "push", "server": "ftp://host"}, "ftp://host"),
    ],
)
def test_settings_that_cannot_be_are_refused(runs, far, settings, fact):
    with pytest.raises(UserErrorException) as refused:
        runs.workspace.attach("elsewhere", "fake", folder=far, **settings)
    assert fact in str(refused.value)


def test_a_run_whose_key_is_gone_is_not_brought_home_and_says_so(runs, far, home):
    target = runs.workspace.attach("pulled", "fake", folder=far)
    layout = runs.script(ASLEEP, compute_target="pulled")
    (key,) = (home / "private" / "run_keys").rglob(f"*{layout.run_id}*")
    kept = key.rename(home / "elsewhere")
    with pytest.raises(ComputeTargetException, match=r"can't be brought home: .*no key here"):
        target.sync([layout], is_final=False)
    kept.rename(key)
