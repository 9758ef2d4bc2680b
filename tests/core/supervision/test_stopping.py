"""Cancel and time limit: SIGINT, SIGTERM, SIGKILL, one after another, and each is seen while it happens."""

import os
import signal
import time

import pytest

from cellrun.core.store.ending import ask_to_cancel, cancel_requests
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision.process_file import ProcessFile

CHECKPOINT = """
import time
try:
    print('up', flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print('interrupted', flush=True)
finally:
    open('outputs/checkpoint', 'a').write('x')
"""
IGNORES = """
import signal, sys, time
for name in sys.argv[1:]:
    signal.signal(getattr(signal, name), signal.SIG_IGN)
print('up', flush=True)
while True:
    time.sleep(60)
"""
FOREVER_S = "1000"
STEPS = {"SIGINT": "interrupted as by Ctrl-C", "SIGTERM": "told to end", "SIGKILL": "killed"}


def steps(layout):
    """Return what the run's status has said while the run was being stopped."""
    return [one.reason for one in StatusFile(layout).history() if one.status is Status.CANCEL_REQUESTED]


def test_a_canceled_script_runs_its_finally_and_is_canceled_though_it_exits_with_0(runs):
    layout = runs.printed(runs.script(CHECKPOINT), "up")
    ask_to_cancel(layout)
    end = runs.end(layout)
    assert (end.status, end.fields["exit_code"]) == (Status.CANCELED, 0)
    assert layout.log.read_text() == "up\ninterrupted\n"
    assert (layout.outputs / "checkpoint").read_text() == "x", "once"
    assert steps(layout) == [
        (
            "canceled: interrupted as by Ctrl-C (SIGINT); told to end if it goes on after 0.5 s, "
            "or at once by another cancel"
        )
    ]


def test_so_does_one_whose_time_is_over_which_is_failed(runs):
    layout = runs.script(CHECKPOINT, max_run_duration_seconds=2)
    end = runs.end(layout)
    assert (end.status, end.reason) == (Status.FAILED, "stopped after 2 s (max_run_duration_seconds=2)")
    assert (layout.outputs / "checkpoint").read_text() == "x"
    assert steps(layout) == [
        (
            "its time limit of 2 s is over: interrupted as by Ctrl-C (SIGINT); told to end if it goes on after 0.5 s, "
            "or at once by another cancel"
        )
    ]


@pytest.mark.parametrize(("ignored", "last"), [(["SIGINT"], "SIGTERM"), (["SIGINT", "SIGTERM"], "SIGKILL")])
def test_a_script_that_takes_no_notice_gets_the_next_signal(runs, ignored, last):
    layout = runs.printed(runs.script(IGNORES, *ignored), "up")
    ask_to_cancel(layout)
    end = runs.end(layout)
    assert (end.status, end.fields["signal"]) == (Status.CANCELED, last)
    assert [step.partition(";")[0] for step in steps(layout)] == [
        f"canceled: {STEPS[name]} ({name})" for name in ("SIGINT", "SIGTERM", "SIGKILL")[: len(ignored) + 1]
    ]
    assert "follows" not in steps(layout)[-1] or last == "SIGTERM"


def test_each_further_cancel_goes_to_the_next_step_at_once(runs, monkeypatch, until):
    monkeypatch.setenv("CELLRUN_GRACE_S", FOREVER_S)
    layout = runs.printed(runs.script(IGNORES, "SIGINT", "SIGTERM"), "up")
    for count, name in enumerate(("SIGINT", "SIGTERM"), start=1):
        ask_to_cancel(layout)
        until(lambda count=count: len(steps(layout)) == count, name)
        assert f"({name});" in steps(layout)[-1]
    ask_to_cancel(layout)
    assert runs.end(layout).fields["signal"] == "SIGKILL"


def test_many_cancels_at_once_are_one(runs, monkeypatch, until):
    monkeypatch.setenv("CELLRUN_GRACE_S", FOREVER_S)
    layout = runs.printed(runs.running(runs.script(IGNORES, "SIGINT")), "up")
    supervisor = ProcessFile(layout).read().supervisor
    os.kill(supervisor.pid, signal.SIGSTOP)
    for _ in range(5):
        ask_to_cancel(layout)
    os.kill(supervisor.pid, signal.SIGCONT)
    until(lambda: steps(layout), "the first step")
    assert cancel_requests(layout) == 1
    time.sleep(1)  # nothing is to happen; four looks of the supervisor
    assert len(steps(layout)) == 1
    ask_to_cancel(layout)
    assert runs.end(layout).fields["signal"] == "SIGTERM"


def test_one_more_cancel_hurries_a_run_whose_time_is_over_too(runs, monkeypatch, until):
    monkeypatch.setenv("CELLRUN_GRACE_S", FOREVER_S)
    layout = runs.script(IGNORES, "SIGINT", max_run_duration_seconds=0.5)
    until(lambda: steps(layout), "the first step")
    ask_to_cancel(layout)
    end = runs.end(layout)
    assert (end.status, end.fields["signal"]) == (Status.FAILED, "SIGTERM")


@pytest.mark.parametrize(
    "command",
    [
        "python train.py; echo after $?",
        "(python train.py; echo after $?) | cat",
        "bash -c 'python train.py; exit 3'; echo after $?",
        "for i in 1 2; do python train.py; done; echo after $?",
        "python train.py | tee copy; echo after $?",
        "sleep 70 | python train.py; echo after $?",
    ],
)
def test_of_a_shell_what_it_waits_for_is_interrupted_and_the_shell_sees_how_that_ended(runs, monkeypatch, command):
    monkeypatch.setenv("CELLRUN_GRACE_S", FOREVER_S)
    (runs.source / "train.py").write_text(CHECKPOINT)
    layout = runs.printed(runs.command(command), "up")
    ask_to_cancel(layout)
    assert runs.end(layout).status is Status.CANCELED
    assert (layout.outputs / "checkpoint").exists()
    lines = layout.log.read_text().splitlines()
    assert lines[1] == "interrupted"
    assert lines[-1].startswith("after ")


def test_a_shell_that_waits_for_nothing_is_interrupted_itself(runs, monkeypatch):
    monkeypatch.setenv("CELLRUN_GRACE_S", FOREVER_S)
    layout = runs.printed(runs.command("trap 'echo asked; exit 4' INT; echo up; while :; do :; done"), "up")
    ask_to_cancel(layout)
    end = runs.end(layout)
    assert (end.status, end.fields["exit_code"]) == (Status.CANCELED, 4)
    assert layout.log.read_text() == "up\nasked\n"


def test_children_of_a_script_are_not_interrupted_and_end_with_it(runs):
    """DataLoader's workers: their main process ends them, which is what its own interrupt is for.

    Each writes its line at once: of `print('up', number)`, unbuffered, another one's words may come between.
    """
    layout = runs.printed(
        runs.script(
            "import multiprocessing, time\n"
            "def work(number):\n    print(f'up {number}', flush=True)\n    time.sleep(60)\n"
            "if __name__ == '__main__':\n"
            "    workers = [multiprocessing.get_context('fork').Process(target=work, args=(i,)) for i in (1, 2)]\n"
            "    try:\n        [worker.start() for worker in workers]; [worker.join() for worker in workers]\n"
            "    finally:\n        [worker.terminate() for worker in workers]; print('ended them')"
        ),
        "up 2",
    )
    ask_to_cancel(layout)
    assert runs.end(layout).status is Status.CANCELED
    log = layout.log.read_text()
    assert log.count("KeyboardInterrupt") == 1
    assert "ended them" in log
    assert len(steps(layout)) == 1
