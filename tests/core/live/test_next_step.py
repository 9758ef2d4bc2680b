"""What to do next, by the reasons that runs really fail for."""

import pytest

from cellrun.core.live.next_step import SENTENCES, next_step
from cellrun.core.store.liveness import restart_reason
from cellrun.core.store.record import RunRecord
from cellrun.core.store.status import Status, StatusRecord


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


def test_a_real_failure_says_it_in_its_view(runs):
    layout = runs.script("import no_such_module")
    assert "Install the package" in step(runs.end(layout).reason)
