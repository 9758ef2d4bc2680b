"""Why a run failed, in few words, and what to do next, by the reasons that runs really fail for."""

import pytest

from cellrun.core.live.failure import SENTENCES, Failure, next_step
from cellrun.core.store.liveness import restart_reason
from cellrun.core.store.record import RunRecord
from cellrun.core.store.status import Status, StatusRecord

CELL = """Traceback (most recent call last):
  Cell In[7], line 4
    train(model)
  Cell In[4], line 12, in train
    X = X.astype(float)
  File "/opt/venv/lib/python3.11/site-packages/numpy/core.py", line 3, in astype
    raise
ValueError: bad 'n/a'
"""
SCRIPT = """Traceback (most recent call last):
  File "/home/u/runs/r/work/train.py", line 3, in <module>
    main()
ZeroDivisionError: no
"""


SEGFAULT = (
    "Fatal Python error: Segmentation fault",
    "",
    "Current thread 0x00007f0 (most recent call first):",
    '  File "/opt/lib/python3.11/ctypes/__init__.py", line 519 in string_at',
    '  File "/home/u/runs/r/work/cell.py", line 3 in reads',
    '  File "/home/u/runs/r/work/cell.py", line 5 in <module>',
    '  File "<string>", line 1 in <module>',
)


def failed(reason, **fields):
    return StatusRecord(3, Status.FAILED, 10.0, reason, fields, 1.0)


@pytest.mark.parametrize(
    ("status", "message", "where", "exit_text"),
    [
        (
            failed("exit code 1: ValueError: bad 'n/a'", traceback_tail=CELL, last_line="ValueError: bad 'n/a'"),
            "ValueError: bad 'n/a'",
            "Cell In[4], line 12, in train",
            "exit code 1",
        ),
        (
            failed("exit code 1: ZeroDivisionError: no", traceback_tail=SCRIPT, last_line="ZeroDivisionError: no"),
            "ZeroDivisionError: no",
            "train.py, line 3",
            "exit code 1",
        ),
        (
            failed(
                "exit code 1: ValueError: no",
                traceback_tail="  Cell In[2], line 9\n  Cell In[1], line 3, in outer.<locals>.<lambda>\nValueError: no",
                last_line="ValueError: no",
            ),
            "ValueError: no",
            "Cell In[1], line 3, in outer.<locals>.<lambda>",
            "exit code 1",
        ),
        (  # an interactive run's own exception
            failed("ValueError: x (error code E5)", traceback_tail=CELL, last_line="ValueError: x"),
            "ValueError: x",
            "Cell In[4], line 12, in train",
            "(error code E5)",
        ),
        (  # the user's line, not the file of ours that it called
            failed(
                "exit code 1: InvalidMetricError: no",
                traceback_tail='  File "/w/train.py", line 3, in train\n    run.log()\n'
                '  File "/src/core/cellrun/core/runs/run.py", line 9, in log\nInvalidMetricError: no',
                last_line="InvalidMetricError: no",
            ),
            "InvalidMetricError: no",
            "train.py, line 3, in train",
            "exit code 1",
        ),
        (  # the interpreter's own words begin with the most recent call
            failed(
                f"killed by signal 11 (SIGSEGV): {SEGFAULT[0]}",
                traceback_tail="\n".join(SEGFAULT),
                last_line=SEGFAULT[0],
            ),
            SEGFAULT[0],
            "cell.py, line 3, in reads",
            "killed by signal 11 (SIGSEGV)",
        ),
        (  # what was printed last, or an error that was survived, is not why it was killed
            failed("killed by signal 9 (SIGKILL)", signal="SIGKILL", last_line="epoch 1"),
            "killed by signal 9 (SIGKILL)",
            "",
            "",
        ),
        (failed("exit code 3", traceback_tail=SCRIPT, last_line="ZeroDivisionError: no"), "exit code 3", "", ""),
        (failed("exit code 1", last_line="1"), "exit code 1", "", ""),
        (failed("the kernel went away without complete()"), "the kernel went away without complete()", "", ""),
        (failed(None), "no reason was recorded", "", ""),
    ],
)
def test_the_words(status, message, where, exit_text):
    failure = Failure.of(status, RunRecord(experiment="digits", kind="script"))
    assert failure[:3] == (message, where, exit_text)
    assert failure.next in SENTENCES


