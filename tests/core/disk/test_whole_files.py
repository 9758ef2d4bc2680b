from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cellrun.core.disk import whole_files
from cellrun.core.disk.whole_files import draft_name, is_abandoned, make_private_folder, replace_file, write_new


def test_what_leads_to_a_private_folder_is_for_nobody_else_to_write_to(tmp_path: Path) -> None:
    before = os.umask(0o002)
    try:
        make_private_folder(tmp_path / "to" / "it" / "private")
        make_private_folder(tmp_path / "to" / "it" / "private")  # it may be there
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / each).stat().st_mode) for each in ("to", "to/it", "to/it/private")]
    assert modes == [0o755, 0o755, 0o700]


def test_a_private_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        make_private_folder(tmp_path / "file")
    with pytest.raises(NotADirectoryError):
        make_private_folder(tmp_path / "file" / "below" / "it")


def test_a_new_file_is_whole_or_refused(tmp_path: Path) -> None:
    write_new(tmp_path / "new", b"x" * 100_000)
    assert (tmp_path / "new").read_bytes() == b"x" * 100_000
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "new", b"y")


def test_a_disk_that_takes_only_a_part_is_told(tmp_path: Path) -> None:
    program = """
import resource, sys
from pathlib import Path
from cellrun.core.disk.whole_files import replace_file, write_new
resource.setrlimit(resource.RLIMIT_FSIZE, (50, resource.RLIM_INFINITY))
for write in (lambda: write_new(Path("new"), b"x" * 100), lambda: replace_file(Path("old"), "x" * 100)):
    try:
        write()
    except OSError as error:
        print(error.strerror)
"""
    (tmp_path / "old").write_text("old")
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "File too large\n" * 2
    assert (tmp_path / "old").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "old"]


def test_who_writes_at_once_leaves_one_whole_file(tmp_path: Path) -> None:
    texts = [str(number) * 10_000 for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: replace_file(tmp_path / "file", texts[number % 8]), range(400)))
    assert (tmp_path / "file").read_text() in texts
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_tree_whose_maker_closed_it_is_removed() -> None:
    """Done as another user than root, for whom nothing is closed."""
    program = """
import os, shutil, tempfile
from pathlib import Path
from cellrun.core.disk.whole_files import remove_tree, size_on_disk
if os.geteuid() == 0:
    os.setuid(65534)
with tempfile.TemporaryDirectory(dir="/tmp") as name:
    tree, outside = Path(name, "tree"), Path(name, "outside")
    for folder in ("read-only", "closed", "a/b"):
        (tree / folder).mkdir(parents=True)
        (tree / folder / "file").write_bytes(b"x" * 5000)
    outside.mkdir()
    (tree / "link").symlink_to(outside)
    (outside / "file").touch()
    print(size_on_disk(tree) >= 15_000)
    (tree / "read-only").chmod(0o500)
    (tree / "closed").chmod(0)
    (tree / "a").chmod(0o500)
    remove_tree(tree)
    print(tree.exists(), (outside / "file").exists())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout.split(), done.stderr) == (["True", "False", "True"], "")


WRITE = (
    "import sys; from cellrun.core.disk.whole_files import draft_name; "
    "print(draft_name(), flush=True); sys.stdin.read()"
)


def test_it_is_abandoned_when_its_process_is_dead(tmp_path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    draft = tmp_path / writer.stdout.readline().strip()
    draft.touch()
    assert not is_abandoned(draft)
    writer.kill()
    writer.communicate()
    assert is_abandoned(draft)


def test_each_is_another_and_goes_on_with_its_process(tmp_path: Path) -> None:
    first, second = draft_name(), draft_name()
    assert first != second
    assert not is_abandoned(tmp_path / first)


@pytest.mark.parametrize("whose", ["another host", "another boot", "an earlier cellrun"])
def test_what_cannot_be_seen_from_here_is_known_by_its_age(
    whose: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f".new-{os.getpid()}-1234abcd"
    if whose != "an earlier cellrun":
        me = whole_files.ProcessIdentity.current()
        other = me._replace(**{whose.split()[1]: "another"})
        with monkeypatch.context() as there:
            there.setattr(whole_files.ProcessIdentity, "current", lambda: other)
            name = draft_name()
    draft = tmp_path / name
    draft.touch()
    assert not is_abandoned(draft)
    os.utime(draft, (0, time.time() - 90_000))
    assert is_abandoned(draft)
    draft.unlink()
    assert not is_abandoned(draft)  # somebody else was as quick
