"""One run from its start to its end, as its supervisor writes it down."""

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

import cellrun.core.supervision as supervision
from cellrun.core.errors import ExperimentExecutionException
from cellrun.core.identity import ProcessIdentity, run_variables, start_ticks
from cellrun.core.processes import family, orphans, process_table
from cellrun.core.processes.exits import JobExit
from cellrun.core.processes.process_table import process
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision import engine_signals, supervisor, watch
from cellrun.core.supervision.launch_spec import LaunchSpec
from cellrun.core.supervision.process_file import ProcessFile
from cellrun.core.supervision.run_folder import RunFolder
from cellrun.core.supervision.start import SupervisorStart
from cellrun.core.supervision.watch import Watch
from cellrun.core.supervision.watched_job import WatchedJob
from cellrun.core.targets.local.target import LocalTarget

CORE = Path(supervision.__file__).parents[3]


def test_a_run_goes_from_not_started_to_completed(runs):
    layout = runs.script("print('hello')")
    end = runs.end(layout)
    assert end.status is Status.COMPLETED
    assert end.fields["exit_code"] == 0
    assert [one.status for one in StatusFile(layout).history()] in (
        [Status.NOT_STARTED, Status.STARTING, Status.RUNNING, Status.FINALIZING, Status.COMPLETED],
        [Status.NOT_STARTED, Status.RUNNING, Status.FINALIZING, Status.COMPLETED],  # quicker than its submitter
    )
    assert layout.log.read_bytes() == b"hello\n"
    assert end.started_at <= end.ended_at


def test_it_uses_the_standard_library_alone():
    """What a supervisor imports, the pass over the queue included, is found without site-packages."""
    program = f"""
import sys
sys.path.append({str(CORE)!r})
import cellrun.core.supervision.watch, cellrun.core.targets.local.admission
for name, module in sorted(sys.modules.items()):
    print(name, getattr(module, '__file__', None) or '')
"""
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    loaded = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert "cellrun.core.targets.local.admission" in loaded
    assert not [name for name, file in loaded.items() if "site-packages" in file]
    assert "subprocess" not in loaded


def test_it_is_nobodys_child_and_its_job_has_a_session_of_its_own(runs):
    layout = runs.running(runs.script("import time; time.sleep(60)"))
    processes = ProcessFile(layout).read()
    supervisor, job = process(processes.supervisor.pid), process(processes.job.pid)
    assert supervisor.parent != os.getpid()
    assert job.parent == supervisor.pid
    assert len({supervisor.session, job.session, os.getsid(0)}) == 3
    assert [one.is_alive() for one in processes] == [True, True]


def test_the_job_finds_no_open_file_of_the_submitter(runs, tmp_path):
    with (tmp_path / "secret").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        layout = runs.script("import os; print(sorted(int(n) for n in os.listdir('/proc/self/fd'))[:-1])")
        runs.end(layout)
    assert layout.log.read_text() == "[0, 1, 2]\n"


def test_the_log_keeps_every_byte_of_both_streams(runs):
    layout = runs.script("import os; os.write(1, bytes(range(256)) * 5000); os.write(2, b'\\xff\\0\\r')")
    runs.end(layout)
    assert layout.log.read_bytes() == bytes(range(256)) * 5000 + b"\xff\0\r"


def test_b3_a_killed_job_is_failed_with_the_signals_name(runs):
    layout = runs.running(runs.script("import time; time.sleep(60)"))
    os.kill(ProcessFile(layout).read().job.pid, signal.SIGKILL)
    end = runs.end(layout)
    assert end.status is Status.FAILED
    # What it says besides is for want of a count of whom the system killed (`test_failure.py`).
    assert end.reason.removesuffix("; possibly out of memory") == "killed by signal 9 (SIGKILL)"
    assert end.fields["signal"] == "SIGKILL"


@pytest.mark.parametrize(
    ("script", "facts"),
    [
        ("import sys; sys.exit(3)", ["exit code 3"]),
        ("import sys; sys.exit('no data')", ["exit code 1", "no data"]),
        ("x = = 1", ["exit code 1", "SyntaxError"]),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", ["signal 11", "SIGSEGV", "Segmentation fault"]),
    ],
)
def test_b12_how_a_job_exited_is_said(runs, script, facts):
    end = runs.end(runs.script(script))
    assert end.status is Status.FAILED
    assert not [fact for fact in facts if fact not in end.reason], end.reason


