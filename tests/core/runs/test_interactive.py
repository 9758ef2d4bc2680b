"""Interactive runs: their process owns them, from `start_logging` to the end."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cellrun.core import (
    Experiment,
    InvalidNameError,
    Run,
    RunClosedError,
    SnapshotException,
    UserErrorException,
    Workspace,
    WorkspaceException,
)
from cellrun.core.errors import EventNotKeptError, RunNotFoundError
from cellrun.core.runs.control import RunControl
from cellrun.core.store import status
from cellrun.core.store.events import event_log
from cellrun.core.store.notes import DISK_WAS_FULL
from cellrun.core.store.record import RunRecord
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision.process_file import ProcessFile


def failure(run):
    """Return why a run Failed."""
    return run.get_details()["error"]["error"]


# Its beginning


def test_it_is_running_at_once_and_makes_outputs(exp, here):
    run = exp.start_logging()
    assert run.get_status() == run.status == "Running"
    assert (here / "outputs").is_dir()
    assert [status.status.value for status in StatusFile(run.layout).history()] == ["NotStarted", "Running"]


@pytest.mark.parametrize("what", [(StatusFile, "change"), (ProcessFile, "write")], ids=["status", "process"])
def test_d3_a_disk_that_is_full_by_the_time_it_would_run_leaves_no_run(exp, here, monkeypatch, what):
    write = getattr(*what)

    def refuse(self, new, **more):
        if new is not Status.NOT_STARTED:  # the run's folder has come about
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(self, new, **more)

    with monkeypatch.context() as patch:
        patch.setattr(*what, refuse)
        with pytest.raises(WorkspaceException, match=r"cannot create runs under .*no space left .*free some room"):
            exp.start_logging()
    assert list(exp.get_runs()) == []
    assert os.listdir(exp.workspace.layout.runs) == []
    run = exp.start_logging()
    run.complete()
    assert run.get_status() == "Completed"


def test_what_is_recorded(exp, here):
    commit = "89abcdef" * 5
    (here / ".git").mkdir()
    (here / ".git" / "HEAD").write_text(commit)
    cell = {"source": "%start_logging digits", "id": "c1", "notebook": "digits.ipynb"}
    run = exp.start_logging("a name", tags={"n": 1}, cell=cell)
    record = RunRecord.read(run.layout)
    assert (record.kind, record.type, record.display_name) == ("interactive", None, "a name")
    assert record.workspace_id == exp.workspace.id
    assert record.git == {"head": commit}
    assert record.python.endswith(sys.executable)
    assert record.cell == cell
    assert record.tags == {"n": "1"}
    assert record.argv == sys.argv
    assert exp.start_logging(display_name="other").display_name == "other"


def test_a_wrong_beginning_leaves_no_run(exp, here):
    with pytest.raises(InvalidNameError):
        exp.start_logging(display_name="")
    with pytest.raises(InvalidNameError):
        exp.start_logging(tags={"": 1})
    with pytest.raises(UserErrorException, match="snapshot_directory 'absent' is no folder"):
        exp.start_logging(snapshot_directory="absent")
    assert list(exp.get_runs()) == []


def test_a_snapshot_is_taken_when_it_is_asked_for(exp, here, monkeypatch):
    (here / "code").mkdir()
    (here / "code" / "net.py").write_text("layers = 3")
    assert not exp.start_logging().layout.snapshot.exists()
    run = exp.start_logging(snapshot_directory="code")
    assert (run.layout.snapshot / "net.py").read_text() == "layers = 3"
    monkeypatch.setenv("CELLRUN_SNAPSHOT_BYTES", "5")
    with pytest.raises(SnapshotException, match=r"limit 5 .*largest: net\.py.*leave snapshot_directory out"):
        exp.start_logging(snapshot_directory="code")


def test_where_no_folder_can_be_made_there_are_no_outputs(exp, here):
    (here / "outputs").write_text("a file of that name")
    run = exp.start_logging()
    run.complete()
    assert run.get_file_names() == []
    assert (here / "outputs").read_text() == "a file of that name"


def test_a_workspace_that_cannot_be_written_is_said(exp):
    exp.workspace.layout.runs.write_text("in the way")
    with pytest.raises(WorkspaceException, match="cannot create runs under"):
        exp.start_logging()


# Its end


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a link away")
@pytest.mark.parametrize(("whose", "kept"), [(0, ["outputs/new.txt"]), (12345, [])])
def test_outputs_may_lie_elsewhere_by_a_link_of_this_users_alone(exp, here, whose, kept):
    (here / "elsewhere").mkdir()
    (here / "outputs").symlink_to(here / "elsewhere")
    os.lchown(here / "outputs", whose, whose)
    run = exp.start_logging()
    (here / "elsewhere" / "new.txt").write_text("x")
    run.complete()
    assert [name for name in run.get_file_names() if "outputs" in name] == kept


def test_complete_where_the_disk_takes_no_status_can_be_repeated(exp, here, monkeypatch):
    run = exp.start_logging()
    run.log("loss", 1)

    def refuse(path, data):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    with monkeypatch.context() as patch:
        patch.setattr(status, "write_new", refuse)
        with pytest.raises(EventNotKeptError, match=f"'Completed' isn't kept in run {run.id}: Read-only file system"):
            run.complete()
    assert run.get_status() == "Running"
    run.log("loss", 2)
    run.complete()
    assert run.get_status() == "Completed"
    assert run.get_metrics()["loss"] == [1, 2]


def test_another_process_that_cancels_where_the_disk_takes_no_status_is_told(exp, here, monkeypatch):
    run = exp.start_logging()

    def refuse(path, data):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    with monkeypatch.context() as patch:
        patch.setattr(status, "write_new", refuse)
        with pytest.raises(EventNotKeptError, match=r"'Canceled' isn't kept in run .*: Read-only file system"):
            RunControl(run.layout).cancel()
    RunControl(run.layout).cancel()
    assert run.get_status() == "Canceled"


def test_d1_what_a_full_disk_refuses_is_said_with_the_run_which_ends_all_the_same(small_disk, here):
    disk = small_disk()
    run = Experiment(Workspace.create("small", disk.folder / "workspace"), "digits").start_logging()
    run.log("loss", 0)
    disk.fill()
    kept, refused = 0, set()
    for value in range(1, 500):
        try:
            run.log("loss", value)
            kept += 1
        except EventNotKeptError as error:
            refused.add(str(error))
    (here / "outputs" / "large.bin").write_bytes(b"x" * 10_000)
    assert refused == {f"'loss' isn't kept in run {run.id}: No space left on device"}
    with pytest.warns(UserWarning, match="large.bin isn't kept with the run: No space left on device"):
        run.complete()
    assert run.get_status() == "Completed"
    told = [one["message"] for one in run.get_details()["warnings"]]
    assert DISK_WAS_FULL in told
    assert f"{499 - kept} events dropped: No space left on device" in told
    disk.free()
    run.complete()  # nothing happens to one that has ended
    assert len(run.get_metrics()["loss"]) == kept + 1
    assert run.get_file_names() == []


def test_d1_a_disk_that_takes_events_again_is_told_what_it_refused(small_disk, here):
    disk = small_disk()
    run = Experiment(Workspace.create("small", disk.folder / "workspace"), "digits").start_logging()
    disk.fill()
    refused = 0
    for value in range(500):
        try:
            run.log("loss", value)
        except EventNotKeptError:
            refused += 1
    disk.free()
    run.log("loss", 500)
    run.complete()
    told = [one["message"] for one in run.get_details()["warnings"]]
    assert sum(int(note.split()[0]) for note in told) == refused
    assert {note.partition(" ")[2] for note in told} == {"events dropped: No space left on device"}


def test_complete_keeps_what_was_written_to_outputs(exp, here):
    (here / "outputs" / "old").mkdir(parents=True)
    (here / "outputs" / "old" / "before.txt").write_text("before")
    (here / "outputs" / "changed.txt").write_text("1")
    (here / "secret.txt").write_text("not the run's")
    run = exp.start_logging()
    (here / "outputs" / "changed.txt").write_text("22")
    (here / "outputs" / "new").mkdir()
    (here / "outputs" / "new" / "model.txt").write_text("model")
    (here / "outputs" / "link.txt").symlink_to(here / "secret.txt")
    run.complete()
    assert run.get_file_names() == ["outputs/changed.txt", "outputs/new/model.txt"]
    assert (run.layout.outputs / "changed.txt").read_text() == "22"
    assert run.status == "Completed"


def test_a_file_that_cannot_be_kept_does_not_keep_the_run_from_ending(exp, here):
    run = exp.start_logging()
    (run.layout.outputs / "taken").mkdir()
    (here / "outputs" / "taken").write_text("a file where the run has a folder")
    (here / "outputs" / "kept.txt").write_text("kept")
    (run.layout.outputs / "taken" / "taken").mkdir()
    with pytest.warns(UserWarning, match=r"outputs/taken isn't kept with the run: Is a directory"):
        run.complete()
    assert run.status == "Completed"
    assert run.get_file_names() == ["outputs/kept.txt"]


@pytest.mark.parametrize(("end", "status"), [("complete", "Completed"), ("fail", "Failed"), ("cancel", "Canceled")])
def test_each_end_is_for_good_and_may_be_said_again(exp, here, end, status):
    run = exp.start_logging()
    run.log("m", 1)
    (here / "outputs" / "a.txt").write_text("a")
    getattr(run, end)()
    (here / "outputs" / "late.txt").write_text("late")
    getattr(run, end)()
    run.cancel()
    assert run.get_status() == Run(exp, run.id).get_status() == status
    assert run.get_file_names() == ["outputs/a.txt"]
    for other in {"complete", "fail"} - {end}:
        with pytest.raises(RunClosedError, match=f"is {status}"):
            getattr(run, other)()


def test_outputs_are_those_of_the_folder_it_was_opened_in(exp, here, monkeypatch):
    run = exp.start_logging()
    (here / "elsewhere").mkdir()
    (here / "outputs" / "a.txt").write_text("a")
    monkeypatch.chdir(here / "elsewhere")
    run.complete()
    assert run.get_file_names() == ["outputs/a.txt"]


def test_fail_says_why(exp):
    cases = {
        "no reason": ((), "run.fail() was called"),
        "text": (("too few samples",), "too few samples"),
        "code": (("too few samples", "E7"), "too few samples (error code E7)"),
    }
    for arguments, reason in cases.values():
        run = exp.start_logging()
        run.fail(*arguments)
        assert failure(run)["message"] == reason
    run = exp.start_logging()
    try:
        int("x")
    except ValueError as error:
        run.fail(error)
    assert failure(run)["message"] == "ValueError: invalid literal for int() with base 10: 'x'"
    assert 'int("x")' in failure(run)["traceback"]


@pytest.mark.parametrize("from_outside", [False, True])
def test_a_reason_of_a_cancel_is_kept(exp, here, from_outside):
    run = exp.start_logging()
    (Run(exp, run.id) if from_outside else run).cancel("no use")
    status = StatusFile(run.layout).read()
    assert (status.status, status.reason) == ("Canceled", "no use")


def test_canceled_from_outside_the_next_log_call_says_so(exp, here):
    run = exp.start_logging()
    run.log("m", 1)
    (here / "outputs" / "a.txt").write_text("a")
    in_new_process("Run.get(Workspace.from_config(), sys.argv[1]).cancel()", run.id)
    with pytest.raises(RunClosedError, match=f"run {run.id} is Canceled"):
        log_until_refused(run)
    assert run.get_status() == "Canceled"
    with pytest.raises(RunClosedError, match="is Canceled"):
        run.complete()
    assert run.get_file_names() == ["outputs/a.txt"]


def test_what_was_logged_before_the_writer_heard_of_the_end_is_kept_and_flagged(exp, here, monkeypatch, capsys):
    monkeypatch.setattr(event_log, "LOOK_EVERY_S", 60.0)
    run = exp.start_logging()
    run.log("m", 1)
    run.log("n", 1)
    Run(exp, run.id).cancel()
    run.log("m", 2)
    found = Run(exp, run.id)
    assert found.get_metrics() == {"m": [1, 2], "n": 1}
    flag = "logged after the run had ended, and kept: m"
    assert found.wait_for_completion(show_output=True)["warnings"] == [{"source": "cellrun", "message": flag}]
    assert capsys.readouterr().out.endswith(f"\nWarnings:\n{flag}\n")
    run.tag("checked")  # what is said afterwards on purpose isn't late
    with pytest.raises(RunClosedError):
        run.complete()


def log_until_refused(run):
    """Log until it is refused: the status is looked at once in 50 ms."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        run.log("m", 2)
        time.sleep(0.01)


