"""`%targets`."""

import itertools
import json
import re
import time

import pytest
from IPython.core.error import UsageError

from cellrun.core import ComputeTargetException, Workspace
from cellrun.core.targets.contract import Finding
from cellrun.core.targets.fake import FakeTarget
from cellrun.core.targets.keeper import client
from cellrun.core.targets.keeper.kept_state import KeptState
from tests.magics.notebook_shell import newest_run

UNTIL_GO = "import os, time\nwhile not os.path.exists('go'):\n    time.sleep(0.02)"


@pytest.fixture
def ws(notebook):
    return Workspace.from_config()


def rows(text):
    return {line.split()[0]: line for line in text.splitlines()[1:-1]}


def test_all_are_listed_with_how_full_they_are_and_what_they_can_do(notebook, ws, tmp_path, monkeypatch):
    monkeypatch.setenv("CELLRUN_LOCAL_CPUS", "1")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    ws.attach("cluster", "fake", folder=tmp_path / "far side")
    notebook.run(f"%%submit digits --memory 2M\n{UNTIL_GO}")
    first = newest_run()
    notebook.run("%%submit digits\n1")
    text = notebook.run("%targets")
    (first.layout.work / "go").touch()
    newest_run().wait_for_completion()
    header = ["Target", "Kind", "Where", "Running", "Waiting", "CPUs", "GPUs", "Memory", "What it can do"]
    titles = text.splitlines()[0]
    assert [titles.index(title) for title in header] == sorted(titles.index(title) for title in header)
    assert list(rows(text)) == ["local", "cluster"]
    local = rows(text)["local"]
    values = [local[titles.index(a) : titles.index(b)].strip() for a, b in itertools.pairwise(header)]
    assert values[:7] == ["local", "local", "", "1", "1", "1 of 1", "0 of 2"]
    assert values[7].startswith("2.0 MB of ")
    can_do = "queues, cancels, limits time, gpus, shares files, shares processes, shares /, reaches this machine"
    assert local.endswith(can_do)
    assert rows(text)["cluster"].endswith("  cancels, limits time")
    assert (
        ".attach(name, kind, **settings) adds one (kinds: amlcompute, computeinstance, fake, local, ray, slurm, ssh"
        in text.splitlines()[-1]
    )


def test_one_that_cannot_be_used_here_is_listed_with_why(notebook, ws, tmp_path, monkeypatch):
    def silent(_):
        raise ComputeTargetException("no answer from <there>")

    ws.attach("gone", "local")
    (ws.layout.targets / "gone.json").write_text(json.dumps({"kind": "moon", "settings": {}}))
    (ws.layout.targets / "damaged.json").write_text("{")
    ws.attach("silent", "fake", folder=tmp_path)
    monkeypatch.setattr(FakeTarget, "describe", silent)
    listed = rows(notebook.run("%targets"))
    assert list(listed) == ["local", "damaged", "gone", "silent"]
    assert "queues" in listed["local"]
    assert "✕ the compute target 'damaged' can't be read" in listed["damaged"]
    assert "✕ the compute target 'gone' can't be used here: no kind of compute target 'moon'" in listed["gone"]
    assert listed["silent"].endswith("✕ no answer from <there>")


def test_a_close_look_says_what_is_well_and_what_is_not(notebook, ws, tmp_path, monkeypatch):
    lines = notebook.run("%targets local").splitlines()
    assert lines[0].split() == ["Looked", "at", "Found"]
    assert [line for line in lines[1:] if line.startswith("✓  queue") and "is kept in" in line]
    ws.attach("cluster", "fake", folder=tmp_path)
    found = [Finding("network", is_well=True, text="is there"), Finding("disk", is_well=False, text="full; free some")]
    monkeypatch.setattr(FakeTarget, "doctor", lambda _: found)
    lines = notebook.run("%targets cluster").splitlines()
    assert [line.split(maxsplit=2) for line in lines[1:]] == [
        ["✓", "network", "is there"],
        ["✕", "disk", "full; free some"],
    ]


def test_how_the_keeper_hears_of_one_is_said_and_a_silent_one_is_not_asked(notebook, ws, tmp_path, monkeypatch):
    def asked(target):
        assert target.name != "far", "that takes long"
        return described(target)

    described = FakeTarget.describe
    states = {
        "near": KeptState(heard_at=time.time() - 3, runs=2),
        "far": KeptState(why_not="far can't be reached", since=time.time() - 60, next_try=time.time() + 30, runs=1),
    }
    for name in states:
        ws.attach(name, "fake", folder=tmp_path / name)
    monkeypatch.setattr(client, "states", lambda _: states)
    waked = []
    monkeypatch.setattr(client, "wake", lambda _, name: waked.append(name))
    text = notebook.run("%targets")
    assert re.search(r"^near: heard of [34] s ago; 2 runs$", text, re.MULTILINE)
    assert re.search(
        r"^far: not heard of for .*: far can't be reached; asked again in .* s; 1 run$", text, re.MULTILINE
    )
    assert str(tmp_path / "near") in text
    monkeypatch.setattr(FakeTarget, "describe", asked)
    listed = {line.split()[0]: line for line in notebook.run("%targets").splitlines() if "  fake  " in line}
    assert listed["far"].endswith("✕ far can't be reached")
    lines = notebook.run("%targets far").splitlines()
    assert lines[-1].startswith("✕  runs")
    assert waked == ["far"]


def test_an_unknown_one_is_refused_with_how_to_attach_one(notebook):
    with pytest.raises(ComputeTargetException, match=r"no compute target 'moon'; known: local; ws\.attach"):
        notebook.run("%targets moon")


def test_bad_use_is_a_usage_error_with_a_sample(notebook):
    with pytest.raises(UsageError, match=r"(?s)unrecognized: b.*%targets local"):
        notebook.run("%targets a b")


def test_it_goes_with_the_extension(notebook):
    assert "--target NAME" in notebook.shell.find_line_magic("targets").__doc__
    notebook.run("%unload_ext cellrun.magics")
    assert notebook.shell.find_line_magic("targets") is None
    assert notebook.shell.find_line_magic("runs") is None
