"""How a run ends of which nobody is left: as it was told, or as its job left word of."""

import pytest

from cellrun.core.identity import ProcessIdentity
from cellrun.core.processes.exits import UNKNOWN_EXIT, JobExit
from cellrun.core.store.completion import Completion
from cellrun.core.store.ending import DELIVERS, Ending, exit_left
from cellrun.core.store.status import Status, StatusFile

TRACEBACK = """Traceback (most recent call last):
  File "train.py", line 1, in <module>
ValueError: no data
"""
ME = ProcessIdentity.current()
JOB = ME._replace(pid=2**22 + 1, started=7)


@pytest.mark.parametrize(
    ("how", "status", "reason"),
    [
        (JobExit(0, None), Status.COMPLETED, None),
        (JobExit(1, None), Status.FAILED, "exit code 1: ValueError: no data"),
        (JobExit(None, 11), Status.FAILED, "killed by signal 11 (SIGSEGV)"),
        (UNKNOWN_EXIT, Status.FAILED, "exit status unknown: supervisor was killed"),
    ],
)
def test_what_is_told_ahead_is_what_is_written(new_run, how, status, reason):
    layout = new_run(kind="script")
    layout.log.parent.mkdir(exist_ok=True)
    layout.log.write_text(
        'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\nValueError: no data\n'
    )
    end = Ending.of_exit(layout, how)
    told = StatusFile(layout).change(Status.FINALIZING, reason=end.reason, **end.to_fields())
    assert told.fields["exit_code"] == how.code
    assert Ending.announced(StatusFile(layout).read()) == Ending(status, reason, {})
    written = Ending.announced(told).write(layout)
    assert (written.status, written.reason, written.fields["exit_code"]) == (status, reason, how.code)
    assert written.fields["last_line"] == "ValueError: no data"


def test_before_its_end_is_known_nothing_is_told(new_run):
    layout = new_run(kind="script")
    StatusFile(layout).change(Status.RUNNING)
    assert Ending.announced(StatusFile(layout).read()) is None
    assert Ending.left(layout, JOB, StatusFile(layout).read()) is None


def test_the_job_has_left_word_of_its_exit_code(new_run):
    layout = new_run(kind="script")
    status = StatusFile(layout).change(Status.RUNNING)
    Completion(JOB, 3).write(layout)
    assert Ending.left(layout, JOB, status).reason == "exit code 3"
    Completion(JOB, 0).write(layout)
    assert Ending.left(layout, JOB, status).status is Status.COMPLETED


def test_a_run_whose_outputs_nobody_delivers_has_not_completed(new_run):
    layout = new_run(kind="script")
    status = StatusFile(layout).change(Status.RUNNING, **{DELIVERS: True})
    Completion(JOB, 0).write(layout)
    end = Ending.left(layout, JOB, status)
    assert (end.status, end.reason) == (Status.FAILED, "lost before its outputs were in their datastores")
    Completion(JOB, 3).write(layout)
    assert Ending.left(layout, JOB, status).reason == "exit code 3"


def test_another_process_has_left_it(new_run):
    layout = new_run(kind="script")
    Completion(JOB._replace(started=8), 0).write(layout)
    assert exit_left(layout, JOB) == UNKNOWN_EXIT
    assert exit_left(layout, None) == JobExit(0, None), "nobody has written which process the job was"


@pytest.mark.parametrize(
    "text", ["", "{", "null", "[]", '{"process": {}, "exit_code": 0}', '{"process": 1, "exit_code": 256}']
)
def test_what_cannot_be_read_tells_nothing(new_run, text):
    layout = new_run(kind="script")
    layout.completion.write_text(text)
    assert exit_left(layout, None) == UNKNOWN_EXIT
    layout.completion.unlink()
    layout.completion.symlink_to("/dev/zero")
    assert exit_left(layout, None) == UNKNOWN_EXIT
