"""Mistakes in a config, all of them at once."""

import pytest

from cellrun.core.errors import InvalidSubmissionError
from cellrun.core.submission.script_run_config import ScriptRunConfig


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    (folder / "sub").mkdir(parents=True)
    (folder / "train.py").write_text("")
    (folder / "sub" / "deep.py").write_text("")
    return folder


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        ({"script": "tain.py"}, ["script 'tain.py' not found in source_directory '{}'", "inside", "'train.py'"]),
        ({"script": "sub"}, ["script 'sub' not found"]),
        ({"script": "../train.py"}, ["'../train.py'", "{}", "inside the source folder"]),
        ({"script": "/etc/passwd"}, ["'/etc/passwd'", "inside the source folder"]),
        ({"script": "."}, ["'.'", "inside the source folder"]),
        ({}, ["neither script nor command"]),
        ({"script": "train.py", "command": "ls"}, ["both script and command"]),
        ({"command": "ls", "arguments": [1]}, ["arguments", "command"]),
        ({"command": []}, ["command is empty"]),
        ({"command": ["ls", b"-l"]}, ["command: argument 2 (bytes)"]),
        ({"script": "train.py", "source_directory": None}, ["source_directory is missing"]),
        ({"script": "train.py", "source_directory": "/not/there"}, ["'/not/there'", "not there"]),
        ({"script": "train.py", "source_directory": __file__}, ["is no folder"]),
        ({"script": "train.py", "arguments": "--lr 0.1"}, ["'--lr 0.1'", "give a list", "['--lr', '0.1']"]),
        ({"script": "train.py", "arguments": [b"x"]}, ["argument 1 (bytes)"]),
        ({"script": "train.py", "cpus": 0}, ["cpus=0", "from 1 on"]),
        ({"script": "train.py", "cpus": 0.5}, ["cpus=0.5"]),
        ({"script": "train.py", "gpus": -1}, ["gpus=-1", "from 0 on"]),
        ({"script": "train.py", "memory": "4 apples"}, ["'4 apples'", "'4G'"]),
        ({"script": "train.py", "memory": -1}, ["-1"]),
        ({"script": "train.py", "max_run_duration_seconds": 0}, ["max_run_duration_seconds=0", "above 0"]),
        ({"script": "train.py", "max_run_duration_seconds": "10m"}, ["'10m'"]),
        ({"script": "train.py", "max_run_duration_seconds": float("nan")}, ["nan"]),
        (
            {"script": "train.py", "environment": object()},
            ["environment=<object", "give an Environment"],
        ),
        ({"script": "train.py", "environment_variables": {"A=B": 1}}, ["'A=B'"]),
        ({"script": "train.py", "environment_variables": {"CELLRUN_RUN_ID": 1}}, ["CELLRUN_RUN_ID", "cellrun itself"]),
        ({"script": "train.py", "name": ""}, ["display name"]),
        ({"script": "train.py", "compute_targt": "x"}, ["'compute_targt'", "did you mean 'compute_target'"]),
        ({"script": "train.py", "zzz": 1}, ["'zzz'", "known: source_directory, script"]),
    ],
)
def test_a_mistake_is_named_with_what_was_expected(source, options, facts):
    [problem] = ScriptRunConfig(**{"source_directory": source, **options}).problems()
    assert not [fact for fact in facts if fact.format(source) not in problem], problem


@pytest.mark.parametrize(
    "options",
    [
        {"script": "train.py"},
        {"script": "sub/deep.py", "arguments": (n for n in range(2)), "memory": "4G", "cpus": 2},
        {"command": "echo"},
        {"command": ["echo", 1, "&&", "ls"]},
        {"script": "train.py", "environment": "/not/there/python", "max_run_duration_seconds": 0.5},
        {"script": "train.py", "name": "</script> $(touch p) \n 名", "environment_variables": {"A": 1}},
    ],
)
def test_a_config_without_mistakes(source, options):
    assert ScriptRunConfig(source, **options).problems() == []


def test_a_script_may_be_given_by_its_path(source, monkeypatch):
    monkeypatch.chdir(source)
    assert ScriptRunConfig(source, source / "sub" / "deep.py").script_path == "sub/deep.py"
    assert ScriptRunConfig(".", "sub/../train.py").script_path == "train.py"
    assert ScriptRunConfig(".", "train.py").problems() == []


def test_all_mistakes_come_in_one_error_before_a_run_exists(runs):
    config = ScriptRunConfig(runs.source, "gone.py", [b"x"], cpus=0, memory="much", compute_target="moon", sript=1)
    with pytest.raises(InvalidSubmissionError) as caught:
        runs.config(config)
    assert len(caught.value.problems) == 6
    for fact in ("'gone.py'", "argument 1 (bytes)", "cpus=0", "'much'", "'moon'", "'sript'"):
        assert sum(fact in problem for problem in caught.value.problems) == 1
    assert not runs.workspace.layout.runs.exists()
