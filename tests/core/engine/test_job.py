"""An engine's job, as real processes: however the engine ends it, the run says so, and nobody of it is left."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

import pytest

from cellrun.core.engine.engine import Stop
from cellrun.core.engine.guard import PREEMPTED
from cellrun.core.engine.order import JobOrder
from cellrun.core.mirror.log_lines import LogLines
from cellrun.core.processes import orphans, process_table
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision.launch_spec import LaunchSpec
from cellrun.core.supervision.process_file import ProcessFile
from tests.core.engine.conftest import Job, with_descendants

ASLEEP = "print('up'); import time; time.sleep(600)"
STUBBORN = """
import os, signal, subprocess, time
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
if not os.fork():  # a daemon, which only whose child it is gives away
    os.setsid()
    script = "trap '' TERM INT; echo $$ > daemon; exec >/dev/null 2>&1; while :; do sleep 1; done"
    os.execve("/bin/sh", ["sh", "-c", script], {})
while not os.path.exists("daemon") or not os.path.getsize("daemon"):
    time.sleep(0.01)
print("up")
time.sleep(600)
"""


def daemon_of(job: Job) -> int:
    """Return the pid of what the stubborn one left."""
    return int((job.run.work / "daemon").read_text())


def test_a_run_is_brought_to_its_end_in_the_environment_of_both(job: Job) -> None:
    job.ordered(
        "import os; print({n: os.environ.get(n) for n in ('GIVEN', 'SLURM_JOB_ID', 'ANOTHERS', 'CELLRUN_RUN_ATTEMPT')})"
    )
    job.start()
    assert job.ended() == 0
    assert job.status.status is Status.COMPLETED
    assert job.run.log.read_text() == (
        "{'GIVEN': 'by value', 'SLURM_JOB_ID': '7', 'ANOTHERS': None, 'CELLRUN_RUN_ATTEMPT': '1'}\n"
    )
    assert not job.order.exists()


def test_what_it_was_run_by_is_recorded_before_the_job_ends(job: Job) -> None:
    job.ordered("pass").start()
    job.ended()
    assert job.run.environment.exists()


def test_a_run_that_fails_is_a_job_that_fails(job: Job) -> None:
    job.ordered("raise SystemExit(3)").start()
    assert job.ended() == 1
    assert (job.status.status, job.status.fields["exit_code"]) == (Status.FAILED, 3)


@pytest.mark.parametrize("detached", [False, True])
def test_a_cancel_interrupts_the_run_first(job: Job, detached: bool) -> None:
    job.ordered(
        """
        import time
        print("up")
        try:
            time.sleep(600)
        except KeyboardInterrupt:
            print("saved")
        """
    )
    process = job.start(detached=detached)
    job.printed("up")
    process.send_signal(signal.SIGTERM)
    assert job.ended() == 1
    assert (job.status.status, job.status.reason) == (Status.CANCELED, "canceled")
    assert job.run.log.read_text() == "up\nsaved\n"


def test_a_cancel_is_heard_however_early_it_comes(job: Job) -> None:
    job.ordered(ASLEEP)
    process = job.start()
    job.until(lambda: process_table.catches(process.pid, signal.SIGTERM), "that it listens")
    process.send_signal(signal.SIGTERM)
    job.ended()
    assert job.status.status is Status.CANCELED


def test_each_further_cancel_goes_to_the_next_step(job: Job) -> None:
    job.ordered(STUBBORN, grace_s=600.0)
    process = job.start()
    job.printed("up")
    for step in ("SIGINT", "SIGTERM"):
        process.send_signal(signal.SIGTERM)
        job.until(lambda step=step: f"({step})" in (job.status.reason or ""), step)
    process.send_signal(signal.SIGTERM)
    job.ended()
    assert (job.status.status, job.status.fields["signal"]) == (Status.CANCELED, "SIGKILL")


def test_a_time_limit_of_the_engine_fails_the_run_and_says_whose_it_was(job: Job) -> None:
    job.ordered(ASLEEP)
    process = job.start(why=Stop.TIME_LIMIT)
    job.printed("up")
    process.send_signal(signal.SIGTERM)
    assert job.ended() == 1
    assert (job.status.status, job.status.reason) == (Status.FAILED, "ended by Slurm's time limit")
    steps = [entry.reason for entry in StatusFile(job.run).history() if entry.status is Status.CANCEL_REQUESTED]
    assert steps[0].startswith("ended by Slurm's time limit: interrupted")


def test_a_time_limit_while_things_are_made_ready_is_the_same(job: Job) -> None:
    job.ordered("pass", before=(("sh", "-c", "echo making; sleep 600"),))
    process = job.start(why=Stop.TIME_LIMIT)
    prepare_log = job.run.folder / "user_logs" / "prepare_log.txt"
    job.until(lambda: prepare_log.exists() and "\nmaking" in prepare_log.read_text(), "that it is made ready")
    process.send_signal(signal.SIGTERM)
    job.ended()
    assert (job.status.status, job.status.reason) == (Status.FAILED, "ended by Slurm's time limit")


@pytest.mark.parametrize(
    ("why", "status", "reason"),
    [
        (Stop.TIME_LIMIT, Status.FAILED, "ended by Slurm's time limit"),
        (Stop.CANCEL, Status.CANCELED, "canceled"),
        (Stop.PREEMPTED, Status.QUEUED, "Slurm started it again"),
    ],
)
@pytest.mark.parametrize("last", [False, True])
def test_an_engine_that_signals_every_process_is_understood(
    job: Job, why: Stop, status: Status, reason: str, last: bool
) -> None:
    """The job may end by that before anybody knows why."""
    job.ordered(ASLEEP)
    process = job.start(why=why)
    job.printed("up")
    for pid in sorted(with_descendants([process.pid]), reverse=last):
        with suppress(ProcessLookupError):  # with another's end it may be gone
            os.kill(pid, signal.SIGTERM)
    assert process.wait(60) == (PREEMPTED if why is Stop.PREEMPTED else 1)
    job.ended()
    assert (job.status.status, job.status.reason) == (status, reason)


def test_a_job_that_somebody_else_ends_is_not_taken_for_the_engines(job: Job) -> None:
    job.ordered("import os, signal; os.kill(os.getpid(), signal.SIGTERM)").start()
    job.ended()
    assert (job.status.status, job.status.fields["signal"]) == (Status.FAILED, "SIGTERM")


def test_a_preempted_run_may_save_what_it_has_and_goes_on_in_its_next_attempt(job: Job) -> None:
    job.ordered(
        """
        import os, pathlib, signal, time
        saved = pathlib.Path("checkpoint")
        def save(*_):
            saved.touch()
            raise SystemExit
        signal.signal(signal.SIGTERM, save)
        print("attempt", os.environ["CELLRUN_RUN_ATTEMPT"], saved.exists())
        while not saved.exists():
            time.sleep(0.05)
        """
    )
    process = job.start(why=Stop.PREEMPTED)
    job.printed("attempt 1")
    process.send_signal(signal.SIGTERM)
    assert job.ended() == PREEMPTED
    queued = job.status
    assert (queued.status, queued.reason, queued.fields["attempt"]) == (Status.QUEUED, "Slurm started it again", 2)
    job.start()
    assert job.ended() == 0
    assert job.run.log.read_text() == "attempt 1 False\nattempt 2 True\n"
    statuses = [entry.status for entry in StatusFile(job.run).history()]
    assert statuses.count(Status.QUEUED) == 1


@pytest.mark.parametrize("detached", [False, True])
def test_nobody_is_left_when_the_engine_kills_its_first_process(job: Job, detached: bool) -> None:
    job.ordered(STUBBORN, carried=True)
    process = job.start(detached=detached)
    job.printed("up")
    daemon = daemon_of(job)
    process.kill()
    job.ended()
    job.until(lambda: process_table.process(daemon) is None, "the daemon's end")
    assert not job.status.status.is_terminal  # the engine may start it again
    assert job.order.exists()
    job.start()
    job.until(lambda: job.run.log.read_text() == "up\nup\n", "its second attempt")
    again = next(entry for entry in StatusFile(job.run).history() if entry.status is Status.QUEUED)
    assert (again.reason, again.fields["attempt"]) == ("Slurm started it again", 2)


def test_nobody_is_left_when_the_engine_kills_all_that_it_sees(job: Job) -> None:
    """As Ray: the whole tree of its process. What was detached isn't in it, and ends all the same."""
    job.ordered(STUBBORN)
    job.start(detached=True)
    job.printed("up")
    daemon = daemon_of(job)
    seen = with_descendants([job.started[-1].pid])
    assert len(seen) == 1
    for pid in seen:
        os.kill(pid, signal.SIGKILL)
    job.ended()
    job.until(lambda: process_table.process(daemon) is None, "the daemon's end")


