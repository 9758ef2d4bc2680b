"""What holds after any fault: of all runs below a home, and of the workspaces that it knows."""

from __future__ import annotations

import json
import os
import shutil
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from cellrun.core import places
from cellrun.core.errors import DamagedRunError, IndexTooNewError
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.processes.family import ProcessFamily
from cellrun.core.store.events.reader import EventReader
from cellrun.core.store.lists.index import Index
from cellrun.core.store.status import StatusFile

PATIENCE_S = 20
OF_A_WORKSPACE = frozenset(
    {"workspace.json", "runs", "experiments", "targets", "values", "changes", "data", "datastores", "datasets"}
    | {"environments", "wheels", "models", "step_runs"}
)
OF_A_HOME = frozenset(
    {"workspaces", "private", "registry", "cache", "runtime", "library", "data", "mounts", "environments"}
)

Acknowledged = Mapping[RunLayout, Sequence[Sequence[Any]]]
"""For each run, for each process that logged one metric to it: the values whose calls returned."""


def assert_invariants(home: Path, acknowledged: Acknowledged | None = None, secrets: Collection[str] = ()) -> None:
    """Check what has to hold after any fault. `secrets` are texts that may be found nowhere.

    A damaged run is passed over: what of it holds is the matter of the tests that damage it.
    """
    workspaces = list(_workspaces(home))
    for layout in [layout for workspace in workspaces for layout in _runs(workspace)]:
        with suppress(DamagedRunError):
            _assert_events(layout)
            if _assert_one_status(layout) and (layout.claim.exists() or layout.processes.exists()):
                _assert_nobody_is_alive(layout)
    for layout, writers in (acknowledged or {}).items():
        _assert_acknowledged(layout, writers)
    for workspace in workspaces:
        _assert_rebuilt_index_agrees(home, workspace)
        _assert_nothing_beside(workspace.folder, OF_A_WORKSPACE)
    _assert_nothing_beside(home, OF_A_HOME)
    _assert_secret(home, workspaces, secrets)


def _workspaces(home: Path) -> Iterator[WorkspaceLayout]:
    found = set((home / "workspaces").glob("*"))
    for entry in (home / "registry").glob("*.json"):
        with suppress(ValueError, KeyError, TypeError):
            found.add(Path(json.loads(entry.read_bytes())["path"]))
    return (WorkspaceLayout(folder) for folder in sorted(found) if (folder / "runs").is_dir())


def _runs(workspace: WorkspaceLayout) -> list[RunLayout]:
    return [RunLayout(folder) for folder in sorted(workspace.runs.glob("[!.]*")) if not folder.is_symlink()]


def _assert_events(layout: RunLayout) -> None:
    """Each writer's events are there once, in the order of their numbers."""
    last: dict[str, int] = {}
    for event in (event for batch in EventReader(layout).batches() for event in batch):
        assert event["s"] > last.get(event["w"], -1), f"{layout.folder}: {event} after number {last[event['w']]}"
        last[event["w"]] = event["s"]


def _assert_acknowledged(layout: RunLayout, writers: Sequence[Sequence[Any]]) -> None:
    """What calls returned from is there, once, in order; the last event may be there though its call didn't return."""
    logged: defaultdict[str, list[Any]] = defaultdict(list)
    for event in (event for batch in EventReader(layout).batches() for event in batch):
        if event["k"] == "log":
            logged[event["w"]].append(event["v"])
    for values in writers:
        kept = [of_one for of_one in logged.values() if of_one[: len(values)] == list(values)]
        assert len(kept) == 1, f"{layout.folder}: of {len(values)} values not all are there, once and in order"
        assert len(kept[0]) <= len(values) + 1, f"{layout.folder}: more is there than was logged"


def _assert_one_status(layout: RunLayout) -> bool:
    """Nothing follows a final status; return whether there is one."""
    history = [record.status for record in StatusFile(layout).history()]
    assert [status for status in history[:-1] if status.is_terminal] == [], f"{layout.folder}: {history}"
    return bool(history) and history[-1].is_terminal


def _assert_nobody_is_alive(layout: RunLayout) -> None:
    _wait(lambda: not ProcessFamily(layout, job=None).members(), f"the processes of {layout.folder} to end")


def _assert_rebuilt_index_agrees(home: Path, workspace: WorkspaceLayout) -> None:
    def rows() -> list[dict[str, Any]]:
        return [row.to_json() for row in Index(workspace).runs()]

    given = os.environ.get("CELLRUN_HOME")
    os.environ["CELLRUN_HOME"] = str(home)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a test may have damaged it
            with suppress(IndexTooNewError):
                rows()  # the first look may settle a run
                before = rows()
                shutil.rmtree(places.cache_of(workspace))
                assert rows() == before, f"{workspace.folder}: an index that is made again says something else"
    finally:
        if given is None:
            del os.environ["CELLRUN_HOME"]
        else:
            os.environ["CELLRUN_HOME"] = given


def _assert_nothing_beside(folder: Path, known: Collection[str]) -> None:
    if folder.is_dir():
        assert {path.name for path in folder.iterdir()} - set(known) == set(), f"{folder}: something lies there"


def _assert_secret(home: Path, workspaces: Sequence[WorkspaceLayout], secrets: Collection[str]) -> None:
    key = home / "private" / "signing.key"
    hidden = [secret.encode() for secret in secrets]
    with suppress(OSError):
        hidden += [key.read_bytes(), key.read_bytes().hex().encode()]
    hidden = [each for each in hidden if len(each) > 8]
    files = [path for workspace in workspaces for path in workspace.folder.rglob("*")] if hidden else []
    for path in files:
        if path.is_file() and not path.is_symlink() and path.stat().st_size < 50_000_000:
            with suppress(OSError):
                content = path.read_bytes()
                assert not [each for each in hidden if each in content], f"{path} holds a secret"
    for line in Path("/proc").glob("[0-9]*/cmdline") if hidden else ():
        with suppress(OSError):
            content = line.read_bytes()
            assert not [each for each in hidden if each in content], f"{content!r} tells a secret"


def _wait(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE_S} s for {what}"
        time.sleep(0.02)