def step(reason, kind="script"):
    record = RunRecord(experiment="digits", kind=kind, name="digits-4")
    return next_step(StatusRecord(3, Status.FAILED, 10.0, reason, {}, 1.0), record)


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("exit code 1: ValueError: no data", "Change the code"),
        ("exit code 3", "Change the code"),
        (None, "Change the code"),
        ("exit code 1: ModuleNotFoundError: No module named 'torch'", "Install the package"),
        (
            "exit code 1: AttributeError: module 'numpy' has no attribute 'float'. (NumPy 1.24 removed it, …)",
            "has removed this name",
        ),
        ("exit code 1: AttributeError: module 'numpy' has no attribute 'flaot'", "Change the code"),
        ("exit code 1: ModuleNotFoundError: No module named 'sklearn.mine'", "Install the package"),
        ("exit code 1: OSError: [Errno 28] No space left on device", "Free some space"),
        ("exit code 1: torch.OutOfMemoryError: CUDA out of memory. Tried to …", "less memory"),
        ("exit code 127 (command not found); its log ends with: sh: trian: not found", "PATH"),
        ("killed by signal 9 (SIGKILL)", "want of memory"),
        ("killed by signal 11 (SIGSEGV): Fatal Python error: Segmentation fault", "end of the log"),
        ("stopped after 60 s (max_run_duration_seconds=60)", "more time"),
        ("cannot start '/x/python': No such file or directory", "that is there"),
        (restart_reason(), "isn't the cause"),
        ("supervisor and job disappeared", "want of memory"),
        ("exit status unknown: supervisor was killed", "end of the log"),
        ("its supervisor was killed while things were made ready for it", "isn't the cause"),
        ("could not start the run: process limit reached (RLIMIT_NPROC=1)", "isn't the cause"),
    ],
)
def test_a_submitted_run(reason, word):
    assert word in step(reason)


def test_an_interactive_run_is_run_again_by_its_cell():
    assert "cells again" in step("the kernel went away without complete()", "interactive")
    assert "with experiment.start_logging()" in step("train.py ended without complete()", "interactive")
    assert "Change the cell" in step("ValueError: x", "interactive")
    assert "Run again" not in step("killed by signal 9 (SIGKILL)", "interactive")


def test_a_cell_is_debugged_where_its_variables_are():
    assert "`%load_run digits-4`" in step("exit code 1: ValueError: no data", "cell")
    assert step("killed by signal 9 (SIGKILL)", "cell") == step("killed by signal 9 (SIGKILL)")
    assert "load_run" not in step("exit code 1: ValueError: no data")


@pytest.mark.parametrize("name", ["x\n!touch ran", "{print(1)}", "$x", "x --trust", "x`", "", "-x"])
def test_no_name_of_somebody_elses_run_becomes_code(name):
    record = RunRecord(experiment="digits", kind="cell", name=name)
    said = next_step(StatusRecord(3, Status.FAILED, 10.0, "exit code 1", {}, 1.0), record)
    assert said in SENTENCES
    assert "`" not in said


def test_every_sentence_is_one():
    assert len(set(SENTENCES)) == len(SENTENCES)
    assert all(sentence[-1] in ".?" and len(sentence) < 120 for sentence in SENTENCES)


def test_a_real_end_by_a_signal_says_where(runs):
    layout = runs.script("import ctypes\nctypes.string_at(0)")
    status = runs.end(layout)
    failure = Failure.of(status, RunRecord.read(layout))
    assert failure[:3] == (
        "Fatal Python error: Segmentation fault",
        f"{RunRecord.read(layout).script}, line 2",
        "killed by signal 11 (SIGSEGV)",
    )


def test_a_real_failure_says_it_in_its_view(runs):
    layout = runs.script("import no_such_module")
    assert "Install the package" in step(runs.end(layout).reason)
