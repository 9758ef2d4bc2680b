"""A library that is made of what was sent: whole, and of just what its name says."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cellrun.core.environments import library_folder
from cellrun.core.environments.job_library import library_archive
from cellrun.core.environments.library_folder import is_whole, make, name_of, packed, unpacked

FILES = {"a/__init__.py": b"", "a/b.py": b"x = 1\n"}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "library" / name_of(FILES.items())


def test_it_is_made_of_what_was_packed(folder):
    make(folder, unpacked(packed(FILES.items())))
    assert is_whole(folder)
    assert {path.name: path.read_bytes() for path in folder.rglob("*.py")} == {"__init__.py": b"", "b.py": b"x = 1\n"}
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_it_is_whole_with_what_python_compiled_of_it(folder):
    make(folder, FILES)
    subprocess.run([sys.executable, "-c", "import a.b"], cwd=folder, env={}, check=True)
    assert list(folder.rglob("*.pyc"))
    assert is_whole(folder)


@pytest.mark.parametrize("damage", [lambda f: (f / "a/b.py").write_bytes(b""), lambda f: (f / "c.py").touch()])
def test_one_that_was_changed_is_made_again(folder, damage):
    make(folder, FILES)
    damage(folder)
    assert not is_whole(folder)
    make(folder, FILES)
    assert is_whole(folder)
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_its_files_are_read_once_a_boot_and_after_each_change(folder, tmp_path, monkeypatch):
    boot, read = tmp_path / "boot", []
    monkeypatch.setattr(library_folder, "_BOOT", boot)
    monkeypatch.setattr(library_folder, "name_of", lambda files: read.append(1) or name_of(files))
    boot.write_text("first")
    make(folder, FILES)

    def reads():
        read.clear()
        return is_whole(folder), len(read)

    assert reads() == (True, 1)
    assert reads() == (True, 0)
    os.utime(folder / "a/b.py")
    assert reads() == (True, 1)
    boot.write_text("second")
    assert reads() == (True, 1)
    boot.unlink()  # a system that doesn't tell
    assert reads() == (True, 1)
    assert reads() == (True, 1)


@pytest.mark.parametrize("open_to_others", ["library", "itself"])
def test_one_that_others_can_write_to_is_not_taken(folder, open_to_others):
    make(folder, FILES)
    (folder if open_to_others == "itself" else folder.parent).chmod(0o777)
    with pytest.raises(PermissionError, match="others can write to it"):
        is_whole(folder)
    with pytest.raises(PermissionError, match="others can write to it"):
        make(folder, FILES)


def test_it_is_this_users_alone_whatever_its_umask_says(folder):
    before = os.umask(0)
    try:
        make(folder, FILES)
    finally:
        os.umask(before)
    assert is_whole(folder)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder.parent, folder)] == [0o700, 0o700]


def test_what_has_another_name_is_not_made(folder):
    with pytest.raises(ValueError, match="damaged on its way"):
        make(folder, {**FILES, "c.py": b""})
    assert not folder.parent.exists()


@pytest.mark.parametrize("path", ["../a.py", "/a.py", "a/./b.py", "a//b.py"])
def test_an_archive_that_leads_out_of_its_folder_is_refused(path):
    with pytest.raises(ValueError, match="which can't be"):
        unpacked(packed({path: b""}.items()))


@pytest.mark.parametrize("cut", [0, 10, -1, -9])
def test_an_archive_that_was_cut_is_refused(cut):
    with pytest.raises(ValueError, match="damaged"):
        unpacked(packed(FILES.items())[:cut])


def test_its_text_alone_makes_cellruns_own_copy_in_a_bare_python(tmp_path):
    """As a machine does it that has nothing of cellrun: the text comes first, then the archive."""
    archive = library_archive()
    (tmp_path / "archive").write_bytes(archive.data)
    folder = tmp_path / "home" / "library" / archive.name
    program = (
        "import sys\nfrom pathlib import Path\n"
        "exec(sys.stdin.read())\n"
        "make(Path(sys.argv[2]), unpacked(Path(sys.argv[1]).read_bytes()))\n"
        "sys.path[:0] = [sys.argv[2]]\n"
        "from cellrun.core.environments.job_library import job_library, library_archive\n"
        "print(job_library())\nprint(library_archive().name)"
    )
    text = Path(library_folder.__file__).read_text()
    command = [sys.executable, "-I", "-S", "-c", program, tmp_path / "archive", folder]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.stdout.split() == [str(folder), archive.name], done.stderr


def test_one_below_a_folder_where_all_can_write_is_not_taken(folder, tmp_path):
    """Whoever can rename what leads to it puts another one in its place once it was looked at."""
    above = tmp_path / "above"
    above.mkdir()
    above.chmod(0o777)
    inner = above / "mine" / folder.name
    with pytest.raises(PermissionError, match="above"):
        make(inner, FILES)
    assert not inner.exists()
    above.chmod(0o1777)
    make(inner, FILES)
    above.chmod(0o777)
    with pytest.raises(PermissionError, match="above"):
        is_whole(inner)