def test_b12_the_traceback_is_kept_and_so_is_faulthandlers_text(runs):
    end = runs.end(runs.script("def load():\n    raise KeyError('äge')\nload()"))
    assert end.reason == "exit code 1: KeyError: 'äge'"
    assert end.fields["traceback_tail"].startswith("Traceback (most recent call last):")
    assert "in load" in end.fields["traceback_tail"]
    assert end.fields["last_line"] == "KeyError: 'äge'"
    end = runs.end(runs.script("def crash():\n    import os; os.abort()\ncrash()"))
    assert "in crash" in end.fields["traceback_tail"]
    assert not [fact for fact in ("signal 6", "SIGABRT", "Aborted") if fact not in end.reason], end.reason


def test_b12_an_exception_in_a_thread_ends_no_run(runs):
    end = runs.end(runs.script("import threading; t = threading.Thread(target=lambda: 1 / 0); t.start(); t.join()"))
    assert end.status is Status.COMPLETED
    assert end.fields["last_line"] == "ZeroDivisionError: division by zero"


@pytest.mark.parametrize(("name", "mode", "words"), [("gone", None, "No such file"), ("locked", 0o000, "Permission")])
def test_a8_an_interpreter_that_cannot_start_fails_the_run_which_never_ran(runs, tmp_path, name, mode, words):
    interpreter = tmp_path / name
    if mode is not None:
        interpreter.write_text("#!/bin/sh\n")
        interpreter.chmod(mode)
    layout = runs.script("pass", environment=interpreter)
    end = runs.end(layout)
    assert end.status is Status.FAILED
    assert end.reason.startswith(f"cannot start '{interpreter}': {words}")
    assert end.at - StatusFile(layout).history()[0].at < 2
    assert Status.RUNNING not in [one.status for one in StatusFile(layout).history()]
    assert end.reason in layout.log.read_text()


def test_b13_the_time_limit_stops_a_job_that_does_not_want_to(runs):
    script = "import signal, time\nfor number in (2, 15):\n    signal.signal(number, signal.SIG_IGN)\ntime.sleep(60)"
    layout = runs.script(script, max_run_duration_seconds=0.5)
    end = runs.end(layout)
    assert end.status is Status.FAILED
    assert end.reason == "stopped after 0.5 s (max_run_duration_seconds=0.5)"
    assert end.fields["signal"] == "SIGKILL"


def test_b11_a_run_is_completed_when_its_main_process_is_and_leaves_no_daemons(runs):
    script = """
import subprocess, sys
for _ in range(2):
    subprocess.Popen([sys.executable, '-c', 'import time; print("daemon", flush=True); time.sleep(60)'],
                     start_new_session=True)
"""
    end = runs.end(runs.script(script))
    assert end.status is Status.COMPLETED
    assert end.fields["notes"] == ["2 processes left running, stopped"]


