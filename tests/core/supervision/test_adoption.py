"""A supervisor that is killed: its job goes on, and the run comes to its end."""

import json
import os
import shutil
import signal
from pathlib import Path

import pytest

from cellrun.core.errors import ExperimentExecutionException
from cellrun.core.identity import ProcessIdentity
from cellrun.core.processes.family import ProcessFamily
from cellrun.core.store.liveness import checked_status
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision.process_file import ProcessFile, RunProcesses
from cellrun.core.supervision.start import supervisor_command
from cellrun.core.targets import launching
from cellrun.core.targets.local import recovery
from cellrun.core.targets.local.queue import LocalQueue
from cellrun.core.targets.local.target import LocalTarget
from cellrun.core.targets.look import look
from tests.core.processes.test_exits import tells_exits

SCRIPT = """
import os, time
print('up')
while not os.path.exists('go'):
    time.sleep(0.02)
print('done')
"""
LOGS = f"""
import sys
from cellrun.core import Run
run = Run.get_context()
{SCRIPT}"""
LEAVES_A_DAEMON = """
import subprocess, sys
subprocess.Popen([sys.executable, '-c', '''
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(600)
'''], start_new_session=True, stdout=subprocess.PIPE).stdout.readline()
"""
SAVES = """
import os, time
try:
    print('up')
    time.sleep(600)
except KeyboardInterrupt:
    print('saving')
    while not os.path.exists('go'):
        time.sleep(0.02)
"""


def kill(identity, until):
    os.kill(identity.pid, signal.SIGKILL)
    until(lambda: not identity.is_alive(), "its death")


def test_b5_the_job_goes_on_and_any_reader_has_it_adopted(runs, until):
    layout = runs.printed(runs.running(runs.script(SCRIPT)), "up")
    before = ProcessFile(layout).read()
    kill(before.supervisor, until)
    status = runs.status(layout)  # one look is enough
    until(lambda: StatusFile(layout).read().reason, "the note of the adoption")
    assert (runs.status(layout).status, runs.status(layout).reason) == (Status.RUNNING, "supervisor lost, adopted")
    after = ProcessFile(layout).read()
    assert status.status is Status.RUNNING
    assert after.job == before.job
    assert after.supervisor != before.supervisor
    assert [one.is_alive() for one in after] == [True, True]
    (layout.work / "go").touch()
    end = runs.end(layout)
    # A system that tells how somebody else's child has ended tells it here; others may.
    unknown = (Status.FAILED, "exit status unknown: supervisor was killed")
    assert (end.status, end.reason) in {(Status.COMPLETED, None), *(() if tells_exits() else (unknown,))}
    assert layout.log.read_text() == "up\ndone\n"


def test_a_supervisor_that_takes_over_does_nothing_that_was_not_submitted(runs, until, tmp_path):
    layout = runs.printed(runs.running(runs.script(SCRIPT)), "up")
    kill(ProcessFile(layout).read().supervisor, until)
    queue, spec = tmp_path / "queue", json.loads(layout.launch.read_text())
    layout.launch.write_text(json.dumps({**spec, "afterwards": [spec["afterwards"][0], str(queue)]}))
    runs.status(layout)
    end = runs.end(layout)
    assert (end.status, end.reason) == (
        Status.FAILED,
        "it can't be watched: launch.json was changed after the run had been submitted",
    )
    assert not queue.exists(), "somebody else's queue, whose runs would be started"


def test_b5_two_readers_adopt_once(runs, until):
    layout = runs.printed(runs.running(runs.script(SCRIPT)), "up")
    kill(ProcessFile(layout).read().supervisor, until)
    for _ in range(5):
        runs.status(layout)
    until(lambda: StatusFile(layout).read().reason, "the note of the adoption")
    adopter = ProcessFile(layout).read().supervisor
    for _ in range(5):
        runs.status(layout)
    assert ProcessFile(layout).read().supervisor == adopter
    assert [one.reason for one in StatusFile(layout).history()].count("supervisor lost, adopted") == 1


