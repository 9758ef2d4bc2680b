"""What is done before a job starts: Preparing, then the job; canceled, failed, or lost on the way."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cellrun.core.processes import process_table
from cellrun.core.processes.family import ProcessFamily
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision.launch_spec import LaunchSpec
from cellrun.core.supervision.process_file import ProcessFile
from cellrun.core.supervision.start import SupervisorStart, supervisor_command
from cellrun.core.targets.local import target
from cellrun.core.targets.local.target import LocalTarget

UNTIL_GO = "while [ ! -e go ]; do sleep 0.02; done"


@pytest.fixture
def before(monkeypatch):
    """Let the local target do something before each job."""

    def commands(*lines):
        made = target.local_spec
        monkeypatch.setattr(
            target,
            "local_spec",
            lambda *args: made(*args)._replace(before=tuple(("/bin/sh", "-c", line) for line in lines)),
        )

    return commands


def statuses(layout):
    return [entry.status for entry in StatusFile(layout).history()]


def preparing(layout, until):
    until(lambda: StatusFile(layout).read().status is Status.PREPARING, "Preparing")
    return layout


def test_the_commands_run_in_order_in_the_jobs_folder_and_the_job_after_them(runs, before, until):
    before("echo one > made; echo built", f"{UNTIL_GO}; cat made; echo two >> made")
    layout = preparing(runs.script("print(open('made').read())", environment_variables={"A": "1"}), until)
    processes = ProcessFile(layout).read()
    assert processes.job is None
    assert processes.supervisor.is_alive()
    assert runs.status(layout).status is Status.PREPARING
    (layout.work / "go").touch()
    end = runs.end(layout)
    assert end.status is Status.COMPLETED
    assert layout.log.read_text() == "one\ntwo\n\n"
    lines = layout.preparation_log.read_text().splitlines()
    assert [line for line in lines if not line.startswith("$ ")] == ["built", "one"]
    assert [status for status in statuses(layout) if status is not Status.STARTING] == [
        *(Status.NOT_STARTED, Status.PREPARING, Status.RUNNING, Status.FINALIZING, Status.COMPLETED),
    ]


def test_it_has_the_jobs_environment(runs, before):
    before('echo "$TOKEN $CELLRUN_RUN_ID"')
    layout = runs.script("pass", environment_variables={"TOKEN": "given"})
    runs.end(layout)
    assert f"given {layout.run_id}" in layout.preparation_log.read_text()


def test_a_launcher_that_is_slow_to_hear_isnt_told_of_a_signal(runs, before, monkeypatch):
    """The half of a supervisor that its launcher waits for has the run's variables: it isn't stopped with the run."""
    run = SupervisorStart.run

    def is_parted(pid):
        return any(entry.parent == pid for entry in process_table.processes())

    def slowly(self, *order):
        run(self, *order)
        while Path(f"/proc/{self._pid}/exe").exists() and not is_parted(self._pid):  # it may be through already
            time.sleep(0.001)
        os.kill(self._pid, signal.SIGSTOP)
        threading.Timer(1, os.kill, (self._pid, signal.SIGCONT)).start()

    monkeypatch.setattr(SupervisorStart, "run", slowly)
    before("exit 3")
    end = runs.end(runs.script("print('ran')"))
    assert (end.status, end.fields["exit_code"]) == (Status.FAILED, 3)


def test_one_that_fails_fails_the_run_and_the_job_never_starts(runs, before):
    before("echo building; echo 'no such package: scikit-lern' >&2; exit 3", "echo never")
    layout = runs.script("print('ran')")
    end = runs.end(layout)
    assert end.status is Status.FAILED
    assert "exit code 3; its log ends with: no such package: scikit-lern" in end.reason
    assert "which makes things ready" in end.reason
    assert "never" not in layout.preparation_log.read_text()
    assert not layout.log.exists() or layout.log.read_text() == ""
    assert Status.RUNNING not in statuses(layout)


def test_what_a_failed_one_left_in_the_background_is_stopped_first(runs, before):
    before("sleep 64 & exit 3")
    layout = runs.script("print('ran')")
    assert runs.end(layout).reason.endswith("exit code 3")
    supervisor = ProcessFile(layout).read().supervisor  # it may not be through yet itself
    assert not [one for one in ProcessFamily(layout, job=None).members() if one.pid != supervisor.pid]


def test_a_program_is_looked_for_in_the_path(runs, monkeypatch):
    made = target.local_spec
    monkeypatch.setattr(target, "local_spec", lambda *args: made(*args)._replace(before=(("echo", "found"),)))
    layout = runs.script("pass")
    assert runs.end(layout).status is Status.COMPLETED
    assert "found" in layout.preparation_log.read_text()


def test_one_that_cannot_be_started_says_so(runs, monkeypatch):
    made = target.local_spec
    monkeypatch.setattr(target, "local_spec", lambda *args: made(*args)._replace(before=(("/not/there", "x"),)))
    end = runs.end(runs.script("pass"))
    assert (end.status, end.reason) == (Status.FAILED, "cannot start '/not/there': No such file or directory")


def test_cancel_ends_it_with_all_its_processes(runs, before, until):
    before("sleep 61 & sleep 62")
    layout = preparing(runs.script("print('ran')"), until)
    until(lambda: len(ProcessFamily(layout, job=None).members()) >= 3, "its processes")
    LocalTarget("local").cancel(layout)
    end = runs.end(layout)
    assert (end.status, end.reason) == (Status.CANCELED, "canceled while things were made ready for it")
    # A shell's background command takes no notice of SIGINT: SIGTERM follows.
    assert statuses(layout)[-4:] == [Status.PREPARING, *2 * [Status.CANCEL_REQUESTED], Status.CANCELED]


def test_its_time_does_not_count_for_the_limit(runs, before, until):
    before("sleep 1.2")
    layout = runs.script("print('ran')", max_run_duration_seconds=1)
    assert runs.end(layout).status is Status.COMPLETED


def test_the_heartbeat_goes_on_meanwhile(runs, before, until, monkeypatch):
    monkeypatch.setenv("CELLRUN_HEARTBEAT_S", "0.05")
    before(UNTIL_GO)
    layout = preparing(runs.script("pass"), until)
    os.utime(layout.processes, (0, 0))
    until(lambda: layout.processes.stat().st_mtime > 0, "a heartbeat")
    (layout.work / "go").touch()
    assert runs.end(layout).status is Status.COMPLETED


def test_a_supervisor_that_is_killed_meanwhile_fails_the_run_and_leaves_nobody(runs, before, until):
    before("echo up; sleep 63")
    layout = preparing(runs.script("print('ran')"), until)
    until(lambda: len(ProcessFamily(layout, job=None).members()) >= 2, "the command")
    until(lambda: "\nup\n" in layout.preparation_log.read_text(), "the command's start")
    os.kill(ProcessFile(layout).read().supervisor.pid, signal.SIGKILL)
    until(lambda: not ProcessFile(layout).read().supervisor.is_alive(), "its death")
    end = runs.end(layout)
    assert (end.status, end.reason) == (
        Status.FAILED,
        "its supervisor was killed while things were made ready for it",
    )
    until(lambda: not ProcessFamily(layout, job=None).members(), "nobody")


def test_without_it_nothing_more_is_loaded_before_the_job_starts():
    """The supervisor's own module is all that there is until then."""
    supervisor = supervisor_command()[-1]
    program = "import sys; before = set(sys.modules)\nfile = sys.argv[1]\n"
    program += "exec(compile(open(file).read(), file, 'exec'), {'__name__': 'supervisor', '__file__': file})\n"
    program += "print(*set(sys.modules) - before)"
    command = [sys.executable, "-I", "-S", "-c", program, supervisor]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert not [name for name in loaded if name.startswith(("cellrun", "json", "typing", "enum", "pathlib", "signal"))]


def test_a_launch_spec_keeps_it(runs, before):
    before("true", "echo two")
    layout = runs.script("pass")
    runs.end(layout)
    assert LaunchSpec.read(layout).before == (("/bin/sh", "-c", "true"), ("/bin/sh", "-c", "echo two"))
