"""Run shell commands beside each other until one of them ends or Ctrl-C is pressed, then end the others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress


def main(commands: list[str]) -> int:
    """Return the exit code of the command that ended first; 0 if all were told to end."""
    news, teller = os.pipe()
    os.set_blocking(teller, False)
    signal.set_wakeup_fd(teller)  # a handler that raises could do so while a command is being started, and lose it
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(each, lambda *_: None)
    # Each in a session of its own: what it has started ends with it, and a Ctrl-C, which JupyterLab would answer with a
    # question, reaches it from here alone.
    processes = [subprocess.Popen(["sh", "-c", each], start_new_session=True) for each in commands]
    os.read(news, 1)
    exit_code = next((process.returncode for process in processes if process.poll() is not None), 0)
    for process in processes:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
    for process in processes:
        process.wait()
    return exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
