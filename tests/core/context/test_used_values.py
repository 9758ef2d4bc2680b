"""Values that nobody uses: what killed processes were writing, and what no run came to name."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cellrun.core.context.manifest import Context, Group
from cellrun.core.context.used_values import free_orphans
from cellrun.core.context.value_store import ValueStore
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.store.changes import using_values
from cellrun.core.store.lists.index import Index
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore

CAPTURE = """
import sys, time
from cellrun.core.context import value_store
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore

def stuck(data, blob, path):
    path.write_bytes(data[:1000])
    print("writing", flush=True)
    time.sleep(600)

def fill(draft):
    store = value_store.ValueStore(draft.workspace.values)
    store.put(b"whole")
    value_store._write = stuck
    store.put(bytes(2000))

RunStore(WorkspaceLayout(sys.argv[1])).create(RunRecord(experiment="digits", kind="cell"), fill)
"""


def start_capture(workspace: WorkspaceLayout) -> subprocess.Popen[str]:
    """Start a process that stays in the midst of writing the second value of a run."""
    command = [sys.executable, "-c", CAPTURE, str(workspace.folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    return process


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def values(workspace: WorkspaceLayout) -> list[Path]:
    return [path for path in workspace.values.rglob("*") if path.is_file() and path != workspace.orphans]


def used(workspace: WorkspaceLayout, content: bytes) -> Callable[[RunLayout], None]:
    """Fill a run with a context that names a value of this content."""

    def fill(draft: RunLayout) -> None:
        blob = ValueStore(workspace.values).put(content)
        Context(python="3.11", title="Cell In[1]", groups=(Group(("x",), blob),)).write(draft.context)

    return fill


def age(paths: list[Path]) -> None:
    for path in paths:
        os.utime(path, (0, 0))


@pytest.mark.parametrize("look", ["list", "submission"])
def test_what_a_killed_capture_was_writing_goes_at_the_next_look(look: str, workspace_layout: WorkspaceLayout) -> None:
    RunStore(workspace_layout).create(RunRecord("digits", "cell"), used(workspace_layout, b"used"))
    kept = values(workspace_layout)
    capture = start_capture(workspace_layout)
    try:
        Index(workspace_layout).refresh()
        assert len(values(workspace_layout)) == len(kept) + 2  # it lives: a whole one and a draft
    finally:
        kill(capture)
    if look == "list":
        assert len(Index(workspace_layout).runs()) == 1
    else:
        RunStore(workspace_layout).create(RunRecord("digits", "script"), lambda _: None)
    assert len(values(workspace_layout)) == len(kept) + 1
    assert workspace_layout.orphans.exists()


def test_what_no_run_came_to_name_goes_when_nobody_can_be_about_to_name_it(workspace_layout: WorkspaceLayout) -> None:
    store = RunStore(workspace_layout)
    store.create(RunRecord("digits", "cell"), used(workspace_layout, b"used"))
    kept = values(workspace_layout)
    kill(start_capture(workspace_layout))
    assert len(store.ids()) == 1
    (orphan,) = set(values(workspace_layout)) - set(kept)
    free_orphans(workspace_layout)
    assert orphan.exists()  # whole since a moment
    age([*kept, orphan])
    with using_values(workspace_layout):
        free_orphans(workspace_layout)
        assert orphan.exists()
    (workspace_layout.runs / ".new-of another host").mkdir()
    free_orphans(workspace_layout)
    assert orphan.exists()
    (workspace_layout.runs / ".new-of another host").rmdir()
    free_orphans(workspace_layout)
    assert values(workspace_layout) == kept
    assert not workspace_layout.orphans.exists()


def test_where_a_run_can_not_be_read_nothing_goes(workspace_layout: WorkspaceLayout) -> None:
    store = RunStore(workspace_layout)
    layout = store.create(RunRecord("digits", "cell"), used(workspace_layout, b"used"))
    age(values(workspace_layout))
    workspace_layout.orphans.touch()
    (layout.context / "context.json").write_text("{")
    free_orphans(workspace_layout)
    assert len(values(workspace_layout)) == 1


def test_without_a_sign_of_a_killed_process_nobody_looks(workspace_layout: WorkspaceLayout) -> None:
    ValueStore(workspace_layout.values).put(b"of nobody")
    age(values(workspace_layout))
    free_orphans(workspace_layout)
    assert len(values(workspace_layout)) == 1


def test_nothing_outside_the_values_goes(workspace_layout: WorkspaceLayout, tmp_path: Path) -> None:
    workspace_layout.runs.mkdir(parents=True)
    ValueStore(workspace_layout.values).put(b"of nobody")
    (tmp_path / "zz").mkdir()
    (tmp_path / "zz" / "zz-precious").touch()
    (workspace_layout.values / "zz").symlink_to(tmp_path / "zz")
    (workspace_layout.values / "yy").mkdir()
    (workspace_layout.values / "yy" / "no value").touch()
    for path in (*values(workspace_layout), tmp_path / "zz" / "zz-precious"):
        os.utime(path, (0, 0))
    workspace_layout.orphans.touch()
    free_orphans(workspace_layout)
    assert [path.name for path in values(workspace_layout)] == ["no value"]
    assert (tmp_path / "zz" / "zz-precious").exists()