def in_new_process(code, *arguments):
    """Run some code that uses cellrun; returns what it prints."""
    program = f"import sys\nfrom cellrun.core import *\n{code}"
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("how", ["os._exit(0)", "sys.exit()", "os.kill(os.getpid(), 9)"])
def test_a_kernel_that_goes_away_fails_its_run_at_the_first_look(ws, exp, how):
    program = (
        "import os, sys\nfrom cellrun.core import *\n"
        "run = Experiment(Workspace.from_config(), 'digits').start_logging()\n"
        f"run.log('m', 1)\nprint(run.id, flush=True)\n{how}"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    run = Run.get(ws, done.stdout.strip())
    assert run.get_status() == "Failed"
    assert failure(run)["message"] == "its process ended without complete()"
    assert run.get_metrics() == {"m": 1}


def test_the_run_of_a_living_kernel_is_left_alone(ws):
    program = (
        "import sys\nfrom cellrun.core import *\n"
        "run = Experiment(Workspace.from_config(), 'digits').start_logging()\n"
        "print(run.id, flush=True)\nsys.stdin.read()\nrun.complete()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=-1, stdout=-1, text=True) as kernel:
        run = Run.get(ws, kernel.stdout.readline().strip())
        assert run.get_status() == "Running"
        os.kill(kernel.pid, signal.SIGSTOP)  # stopped isn't gone
        assert run.get_status() == "Running"
        os.kill(kernel.pid, signal.SIGCONT)
        kernel.stdin.close()
        assert kernel.wait() == 0
    assert run.get_status() == "Completed"


# Its block


def test_a_block_completes_and_its_prints_are_the_log(exp, here, capfd):
    with exp.start_logging() as run:
        print("to the log")
        print("this too", file=sys.stderr)
        Path("outputs/a.txt").write_text("a")
    print("not this")
    assert run.status == "Completed"
    assert run.layout.log.read_text() == "to the log\nthis too\n"
    assert run.get_file_names() == ["outputs/a.txt", "user_logs/std_log.txt"]
    assert capfd.readouterr().out == "to the log\nnot this\n"


def test_an_exception_fails_it_and_goes_on(exp):
    with pytest.raises(ZeroDivisionError), exp.start_logging() as run:  # noqa: PT012  # the block is the case
        print("before")
        1 / 0  # noqa: B018
    assert run.status == "Failed"
    assert failure(run)["message"] == "ZeroDivisionError: division by zero"
    assert "1 / 0" in failure(run)["traceback"]
    log = run.layout.log.read_text()
    assert log.startswith("before\nTraceback (most recent call last):")
    assert log.endswith("ZeroDivisionError: division by zero\n")


@pytest.mark.parametrize("code", [0, None])
def test_an_orderly_exit_is_no_failure(exp, code):
    with exp.start_logging() as run:
        sys.exit(code)
    assert run.status == "Completed"


def test_another_exit_is_one(exp):
    with pytest.raises(SystemExit), exp.start_logging() as run:
        sys.exit(3)
    assert failure(run)["message"] == "SystemExit: 3"


def test_a_run_that_ended_within_its_block_stays_as_it_is(exp):
    with exp.start_logging() as run:
        print("before")
        run.fail("by hand")
        print("after")
    assert failure(run)["message"] == "by hand"
    assert run.layout.log.read_text() == "before\n"
    with exp.start_logging() as run:
        Run(exp, run.id).cancel()
    assert run.status == "Canceled"


def test_a_block_puts_the_current_folder_back(exp, here):
    (here / "sub").mkdir()
    with exp.start_logging():
        os.chdir("sub")
    assert Path.cwd() == here


def test_a_forked_child_that_leaves_the_block_ends_nothing(exp):
    program = (
        "import os, sys\nfrom cellrun.core import *\n"
        "with Experiment(Workspace.from_config(), 'digits').start_logging() as run:\n"
        "    pid = os.fork()\n"
        "    if pid == 0: sys.exit(1)\n"
        "    os.waitpid(pid, 0)\n"
        "    print(run.get_status())\n"
        "print(run.get_status())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "Running\nCompleted\n"


# Run.get_context


def test_code_in_its_process_finds_the_run_that_was_opened_last(exp):
    first = exp.start_logging()
    second = exp.start_logging()
    assert Run.get_context() is second
    second.complete()
    assert Run.get_context(allow_offline=False) is first
    first.complete()
    assert Run.get_context().id.startswith("OfflineRun_")


@pytest.mark.parametrize("verb", ["complete", "cancel"])
def test_a_run_that_was_deleted_while_it_was_open_is_let_go_of_at_its_end(exp, verb):
    run = exp.start_logging()
    run.log("m", 1)
    shutil.rmtree(run.layout.folder)
    with pytest.raises(RunNotFoundError, match=f"{run.id} is deleted"):
        getattr(run, verb)()
    assert Run.get_context().id.startswith("OfflineRun_")


CHILDREN = """
import multiprocessing, os, subprocess, sys
from cellrun.core import Experiment, Run, ScriptRunConfig, Workspace

ASK = "from cellrun.core import Run; run = Run.get_context(); run.log('told', 1); run.complete(); print(run.id)"

def child(run, number):
    run.log('given', number)
    Run.get_context().log('asked', number)
    run.complete()  # whoever opened it does

def subprocess_says():
    return subprocess.run([sys.executable, '-c', ASK], capture_output=True, text=True, check=True).stdout.split()[-1]

if __name__ == '__main__':
    experiment = Experiment(Workspace.from_config(), 'children')
    run = experiment.start_logging()
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        pool.starmap(child, [(run, number) for number in range(3)])
    assert subprocess_says() == run.id
    if sys.argv[1] != 'spawn':  # what follows begins no process so
        run.complete()
        metrics = run.get_metrics()
        assert sorted(metrics['given']) == sorted(metrics['asked']) == [0, 1, 2], metrics
        print(run.get_status())
        sys.exit()
    inner = experiment.start_logging()
    assert subprocess_says() == inner.id
    inner.complete()
    assert subprocess_says() == run.id
    own = "import os; from cellrun.core import *; Run.get_context().experiment.start_logging().complete(); " + ASK
    assert subprocess.run([sys.executable, '-c', own], capture_output=True, text=True).stdout.split()[-1] == run.id
    with open('who.py', 'w') as file:
        file.write('import os; ' + ASK + "; print([name for name in os.environ if 'RUN_OPEN' in name])")
    submitted = experiment.submit(ScriptRunConfig('.', 'who.py'))
    submitted.wait_for_completion()
    assert submitted.layout.log.read_text() == f'{submitted.id}\\n[]\\n', submitted.layout.log.read_text()
    run.complete()
    assert subprocess_says().startswith('OfflineRun_')
    metrics = run.get_metrics()
    assert sorted(metrics.pop('given')) == sorted(metrics.pop('asked')) == [0, 1, 2]
    assert metrics == {'told': [1, 1, 1]}, metrics
    print(run.get_status())
"""


@pytest.mark.parametrize("how", ["spawn", "fork", "forkserver"])
def test_processes_that_it_starts_are_part_of_it_and_submitted_runs_are_not(exp, here, how):
    (here / "children.py").write_text(CHILDREN)
    done = subprocess.run([sys.executable, "children.py", how], capture_output=True, text=True, check=False)
    assert done.stdout == "Completed\n", done.stderr


def test_a_run_in_another_workspace(here):
    ws = Workspace.create("other", here / "ws")
    with_default = Workspace.from_config()
    run = in_new_process(
        "ws = Workspace.get('other')\nrun = Experiment(ws, 'sine').start_logging()\nrun.complete()\nprint(run.id)"
    ).strip()
    assert Run.get(ws, run).status == "Completed"
    assert "sine" not in with_default.experiments


def test_the_folders_that_outputs_names_are_kept_and_false_keeps_none(exp, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = exp.start_logging("named", outputs=["made", tmp_path / "else"], snapshot_directory=None, an_old_argument=1)
    for folder in ("outputs", "made", "else"):
        (tmp_path / folder / f"{folder}.txt").write_text(folder)
    run.complete(_set_status=False)
    assert run.get_status() == "Running"
    run.complete()
    assert {"outputs/outputs.txt", "outputs/made.txt", "outputs/else.txt"} <= set(run.get_file_names())
    assert run.display_name == "named"
    none = exp.start_logging(run_id="mine_1", outputs=False)
    (tmp_path / "outputs" / "late.txt").write_text("late")
    none.complete()
    assert none.id == "mine_1"
    assert none.get_file_names() == []