def test_b5_an_adopted_run_is_canceled_to_the_last_process(runs, until):
    layout = runs.printed(runs.running(runs.script(SCRIPT)), "up")
    processes = ProcessFile(layout).read()
    kill(processes.supervisor, until)
    LocalTarget("local").cancel(layout)
    assert runs.end(layout).status is Status.CANCELED
    assert not processes.job.is_alive()


def test_b5_an_adopted_run_has_its_time_limit(runs, until):
    layout = runs.printed(runs.running(runs.script(SCRIPT, max_run_duration_seconds=1)), "up")
    kill(ProcessFile(layout).read().supervisor, until)
    end = runs.end(layout)
    assert (end.status, end.reason) == (Status.FAILED, "stopped after 1 s (max_run_duration_seconds=1)")


def test_b6_a_run_without_supervisor_and_job_is_failed_at_the_first_look(runs, until):
    layout = runs.running(runs.script(SCRIPT))
    processes = ProcessFile(layout).read()
    kill(processes.supervisor, until)
    kill(processes.job, until)
    status = runs.status(layout)
    assert (status.status, status.reason) == (Status.FAILED, "supervisor and job disappeared")


def test_b6_both_were_killed_before_it_was_written_who_they_are(runs, until):
    layout = runs.running(runs.script(SCRIPT))
    for one in ProcessFile(layout).read():
        kill(one, until)
    layout.processes.unlink()
    until(lambda: runs.status(layout).status is Status.FAILED, "its end")  # in its first second it is believed in
    assert runs.status(layout).reason == "supervisor and job disappeared"


@pytest.fixture
def killed_early(tmp_path, monkeypatch):
    """Submissions get a supervisor that is killed at a line of it."""
    script = Path(supervisor_command()[-1])
    copy = tmp_path / "cellrun" / "core" / "supervision" / script.name  # as a supervisor is known
    copy.parent.mkdir(parents=True)

    def at(line):
        assert script.read_text().count(line) == 1
        kill = f"{line[: len(line) - len(line.lstrip())]}os.kill(os.getpid(), 9)\n"
        copy.write_text(script.read_text().replace(line, kill + line))
        monkeypatch.setattr(launching, "supervisor_command", lambda: [*supervisor_command()[:-1], str(copy)])

    return at


STARTED = '    if kind == b"run":\n        tell'
KILLED_AT = pytest.mark.parametrize("line", ["        tell(0)\n", STARTED, "    sys.path.append"])


@KILLED_AT
def test_a_supervisor_that_is_killed_right_after_the_start_of_its_job(runs, until, killed_early, line):
    """It couldn't say who it is, nor who its job is: the job is found by what it carries, and adopted."""
    killed_early(line)
    layout = runs.printed(runs.script(LOGS), "up")
    assert not layout.processes.exists()
    until(lambda: runs.status(layout).status is Status.RUNNING, "its adoption")
    assert StatusFile(layout).read().reason == "supervisor lost, adopted"
    assert [one.is_alive() for one in ProcessFile(layout).read()] == [True, True]
    (layout.work / "go").touch()
    assert runs.end(layout).status is Status.COMPLETED


@KILLED_AT
def test_a_cancel_reaches_it_too(runs, killed_early, line):
    killed_early(line)
    layout = runs.printed(runs.script(SCRIPT), "up")
    LocalTarget("local").cancel(layout)
    assert runs.end(layout).status is Status.CANCELED


def test_a_job_that_has_ended_before_anybody_looked_at_it(runs, until, killed_early):
    killed_early(STARTED)
    layout = runs.printed(runs.script(LOGS), "up")
    (layout.work / "go").touch()
    until(lambda: not ProcessFamily(layout, job=None).members(), "its end")
    until(lambda: runs.status(layout).status is Status.COMPLETED, "its end: it has left its exit code")


def test_a_daemon_that_a_job_has_left_is_not_taken_for_the_job(runs, until, killed_early):
    killed_early(STARTED)
    daemon = "import subprocess; subprocess.Popen(['sleep', '300'], start_new_session=True)\n"
    layout = runs.printed(runs.script(daemon + LOGS), "up")
    (layout.work / "go").touch()
    until(layout.completion.exists, "the job's exit code")
    until(lambda: len(ProcessFamily(layout, job=None).members()) == 1, "its end")
    assert runs.end(layout).status is Status.COMPLETED
    until(lambda: runs.status(layout) and not ProcessFamily(layout, job=None).members(), "the daemon's end")


