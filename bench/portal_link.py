"""How long the log waits for its link: from `wait_for_completion(show_output=True)` to the line `Web View:`.

On a terminal, in a process that has submitted a script and done nothing else; a private server is started for the link.
The reference is the same where the address is known (`CELLRUN_PUBLIC_URL`), so that nothing is started. Each round is a
fresh process with a home of its own.

    python -m bench.portal_link --rounds 15
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from bench import kit
from cellrun.core import Experiment, ScriptRunConfig, Workspace
from cellrun.core.portal import servers

WAYS = ("started", "known")


class Terminal(StringIO):
    """Notes when the line is printed."""

    printed_s = 0.0

    def isatty(self) -> bool:
        """Whether somebody may read this: yes."""
        return True

    def write(self, text: str) -> int:
        """Take a text."""
        if "Web View:" in text and not self.printed_s:
            self.printed_s = time.perf_counter()
        return super().write(text)


def measure(way: str, folder_name: str) -> dict[str, Any]:
    """Submit a script and return the milliseconds until its link is on the terminal."""
    folder = Path(folder_name)
    kit.use_home(folder)
    os.chdir(folder)
    if way == "known":
        os.environ["CELLRUN_PUBLIC_URL"] = "https://hub.example.org/user/ada/"
    (folder / "script.py").write_text("print('done')\n")
    run = Experiment(Workspace.from_config(), "bench").submit(ScriptRunConfig(str(folder), "script.py"))
    began_s = time.perf_counter()
    with redirect_stdout(Terminal()) as terminal:
        run.wait_for_completion(show_output=True)
    if server := servers.private():
        os.kill(server.process.pid, signal.SIGTERM)
    return {"ms": (terminal.printed_s - began_s) * 1000}


def main() -> None:
    """Measure both in turns."""
    rounds = kit.parser(__doc__, rounds=15).parse_args().rounds

    def in_child(way: str, _: int) -> float:
        with kit.working_folder() as folder:
            took_ms: float = kit.ask_child(__file__, way, folder)["ms"]
            return took_ms

    in_child("started", 0)
    took_ms = kit.take_turns(WAYS, rounds, in_child)
    kit.emit_pairs(took_ms["started"], took_ms["known"], what="link", unit="ms", goal_ms=50)
    kit.emit(what="link", p95_ms=kit.percentile(took_ms["started"], 0.95), most_ms=max(took_ms["started"]))


if __name__ == "__main__":
    kit.start(main, measure)
