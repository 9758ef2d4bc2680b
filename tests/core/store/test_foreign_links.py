"""A run folder that somebody else made, with links in the place of its folders: they lead to what isn't the run's."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from cellrun.core import Experiment, Workspace
from cellrun.core.disk.whole_files import copy_tree
from cellrun.core.errors import CellrunError, DamagedRunError, UserErrorException
from cellrun.core.layout import RunLayout
from cellrun.core.places import WorkspaceRecord
from cellrun.core.store.ending import ask_to_cancel
from cellrun.core.store.status import Status, StatusFile


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


@pytest.mark.parametrize("name", ["user_logs", "user_logs/std_log.txt"])
def test_nothing_is_printed_where_a_link_leads_in_a_run_that_was_not_started(
    exp: Experiment, outside: Path, name: str
) -> None:
    with exp.start_logging(outputs=False) as parent:
        (child,) = parent.create_children(1)
        place = child.layout.folder / name
        place.parent.mkdir(exist_ok=True)
        if place.is_dir():
            place.rmdir()
        place.symlink_to(outside / "cell.py" if place.suffix else outside)
        with suppress(CellrunError), child:
            print("printed")
    assert {path.name: path.read_text() for path in outside.iterdir()} == {"cell.py": "mine"}


def test_a_pipe_in_the_place_of_its_log_holds_up_nobody_who_starts_it(exp: Experiment) -> None:
    with exp.start_logging(outputs=False) as parent:
        (child,) = parent.create_children(1)
        child.layout.log.unlink(missing_ok=True)
        os.mkfifo(child.layout.log)
        with pytest.raises(DamagedRunError, match="pipe"), child:
            pass


@pytest.mark.parametrize("name", ["up.txt", "outputs/up.txt"])
def test_no_file_is_kept_where_a_link_leads(exp: Experiment, outside: Path, tmp_path: Path, name: str) -> None:
    run = exp.start_logging(outputs=False)
    run.complete()
    folder = run.layout.outputs if "/" in name else run.layout.files
    if folder.is_dir():
        folder.rmdir()
    folder.symlink_to(outside)
    (tmp_path / "up.txt").write_text("up")
    with pytest.raises(UserErrorException, match="a link leads out of its folder"):
        run.upload_file(name, tmp_path / "up.txt")
    assert [path.name for path in outside.iterdir()] == ["cell.py"]
