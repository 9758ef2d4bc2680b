"""What stands over there: a folder shaped like a workspace, and an engine that knows each job by its process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from cellrun.core.context.used_values import values_of_run
from cellrun.core.context.value_store import ValueStore
from cellrun.core.copying import copy_tree
from cellrun.core.disk import replace_file
from cellrun.core.errors import ComputeTargetException, ExperimentExecutionException
from cellrun.core.identity import ProcessIdentity
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.own_run import run_variables
from cellrun.core.store.status_file import StatusFile
from cellrun.core.store.workspace_record import WorkspaceRecord
from cellrun.core.supervision.launch_spec import LaunchSpec
from cellrun.core.supervision.start import order
from cellrun.core.targets.contract import Finding

CLAIM, ENGINE, ENGINE_LOG, ORDER = "claim", "engine.json", "engine.log", "order"
UNREACHABLE = "unreachable"
# A shell that ends at once leaves the engine's process nobody's child; what it says is in a log.
_IN_BACKGROUND = 'log=$1; shift; "$@" </dev/null >"$log" 2>&1 & echo $!'
# The supervisor stays in the foreground: the first process of a namespace takes all others with it when it ends.
_ON_ITS_HOST = "import os, socket, sys; socket.sethostname(sys.argv[1]); os.execvp(sys.argv[2], sys.argv[2:])"


class FarSide:
    """The far side of one target: its folder, and the name of its host."""

    def __init__(self, folder: Path, host: str) -> None:
        self._folder = folder
        self._host = host

    def check_reachable(self) -> None:
        """Raise ComputeTargetException while it is cut off."""
        if (self._folder / UNREACHABLE).exists():
            raise ComputeTargetException(f"{self._folder} can't be reached: {UNREACHABLE!r} is in it")

    def run(self, layout: RunLayout) -> RunLayout:
        """Return where a run is over there; runs of different workspaces don't meet."""
        workspace = WorkspaceRecord.read(layout.workspace).id
        return WorkspaceLayout(self._folder / workspace).run(layout.run_id)

    def send(self, layout: RunLayout) -> RunLayout:
        """Make a run's folder there, whole or not at all, with what it needs; nothing happens if it is there."""
        there = self.run(layout)
        if there.folder.exists():
            return there
        there.workspace.values.mkdir(parents=True, exist_ok=True)
        there.workspace.changes.touch()
        _copy_new(layout.workspace.record, there.workspace.record)
        here, values = ValueStore(layout.workspace.values), ValueStore(there.workspace.values)
        for blob in values_of_run(layout):
            _copy_new(here.path(blob), values.path(blob))
        draft = there.workspace.run(f".new-{layout.run_id}-{os.urandom(4).hex()}")
        for folder in (draft.outputs, draft.logs, draft.log.parent, draft.events, draft.summaries):
            folder.mkdir(parents=True)
        for path, copy in ((layout.record, draft.record), (layout.signed, draft.signed)):
            shutil.copyfile(path, copy)
        copy_tree(layout.snapshot, draft.snapshot)
        copy_tree(layout.snapshot, draft.work)
        copy_tree(layout.context, draft.context)
        StatusFile(draft).begin()
        try:
            draft.folder.rename(there.folder)
        except OSError:  # another launch was first
            shutil.rmtree(draft.folder)
        return there

    def start(self, there: RunLayout, spec: LaunchSpec, environment: Mapping[str, str]) -> None:
        """Start a run's supervisor in a process namespace of its own; a second time nothing happens.

        Raises ExperimentExecutionException where namespaces can't be had.
        """
        with suppress(FileExistsError):
            (there.folder / CLAIM).touch(exist_ok=False)
            spec.write(there)
            (there.folder / ORDER).write_bytes(order(there, spec))
            supervisor = [*spec.supervisor, str(there.folder), str(there.folder / ORDER)]
            pid = self._spawn(supervisor, {**environment, **run_variables(there)}, there.folder / ENGINE_LOG)
            replace_file(there.folder / ENGINE, json.dumps(ProcessIdentity.of(pid).to_json()))

    def finding(self) -> Finding:
        """Try whether its folder can be made and written, and isn't cut off."""
        try:
            self.check_reachable()
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._folder):
                return Finding("folder", is_well=True, text=str(self._folder))
        except ComputeTargetException as error:
            return Finding("folder", is_well=False, text=f"{error}; remove it")
        except OSError as error:
            text = f"{self._folder} can't be written ({error.strerror}); attach one with another folder"
            return Finding("folder", is_well=False, text=text)

    def is_running(self, there: RunLayout) -> bool:
        """Whether the engine's process for a run lives."""
        with suppress(OSError, ValueError, KeyError):
            return ProcessIdentity.from_json(json.loads((there.folder / ENGINE).read_bytes())).is_alive()
        return False

    def count_running(self) -> int:
        """Return how many runs live there."""
        engines = self._folder.glob(f"*/runs/*/{ENGINE}") if self._folder.is_dir() else ()
        return sum(self.is_running(RunLayout(engine.parent)) for engine in engines)

    def last_words(self, there: RunLayout) -> str:
        """Return what the engine said last about a run that it couldn't start; empty if nothing."""
        with suppress(OSError):
            lines = (there.folder / ENGINE_LOG).read_text(errors="replace").split("\n")
            return next((line for line in reversed(lines) if line.strip()), "")
        return ""

    def _spawn(self, command: list[str], environment: Mapping[str, str], log: Path) -> int:
        shell = ["sh", "-c", _IN_BACKGROUND, "sh", str(log), "setsid", *isolated(self._host, command)]
        done = subprocess.run(shell, env=dict(environment), capture_output=True, text=True, check=False)
        if done.returncode or not done.stdout.strip().isdecimal():
            raise ExperimentExecutionException(f"could not start the run: {done.stderr.strip() or 'no process'}")
        return int(done.stdout)


def isolated(host: str, command: Sequence[str]) -> list[str]:
    """Return a command with a process namespace and a host name of its own."""
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    unshare = ["unshare", *user, "--pid", "--fork", "--kill-child", "--mount-proc", "--uts"]
    return [*unshare, sys.executable, "-I", "-S", "-c", _ON_ITS_HOST, host, *command]


def why_not_isolated() -> str:
    """Return why this machine gives no namespaces; empty if it does."""
    try:
        done = subprocess.run(isolated("fake", ["true"]), capture_output=True, text=True, check=False)
    except OSError as error:
        return f"unshare (of util-linux) can't be started: {error.strerror}"
    return (done.stderr.strip() or "unshare failed").splitlines()[-1] if done.returncode else ""


def _copy_new(source: Path, target: Path) -> None:
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.{os.urandom(4).hex()}")
        shutil.copyfile(source, draft)
        draft.replace(target)
