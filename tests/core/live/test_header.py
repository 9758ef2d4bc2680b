"""What stands above a run's charts."""

import json
from pathlib import Path

import pytest

from cellrun.core.distributed.distribution import Distribution
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.live.header import arguments_text, elapsed_s, elapsed_text, resources_text
from cellrun.core.store.record import RunRecord, RunTarget, place_text
from cellrun.core.store.status import Status, StatusRecord

DURATIONS = Path(__file__).parents[2] / "data" / "durations.json"


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"kind": "script", "script": "train.py", "argv": ["/py", "train.py", "--lr", "0.1", "a b"]}, "--lr 0.1 'a b'"),
        ({"kind": "cell", "argv": ["/py", "-m", "cellrun.core.cell.main", "cell.py", "--lr", "0.1"]}, "--lr 0.1"),
        ({"kind": "cell", "argv": ["/py", "-m", "cellrun.core.cell.main", "cell.py"]}, ""),
        (
            {"kind": "command", "command": "export A=1 && python x.py", "argv": ["sh", "-c", "…"]},
            "export A=1 && python x.py",
        ),
        ({"kind": "interactive", "argv": ["ipykernel_launcher.py", "-f", "kernel.json"]}, ""),
    ],
)
def test_arguments_are_the_users(fields, text):
    assert arguments_text(RunRecord(experiment="e", **fields)) == text


@pytest.mark.parametrize(
    ("resources", "text"),
    [
        ({}, ""),
        ({"cpus": 1, "gpus": 0, "memory_bytes": 0}, "1 cpu"),
        ({"cpus": 2, "gpus": 1, "memory_bytes": 4 << 30}, "2 cpus · 1 gpu · 4G memory"),
    ],
)
def test_resources(resources, text):
    assert resources_text(resources) == text


def test_what_several_nodes_have_is_said_with_how_many_they_are():
    two = Distribution("pytorch", 4, nodes=2).to_json()
    assert resources_text({"cpus": 2}, two) == "2 nodes · 2 cpus"
    assert resources_text({"cpus": 2}, Distribution("pytorch", 4).to_json()) == "2 cpus"


@pytest.mark.parametrize(("seconds", "text"), [*json.loads(DURATIONS.read_text()), (None, "")])
def test_elapsed_text(seconds, text):
    assert elapsed_text(seconds) == text


@pytest.mark.parametrize(
    ("handle", "text"), [({"host": "gpu1.lab"}, "box (gpu1.lab)"), ({"host": "box"}, "box"), ({}, "box"), (None, "box")]
)
def test_a_place_has_the_name_of_its_machine_if_that_has_another(tmp_path, handle, text):
    layout = WorkspaceLayout(tmp_path).run("a_run")
    layout.folder.mkdir(parents=True)
    if handle is not None:
        RunTarget("box", "ssh", shares_processes=False, handle=handle).write(layout)
    assert place_text(layout, "box") == text


def test_a_clock_that_was_set_back_gives_no_negative_time():
    assert elapsed_s(StatusRecord(2, Status.COMPLETED, 50.0, None, {}, 100.0)) == 0.0
    assert elapsed_s(StatusRecord(2, Status.COMPLETED, 142.0, None, {}, 100.0)) == 42.0
    assert elapsed_s(StatusRecord(0, Status.QUEUED, 142.0, None, {}, None)) is None
