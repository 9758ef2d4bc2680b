"""A machine that answers whatever it likes: in place of the agent, behind a shim of ssh."""

import json
import os
import sys
from pathlib import Path

from cellrun.core.remote.protocol import MARKER

_ANSWERER = """\
import json, os, sys
said = json.load(open({told!r}))
out, orders = sys.stdout.buffer, sys.stdin.buffer
out.write({marker!r} + b'{{"has": true, "python": "3.12.1", "executable": "/p", "home": "/h"}}\\n')
out.flush()
orders.readline(), orders.readline(), orders.read(int(orders.readline()))  # settings, program
orders.readline(), orders.read(int(orders.readline()))  # what the program takes
while line := orders.readline():
    order = json.loads(line)
    orders.read(order["bytes"])
    answer = said.get(order["order"], {{}})
    if isinstance(answer, str):
        exec(answer)
    else:
        out.write(json.dumps({{"id": order["id"], **answer}}).encode() + b"\\n")
    out.flush()
"""


class HostileMachine:
    """What `ssh` leads to. `says` are the answers by order: facts, or Python that writes whatever it likes to `out`."""

    def __init__(self, folder: Path, monkeypatch) -> None:
        bin_, self._told = folder / "hostile", folder / "says.json"
        bin_.mkdir()
        answerer = bin_ / "answerer.py"
        answerer.write_text(_ANSWERER.format(told=str(self._told), marker=MARKER))
        (bin_ / "ssh").write_text(f"#!/bin/sh\nexec {sys.executable} -I -S {answerer}\n")
        (bin_ / "ssh").chmod(0o700)
        monkeypatch.setenv("PATH", f"{bin_}{os.pathsep}{os.environ['PATH']}")
        self.says()

    def says(self, **answers) -> None:
        """Have it answer so from now on."""
        self._told.write_text(json.dumps(answers))
