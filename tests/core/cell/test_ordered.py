"""A cell's job runs what was submitted, or nothing: real cells, whose files are changed before they start."""

import json
import os
import pickle
import subprocess
import sys

import pytest

from cellrun.core.context.manifest import Context, Group, python_version
from cellrun.core.context.signature import with_order, write_hashes
from cellrun.core.context.value_store import ValueStore
from cellrun.core.disk.whole_files import copy_tree
from cellrun.core.run_request import RunRequest
from cellrun.core.targets.launching import program_of

CELL = "import helper\nprint(x[:8], helper.VERSION)"
SPAWN = """\
import multiprocessing
with multiprocessing.get_context("spawn").Pool(1) as pool:
    print(x, pool.apply(len, ([1],)))
"""


class Hostile:
    """Makes a folder when it is loaded."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self.marker),)


@pytest.fixture
def job(new_run):
    """Submit a cell that prints a value, let somebody change its run's folder, and start it."""

    def start(change=lambda _: None, *, source=CELL, has_order=True):
        layout = new_run(kind="cell")
        layout.snapshot.mkdir()
        (layout.snapshot / "cell.py").write_text(source)
        (layout.snapshot / "helper.py").write_text("VERSION = 1\n")
        blob = ValueStore(layout.workspace.values).put(pickle.dumps(["harmless" * 100]))
        memory = ValueStore(layout.workspace.values).put(bytes(100))
        context = Context(python_version(), "Cell In[1]", groups=(Group(("x",), blob, (memory,)),))
        context.write(layout.context)
        order = write_hashes(layout)
        copy_tree(layout.snapshot, layout.work)
        change(layout)
        earlier = (sys.executable, "-m", "cellrun.core.cell.main", "cell.py")
        return subprocess.run(
            with_order(program_of(RunRequest("cell", "cell.py"), sys.executable), order) if has_order else earlier,
            cwd=layout.work,
            env={**os.environ, "CELLRUN_RUN_FOLDER": str(layout.folder), "CELLRUN_RUN_ID": layout.run_id},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return start


@pytest.fixture
def marker(tmp_path):
    """What hostile code makes."""
    return tmp_path / "marker"


def exchanged(layout, marker):
    """Put a hostile pickle of the same size in the place of a value."""
    group = Context.read(layout.context).groups[0].payload
    hostile = pickle.dumps([Hostile(marker)])
    ValueStore(layout.workspace.values).path(group).write_bytes(hostile + b"." * (group.bytes - len(hostile)))


def renamed(layout, marker):
    """Let the context name a hostile pickle."""
    blob = ValueStore(layout.workspace.values).put(pickle.dumps([Hostile(marker)]))
    path = layout.context / "context.json"
    content = json.loads(path.read_text())
    content["groups"][0]["payload"] = {"hash": blob.hash, "bytes": blob.bytes}
    path.write_text(json.dumps(content))


def put_in_the_way(name):
    """Put a module where Python would look for one of its own, or of cellrun's, first."""

    def change(layout, marker):
        path = layout.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"open({str(marker)!r}, 'w')")

    return change


def linked(layout, marker):
    """Link a package to one that lies elsewhere."""
    package = marker.parent / "elsewhere"
    package.mkdir()
    (package / "__init__.py").write_text(f"open({str(marker)!r}, 'w')")
    (layout.work / "random").symlink_to(package)


def signed_anew(layout, marker):
    """Let the hashes be those of what was changed."""
    renamed(layout, marker)
    write_hashes(layout)


def test_what_is_as_it_was_submitted_runs(job):
    done = job()
    assert (done.stdout, done.stderr) == ("harmless 1\n", "")


def test_processes_that_it_spawns_load_the_same(job):
    done = job(source=SPAWN)
    assert (done.stdout.split()[-1], done.stderr) == ("1", "")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (exchanged, "was changed since it was written: it can't be used"),
        (renamed, "context/context.json was changed after the run had been submitted: nothing of it is run"),
        (signed_anew, "signed.json was changed after the run had been submitted: nothing of it is run"),
        (lambda layout, _: layout.signed.unlink(), "signed.json can't be read: No such file or directory"),
        (
            lambda layout, _: (layout.work / "helper.py").write_text("VERSION = 2"),
            "helper.py was changed after the run",
        ),
        (lambda layout, marker: (layout.work / "cell.py").write_text(f"open({str(marker)!r}, 'w')"), "cell.py was"),
        (lambda layout, _: (layout.work / "more.py").write_text("VERSION = 2"), "more.py was added after the run"),
        (put_in_the_way("json.py"), "json.py was added after the run"),
        (put_in_the_way("cellrun/core/__init__.py"), "cellrun/core/__init__.py was added after the run"),
        (linked, "random was added after the run"),
    ],
)
def test_what_was_changed_since_runs_nothing(job, marker, change, words):
    done = job(lambda layout: change(layout, marker))
    assert done.returncode == 1
    assert done.stderr.startswith("ContextException: ")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""
    assert not marker.exists()


def test_one_that_was_queued_by_an_earlier_cellrun_still_runs(job):
    assert job(has_order=False).stdout == "harmless 1\n"


def test_an_order_takes_the_place_of_an_earlier_one():
    first = with_order(("/py", "-m", "cellrun.core.cell.main", "cell.py", "-X"), "a" * 64)
    assert first == ("/py", "-X", f"cellrun_signed={'a' * 64}", "-m", "cellrun.core.cell.main", "cell.py", "-X")
    assert with_order(first, "b")[:4] == ("/py", "-X", "cellrun_signed=b", "-m")
