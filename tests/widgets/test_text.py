"""A run in a few lines of text."""

import re

import numpy as np
import pytest

from cellrun.core.store.events.event_log import EventLog
from cellrun.core.store.status import Status, StatusFile
from cellrun.widgets.text import log_lines, run_text, started_text, value_text


def test_a_run_says_who_it_is_how_it_is_and_what_it_last_said(make_run):
    layout = make_run(experiment="digits", kind="cell", resources={"cpus": 2, "gpus": 0, "memory_bytes": 0})
    events = EventLog(layout)
    for step in range(30):
        events.log("loss", 1 / (step + 3))
        events.row("curve", {"x": step, "y": step / 3})
    events.close()
    layout.log.write_text("".join(f"epoch {step}\n" for step in range(30)))
    StatusFile(layout).change(Status.RUNNING)
    StatusFile(layout).change(Status.COMPLETED)
    assert run_text(layout).splitlines() == [
        "✓ Completed  digits-1  digits  local · 2 cpus  00:00",
        "loss 0.03125 · curve x=29 y=9.667",
        "  epoch 25",
        "  epoch 26",
        "  epoch 27",
        "  epoch 28",
        "  epoch 29",
    ]


def test_a_failed_run_says_why_before_anything_else(layout):
    tail = "Traceback:\n  Cell In[7], line 4\nValueError: no\n"
    StatusFile(layout).change(
        Status.FAILED, reason="exit code 1: ValueError: no", traceback_tail=tail, last_line="ValueError: no"
    )
    assert run_text(layout).splitlines()[1:] == ["ValueError: no", "Cell In[7], line 4 · exit code 1"]


def test_a_run_that_said_nothing_is_one_line(layout):
    assert run_text(layout) == "○ NotStarted  example-1  example"


def test_of_a_run_that_was_just_started_neither_log_nor_metrics_are_looked_for(layout):
    layout.log.write_text("begun\n")
    assert started_text(layout) == "○ NotStarted  example-1  example"
    StatusFile(layout).change(Status.FAILED, reason="no")
    assert started_text(layout) == run_text(layout)
    assert run_text(layout).endswith("begun")


def test_the_log_is_text_without_bars_and_escapes(layout):
    layout.log.write_bytes(b"\r 10%\r 50%\r100%\n\x1b[31mred\x1b[0m \x1b]0;title\x07plain\r\n\n\xff\xfe\nlast")
    assert log_lines(layout) == ["100%", "red plain", "\ufffd\ufffd", "last"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.123456, "0.1235"),
        (0.98125, "0.9813"),
        (-0.98125, "-0.9813"),
        (99995.0, "1e+05"),
        (np.float64(0.98125), "0.9813"),
        (3, "3"),
        (True, "True"),
        (None, "None"),
        ("a", "a"),
        (1e-7, "1e-07"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (1.7976931348623157e308, "1.798e+308"),
    ],
)
def test_values(value, text):
    assert value_text(value) == text


def test_nothing_in_it_acts_on_a_terminal(make_run):
    hostile = "\x1b]52;c;ZXZpbA==\x07\x1b[2J\nFAKE"
    layout = make_run(experiment="digits", display_name=hostile)
    events = EventLog(layout)
    events.log("loss", hostile)
    events.close()
    layout.log.write_text(f"out\tput {hostile}\n")
    StatusFile(layout).change(Status.FAILED, reason=hostile)
    lines = run_text(layout).splitlines()
    assert len(lines) == 5
    assert lines[-2:] == ["  out\tput", "  FAKE"]
    assert not [line for line in lines if re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", line)]
