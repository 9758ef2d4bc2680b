"""The order of an engine's job."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellrun.core.engine.order import JobOrder

ORDER = JobOrder("/there/runs/r", ("python3", "-I"), {"TOKEN": "hush-hush"}, {"way": "lines", "key": "hush"})


def test_it_is_read_as_it_was_written_by_its_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "private" / "order.json"
    ORDER.write(path)
    assert JobOrder.read(path) == ORDER
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_what_is_shown_of_it_is_no_secret() -> None:
    assert "hush" not in repr(ORDER)


@pytest.mark.parametrize("text", ["", "[]", '{"folder": "/r"}', '{"folder": "/r", "shell": "rm"}'])
def test_what_is_none_is_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "order.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"order|Expecting"):
        JobOrder.read(path)
