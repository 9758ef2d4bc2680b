"""Why a run failed, read off its exit and the end of its log."""

import pytest

from cellrun.core.processes.exits import JobExit
from cellrun.core.store.failure import LogEnd, cannot_start, fields, reason

TRACEBACK = """Traceback (most recent call last):
  File "/w/train.py", line 3, in <module>
    main()
RuntimeError: CUDA error: out of memory
CUDA kernel errors might be reported later"""
SYNTAX_ERROR = """  File "/w/train.py", line 1
    x = = 1
        ^
SyntaxError: invalid syntax
"""
GROUP = """  + Exception Group Traceback (most recent call last):
  |   File "/w/train.py", line 1, in <module>
  | ExceptionGroup: two (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | ValueError: 1
"""
FATAL = """Fatal Python error: Aborted

Current thread 0x1 (most recent call first):
  File "/w/train.py", line 2 in crash
"""


@pytest.mark.parametrize(
    ("log", "error"),
    [
        ("", ""),
        ("all is well\n", ""),
        (TRACEBACK, "RuntimeError: CUDA error: out of memory"),
        (f"epoch 1\n{TRACEBACK}\nbye\n", "RuntimeError: CUDA error: out of memory"),
        (f"{TRACEBACK}\n\nDuring handling of it:\n\n{TRACEBACK.replace('RuntimeError', 'KeyError')}", "KeyError: CUDA"),
        (f"\x1b[31m{TRACEBACK}\x1b[0m\n", "RuntimeError: CUDA error: out of memory"),
        (f"50 %\r100 %\r{TRACEBACK}".replace("\n", "\r\n"), "RuntimeError: CUDA error: out of memory"),
        (SYNTAX_ERROR, "SyntaxError: invalid syntax"),
        (GROUP, "ExceptionGroup: two (2 sub-exceptions)"),
        (FATAL, "Fatal Python error: Aborted"),
    ],
)
def test_the_line_that_names_the_error(log, error):
    assert LogEnd.of(log).error.startswith(error)
    assert bool(LogEnd.of(log).error) == bool(error)


def test_the_traceback_begins_at_its_header_and_is_cut_where_its_oldest_calls_are():
    assert LogEnd.of(f"before\n{TRACEBACK}\n").traceback == TRACEBACK
    long = LogEnd.of(f"{TRACEBACK}\n" + "x" * 10_000).traceback
    assert len(long) == 4000
    assert long.endswith("x")
    fatal = LogEnd.of(f"{TRACEBACK}\nFatal Python error: Aborted\n" + "x" * 10_000).traceback
    assert len(fatal) == 4000
    assert fatal.startswith("Fatal Python error: Aborted")  # its most recent call is the first


def test_the_last_line_is_the_last_that_says_something():
    assert LogEnd.of("epoch 3\n-----\n\n").last_line == "epoch 3"
    assert LogEnd.of("10 %\r20 %\r").last_line == "20 %"


def test_only_the_end_of_a_long_log_is_read(tmp_path):
    log = tmp_path / "log"
    with log.open("wb") as file:
        file.truncate(50 * 1024**3)  # sparse: 50 GB on no disk
        file.seek(0, 2)
        file.write(b"\n" + TRACEBACK.encode())
    assert LogEnd.read(log).error == "RuntimeError: CUDA error: out of memory"
    assert LogEnd.read(tmp_path / "none") == LogEnd("", "", "")


@pytest.mark.parametrize(
    ("how", "is_shell", "expected"),
    [
        (JobExit(1, None), False, "exit code 1: RuntimeError: CUDA error: out of memory"),
        (JobExit(3, None), False, "exit code 3"),
        (JobExit(137, None), True, "exit code 137 (a program of the command was killed by SIGKILL)"),
        (JobExit(137, None), False, "exit code 137"),
        (JobExit(None, 9), False, "killed by signal 9 (SIGKILL)"),
        (JobExit(None, 35), False, "killed by signal 35 (SIGRTMIN+1)"),
        (JobExit(None, None), False, "exit status unknown: supervisor was killed"),
    ],
)
def test_the_reason(how, is_shell, expected):
    assert reason(how, LogEnd.of(TRACEBACK), is_shell=is_shell) == expected


@pytest.mark.parametrize(
    ("code", "is_shell", "log", "expected"),
    [
        (2, False, "usage: …\ntrain.py: error: needs --lr\n", "; its log ends with: train.py: error: needs --lr"),
        (1, False, "no data\n", "; its log ends with: no data"),
        (9, False, "", ""),
        (127, True, "bash: trian: command not found", " (command not found); its log ends with: bash: trian: command "),
    ],
)
def test_without_a_traceback_the_last_line_is_told(code, is_shell, log, expected):
    assert reason(JobExit(code, None), LogEnd.of(log), is_shell=is_shell).startswith(f"exit code {code}{expected}")


def test_the_facts_that_a_status_keeps():
    assert fields(JobExit(None, 15), LogEnd.of("bye")) == {
        "exit_code": None, "signal": "SIGTERM", "traceback_tail": "", "last_line": "bye",
    }  # fmt: skip
    assert cannot_start("/x/python", 2) == "cannot start '/x/python': No such file or directory"


@pytest.mark.parametrize(
    ("how", "is_shell", "lack", "expected"),
    [
        (JobExit(None, 9), False, "limit 40.0 MB", "killed by the out-of-memory killer (limit 40.0 MB)"),
        (JobExit(137, None), True, "limit 40.0 MB", "killed by the out-of-memory killer (limit 40.0 MB)"),
        (JobExit(137, None), False, "limit 40.0 MB", "exit code 137"),
        (JobExit(None, 11), False, "limit 40.0 MB", "killed by signal 11 (SIGSEGV)"),
        (JobExit(1, None), True, "limit 40.0 MB", "exit code 1"),
        (JobExit(None, 9), False, None, "killed by signal 9 (SIGKILL); possibly out of memory"),
        (JobExit(None, 11), False, None, "killed by signal 11 (SIGSEGV)"),
        (JobExit(None, 9), False, "", "killed by signal 9 (SIGKILL)"),
    ],
)
def test_b4_a_want_of_memory_is_claimed_only_where_the_system_says_so(how, is_shell, lack, expected):
    assert reason(how, LogEnd("", "", ""), is_shell=is_shell, memory_lack=lack) == expected
