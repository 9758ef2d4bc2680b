"""A run folder that somebody else made, with links in the place of its folders: they lead to what isn't the run's."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from cellrun.core import Workspace
from cellrun.core.copying import copy_tree
from cellrun.core.errors import CellrunError
from cellrun.core.layout import RunLayout
from cellrun.core.status import Status
from cellrun.core.store.cancellation import ask_to_cancel
from cellrun.core.store.status_file import StatusFile
from cellrun.core.store.workspace_record import WorkspaceRecord


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Return a folder of this user's that isn't the run's."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "cell.py").write_text("mine")
    return folder


@pytest.mark.parametrize("name", ["events", "summary"])
def test_nothing_is_logged_where_a_link_leads(new_run: Callable[..., RunLayout], outside: Path, name: str) -> None:
    layout = new_run()
    StatusFile(layout).change(Status.COMPLETED)
    (layout.folder / name).rmdir()
    (layout.folder / name).symlink_to(outside)
    WorkspaceRecord.write_new(layout.workspace, "copied")
    run = Workspace.opened(layout.workspace).get_run(layout.run_id)
    with suppress(CellrunError, OSError):
        run.tag("best", "yes")
    assert [path.name for path in outside.iterdir()] == ["cell.py"]


def test_no_request_is_left_where_a_link_leads(new_run: Callable[..., RunLayout], outside: Path) -> None:
    layout = new_run()
    layout.cancel_request.parent.symlink_to(outside)
    with pytest.raises(OSError, match="symbolic"):
        ask_to_cancel(layout)
    assert [path.name for path in outside.iterdir()] == ["cell.py"]


def test_nothing_is_copied_from_where_a_link_leads(
    new_run: Callable[..., RunLayout], outside: Path, tmp_path: Path
) -> None:
    layout = new_run()
    layout.snapshot.symlink_to(outside)
    with pytest.raises(OSError, match="symbolic"):
        copy_tree(layout.snapshot, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