def test_a_supervisor_that_is_killed_before_it_could_start_the_job(runs, killed_early):
    killed_early("        told, tell = os.pipe()  # a successful")
    with pytest.raises(ExperimentExecutionException, match="its supervisor was killed"):
        runs.script(SCRIPT)
    [layout] = [runs.workspace.layout.run(folder.name) for folder in runs.workspace.layout.runs.iterdir()]
    assert runs.status(layout).status is Status.FAILED


def test_nobody_marks_a_run_that_a_supervisor_has_taken_as_one_that_never_began(runs, until, killed_early):
    """Its submitter was killed too, before it could say that the run is Starting."""
    killed_early(STARTED)
    layout = runs.printed(runs.script(LOGS), "up")
    gone = ProcessIdentity.current()._replace(started=1)
    record = json.loads(layout.record.read_text()) | {"created_by": gone.to_json()}
    layout.record.write_text(json.dumps(record))
    for status in layout.statuses.glob("[1-9]*.json"):
        status.unlink()
    assert checked_status(layout).status is Status.NOT_STARTED
    until(lambda: runs.status(layout).status is Status.RUNNING, "its adoption")


@pytest.mark.parametrize(
    ("end", "expected"),
    [("", None), ("sys.exit(0)", None), ("1/0", "exit code 1: ZeroDivisionError: division by zero")],
)
def test_a_job_that_ends_while_nobody_watches_has_left_its_exit_code(runs, until, end, expected):
    layout = runs.printed(runs.running(runs.script(f"{LOGS}{end}\n")), "up")
    processes = ProcessFile(layout).read()
    kill(processes.supervisor, until)
    (layout.work / "go").touch()
    until(lambda: not processes.job.is_alive(), "its end")
    status = runs.status(layout)
    assert (status.status, status.reason) == (Status.FAILED if expected else Status.COMPLETED, expected)


def test_a_supervisor_that_is_killed_while_it_puts_things_in_order(runs, until, monkeypatch):
    """The exit code was told before: what it can't write any more, whoever looks does, and stops who is left."""
    monkeypatch.setenv("CELLRUN_GRACE_S", "60")
    layout = runs.script(LEAVES_A_DAEMON)
    until(lambda: StatusFile(layout).read().status is Status.FINALIZING, "Finalizing")
    kill(ProcessFile(layout).read().supervisor, until)
    assert ProcessFamily(layout, job=None).members(), "the daemon"
    status = runs.status(layout)
    assert (status.status, status.fields["exit_code"]) == (Status.COMPLETED, 0)
    assert ProcessFamily(layout, job=None).members() == []
    assert {path.name for path in layout.work.iterdir()} == {"outputs", "logs"}


def test_when_both_are_killed_the_daemons_are_stopped_at_the_first_look(runs, until):
    layout = runs.printed(runs.running(runs.script(f"{LEAVES_A_DAEMON}\n{SCRIPT}")), "up")
    for one in ProcessFile(layout).read():
        kill(one, until)
    assert ProcessFamily(layout, job=None).members(), "the daemon"
    assert checked_status(layout).status is Status.FAILED
    assert ProcessFamily(layout, job=None).members() == []


def test_a_run_that_is_being_stopped_ends_so_whoever_stops_it(runs, until, monkeypatch):
    """Its supervisor had sent the first signal when it was killed, and the job ended by that, in its own time."""
    monkeypatch.setenv("CELLRUN_GRACE_S", "60")
    layout = runs.printed(runs.running(runs.script(SAVES)), "up")
    LocalTarget("local").cancel(layout)
    runs.printed(layout, "saving")
    kill(ProcessFile(layout).read().supervisor, until)
    (layout.work / "go").touch()
    end = runs.end(layout)
    assert (end.status, end.reason) == (Status.CANCELED, "canceled")


