"""Datasets that are elsewhere, mounted by FUSE: read where they are, and gone with whoever mounted them."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from cellrun.core import Dataset
from cellrun.core.data.files import fuse_view
from tests.core.data.stores.test_stores import S3
from tests.core.submitted_runs import wait_for

pytestmark = [
    pytest.mark.filterwarnings("ignore:there is no system keyring here"),
    pytest.mark.skipif(not fuse_view.is_usable(), reason="FUSE can't be used here"),
]
CONTENT = bytes(range(256)) * 40_000


@pytest.fixture
def far(ws, s3_server):
    store = S3(s3_server).register(ws)
    store.filesystem().pipe_file("data/deep/large ü.bin", CONTENT)
    store.filesystem().pipe_file("data/small.txt", b"small")
    return Dataset.File.from_files((store, "data"))


def test_files_are_read_where_they_are(far):
    with far.mount() as mounted:
        folder = Path(mounted.mount_point)
        assert os.path.ismount(folder)
        assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*")) == [
            "deep",
            "deep/large ü.bin",
            "small.txt",
        ]
        large = folder / "deep" / "large ü.bin"
        assert large.stat().st_size == len(CONTENT)
        with large.open("rb") as file:
            file.seek(5_000_000)
            assert file.read(1000) == CONTENT[5_000_000:5_001_000]
        assert large.read_bytes() == CONTENT
        assert (folder / "small.txt").read_text() == "small"
        with pytest.raises(OSError, match="Read-only file system"):
            (folder / "new.txt").write_text("")
        with pytest.raises(FileNotFoundError):
            (folder / "none").stat()
    assert not folder.exists()


def test_a_server_that_gives_no_parts_gives_all(web):
    (web.folder / "x.bin").write_bytes(CONTENT)
    with Dataset.File.from_files(f"{web.url}/x.bin").mount() as mounted:
        assert os.path.ismount(mounted.mount_point)
        with Path(mounted.mount_point, "x.bin").open("rb") as file:
            file.seek(9_000_000)
            assert file.read(100) == CONTENT[9_000_000:9_000_100]
        assert Path(mounted.mount_point, "x.bin").read_bytes() == CONTENT


def test_a_module_in_the_current_folder_is_not_run(web, tmp_path, monkeypatch):
    (web.folder / "x.txt").write_text("x")
    anybodys = tmp_path / "anybodys"
    anybodys.mkdir()
    (anybodys / "pickle.py").write_text("open('was_run', 'w').close()\n")
    monkeypatch.chdir(anybodys)
    with Dataset.File.from_files(f"{web.url}/x.txt").mount() as mounted:
        assert Path(mounted.mount_point, "x.txt").read_text() == "x"
    assert not (anybodys / "was_run").exists()


def test_it_ends_with_whoever_mounted_it(far, here):
    program = """
import pickle, sys, time
mounted = pickle.load(sys.stdin.buffer).mount(sys.argv[1]).start()
print(mounted.mount_point, flush=True)
time.sleep(60)
"""
    with subprocess.Popen(
        [sys.executable, "-c", program, str(here / "mounted")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdin.write(pickle.dumps(far))
        process.stdin.close()
        assert process.stdout.readline().strip() == str(here / "mounted").encode()
        assert os.path.ismount(here / "mounted")
        process.kill()
    wait_for(lambda: not os.path.ismount(here / "mounted"), "the end of the mount")
