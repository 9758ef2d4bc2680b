"""The exit code that a job's interpreter leaves: the one that it really has, or none."""

import json
import os
import subprocess
import sys

import pytest

from cellrun.core.identity import ProcessIdentity, run_variables
from cellrun.core.layout import RunLayout
from cellrun.core.supervision.process_file import ProcessFile, RunProcesses

START = """
import os, sys
from cellrun.core.layout import RunLayout
from cellrun.core.runs.job_end import job_end
layout = RunLayout({folder!r})
job_end(layout)
job_end(layout)
"""


@pytest.fixture
def exits(tmp_path):
    """Run a script as a job; return its exit code and the one that it has left."""
    folder = tmp_path / "run"
    folder.mkdir()

    def run(body, *, leads=True):
        script = tmp_path / "train.py"
        script.write_text(START.format(folder=str(folder)) + body)
        done = subprocess.run([sys.executable, script], start_new_session=leads, capture_output=True, check=False)
        left = folder / "completion.json"
        return done.returncode, json.loads(left.read_text())["exit_code"] if left.exists() else None

    return run


def test_a_script_that_exits_by_what_its_main_returns_needs_only_to_import_the_run_before(tmp_path):
    script = tmp_path / "train.py"
    script.write_text("import sys\nfrom cellrun.core import Run\ndef main():\n    return 3\nsys.exit(main())\n")
    told = {**os.environ, **run_variables(RunLayout(tmp_path))}
    done = subprocess.run([sys.executable, script], start_new_session=True, env=told, check=False)
    assert done.returncode == json.loads((tmp_path / "completion.json").read_text())["exit_code"] == 3


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", 0),
        ("sys.exit()", 0),
        ("sys.exit(0)", 0),
        ("sys.exit(3)", 3),
        ("sys.exit(-1)", 255),
        ("sys.exit('no data')", 1),
        ("1 / 0", 1),
        ("def load():\n    raise KeyError('age')\nload()", 1),
        ("try:\n    sys.exit(5)\nexcept SystemExit:\n    pass", 0),
        ("import threading\nt = threading.Thread(target=sys.exit, args=(7,))\nt.start()\nt.join()", 0),
        ("if not os.fork():\n    sys.exit(9)\nos.wait()", 0),
        ("from multiprocessing import Process\np = Process(target=sys.exit, args=(9,))\np.start()\np.join()", 0),
        ("import atexit\natexit.register(print, 'late')", 0),
        ("with job_end(layout):\n    pass", 0),
        ("with job_end(layout):\n    raise SystemExit(4)", 4),
        ("with job_end(layout):\n    1 / 0", 1),
    ],
)
def test_it_is_the_one_that_it_has(exits, body, code):
    assert exits(body) == (code, code)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("raise SystemExit(4)", 4),
        ("try:\n    sys.exit(5)\nexcept SystemExit:\n    sys.exit(6)", 6),
        ("os._exit(0)", 0),
        ("os.kill(os.getpid(), 9)", -9),
        ("os.execv('/bin/true', ['true'])", 0),
        ("sys.last_value = sys.last_traceback = None\nsys.last_value = ValueError()", 0),
        ("import signal\nsignal.signal(2, signal.default_int_handler)\nraise KeyboardInterrupt", -2),
    ],
)
def test_where_it_is_not_certain_there_is_none(exits, body, code):
    assert exits(body) == (code, None)


def test_a_daemon_that_ends_later_does_not_speak_for_the_job(exits, tmp_path):
    job = ProcessIdentity.current()
    ProcessFile(RunLayout(tmp_path / "run")).write(RunProcesses(job, job))
    assert exits("sys.exit(3)") == (3, None)


def test_who_does_not_lead_a_session_is_not_the_job(exits):
    assert exits("sys.exit(3)", leads=False) == (3, None)