def test_a_run_whose_supervisor_is_killed_ends_with_it(job: Job) -> None:
    job.ordered(STUBBORN).start()
    job.printed("up")
    job.until(lambda: job.status.status is Status.RUNNING, "that it is watched")
    daemon, processes = daemon_of(job), ProcessFile(job.run).read()
    assert processes
    os.kill(processes.supervisor.pid, signal.SIGKILL)
    assert job.ended() == 1
    assert (job.status.status, job.status.reason) == (Status.FAILED, "its supervisor was killed")
    job.until(lambda: process_table.process(daemon) is None, "the daemon's end")
    assert not job.order.exists()


def test_a_run_that_another_supervisor_has_is_left_to_it(job: Job) -> None:
    """As that of an engine that starts a job twice at once: the second one ends by itself."""
    job.ordered("pass", supervisor=("/bin/sh", "-c", "exit 1")).start()
    assert job.ended() == 1
    assert job.status.status is Status.STARTING


def test_a_run_whose_supervisor_can_not_be_started_says_why(job: Job) -> None:
    job.ordered("pass", supervisor=("/nowhere/python",), carried=True).start()
    assert job.ended() == 1
    LogLines(job.sides.here).feed(job.out.read_bytes())
    end = StatusFile(job.sides.here).read()
    assert end.status is Status.FAILED
    assert "could not start the run: " in (end.reason or "")


