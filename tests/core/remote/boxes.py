"""A machine elsewhere that is this one: an agent on pipes, with a home of its own and a Python that has nothing."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from cellrun.core import Workspace
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.places import WorkspaceRecord
from cellrun.core.processes.family import ProcessFamily
from cellrun.core.remote.command import REMOTE_COMMAND
from cellrun.core.remote.link import Answer, Link
from cellrun.core.remote.protocol import PIECE_BYTES
from cellrun.core.remote.remote_workspace import REMOTE
from cellrun.core.run_request import RunRequest, request_to_json
from cellrun.core.store.status import StatusFile, StatusRecord
from cellrun.core.submission.script_run_config import ScriptRunConfig
from cellrun.core.submission.submission import start
from cellrun.core.targets.contract import ComputeTarget, Finding, Observation, TargetDescription, TargetPython
from tests.core.remote.library import give_library
from tests.core.remote.warm_agents import WARM, are_warm

OTHER_PYTHON = "/usr/bin/python3.13"
DEADLINE_S = 60
KEY = bytes(32)


class Nowhere(ComputeTarget):
    """A target that launches nothing: it leaves a run's folder as it is before anything is decided about a place."""

    kind: ClassVar[str] = "nowhere"

    def __init__(self) -> None:
        super().__init__("nowhere")
        self.request: RunRequest | None = None

    def describe(self) -> TargetDescription:
        raise NotImplementedError

    def python(self, environment: str | EnvironmentSpec | None) -> TargetPython:
        return TargetPython()

    def problems(self, request: RunRequest) -> list[str]:
        return []

    def launch(self, request: RunRequest, layout: RunLayout) -> None:
        self.request = request

    def observe(self, runs: Sequence[RunLayout]) -> dict[str, Observation]:
        return {}

    def cancel(self, run: RunLayout) -> None:
        raise NotImplementedError

    def doctor(self) -> list[Finding]:
        return []


@dataclass
class Made:
    """A run that was made here, and isn't anywhere else yet."""

    layout: RunLayout
    request: RunRequest

    @property
    def of_run(self) -> dict[str, Any]:
        """What orders about it say."""
        return {"workspace": WorkspaceRecord.read(self.layout.workspace).id, "run": self.layout.run_id}

    @property
    def files(self) -> dict[str, int]:
        """The sizes of what is sent of it."""
        tops = [self.layout.record, self.layout.signed, *self.layout.snapshot.rglob("*")]
        tops += self.layout.context.rglob("*")
        paths = [path for path in tops if path.is_file()]
        return {path.relative_to(self.layout.folder).as_posix(): path.stat().st_size for path in paths}

    def send(self, link: Link, piece_bytes: int = PIECE_BYTES) -> None:
        """Send its files, each in pieces of a size, from where they are."""
        has = link.ask("draft", **self.of_run).facts["has"]
        for path, size in self.files.items():
            while has.get(path, -1) < size:
                with (self.layout.folder / path).open("rb") as file:
                    at = file.seek(max(has.get(path, 0), 0))
                    piece = file.read(piece_bytes)
                about = {"path": path, "offset": at, "length": len(piece), "size": size, "mode": 0o644, "mtime_ns": 1}
                has |= link.ask("put", piece, files=[about], **self.of_run).facts["has"]

    def along(self) -> tuple[list[dict[str, Any]], bytes]:
        """Return its files as they go along with the order to start it, and their bytes."""
        put = [
            {"path": path, "offset": 0, "length": size, "size": size, "mode": 0o644, "mtime_ns": 1}
            for path, size in self.files.items()
        ]
        return put, b"".join((self.layout.folder / path).read_bytes() for path in self.files)

    def launch(self, link: Link, **changed: Any) -> Answer:
        """Send it and have it launched."""
        self.send(link)
        return self.order(link, **changed)

    def order(self, link: Link, data: bytes = b"", **changed: Any) -> Answer:
        """Have it launched that was sent."""
        facts: dict[str, Any] = {
            "workspace_name": "default",
            "experiment": "tests",
            "files": self.files,
            "values": [],
            "request": request_to_json(self.request),
            "signed": self.request.signed,
            "variables": {},
            "key": KEY.hex(),
        }
        return link.ask("launch", data, **{**self.of_run, **facts, **changed})


def made(workspace: Workspace, source: Path, script: str, *arguments: Any, **options: Any) -> Made:
    """Make a run of a script of its own text."""
    source.mkdir(exist_ok=True)
    (source / "train.py").write_text(script)
    target = Nowhere()
    request = ScriptRunConfig(source, "train.py", arguments, **options).request()
    request = replace(request, experiment="tests", workspace=workspace.name)
    layout = start(target, request, workspace.layout, workspace_id=workspace.id, tags={})
    assert target.request
    return Made(layout, target.request)


@dataclass
class Box:
    """The machine: its CELLRUN_HOME, and who is connected to it."""

    home: Path
    python: str = ""
    wrapped: Callable[[list[str]], list[str]] | None = None
    variables: dict[str, str] = field(default_factory=dict)
    """Of the login there."""
    has_library: bool = True
    """Whether it has cellrun before anybody connects."""
    links: list[Link] = field(default_factory=list)

    def link(self, **options: Any) -> Link:
        """Connect to it, as ssh would start it."""
        env = {"PATH": os.environ["PATH"], "HOME": str(self.home.parent), "LANG": "C.UTF-8", **self.variables}
        command = ["sh", "-c", REMOTE_COMMAND]
        if self.wrapped:
            command = self.wrapped(command)
        elif self.python == sys.executable and self.has_library and "library" not in options and are_warm():
            command = [WARM]
        if self.has_library and not self.home.exists():
            give_library(self.home)
        options = {"python": self.python, "folder": str(self.home), "name": "box", **options}
        self.links.append(Link(command, env=env, **options))
        return self.links[-1]

    def there(self, run: RunLayout) -> RunLayout:
        """Return a run's layout there."""
        [found] = self.home.glob(f"{REMOTE}/*/runs/{run.run_id}")
        return RunLayout(found)

    def ended(self, run: RunLayout) -> StatusRecord:
        """Wait until a run has ended there."""
        status = StatusFile(self.there(run))
        wait_for(lambda: status.read().status.is_terminal, f"the end of {run.run_id}")
        return status.read()

    def workspaces(self) -> list[WorkspaceLayout]:
        """Return the workspaces there."""
        return [WorkspaceLayout(folder) for folder in self.home.glob(f"{REMOTE}/*")]

    def clear(self) -> None:
        """Disconnect everybody, and leave no process of a run."""
        for link in self.links:
            link.close()
        for folder in self.home.glob(f"{REMOTE}/*/runs/*"):
            ProcessFamily(RunLayout(folder), job=None).stop(0)


def wait_for(condition: Callable[[], object], what: str) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited {DEADLINE_S} s for {what}"
        time.sleep(0.02)
