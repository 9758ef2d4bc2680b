"""A machine that answers whatever it likes: in place of `ssh` and the agent, a thread at the end of the pipes."""

import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from cellrun.core.remote import pipes
from cellrun.core.remote.protocol import MARKER

_HELLO = b'{"has": true, "python": "3.12.1", "executable": "/p", "home": "/h"}\n'


class HostileMachine:
    """What `ssh` leads to. `says` are the answers by order: facts, or Python that writes whatever it likes to `out`."""

    PIPE, TimeoutExpired = subprocess.PIPE, subprocess.TimeoutExpired

    def __init__(self, folder: Path, monkeypatch) -> None:
        (folder / "ssh").write_text("#!/bin/sh\nexit 1\n")  # one is there, and isn't started
        (folder / "ssh").chmod(0o700)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setattr(pipes, "subprocess", self)
        self.said: dict[str, Any] = {}

    def says(self, **answers) -> None:
        """Have it answer so from now on."""
        self.said = json.loads(json.dumps(answers))

    def Popen(self, *_: Any, **__: Any) -> "_Answerer":  # noqa: N802  # as there
        return _Answerer(self)


class _Answerer:
    """One connection, as `subprocess.Popen` has its processes."""

    def __init__(self, machine: HostileMachine) -> None:
        (orders, to_it), (its, out), (words, says) = (os.pipe() for _ in range(3))
        self.stdin, self.stdout, self.stderr = (
            os.fdopen(to_it, "wb", 0),
            os.fdopen(its, "rb", 0),
            os.fdopen(words, "rb"),
        )
        self._thread = threading.Thread(target=self._answer, args=(machine, orders, out, says), daemon=True)
        self._thread.start()

    @property
    def returncode(self) -> int | None:
        return None if self._thread.is_alive() else 0

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float) -> int:
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise subprocess.TimeoutExpired("ssh", timeout)
        return 0

    def terminate(self) -> None:
        self.stdout.close()

    kill = terminate

    def _answer(self, machine: HostileMachine, orders_fd: int, out_fd: int, says_fd: int) -> None:
        os.close(says_fd)
        with (
            suppress(BrokenPipeError, SystemExit),
            os.fdopen(orders_fd, "rb") as orders,
            os.fdopen(out_fd, "wb") as out,
        ):
            out.write(MARKER + _HELLO)
            out.flush()
            orders.readline(), orders.readline(), orders.read(int(orders.readline()))  # settings, program
            orders.readline(), orders.read(int(orders.readline()))  # what the program takes
            while line := orders.readline():
                order = json.loads(line)
                orders.read(order["bytes"])
                answer = machine.said.get(order["order"], {})
                if isinstance(answer, str):
                    exec(answer, {"out": out, "order": order, "sys": sys})
                else:
                    out.write(json.dumps({"id": order["id"], **answer}).encode() + b"\n")
                out.flush()