PRINTS_AND_SLEEPS = "import time; print('up'); time.sleep(600)"
CLEARS_ITS_ENVIRONMENT = "import subprocess; subprocess.run(['env', '-i', 'setsid', 'sh', '-c', '{}'])"
WRITES_OVER_IT = """
import ctypes, os, time
if not os.fork():
    os.setsid()
    for fd in range(3):
        os.close(fd)
    fields = open('/proc/self/stat').read().rsplit(')', 1)[1].split()
    begin, end = int(fields[45]), int(fields[48])  # of the arguments, of the environment
    ctypes.memset(begin, 0, end - begin)
    ctypes.memmove(begin, b'worker', 6)
    os.mkdir('ready')
    time.sleep(600)
    os._exit(0)
while not os.path.exists('ready'):
    pass
"""
FORKS_AND_ENDS = """
import os, time
if not os.fork():
    os.environ.clear()
    while True:
        if os.fork():
            os._exit(0)
        os.setsid()
        time.sleep(0.02)
time.sleep(0.2)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a supervisor take orphans")
@pytest.mark.parametrize(
    "script",
    [
        CLEARS_ITS_ENVIRONMENT.format("sleep 600 >/dev/null 2>&1 &"),
        CLEARS_ITS_ENVIRONMENT.format("(sleep 601 & sleep 602) >/dev/null 2>&1 & exit 0"),
        WRITES_OVER_IT,
        FORKS_AND_ENDS,
    ],
    ids=["cleared", "cleared, with children", "written over", "forking on"],
)
def test_b11_a_daemon_that_shows_no_sign_of_its_run_is_stopped(runs, script):
    layout = runs.script(script)
    end = runs.end(layout)
    assert end.status is Status.COMPLETED
    assert re.fullmatch(r"(1 process|\d+ processes) left running, stopped", end.fields["notes"][0])


def test_what_a_job_has_left_and_has_ended_is_let_go(runs, until):
    """Else a job of days would leave a zombie for each daemon that it had."""
    leaves = "import os, time\nfor _ in range(20):\n    os.system('true & ')\nprint('up')\ntime.sleep(600)"
    layout = runs.running(runs.printed(runs.script(leaves), "up"))
    processes = ProcessFile(layout).read()

    def zombies():
        entries = [process(int(name)) for name in os.listdir("/proc") if name.isdecimal()]
        return [entry for entry in entries if entry and entry.parent == processes.supervisor.pid and entry.has_ended]

    until(lambda: not zombies(), "them to be let go")
    assert processes.job.is_alive()


@pytest.fixture
def steps(monkeypatch):
    """What a supervisor does in turn, in this process and without a job."""
    done = []
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "argv", ["supervisor.py", "/run"])
    for module, name in (
        (orphans, "of_run"),
        (orphans, "since"),
        (engine_signals, "engine"),
        (engine_signals, "heard"),
    ):
        monkeypatch.setattr(module, name, getattr(module, name))
    monkeypatch.setattr(supervisor, "_claim", lambda _: None)
    monkeypatch.setattr(supervisor, "_take_orphans", lambda: done.append("taken"))
    for name in ("started", "prepared", "adopted"):
        monkeypatch.setattr(watch, name, lambda *_: done.append("watched"))
    return done


def test_its_orphans_are_taken_before_its_job_is_started(steps):
    """A job can leave a daemon and end before a supervisor on a busy machine gets a core again."""
    supervisor._supervise(b"run", b"", "", lambda: (steps.append("started") or 0, 0), lambda _: steps.append("told"))
    assert steps == ["taken", "started", "told", "watched"]


@pytest.mark.parametrize(
    ("kind", "engine", "is_first"),
    [(b"run", [], True), (b"prepare", [], True), (b"adopt", [], False), (b"run", ["/order", "Slurm"], False)],
)
def test_processes_older_than_it_are_none_of_its_run_s_unless_another_one_began_that(steps, kind, engine, is_first):
    sys.argv += engine
    supervisor._supervise(kind, b"", "", lambda: (0, 0), lambda _: None)
    assert steps == ["taken", "watched"]
    assert orphans.since == (start_ticks(os.getpid()) if is_first else 0)


@pytest.mark.skipif(sys.platform != "linux", reason="as above")
def test_its_orphans_are_nobody_elses(runs, until, monkeypatch):
    """A supervisor makes the queue's pass: there it stops what another run has left, and no orphan of its own run."""
    monkeypatch.setenv("CELLRUN_HEARTBEAT_S", "0.1")
    lost = runs.printed(runs.running(runs.script(PRINTS_AND_SLEEPS)), "up")
    daemon = CLEARS_ITS_ENVIRONMENT.format("sleep 603 >/dev/null 2>&1 & echo $!")
    layout = runs.printed(runs.running(runs.script(f"{daemon}\n{PRINTS_AND_SLEEPS}")), "up")
    orphan = ProcessIdentity.of(int(layout.log.read_text().split()[0]))
    for one in ProcessFile(lost).read():
        os.kill(one.pid, signal.SIGKILL)
    until(lambda: StatusFile(lost).read().status is Status.FAILED, "the pass that sees it")
    beat = layout.processes.stat().st_mtime_ns
    until(lambda: layout.processes.stat().st_mtime_ns > beat, "another one")
    assert orphan.is_alive()
    LocalTarget("local").cancel(layout)
    assert runs.end(layout).status is Status.CANCELED
    assert not orphan.is_alive()


def test_who_cannot_be_stopped_is_named(runs, until, monkeypatch):
    """Another user's process, or one that hangs in the kernel: here one that no signal is sent to."""
    layout = runs.script("pass")
    runs.end(layout)
    spec = LaunchSpec.read(layout)
    for status in layout.statuses.glob("[1-9]*.json"):
        status.unlink()
    monkeypatch.setattr(family, "send", lambda *_: None)
    monkeypatch.setattr(family, "_LAST_S", 0.0)
    monkeypatch.setattr(os, "killpg", lambda *_: None)
    with subprocess.Popen(["sleep", "600"], env=run_variables(layout), start_new_session=True) as daemon:
        until(lambda: process_table.is_at_work(daemon.pid), "its program, and with it its environment, to be loaded")
        job = WatchedJob.own(os.posix_spawn("/bin/true", ["true"], {}))
        Watch(RunFolder(layout.folder), job, spec._replace(grace_s=0.0)).to_the_end()
        daemon.kill()
    end = StatusFile(layout).read()
    assert end.status is Status.COMPLETED
    assert end.fields["notes"][-1] == f"1 process left running that can't be stopped (pid {daemon.pid})"