@pytest.mark.parametrize("is_canceled", [True, False])
def test_a_job_that_ends_between_two_looks_at_it_has_the_end_that_it_left(runs, until, monkeypatch, is_canceled):
    layout = runs.printed(runs.running(runs.script(SAVES if is_canceled else LOGS)), "up")
    if is_canceled:
        LocalTarget("local").cancel(layout)
        runs.printed(layout, "saving")
    processes = ProcessFile(layout).read()

    def ends_first(*arguments):
        (layout.work / "go").touch()
        until(lambda: not processes.job.is_alive(), "its end")
        return living_job(*arguments)

    living_job = recovery._living_job
    monkeypatch.setattr(recovery, "_living_job", ends_first)
    kill(processes.supervisor, until)
    end = runs.end(layout)
    assert (end.status, end.reason) == ((Status.CANCELED, "canceled") if is_canceled else (Status.COMPLETED, None))


def test_without_a_process_table_a_fresh_start_is_believed_and_an_old_one_is_not(runs, until, monkeypatch):
    """As on macOS."""
    layout = runs.running(runs.script(SCRIPT))
    for one in ProcessFile(layout).read():
        kill(one, until)
    layout.processes.unlink()
    with monkeypatch.context() as patch:
        patch.setattr(os.path, "isdir", lambda path: path != "/proc")
        assert runs.status(layout).status is Status.RUNNING
        os.utime(layout.claim, (0, 0))
        assert look(LocalTarget("local"), [layout])[layout.run_id].reason == "supervisor and job disappeared"


@pytest.mark.parametrize("what", ["running", "queued"])
def test_b7_after_a_restart_of_the_machine_a_run_is_failed_at_the_first_look(runs, until, monkeypatch, what):
    monkeypatch.setenv("CELLRUN_LOCAL_CPUS", "1")
    running = runs.running(runs.script(SCRIPT))
    queued = runs.script(SCRIPT)
    processes = ProcessFile(running).read()
    kill(processes.supervisor, until)
    kill(processes.job, until)
    # What the files of an earlier boot look like.
    ProcessFile(running).write(RunProcesses(*(one._replace(boot="another boot") for one in processes)))
    os.utime(running.processes, (1, 1))
    for ticket in LocalQueue().folder.glob("*.waiting"):
        ticket.write_text(json.dumps({**json.loads(ticket.read_text()), "boot": "another boot"}))
        os.utime(ticket, (1, 1))
    layout = {"running": running, "queued": queued}[what]
    status = runs.status(layout)
    assert status.status is Status.FAILED
    assert status.reason.startswith("machine restarted at 20")
    assert status.reason.endswith("(boot id changed)")


@pytest.fixture
def emptied(runs):
    """Empty the runtime folder, as the end of a login session does, with all tickets."""
    return lambda: shutil.rmtree(runs.source.parent / "runtime")


def test_b5_a_job_is_adopted_without_its_ticket(runs, until, emptied):
    layout = runs.printed(runs.running(runs.script(SCRIPT)), "up")
    kill(ProcessFile(layout).read().supervisor, until)
    emptied()
    runs.status(layout)
    until(lambda: StatusFile(layout).read().reason == "supervisor lost, adopted", "the note of the adoption")
    assert ProcessFile(layout).read().supervisor.is_alive()


def test_b7_a_run_that_a_restart_caught_while_it_started(runs, until, emptied):
    layout = runs.running(runs.script(SCRIPT))
    for one in ProcessFile(layout).read():
        kill(one, until)
    emptied()
    layout.processes.unlink()
    record = json.loads(layout.record.read_text())
    record["created_by"]["boot"] = "another boot"
    layout.record.write_text(json.dumps(record))
    os.utime(layout.claim, (1, 1))
    assert runs.status(layout).reason.startswith("machine restarted at 20")


def test_a_run_of_another_machine_is_left_alone(runs, until):
    layout = runs.running(runs.script(SCRIPT))
    processes = ProcessFile(layout).read()
    ProcessFile(layout).write(RunProcesses(*(one._replace(host="elsewhere") for one in processes)))
    for one in processes:
        kill(one, until)
    assert runs.status(layout).status is Status.RUNNING
    assert ProcessFile(layout).read().supervisor.host == "elsewhere"
    ProcessFile(layout).write(processes)  # for the end of the test
