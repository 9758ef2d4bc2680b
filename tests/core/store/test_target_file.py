"""Where a run was started, in its folder."""

import json

import pytest

from cellrun.core.store.target_file import RunTarget, is_elsewhere

HERE = RunTarget("local", "local", shares_processes=True)
THERE = RunTarget("cluster", "slurm", shares_processes=False, handle={"job": 17})


def test_it_is_read_back_whole(layout):
    THERE.write(layout)
    assert RunTarget.read(layout) == THERE
    assert json.loads(layout.target.read_text()) == {
        "version": 1,
        "name": "cluster",
        "kind": "slurm",
        "shares_processes": False,
        "handle": {"job": 17},
    }
    HERE.write(layout)
    assert RunTarget.read(layout) == HERE
    assert [path.name for path in layout.folder.iterdir() if "target" in path.name] == ["target.json"]


def test_keys_of_a_newer_version_are_passed_over(layout):
    layout.target.write_text(json.dumps({**THERE._asdict(), "version": 2, "region": "north"}))
    assert RunTarget.read(layout) == THERE


@pytest.mark.parametrize("text", [None, "", "{", "[]", "\xff", "{}", '{"name": "local", "kind": "local"}'])
def test_before_the_start_and_damaged_there_is_none(layout, text):
    if text is not None:
        layout.target.write_text(text)
    assert RunTarget.read(layout) is None
    assert not is_elsewhere(layout)


def test_only_what_shares_no_processes_is_elsewhere(layout):
    HERE.write(layout)
    assert not is_elsewhere(layout)
    THERE.write(layout)
    assert is_elsewhere(layout)