def test_a_damaged_status_ends_no_job(runs):
    layout = runs.script("pass")
    runs.end(layout)
    spec = LaunchSpec.read(layout)
    for status in layout.statuses.glob("[1-9]*.json"):
        status.write_text("null")
    job = WatchedJob.own(os.posix_spawn("/bin/sleep", ["sleep", "0.1"], run_variables(layout)))
    Watch(RunFolder(layout.folder), job, spec).to_the_end()
    assert (job.poll(), StatusFile(layout).read().status) == (JobExit(0, None), Status.COMPLETED)


def test_a_helper_that_ends_by_itself_is_no_leftover(runs):
    end = runs.end(runs.script("import subprocess; subprocess.Popen(['sleep', '0.2'], start_new_session=True)"))
    assert end.status is Status.COMPLETED
    assert "notes" not in end.fields


def test_a_link_that_the_job_made_leads_no_clean_up_out_of_the_run(runs):
    (runs.source / "data" / "__pycache__").mkdir(parents=True)
    (runs.source / "data" / "a.csv").write_text("1")
    (runs.source / "data" / "__pycache__" / "a.pyc").write_text("")
    script = f"import os, shutil; shutil.rmtree('data'); os.symlink({str(runs.source / 'data')!r}, 'data')"
    layout = runs.script(script)
    assert runs.end(layout).status is Status.COMPLETED
    assert (runs.source / "data" / "a.csv").read_text() == "1"
    assert (runs.source / "data" / "__pycache__" / "a.pyc").exists()
    assert (layout.work / "data").is_symlink()
    assert not (layout.work / "train.py").exists()


def test_it_shows_that_it_lives(runs, monkeypatch, until):
    monkeypatch.setenv("CELLRUN_HEARTBEAT_S", "0.1")
    layout = runs.running(runs.script("import time; time.sleep(60)"))
    first = layout.processes.stat().st_mtime_ns
    until(lambda: layout.processes.stat().st_mtime_ns > first, "a heartbeat")


def test_unchanged_copies_go_and_what_the_job_wrote_stays(runs):
    (runs.source / "package").mkdir()
    (runs.source / "package" / "helper.py").write_text("value = 1")
    (runs.source / "data.txt").write_text("before")
    layout = runs.script(
        "import package.helper\n"
        "open('data.txt', 'w').write('after')\nopen('outputs/model', 'w').write('m')\nopen('notes', 'w').write('n')"
    )
    assert runs.end(layout).status is Status.COMPLETED
    left = {str(path.relative_to(layout.work)) for path in layout.work.rglob("*")}
    assert left == {"data.txt", "outputs", "outputs/model", "logs", "notes"}
    assert (layout.snapshot / "data.txt").read_text() == "before"
    taken = {str(path.relative_to(layout.snapshot)) for path in layout.snapshot.rglob("*")}
    assert taken == {"data.txt", "package", "package/helper.py", "train.py"}
    assert {path.name for path in runs.source.rglob("*")} == {"data.txt", "package", "helper.py", "train.py"}


def test_a_run_is_never_started_twice(runs):
    layout = runs.running(runs.script("import time; time.sleep(60)"))
    before = ProcessFile(layout).read()
    spec = LaunchSpec.read(layout)
    second = SupervisorStart(layout, spec.supervisor, os.environ)
    second.run(spec, spec.digest())
    second.wait()
    assert ProcessFile(layout).read() == before
    assert start_ticks(before.supervisor.pid) == before.supervisor.started


HALF = """
import os, runpy, sys, time
fork, launched = os.fork, os.getpid()
def halves():
    os.fork = fork
    if fork():
        os.kill(launched, 9)
    while os.getppid() == launched:
        time.sleep(0.01)
    return 0
os.fork = halves
runpy.run_path({!r}, run_name="__main__")
"""


def test_a_kill_of_the_half_that_its_launcher_waits_for_ends_no_watch(runs, tmp_path, monkeypatch):
    monkeypatch.setenv("CELLRUN_LOCAL_CPUS", "1")
    runs.running(runs.script("import time; time.sleep(60)"))
    layout = runs.script("print('ran')")
    spec = LaunchSpec.read(layout)
    (tmp_path / "half.py").write_text(HALF.format(spec.supervisor[-1]))
    command = (*spec.supervisor[:-1], str(tmp_path / "half.py"))
    supervisor = SupervisorStart(layout, command, {**os.environ, **run_variables(layout)})
    supervisor.run(spec, spec.digest())
    with suppress(ExperimentExecutionException):  # raised if the run is over before its launcher looks for it
        supervisor.wait()
    assert runs.end(layout).status is Status.COMPLETED
    assert layout.log.read_text() == "ran\n"


