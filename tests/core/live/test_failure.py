"""Why a run failed, in few words."""

import pytest

from cellrun.core.live.failure import Failure
from cellrun.core.live.next_step import SENTENCES
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
