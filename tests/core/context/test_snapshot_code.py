"""The code in a snapshot, told by its hashes."""

import pytest

from cellrun.core.context.manifest import Context
from cellrun.core.context.snapshot_code import changed_code, code_in
from cellrun.core.context.trusted import check_cell, check_code
from cellrun.core.errors import UntrustedError


@pytest.fixture
def folder(tmp_path):
    """A snapshot with a cell, a package and data."""
    (tmp_path / "own").mkdir()
    for path in ("cell.py", "own/__init__.py", "data.csv"):
        (tmp_path / path).write_text("1\n")
    return tmp_path


def test_only_what_may_be_imported_is_told(folder):
    (folder / "lib.ZIP").write_bytes(b"zip")
    (folder / "fast.abi3.so").write_bytes(b"elf")
    (folder / "link.py").symlink_to("/etc/hostname")
    assert set(code_in(folder)) == {"cell.py", "own/__init__.py", "lib.ZIP", "fast.abi3.so"}


def test_code_that_is_as_it_was_is_no_change(folder):
    code = code_in(folder)
    (folder / "data.csv").write_text("2\n")
    (folder / "cell.py").touch()
    assert changed_code(code, folder) == []


def test_each_change_is_told(folder):
    code = code_in(folder)
    (folder / "cell.py").write_text("2\n")
    (folder / "own" / "__init__.py").unlink()
    (folder / "own.pyc").write_bytes(b"byte code")
    assert changed_code(code, folder) == ["own.pyc was added", "cell.py was changed", "own/__init__.py was removed"]


def test_many_changes_are_told_in_short(folder):
    context = Context("3.11", "Cell In[1]", code=code_in(folder))
    check_code(context, folder)
    for number in range(7):
        (folder / f"m{number}.py").touch()
    with pytest.raises(UntrustedError, match=r"runs here, and m0.py was added, .*m4.py was added \(and 2 more\)"):
        check_code(context, folder)


def test_a_text_without_a_hash_is_not_trusted():
    with pytest.raises(UntrustedError, match="the text of the cell was changed"):
        check_cell(Context("3.11", "Cell In[1]"), "")
