"""Processes as clean as a fresh interpreter that needn't wait for its imports: forks of one that has done them.

That one's program is fork_program.py.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_PROGRAM = Path(__file__).with_name("fork_program.py")


class Forks:
    """A process that has imported some modules, and forks at each order; `options` are its Python's."""

    def __init__(self, *modules: str, options: Sequence[str] = ()) -> None:
        command = [sys.executable, "-u", *options, str(_PROGRAM), *modules]  # a job's output isn't buffered
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def start(
        self,
        function: str,
        arguments: Sequence[Any],
        folder: Path,
        environment: Mapping[str, str],
        log: Path,
        *,
        path: Sequence[str] = (),
        errors: Path | None = None,
    ) -> int:
        """Call a function, `module:name`, in a fork; return its process id.

        `path` is what stands at the beginning of its `sys.path`; what it prints goes to the end of `log`, and what of
        that is errors to a file of their own, if there is one.
        """
        order = {
            "function": function,
            "arguments": list(arguments),
            "folder": str(folder),
            "environment": dict(environment),
            "log": str(log),
            "path": list(path),
            "errors": str(errors or log),
        }
        return self._ask(order)

    def wait(self, pid: int) -> int:
        """Wait for a fork's end; return its exit code."""
        return self._ask({"wait": pid})

    def kill(self, pid: int) -> None:
        """End a fork at once."""
        os.kill(pid, signal.SIGKILL)
        self.wait(pid)

    def close(self) -> None:
        """Let the process end."""
        self._process.communicate()

    def _ask(self, order: Mapping[str, Any]) -> int:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())
