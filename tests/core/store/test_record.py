from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from cellrun.core.layout import RunLayout
from cellrun.core.store.record import RunRecord


def test_a_record_comes_back_as_it_was(new_run: Callable[..., RunLayout]) -> None:
    layout = new_run(
        kind="cell",
        argv=["--lr", "0.1", 'a "quoted"\n\ud800'],
        parameters={"lr": "0.1"},
        cell={"source": "print()", "id": "abc", "execution_count": 7},
        tags={"a": None},
        display_name="🚀 ../x",
    )
    record = RunRecord.read(layout)
    assert record.argv == ["--lr", "0.1", 'a "quoted"\n\ud800']
    assert (record.display_name, record.tags, record.cell["execution_count"]) == ("🚀 ../x", {"a": None}, 7)
    assert RunRecord.from_json(json.loads(json.dumps(record.to_json()))) == record


def test_keys_of_a_newer_cellrun_are_kept(new_run: Callable[..., RunLayout]) -> None:
    layout = new_run()
    data = json.loads(layout.record.read_text()) | {"version": 9, "weather": ["sunny"]}
    record = RunRecord.from_json(data)
    assert (record.version, record.unknown) == (9, {"weather": ["sunny"]})
    assert record.to_json() == data


def test_a_record_is_written_once(new_run: Callable[..., RunLayout]) -> None:
    layout = new_run()
    with pytest.raises(FileExistsError):
        RunRecord.read(layout).write(layout)


@pytest.mark.parametrize("text", ["[]", "null", '"digits"', "{"])
def test_what_is_no_object_is_no_record(new_run: Callable[..., RunLayout], text: str) -> None:
    layout = new_run()
    layout.record.chmod(0o600)
    layout.record.write_text(text)
    with pytest.raises(ValueError, match=r".+"):
        RunRecord.read(layout)
