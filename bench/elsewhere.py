"""What the benches of a machine elsewhere share: the machine, and a workspace that has it as a target.

It is tests/engines/box.py: this machine, in namespaces of its own, so both sides have one clock and one processor.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench import kit
from cellrun.core import ScriptRunConfig, Workspace
from cellrun.core.layout import RunLayout
from cellrun.core.store.events.reader import EventReader
from cellrun.core.store.status import Status, StatusFile, StatusRecord
from cellrun.core.submission.submission import submit
from cellrun.core.targets.look import look
from cellrun.core.targets.workspace_targets import WorkspaceTargets
from tests.engines.box import NAME, Box, why_not

_KEEPER = "cellrun.core.targets.keeper"
_LOOK_S = 0.25
_DEADLINE_S = 120


@dataclass
class Elsewhere:
    """The machine, and a workspace here that has it as the target `box`."""

    box: Box
    workspace: Workspace
    source: Path
    submitted: list[RunLayout] = field(default_factory=list)

    def submit(self, text: str, *arguments: str, target: str = NAME) -> RunLayout:
        """Submit a script of its own text."""
        (self.source / "train.py").write_text(text)
        config = ScriptRunConfig(self.source, "train.py", arguments, compute_target=target)
        layout = submit(self.workspace, "bench", config)
        self.submitted.append(layout)
        return layout

    def status(self, *layouts: RunLayout, target: str = NAME) -> list[StatusRecord]:
        """Look at runs, as any view does."""
        found = look(WorkspaceTargets(self.workspace.layout).get(target), layouts)
        return [found[layout.run_id] for layout in layouts]

    def end(self, *layouts: RunLayout, target: str = NAME, seconds: float = _DEADLINE_S) -> None:
        """Wait until runs have ended; each has to be Completed."""
        wait_for(
            lambda: all(one.status.is_terminal for one in self.status(*layouts, target=target)), "runs to end", seconds
        )
        for layout in layouts:
            said = StatusFile(layout).read()
            assert said.status is Status.COMPLETED, f"{layout.folder}: {said}"

    @contextmanager
    def watched(self, *layouts: RunLayout) -> Iterator[None]:
        """Look at runs all the time, as a view does that is open."""
        over = threading.Event()

        def watch() -> None:
            while not over.wait(_LOOK_S):
                self.status(*layouts)

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


@contextmanager
def elsewhere(folder: Path) -> Iterator[Elsewhere]:
    """Start the machine, and attach it to a new workspace; end it and what works for it here."""
    if why := why_not():
        sys.exit(f"this bench needs a machine elsewhere: {why}")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # users have byte code
    (folder / "box").mkdir()
    (folder / "source").mkdir()
    box = Box(folder / "box", [folder / "home", kit.ROOT, Path(sys.prefix)])
    os.environ["PATH"] = f"{box.shims}{os.pathsep}{os.environ['PATH']}"
    os.chdir(folder)
    try:
        workspace = Workspace.create("bench")
        workspace.attach(NAME, "ssh", host=NAME)
        yield Elsewhere(box, workspace, folder / "source")
    finally:
        box.close()
        for pid in keepers(folder / "home"):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)


def keepers(home: Path) -> list[int]:
    """Return the processes that keep the runs of a CELLRUN_HOME."""
    return [pid for pid, command in processes() if _KEEPER in command and f"CELLRUN_HOME={home}" in _environment(pid)]


def ssh_here(*names: Path) -> list[int]:
    """Return the processes of ssh on this side: by its config, or by the socket that its sessions share."""
    return [
        pid for pid, command in processes() if "ssh" in command[:20] and any(str(name) in command for name in names)
    ]


def cpu_s(pid: int) -> float:
    """Return the seconds of CPU that a process and its children that have ended have used, in hundredths."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def values_of(layout: RunLayout, name: str) -> list[float]:
    """Return all numbers of a metric that are in a run's folder here."""
    batches = EventReader(layout).batches()
    return [event["v"] for batch in batches for event in batch if event["k"] == "log" and event["n"] == name]


def wait_for(condition: Callable[[], object], what: str, seconds: float = _DEADLINE_S) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.01)


def processes() -> list[tuple[int, str]]:
    """Return all processes of this machine, each with its command."""
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208  # names are all that is wanted
    return [(pid, _read(pid, "cmdline")) for pid in pids]


def _environment(pid: int) -> list[str]:
    return _read(pid, "environ").split("\0")


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text(errors="replace")
    except OSError:
        return ""