def test_a_run_whose_guard_is_killed_ends_with_it(job: Job) -> None:
    job.ordered(ASLEEP)
    process = job.start()
    job.printed("up")
    (guard,) = [entry.pid for entry in process_table.processes() if entry.parent == process.pid]
    os.kill(guard, signal.SIGKILL)
    assert job.ended() == 1
    assert not job.status.status.is_terminal


def test_a_run_that_has_ended_is_not_started_again(job: Job) -> None:
    job.ordered("print('once')").start()
    assert job.ended() == 0
    JobOrder(str(job.run.folder), ("/bin/false",), {}).write(job.order)
    job.start()
    assert job.ended() == 0
    assert job.run.log.read_text() == "once\n"
    assert not job.order.exists()


def test_what_was_exchanged_while_the_engine_let_it_wait_is_not_started(job: Job) -> None:
    job.ordered("print('mine')")
    launch = LaunchSpec.read(job.run).digest()
    JobOrder.read(job.order)._replace(launch=launch).write(job.order)
    job.run.launch.write_bytes(job.run.launch.read_bytes().replace(b"mine", b"evil"))
    job.start()
    assert job.ended() == 1
    assert job.status.status is Status.FAILED
    assert "was changed after the run had been submitted" in (job.status.reason or "")
    assert not job.run.log.exists()


def test_what_it_writes_comes_home_by_the_engines_log_to_the_last_byte(job: Job) -> None:
    job.ordered(
        """
        from cellrun.core import Run
        run = Run.get_context()
        for step in range(50):
            run.log("loss", step)
        print("gr\\u00fcn")
        """,
        carried=True,
    ).start()
    assert job.ended() == 0
    log = job.out.read_bytes()
    assert b"\ngr\\xfcn\n" in b"\n" + log
    LogLines(job.sides.here).feed(log)
    assert StatusFile(job.sides.here).read().status is Status.COMPLETED
    assert job.sides.here_are() == job.sides.there_are()
    assert job.sides.here.environment.exists()


def test_who_takes_orphans_knows_all_that_descend_from_it() -> None:
    assert orphans.descendants() >= orphans.children()
