"""Waiting for a run's end, with its log on the way: event by event, none of it by the clock."""

import itertools
import json
import math
import os
import pickle
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from IPython.lib.pretty import pretty

from cellrun.core import ActivityFailedException, Run, ScriptRunConfig, UserErrorException
from cellrun.core.runs import watch as run_watch
from cellrun.core.store.status import Status, StatusRecord
from tests.core.submitted_runs import wait_for

WATCH = """
import signal, sys
from cellrun.core import *
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in the background ignore it, and children too
run = Run.get(Workspace.from_config(), sys.argv[1])
try:
    print('status', run.wait_for_completion(show_output=True)['status'])
except CellrunError as error:
    print(f'{type(error).__name__}: {error}')
print('now', run.get_status())
"""

WAIT_FOR = """
import os, signal, sys, time
def wait_for(name):
    while not os.path.exists(os.path.join(sys.argv[1], name)):
        time.sleep(0.01)
def say(data):
    os.write(1, data)
"""


class Watcher:
    """A process that watches a run, and what it has printed."""

    def __init__(self, run_id):
        self.process = subprocess.Popen([sys.executable, "-c", WATCH, run_id], stdout=subprocess.PIPE)
        self.printed = b""

    def until(self, text):
        """Read until a text was printed; what comes first is `printed`."""
        while text not in self.printed:
            data = os.read(self.process.stdout.fileno(), 65536)
            assert data, f"{text} never came, but {self.printed}"
            self.printed += data

    def to_the_end(self):
        """Read all that is printed; returns it as text."""
        self.printed += self.process.stdout.read()
        self.process.wait()
        return self.printed.decode()


@pytest.fixture
def watch():
    """Start a watcher: `watch(run.id)`."""
    watchers = []

    def start(run_id):
        watchers.append(Watcher(run_id))
        return watchers[-1]

    yield start
    for watcher in watchers:
        watcher.process.kill()
        watcher.process.wait()
        watcher.process.stdout.close()


@pytest.fixture
def submit(exp, here):
    """Submit a script of these lines, which may `say` bytes and `wait_for` a file of the test's."""
    runs = []

    def start(code, **config):
        (here / "src").mkdir(exist_ok=True)
        (here / "src" / "train.py").write_text(WAIT_FOR + code)
        runs.append(exp.submit(ScriptRunConfig(here / "src", "train.py", arguments=[here], **config)))
        return runs[-1]

    yield start
    for run in runs:
        run.cancel()
        run.wait_for_completion(raise_on_error=False)


def test_it_prints_header_log_and_summary_as_azure_does(submit, capsys):
    run = submit("say(b'one\\ntwo\\n')")
    details = run.wait_for_completion(show_output=True)
    assert capsys.readouterr().out == (
        f"RunId: {run.id}\n"
        "Web View: the command `jupyter cellrun` shows it\n"
        "\nStreaming user_logs/std_log.txt\n===============================\n\n"
        "one\ntwo\n"
        f"\nExecution Summary\n=================\nRunId: {run.id}\n"
        "Web View: the command `jupyter cellrun` shows it\n"
    )
    assert details["status"] == "Completed"


def test_a_run_that_finished_long_ago_is_printed_the_same(submit, capsys):
    run = submit("say(b'one\\ntwo\\n')")
    run.wait_for_completion(show_output=True)
    first = capsys.readouterr().out
    Run.get(run.experiment.workspace, run.id).wait_for_completion(show_output=True)
    assert capsys.readouterr().out == first
    run.wait_for_completion()
    assert capsys.readouterr().out == ""


def test_what_is_written_comes_while_the_run_goes_on(submit, watch, here):
    run = submit("say(b'one\\n'); wait_for('two'); say(b'two\\n'); wait_for('end')")
    watcher = watch(run.id)
    watcher.until(b"one\n")
    (here / "two").touch()
    watcher.until(b"two\n")
    assert run.get_status() == "Running"
    (here / "end").touch()
    assert watcher.to_the_end().endswith("status Completed\nnow Completed\n")


def test_bars_dots_and_cut_characters_come_as_they_were_written(submit, watch, here):
    run = submit(
        "say(b'\\r 10%'); say(b'\\r 20%'); wait_for('dots'); say(b'\\r100%\\n...'); wait_for('character')\n"
        "say('日'.encode()[:2]); wait_for('rest'); say('日'.encode()[2:] + b' \\xff\\r\\n')"
    )
    watcher = watch(run.id)
    watcher.until(b"\r 10%\r 20%")
    (here / "dots").touch()
    watcher.until(b"\r100%\n...")
    (here / "character").touch()
    (here / "rest").touch()
    printed = watcher.to_the_end()
    assert "\n\r 10%\r 20%\r100%\n...日 \ufffd\r\n\nExecution Summary" in printed


