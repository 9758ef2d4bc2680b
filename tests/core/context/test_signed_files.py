"""What a run was submitted with, told by the hashes of its files."""

import json
import sys

import pytest

from cellrun.core.context.manifest import Context
from cellrun.core.context.signed_files import SignedFiles, order_of, write_hashes
from cellrun.core.disk.whole_files import copy_tree


@pytest.fixture
def layout(new_run):
    """A run with a cell, a package, a notebook and data."""
    layout = new_run(kind="cell")
    for path in ("cell.py", "own/__init__.py", "part.ipynb", "setup.sh", "data.csv"):
        file = layout.snapshot / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("1\n")
    Context("3.11", "Cell In[1]").write(layout.context)
    return layout


@pytest.fixture
def signed(layout):
    """Its hashes as they were written, and the hash of that."""
    order = write_hashes(layout)
    data = layout.signed.read_bytes()
    assert order == order_of(data)
    return SignedFiles.of_bytes(data, layout.signed)


def test_every_plain_file_is_told_by_its_path_in_the_run(layout):
    (layout.snapshot / "link.py").symlink_to("/etc/hostname")
    write_hashes(layout)
    files = json.loads(layout.signed.read_text())["files"]
    assert set(files) == {
        *("run.json", "context/context.json", "snapshot/cell.py", "snapshot/own/__init__.py", "snapshot/part.ipynb"),
        *("snapshot/setup.sh", "snapshot/data.csv"),
    }
    assert str(layout.folder) not in layout.signed.read_text()


def test_what_is_as_it_was_is_no_change(layout, signed, tmp_path):
    (layout.snapshot / "cell.py").touch()
    copy_tree(layout.snapshot, tmp_path / "copy")
    assert signed.changed_in(tmp_path / "copy") == ""
    assert signed.changed("run.json", layout.record.read_bytes()) == ""


def test_each_change_is_told(layout, signed):
    (layout.snapshot / "part.ipynb").write_text("2\n")
    (layout.snapshot / "data.csv").write_text("2\n")
    (layout.snapshot / "own" / "__init__.py").unlink()
    (layout.snapshot / "own.pyc").write_bytes(b"byte code")
    code = "own.pyc was added, part.ipynb was changed, own/__init__.py was removed"
    assert signed.changed_in(layout.snapshot, code_only=True) == code
    assert signed.changed_in(layout.snapshot) == code.replace("part", "data.csv was changed, part")
    assert signed.changed("run.json", b"{}") == "run.json was changed"
    assert signed.changed("more.json", b"{}") == "more.json was added"


def test_many_changes_are_told_in_short(layout, signed):
    for number in range(7):
        (layout.snapshot / f"m{number}.py").touch()
    assert signed.changed_in(layout.snapshot).endswith("m4.py was added (and 2 more)")


def test_code_is_known_by_any_python_and_data_fast(layout, signed, monkeypatch):
    (layout.snapshot / "data.csv").write_text("2\n")
    monkeypatch.setitem(sys.modules, "blake3", None)
    assert signed.changed_in(layout.snapshot) == ""  # nothing here can tell
    (layout.snapshot / "cell.py").write_text("2\n")
    assert signed.changed_in(layout.snapshot) == "cell.py was changed"


def test_where_all_is_trusted_nothing_is_a_change(layout, signed):
    (layout.snapshot / "cell.py").write_text("2\n")
    trusted = SignedFiles(None)
    assert trusted.changed_in(layout.snapshot) == trusted.changed("run.json", b"") == ""