@pytest.mark.parametrize("has_something_before", [False, True])
def test_what_the_folder_says_of_a_start_after_it_was_ordered_is_not_done(
    runs, tmp_path, monkeypatch, has_something_before
):
    """Nor by the supervisor, which reads it again: whoever else may write there gets no program run."""
    marker = tmp_path / "marker"
    monkeypatch.setenv("CELLRUN_LOCAL_CPUS", "1")
    runs.running(runs.script("import time; time.sleep(60)"))
    layout = runs.script("print('ran')")
    assert StatusFile(layout).read().status is Status.QUEUED
    spec = LaunchSpec.read(layout)
    ordered = spec._replace(before=(("/bin/true",),) if has_something_before else ())
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\ntouch {marker}\n")
    program.chmod(0o755)
    hostile = {"python": str(program), "before": [[str(program)]], "afterwards": []}
    layout.launch.write_text(json.dumps({**json.loads(layout.launch.read_text()), **hostile}))
    supervisor = SupervisorStart(layout, spec.supervisor, {**os.environ, **run_variables(layout)})
    supervisor.run(ordered, ordered.digest())
    supervisor.wait()
    end = runs.end(layout)
    assert (end.status, end.reason) == (
        Status.FAILED,
        "it can't be watched: launch.json was changed after the run had been submitted",
    )
    assert not marker.exists()


def test_cellrun_0_1_neither_gives_nor_gets_the_hash_of_a_launch_spec(runs, tmp_path, monkeypatch):
    """Two of them may share a queue: each starts runs that the other one submitted, by the supervisor of that one."""
    monkeypatch.setenv("CELLRUN_LOCAL_CPUS", "1")
    runs.running(runs.script("import time; time.sleep(60)"))
    layout = runs.script("print('ran')")
    spec = LaunchSpec.read(layout)
    old = tmp_path / "job" / "supervisor.py"
    old.parent.mkdir()
    old.write_text("import sys; open(sys.argv[1] + '/order', 'wb').write(sys.stdin.buffer.read())")
    of_0_1 = spec._replace(supervisor=(*spec.supervisor[:-1], str(old)))
    supervisor = SupervisorStart(layout, of_0_1.supervisor, os.environ)
    supervisor.run(of_0_1, spec.digest())
    supervisor.wait()
    assert (layout.folder / "order").read_bytes().split(b"\0")[4:-1] == [os.fsencode(word) for word in spec.argv]
    supervisor = SupervisorStart(layout, spec.supervisor, {**os.environ, **run_variables(layout)})
    supervisor.run(spec, "")
    supervisor.wait()
    assert runs.end(layout).status is Status.COMPLETED


def test_a_job_that_puts_pipes_in_the_place_of_its_files_comes_to_its_end(runs):
    layout = runs.script(
        "import os\nfrom cellrun.core import Run\nRun.get_context().log('loss', 1)\n"
        "for path in ('../user_logs/std_log.txt', *('../events/' + name for name in os.listdir('../events'))):\n"
        "    os.remove(path)\n    os.mkfifo(path)"
    )
    assert runs.end(layout).status is Status.COMPLETED


def test_a_log_that_is_a_link_is_not_written_through(runs, tmp_path, monkeypatch):
    monkeypatch.setenv("CELLRUN_LOCAL_CPUS", "1")
    first, second = runs.script("import time; time.sleep(60)"), runs.script("print('ran')")
    runs.running(first)
    (tmp_path / "victim").touch()
    second.log.unlink(missing_ok=True)
    second.log.symlink_to(tmp_path / "victim")
    LocalTarget("local").cancel(first)
    end = runs.end(second)
    assert (end.status, end.reason) == (
        Status.FAILED,
        "could not start the run: Too many levels of symbolic links",
    )
    assert (tmp_path / "victim").read_bytes() == b""


def test_drafts_of_a_supervisor_that_was_killed_go_with_the_runs_end(runs, until, tmp_path):
    script = "import sys, time\nfrom pathlib import Path\nwhile not Path(sys.argv[1]).exists():\n    time.sleep(0.02)"
    layout = runs.running(runs.script(script, tmp_path / "enough"))
    (layout.folder / ".process.json.0a1b2c3d").touch()
    (tmp_path / "enough").touch()
    runs.end(layout)
    until(lambda: not list(layout.folder.glob(".process.json.*")), "the draft to go")
