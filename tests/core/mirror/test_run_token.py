from __future__ import annotations

import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from cellrun.core import places
from cellrun.core.layout import RunLayout
from cellrun.core.mirror.run_token import check_token, new_token, revoke_token
from cellrun.core.store.status import Status, StatusFile


def test_a_token_opens_its_own_run_alone(new_run: Callable[..., RunLayout]) -> None:
    layout, other = new_run(), new_run()
    assert not check_token(layout, "")
    token, of_other = new_token(layout), new_token(other)
    assert len(token) >= 43  # 32 bytes
    assert check_token(layout, token)
    assert check_token(other, of_other)
    for wrong in ("", "x", token[:-1], token + "x", of_other, "\ud800", "0" * 64):
        assert not check_token(layout, wrong)


def test_runs_of_one_id_in_two_workspaces_have_tokens_of_their_own(new_run: Callable[..., RunLayout]) -> None:
    layout = new_run()
    copy = RunLayout(layout.folder.parents[2] / "other" / "runs" / layout.run_id)
    shutil.copytree(layout.folder, copy.folder)
    token = new_token(layout)
    assert not check_token(copy, token)


def test_a_new_token_ends_the_one_before(new_run: Callable[..., RunLayout]) -> None:
    layout = new_run()
    first, second = new_token(layout), new_token(layout)
    assert not check_token(layout, first)
    assert check_token(layout, second)
    revoke_token(layout)
    revoke_token(layout)
    assert not check_token(layout, second)


@pytest.mark.parametrize("end", ["completed", "deleted"])
def test_the_run_s_end_is_the_token_s(new_run: Callable[..., RunLayout], end: str) -> None:
    layout = new_run()
    token = new_token(layout)
    if end == "completed":
        StatusFile(layout).change(Status.COMPLETED)
    else:
        shutil.rmtree(layout.folder)
    assert not check_token(layout, token)
    assert not [path for path in (places.runtime_folder() / "tokens").rglob("*") if path.is_file()]


def test_only_its_hash_is_kept_and_only_for_this_user(new_run: Callable[..., RunLayout], tmp_path: Path) -> None:
    layout = new_run()
    token = new_token(layout)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in files if token.encode() in path.read_bytes()]
    (kept,) = [path for path in files if places.runtime_folder() in path.parents]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


@pytest.mark.parametrize("run_id", ["..", ".new-x", "a/b"])
def test_what_is_no_run_id_has_no_token(new_run: Callable[..., RunLayout], run_id: str) -> None:
    assert not check_token(RunLayout(new_run().folder.parent / run_id), "x")
