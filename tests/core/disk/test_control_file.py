"""What a control file may hold, whoever put it there."""

from __future__ import annotations

import gc
import tracemalloc
from contextlib import suppress
from pathlib import Path

import pytest

from cellrun.core.context.manifest import Context
from cellrun.core.context.signature import SignedFiles
from cellrun.core.disk import control_file
from cellrun.core.disk.control_file import MOST_PARTS, read_object
from cellrun.core.errors import ContextException, DamagedRunError
from cellrun.core.layout import RunLayout
from cellrun.core.store.events.summary import read_summaries


@pytest.mark.parametrize("part", ["[],", "{},", '{"":0},', "0,"])
def test_json_that_would_fill_the_memory_is_not_read(tmp_path: Path, part: str) -> None:
    """A file of the largest size would take 25 times as much, and seconds in which no other thread does anything."""
    file = tmp_path / "run.json"
    file.write_text(f'{{"a": [{part * MOST_PARTS}0]}}')
    with pytest.raises(DamagedRunError, match="more than 2,500,000 values"):
        read_object(tmp_path, file)


def test_what_the_metrics_of_a_run_need_at_most_is_read(tmp_path: Path) -> None:
    file = tmp_path / "summary.json"
    points = ",".join(["0.1234567890123"] * 64)
    file.write_text(f'{{"a": [{",".join(f"[{points}]" for _ in range(20_000))}]}}')
    assert len(read_object(tmp_path, file)["a"]) == 20_000


def test_a_text_may_hold_any_character(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    file.write_text('{"a": "' + "[" * 1_000_000 + '"}')
    assert len(read_object(tmp_path, file)["a"]) == 1_000_000


def test_no_other_file_of_a_run_is_read_either_that_has_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control_file, "MOST_PARTS", 10)
    many = '{"version": 1, "offset": 0, "files": {"a": "b"}, "x": [' + "[]," * 10 + "0]}"
    layout = RunLayout(tmp_path)
    layout.summaries.mkdir()
    (layout.summaries / "w.json").write_text(many)
    assert read_summaries(layout) == {}
    for read in (Context.of_bytes, SignedFiles.of_bytes):
        with pytest.raises(ContextException, match="more than 10 values"):
            read(many.encode(), tmp_path)


@pytest.mark.parametrize("text", [b"x", b"[],"])
def test_a_text_that_is_no_json_goes_with_its_error(tmp_path: Path, text: bytes) -> None:
    """Else a list with many such runs keeps all their texts, until Python looks for circles."""
    file = tmp_path / "run.json"
    file.write_bytes(text * 3_000_000)
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        for _ in range(3):
            with suppress(DamagedRunError):
                read_object(tmp_path, file)
        assert tracemalloc.get_traced_memory()[0] < 1_000_000
    finally:
        tracemalloc.stop()
        gc.enable()
