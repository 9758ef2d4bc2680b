"""Which runs use what is kept for many: those that haven't ended, and those of which nobody can tell."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from cellrun.core.layout import RunLayout
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.store.using_runs import UsingRuns

HOUR_S = 3_600


@pytest.fixture
def using(tmp_path: Path) -> UsingRuns:
    return UsingRuns(tmp_path / "used_by")


def ids(using: UsingRuns) -> list[str]:
    return [layout.run_id for layout in using.living()]


def test_a_run_uses_it_until_its_end_which_is_no_use_of_it(using: UsingRuns, layout: RunLayout) -> None:
    using.add(layout)
    using.add(layout)
    assert ids(using) == [layout.run_id]
    os.utime(using.folder, (1_000, 1_000))
    StatusFile(layout).change(Status.COMPLETED)
    assert ids(using) == []
    assert using.folder.stat().st_mtime == 1_000
    assert not list(using.folder.iterdir())


def test_a_run_whose_status_cant_be_read_may_live(using: UsingRuns, layout: RunLayout) -> None:
    using.add(layout)
    for file in (layout.folder / "status").iterdir():
        file.write_bytes(b"\0")
    assert ids(using) == [layout.run_id]


def test_a_run_that_isnt_there_is_about_to_be_for_a_while(using: UsingRuns, layout: RunLayout) -> None:
    nobody = RunLayout(layout.folder.with_name("nobody"))
    using.add(nobody)
    assert ids(using) == ["nobody"]
    long_ago = time.time() - 2 * HOUR_S
    os.utime(using.folder / "nobody", (long_ago, long_ago), follow_symlinks=False)
    assert ids(using) == []
