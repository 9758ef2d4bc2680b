"""Signatures of contexts: one's own are known, all others are told apart in words."""

import errno
import json
import os
import shutil
import stat
import subprocess
import sys

import pytest

from cellrun.core.context.manifest import Context
from cellrun.core.context.signature import SignedFiles, order_of, sign, why_untrusted, write_hashes
from cellrun.core.disk.whole_files import copy_tree
from cellrun.core.errors import WorkspaceException
from cellrun.core.places import private_folder


@pytest.fixture
def signed(tmp_path):
    """The folder of a context that was signed."""
    folder = tmp_path / "context"
    Context(python="3.11", title="Cell In[1]").write(folder)
    sign(folder / "context.json")
    return folder


def why(folder):
    return why_untrusted(folder / "context.json", (folder / "context.json").read_bytes())


def key():
    return private_folder() / "signing.key"


def test_ones_own_is_trusted(signed):
    assert why(signed) == ""


def test_a_copy_of_ones_own_is_trusted(signed, tmp_path):
    shutil.copytree(signed, tmp_path / "copy")
    assert why(tmp_path / "copy") == ""


def test_one_without_a_signature_is_not(signed):
    (signed / "context.sig").unlink()
    assert why(signed) == "it isn't signed"


def test_a_changed_one_is_not(signed):
    path = signed / "context.json"
    path.write_text(path.read_text().replace("Cell In[1]", "Cell In[2]"))
    assert why(signed) == "it was changed after it had been signed"


@pytest.mark.parametrize(
    "change", [lambda text: text[:-3] + "00\n", lambda text: text.split()[0], lambda _: "", lambda _: "é" * 9]
)
def test_a_signature_that_is_no_whole_one_is_not(signed, change):
    path = signed / "context.sig"
    path.write_text(change(path.read_text()))
    assert why(signed) != ""


def test_another_key_is_told(signed, monkeypatch, tmp_path):
    monkeypatch.setenv("CELLRUN_HOME", str(tmp_path / "another"))
    assert "its signature isn't yours" in why(signed)


def test_the_key_is_this_users_alone_and_never_beside_what_it_signs(signed):
    assert stat.S_IMODE(key().stat().st_mode) == 0o600
    content = key().read_bytes()
    assert len(content) == 32
    kept = b"".join(path.read_bytes() for path in signed.iterdir())
    assert content not in kept
    assert content.hex().encode() not in kept


@pytest.mark.parametrize("spoil", [lambda path: path.chmod(0o644), lambda path: path.write_bytes(b"short")])
def test_a_key_that_others_may_know_is_refused(signed, spoil):
    spoil(key())
    with pytest.raises(WorkspaceException, match=r"not a key that only this user can read.*remove it"):
        why(signed)
    with pytest.raises(WorkspaceException):
        sign(signed / "context.json")


def test_processes_that_begin_together_have_one_key(tmp_path):
    program = (
        "import sys, pathlib\nfrom cellrun.core.context.manifest import Context\n"
        "from cellrun.core.context.signature import sign\nfolder = pathlib.Path(sys.argv[1])\n"
        "Context(python='3.11', title='x').write(folder)\nsign(folder / 'context.json')"
    )
    folders = [tmp_path / str(number) for number in range(4)]
    started = [subprocess.Popen([sys.executable, "-c", program, str(folder)], env=os.environ) for folder in folders]
    assert [process.wait() for process in started] == [0] * 4
    assert [why(folder) for folder in folders] == [""] * 4
    assert [path.name for path in private_folder().iterdir()] == ["signing.key"]


def test_without_hard_links_a_key_is_made_all_the_same(tmp_path, monkeypatch):
    """SMB, exFAT and many FUSE file systems: without a key no submission would come to be."""

    def link(*_):
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", link)
    Context(python="3.11", title="Cell In[1]").write(tmp_path)
    sign(tmp_path / "context.json")
    assert why(tmp_path) == ""
    assert stat.S_IMODE(key().stat().st_mode) == 0o600
    assert [path.name for path in private_folder().iterdir()] == ["signing.key"]


def test_a_full_disk_leaves_no_part_of_a_key(tmp_path, monkeypatch):
    Context(python="3.11", title="Cell In[1]").write(tmp_path)

    def full(_):
        raise OSError(28, "No space left on device")

    hexadecimal = os.urandom(4)
    monkeypatch.setattr(os, "urandom", lambda size: hexadecimal if size == 4 else full(size))
    with pytest.raises(OSError, match="No space"):
        sign(tmp_path / "context.json")
    assert not list(private_folder().iterdir())


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
def signed_signed_files(layout):
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


def test_what_is_as_it_was_is_no_change(layout, signed_signed_files, tmp_path):
    (layout.snapshot / "cell.py").touch()
    copy_tree(layout.snapshot, tmp_path / "copy")
    assert signed_signed_files.changed_in(tmp_path / "copy") == ""
    assert signed_signed_files.changed("run.json", layout.record.read_bytes()) == ""


def test_each_change_is_told(layout, signed_signed_files):
    (layout.snapshot / "part.ipynb").write_text("2\n")
    (layout.snapshot / "data.csv").write_text("2\n")
    (layout.snapshot / "own" / "__init__.py").unlink()
    (layout.snapshot / "own.pyc").write_bytes(b"byte code")
    code = "own.pyc was added, part.ipynb was changed, own/__init__.py was removed"
    assert signed_signed_files.changed_in(layout.snapshot, code_only=True) == code
    assert signed_signed_files.changed_in(layout.snapshot) == code.replace("part", "data.csv was changed, part")
    assert signed_signed_files.changed("run.json", b"{}") == "run.json was changed"
    assert signed_signed_files.changed("more.json", b"{}") == "more.json was added"


def test_many_changes_are_told_in_short(layout, signed_signed_files):
    for number in range(7):
        (layout.snapshot / f"m{number}.py").touch()
    assert signed_signed_files.changed_in(layout.snapshot).endswith("m4.py was added (and 2 more)")


def test_code_is_known_by_any_python_and_data_fast(layout, signed_signed_files, monkeypatch):
    (layout.snapshot / "data.csv").write_text("2\n")
    monkeypatch.setitem(sys.modules, "blake3", None)
    assert signed_signed_files.changed_in(layout.snapshot) == ""  # nothing here can tell
    (layout.snapshot / "cell.py").write_text("2\n")
    assert signed_signed_files.changed_in(layout.snapshot) == "cell.py was changed"


def test_where_all_is_trusted_nothing_is_a_change(layout, signed_signed_files):
    (layout.snapshot / "cell.py").write_text("2\n")
    trusted = SignedFiles(None)
    assert trusted.changed_in(layout.snapshot) == trusted.changed("run.json", b"") == ""
