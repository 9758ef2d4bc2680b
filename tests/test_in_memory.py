"""A command whose temporary folders are in memory, where there is room for them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

IN_MEMORY = [sys.executable, str(Path(__file__).parents[1] / ".ci" / "in_memory.py"), sys.executable, "-c"]
SAYS = "import json, os, sys; print(json.dumps([os.environ.get('TMPDIR'), sys.argv[1:]]), flush=True); "
ELSEWHERE = {name: value for name, value in os.environ.items() if name != "TMPDIR"}


def test_the_folder_is_the_commands_own_and_goes_with_it():
    done = subprocess.run([*IN_MEMORY, SAYS + "sys.exit(3)"], stdout=subprocess.PIPE, env=ELSEWHERE, check=False)
    assert done.returncode == 3
    folder, arguments = json.loads(done.stdout)
    assert arguments == ([f"--basetemp={folder}/t"] if folder else [])  # there may be no room
    assert not folder or not Path(folder).exists()


def test_a_place_that_somebody_has_chosen_stays(tmp_path):
    command = [*IN_MEMORY, SAYS]
    done = subprocess.run(command, stdout=subprocess.PIPE, env={**ELSEWHERE, "TMPDIR": str(tmp_path)}, check=True)
    assert json.loads(done.stdout) == [str(tmp_path), []]


def test_a_signal_ends_the_command():
    command = [*IN_MEMORY, SAYS + "import time; time.sleep(600)"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=ELSEWHERE, text=True) as process:
        folder, _ = json.loads(process.stdout.readline())
        process.terminate()
        assert process.communicate(timeout=60) == ("", None)
    assert process.returncode in {-signal.SIGTERM, 128 + signal.SIGTERM}
    assert not folder or not Path(folder).exists()