def test_lines_are_printed_whole(submit, here, monkeypatch):
    run = submit("".join(f"say(b'{number}' * 50); say(b'{number}\\n')\n" for number in range(10)) * 20)
    pieces = []

    class Pieces:
        def write(self, text):
            pieces.append(text)

        def flush(self):
            pass

    monkeypatch.setattr(run_watch, "UNFINISHED_LINE_S", math.inf)  # a script that was held up in a line isn't the case
    monkeypatch.setattr(sys, "stdout", Pieces())
    run.wait_for_completion(show_output=True)
    monkeypatch.undo()
    assert all(piece.endswith("\n") for piece in pieces)
    assert re.findall(r"^\d+$", "".join(pieces), re.MULTILINE) == [str(number) * 51 for number in range(10)] * 20


def test_a_run_without_output_has_no_log(submit, capsys):
    run = submit("")
    run.wait_for_completion(show_output=True)
    assert "Streaming" not in capsys.readouterr().out


def test_a_failed_run_raises_why_with_traceback_and_log(submit, capsys):
    run = submit("say(b'before\\n')\ndef train():\n    raise ValueError('no data')\ntrain()")
    with pytest.raises(ActivityFailedException) as failure:
        run.wait_for_completion(show_output=True)
    error = failure.value
    assert error.reason == "exit code 1: ValueError: no data"
    assert "in train" in error.traceback_tail
    assert error.log_path == str(run.layout.log)
    assert Path(error.log_path).read_text().startswith("before\n")
    assert all(part in str(error) for part in (run.id, error.reason, error.traceback_tail, error.log_path))
    assert capsys.readouterr().out.endswith(f"RunId: {run.id}\nWeb View: the command `jupyter cellrun` shows it\n")
    with pytest.raises(ActivityFailedException):
        run.wait_for_completion()

    details = run.wait_for_completion(show_output=True, raise_on_error=False)
    assert details["status"] == "Failed"
    end = capsys.readouterr().out.rpartition("RunId: ")[2]
    assert '\nError:\n{\n    "error": {' in end
    assert "ValueError: no data" in end
    assert str(run.layout.log) in end


def test_a_canceled_run_does_not_raise(submit, watch, here):
    run = submit("say(b'up\\n'); wait_for('never')")
    watcher = watch(run.id)
    watcher.until(b"up\n")
    run.cancel()
    assert watcher.to_the_end().endswith("status Canceled\nnow Canceled\n")


def test_how_a_run_is_stopped_is_printed_while_it_happens(submit, watch, monkeypatch):
    monkeypatch.setenv("CELLRUN_GRACE_S", "1000")
    run = submit(
        "for number in (signal.SIGINT, signal.SIGTERM):\n    signal.signal(number, signal.SIG_IGN)\n"
        "say(b'up\\n')\nwait_for('never')"
    )
    watcher = watch(run.id)
    watcher.until(b"up\n")
    run.cancel()
    watcher.until(
        b"Stopping, canceled: interrupted as by Ctrl-C (SIGINT); told to end if it goes on after 1000 s, or at once by "
    )
    run.cancel()
    watcher.until(
        b"Stopping, canceled: told to end (SIGTERM); killed if it goes on after 1000 s, or at once by another cancel\n"
    )
    run.cancel()
    printed = watcher.to_the_end()
    assert printed.endswith("now Canceled\n")


def test_what_a_run_waits_for_is_printed_once(submit, capsys):
    run = submit("say(b'up\\n')")
    run.wait_for_completion()
    capsys.readouterr()
    said = [
        (Status.PREPARING, "sending 1.2 of 4.0 GB"),
        (Status.PREPARING, "sending 2.4 of 4.0 GB"),
        (Status.QUEUED, "waits for 1 GPU"),
        (Status.NOT_RESPONDING, "box can't be reached since 14:02"),
        (Status.COMPLETED, None),
    ]
    found = iter([StatusRecord(n, status, float(n), reason, {}, None) for n, (status, reason) in enumerate(said)])
    run_watch.follow(run.layout, lambda: next(found))
    printed = [line for line in capsys.readouterr().out.splitlines() if ": " in line]
    assert printed == [
        "Preparing: sending 1.2 of 4.0 GB",
        "Queued: waits for 1 GPU",
        "NotResponding: box can't be reached since 14:02",
    ]


def test_ctrl_c_stops_the_watching_and_not_the_run(submit, watch, here):
    run = submit("say(b'up\\n'); wait_for('end')")
    watcher = watch(run.id)
    watcher.until(b"up\n")
    watcher.process.send_signal(signal.SIGINT)
    printed = watcher.to_the_end()
    assert f"ExperimentExecutionException: the watching of run {run.id} was interrupted, but the run goes on" in printed
    assert printed.endswith("now Running\n")
    (here / "end").touch()
    assert run.wait_for_completion()["status"] == "Completed"


