"""Files that share their content with the original, where the file system can do that, and what commands name."""

import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys

import pytest

from cellrun.core.cell import linked_files
from cellrun.core.cell.linked_files import LinkedFiles


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder in which `large.bin` and `.env` are links, and the current one."""
    (tmp_path / "originals").mkdir()
    work = tmp_path / "work"
    work.mkdir()
    for name in ("large.bin", ".env"):
        (tmp_path / "originals" / name).write_text("original")
        (work / name).symlink_to(tmp_path / "originals" / name)
    monkeypatch.chdir(work)
    return work


@pytest.fixture
def protect(folder):
    protected = []

    def begin(*copies):
        linked = LinkedFiles(folder, ["large.bin", ".env"], copies)
        protected.append(linked)
        linked.protect()

    yield begin
    for each in protected:
        each.release()


@pytest.fixture
def sharing(monkeypatch):
    """A file system that lets files share their content: it answers to the one control call."""

    def ioctl(target, code, source):
        assert code == 0x40049409
        with os.fdopen(os.dup(source), "rb") as reader, os.fdopen(os.dup(target), "wb") as writer:
            shutil.copyfileobj(reader, writer)

    monkeypatch.setattr(fcntl, "ioctl", ioctl)


def test_where_content_can_be_shared_nothing_is_linked_but_an_environment_file(folder, protect, sharing):
    protect()
    assert not (folder / "large.bin").is_symlink()
    assert (folder / "large.bin").read_text() == "original"
    assert (folder / ".env").is_symlink()


def test_where_it_cannot_the_link_stays(folder, protect, monkeypatch):
    def ioctl(*_):
        raise OSError("not supported")

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    protect()
    assert (folder / "large.bin").is_symlink()
    assert sorted(os.listdir(folder)) == [".env", "large.bin"]


def test_what_may_be_changed_is_copied_at_once(folder, protect):
    protect("large.bin", "nowhere.bin", "x" * 300)
    assert not (folder / "large.bin").is_symlink()
    assert sorted(os.listdir(folder)) == [".env", "large.bin"]


@pytest.mark.parametrize(
    "start",
    [
        lambda: os.system("cat large.bin >/dev/null"),
        lambda: os.system("cat 'large.bin' > /dev/null # " + "x" * 300 + "/" + "y" * 5000),
        lambda: subprocess.run(["cat", "large.bin"], check=True, stdout=subprocess.DEVNULL),
        lambda: subprocess.run([b"cat", b"work/large.bin"], check=True, cwd="..", stdout=subprocess.DEVNULL),
        lambda: subprocess.run("cat large.bin >/dev/null", shell=True, check=True),
        lambda: os.waitpid(os.posix_spawn("/bin/cat", ["cat", "large.bin", "/dev/null"], os.environ), 0),
    ],
)
def test_what_a_command_names_is_copied(folder, protect, start, capfd):
    protect()
    start()
    assert not (folder / "large.bin").is_symlink()
    assert (folder / "large.bin").read_text() == "original"


def test_what_is_too_large_for_a_command_stays_a_link(folder, protect, monkeypatch):
    monkeypatch.setattr(linked_files, "_MOST_COPIED_BYTES", 3)
    protect()
    subprocess.run(["cat", "large.bin"], check=True, stdout=subprocess.DEVNULL)
    assert (folder / "large.bin").is_symlink()


def test_another_command_changes_nothing(folder, protect):
    protect()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    assert (folder / "large.bin").is_symlink()


@pytest.mark.parametrize(
    ("database", "is_copied"),
    [
        ("large.bin", True),
        ("file:large.bin", True),
        ("file:./large%2Ebin?mode=rw", True),
        ("file:large.bin?mode=ro", False),
        ("file:large.bin?immutable=1", False),
        ("file:other?mode=memory", False),
    ],
)
def test_a_database_is_copied_unless_it_is_opened_for_reading(folder, protect, database, is_copied):
    protect()
    sqlite3.connect(database, uri=True).close()
    assert (folder / "large.bin").is_symlink() is not is_copied


def test_a_copy_that_fails_leaves_the_link(folder, protect, monkeypatch):
    def full(*_):
        raise OSError("no space left on device")

    protect()
    monkeypatch.setattr(shutil, "copy2", full)
    with pytest.raises(OSError, match="no space"):
        (folder / "large.bin").open("a")
    assert (folder / "large.bin").read_text() == "original"
    assert sorted(os.listdir(folder)) == [".env", "large.bin"]


@pytest.fixture
def another(tmp_path):
    """Links in another folder, which are watched, and the one link."""
    (tmp_path / "another").mkdir()
    link = tmp_path / "another" / "large.bin"
    link.symlink_to(tmp_path / "originals" / "large.bin")
    linked = LinkedFiles(link.parent, [link.name])
    linked.protect()
    yield linked, link
    linked.release()


def test_links_in_several_folders_are_watched_by_one_hook(folder, protect, monkeypatch, request):
    hook, hooks = sys.addaudithook, []
    monkeypatch.setattr(sys, "addaudithook", lambda each: (hooks.append(each), hook(each)))
    protect()
    _, link = request.getfixturevalue("another")
    for each in (folder / "large.bin", link):
        each.write_text("changed")
    assert (folder.parent / "originals" / "large.bin").read_text() == "original"
    assert len(hooks) <= 1  # none if another test has it begun


def test_links_that_were_released_are_left_alone(folder, protect, another):
    protect()
    released, link = another
    released.release()
    (folder / "large.bin").write_text("changed")
    assert (folder.parent / "originals" / "large.bin").read_text() == "original"
    link.write_text("through")
    assert (folder.parent / "originals" / "large.bin").read_text() == "through"
