"""Commands beside each other, which end together. What has their output open is known to have ended at its end."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

TOGETHER = [sys.executable, str(Path(__file__).parents[1] / ".ci" / "together.py")]
WITH_A_CHILD = "sleep 1000 & echo up; wait"


def test_the_others_end_with_the_first_and_all_that_they_started():
    done = subprocess.run([*TOGETHER, WITH_A_CHILD, "exit 3"], stdout=subprocess.PIPE, timeout=60, check=False)
    assert done.returncode == 3


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_all_end_with_a_signal(end):
    with subprocess.Popen([*TOGETHER, WITH_A_CHILD, WITH_A_CHILD], stdout=subprocess.PIPE, text=True) as process:
        assert [process.stdout.readline() for _ in range(2)] == ["up\n", "up\n"]
        process.send_signal(end)
        assert process.communicate(timeout=60) == ("", None)
    assert process.returncode == 0