def test_after_a_kernel_was_killed_another_one_streams_on(exp, here, watch):
    """B1, the reading half: a kernel's restart is a SIGKILL to its process group."""
    (here / "src").mkdir()
    (here / "src" / "train.py").write_text(WAIT_FOR + "say(b'one\\n'); wait_for('two'); say(b'two\\n')")
    program = (
        "import sys\nfrom cellrun.core import *\nexp = Experiment(Workspace.from_config(), 'digits')\n"
        "run = exp.submit(ScriptRunConfig('src', 'train.py', arguments=[sys.argv[1]]))\n"
        "print(run.id, flush=True)\nrun.wait_for_completion(show_output=True)"
    )
    kernel = subprocess.Popen(
        [sys.executable, "-c", program, str(here)], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    run_id = kernel.stdout.readline().strip()
    while "one" not in kernel.stdout.readline():
        pass
    os.killpg(kernel.pid, signal.SIGKILL)
    kernel.wait()
    kernel.stdout.close()

    watcher = watch(run_id)
    watcher.until(b"one\n")
    (here / "two").touch()
    printed = watcher.to_the_end()
    assert "one\ntwo\n" in printed
    assert printed.endswith("status Completed\nnow Completed\n")


def test_the_end_is_seen_soon_in_relation_to_the_time_waited(exp, monkeypatch):
    class Clock:
        now, pauses = 0.0, []

        def monotonic(self):
            return self.now

        def sleep(self, pause_s):
            self.pauses.append(pause_s)
            self.now += pause_s
            if self.now > 60:
                run.complete()

    with exp.start_logging() as run:
        monkeypatch.setattr(run_watch, "time", clock := Clock())
        elsewhere = Run(exp, run.id)  # as another process has it
        elsewhere.wait_for_completion()
    ends = list(itertools.accumulate(clock.pauses))
    assert all(pause == 0.02 or pause <= end / 10 for pause, end in zip(clock.pauses, ends, strict=True))
    assert (min(clock.pauses), max(clock.pauses)) == (0.02, 0.2)
    assert len(clock.pauses) < 1.2 * 60 / 0.2


def test_an_interactive_run_is_watched_from_another_process(exp, watch):
    with exp.start_logging() as run:
        print("one")
        watcher = watch(run.id)
        watcher.until(b"one\n")
        print("two")
        watcher.until(b"two\n")
    assert watcher.to_the_end().endswith("status Completed\nnow Completed\n")


def test_waiting_for_ones_own_open_run_is_refused_at_once(exp, ws):
    run = exp.start_logging()
    for same in (run, Run.get(ws, run.id), next(iter(exp.get_runs()))):
        with pytest.raises(UserErrorException, match=r"is open in this process.* run\.complete\(\) ends it"):
            same.wait_for_completion(show_output=True)
    run.complete()
    assert run.wait_for_completion()["status"] == "Completed"


def test_waiting_for_the_run_that_one_is_in_is_refused_at_once(submit, ws):
    code = """
from cellrun.core import Run, UserErrorException, Workspace
mine = Run.get_context()
for same in (mine, Run.get(Workspace.from_config(), mine.id)):
    try:
        same.wait_for_completion()
    except UserErrorException as error:
        print(error)
"""
    run = submit(code)
    run.wait_for_completion()
    assert run.layout.log.read_text().count(f"this code is part of run {run.id}, which ends when its script does") == 2


def test_its_result_is_short_as_a_cells_last_line_and_still_the_dict(recording, submit):
    run = submit("say(b'up')")
    run.wait_for_completion()
    wait_for(run.layout.environment.exists, "what it was run by")
    details = run.wait_for_completion()
    assert isinstance(details, dict)
    assert details == run.get_details() == json.loads(json.dumps(details)) == pickle.loads(pickle.dumps(details))
    assert repr(details) == repr(run.get_details())
    shown = pretty(details)
    assert shown.startswith(f"{{'runId': {run.id!r}, 'status': 'Completed', 'startTimeUtc': '")
    assert shown.endswith(", …}")
    assert len(shown) < 200


def test_what_a_run_prints_colours_a_terminal_and_does_nothing_else_to_it(submit, watch, here):
    clipboard, title, clear = r"\x1b]52;c;ZXZpbA==\x07", r"\x1b]0;title\x1b\\", r"\x1b[2J\x1b[9A"
    run = submit(
        f"say(b'\\x1b[31mred\\x1b[0m{clipboard}{title}{clear}\\n\\x1b[3')\nwait_for('go')\n"
        f"say(b'2mgreen\\x1b[m\\n')\nimport sys\nsys.exit('bad {clipboard}')"
    )
    watcher = watch(run.id)
    watcher.until(b"red")
    (here / "go").touch()
    printed = watcher.to_the_end()
    assert "\x1b[31mred\x1b[0m\n\x1b[32mgreen\x1b[m\nbad \n" in printed
    assert set(re.findall(r"\x1b.?", printed)) == {"\x1b["}
    assert set(re.findall(r"\x1b\[[^m]*(.)", printed)) <= {"m", "r", "g", "\n", "b"}
    assert not re.search(r"[\x07\x08\x9b\x9d]", printed)


def test_what_stands_around_a_log_acts_on_no_terminal(exp, capsys):
    run = exp.start_logging()
    run.fail("why \x1b]52;c;ZXZpbA==\x07\x9b2J")
    run.wait_for_completion(show_output=True, raise_on_error=False)
    with pytest.raises(ActivityFailedException, match=r"why \\x1b\]52;c;ZXZpbA==\\x07\\x9b2J"):
        run.wait_for_completion()
    printed = capsys.readouterr().out
    assert "why" in printed
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", printed)
