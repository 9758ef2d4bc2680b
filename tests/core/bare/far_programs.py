"""What runs where a run was sent to: by a bare Python (`-I -S`) that has a copy of cellrun and nothing else."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cellrun.core.disk.whole_files import copy_tree
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.run_request import RunRequest, request_to_json
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore
from tests.core.remote.library import give_library, library

_BEGIN = """
import json, sys, time
sys.path[:0] = [sys.argv[1]]
told = json.loads(sys.argv[2])
from cellrun.core.run_request import request_from_json
from cellrun.core.layout import RunLayout
from cellrun.core.store.status import StatusFile
from cellrun.core.targets.local.target import LocalTarget
layout, target = RunLayout(told["folder"]), LocalTarget("local")

def wait_for(condition):
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until, StatusFile(layout).read()
        target.observe([layout])
        time.sleep(0.02)

def launch():
    target.launch(request_from_json({**told["request"], "links": {}}, layout, told["variables"]), layout)

def status():
    return StatusFile(layout).read()
"""


@dataclass
class FarMachine:
    """Another machine: its Python, its CELLRUN_HOME, its copy of cellrun."""

    python: str
    home: Path

    def __post_init__(self) -> None:
        give_library(self.home)
        self.library = self.home / "library" / library().name

    def sent(self, workspace: WorkspaceLayout, request: RunRequest) -> RunLayout:
        """Make a run here and bring its folder there; return where it is."""
        record = RunRecord(experiment="digits", kind=request.kind)
        made = RunStore(workspace).create(record, lambda draft: (draft.snapshot.mkdir(), request.code.copy_to(draft)))
        there = WorkspaceLayout(self.home / "remote" / "w1").run(made.run_id)
        there.folder.parent.mkdir(parents=True, exist_ok=True)
        copy_tree(made.folder, there.folder)
        shutil.copy(workspace.record, there.workspace.record)
        return there

    def run(self, program: str, layout: RunLayout, request: RunRequest, **environ: str) -> Any:
        """Run a program there that may `launch()`, and return what it prints as JSON."""
        request = replace(request, workspace="tests", experiment="digits")
        told: Mapping[str, Any] = {
            "folder": str(layout.folder),
            "request": request_to_json(request),
            "variables": dict(request.variables),
        }
        command = [self.python, "-I", "-S", "-c", _BEGIN + program, str(self.library), json.dumps(told)]
        plain = {"PATH": os.environ["PATH"], "HOME": str(self.home), "CELLRUN_HOME": str(self.home)}
        done = subprocess.run(command, env={**plain, **environ}, capture_output=True, text=True, check=False)
        assert not done.returncode, done.stderr
        return json.loads(done.stdout.splitlines()[-1])
