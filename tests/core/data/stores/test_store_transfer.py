"""Upload to and download from a folder's store: which files go, what stays, and that nothing half is there."""

import errno
import http.server
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cellrun.core import Datastore, DatastoreError, UserErrorException
from cellrun.core.data.stores import transfer
from cellrun.core.data.stores.parallel_transfer import Piece, Progress, bar, carry_all
from cellrun.core.data.stores.store_transfer import side_of
from cellrun.core.data.stores.transfer import StoredFile, bring, leads_out
from tests.stores import serving

NAMES = ["train.csv", "a/b/c d.txt", "ü/100%.txt", "x#y?z.txt", ".hidden", "a/日本"]


@pytest.fixture
def store(ws):
    return ws.get_default_datastore()


@pytest.fixture
def source(tmp_path):
    return folder_of(tmp_path / "source", NAMES)


def folder_of(folder: Path, names: list[str]) -> Path:
    for n, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode() * (n + 1))
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_goes_there_and_comes_back(store, source, tmp_path):
    store.upload(source, "mnist", show_progress=False)
    assert content(store.local_root / "mnist") == content(source)
    assert store.download(tmp_path / "back", "mnist", show_progress=False) == len(NAMES)
    assert content(tmp_path / "back" / "mnist") == content(source)
    assert os.listdir(store.local_root) == ["mnist"]
    assert os.listdir(tmp_path / "back") == ["mnist"]


def test_a_prefix_is_a_text_that_paths_begin_with(store, source, tmp_path):
    store.upload(source, show_progress=False)
    assert store.download(tmp_path / "one", "tra", show_progress=False) == 1
    assert store.download(tmp_path / "two", "a/", show_progress=False) == 2
    assert store.download(tmp_path / "all", show_progress=False) == len(NAMES)
    with pytest.raises(DatastoreError, match="nothing that begins with 'none'"):
        store.download(tmp_path / "none", "none")


def test_files_are_laid_out_as_below_their_common_folder_or_another_one(store, source):
    files = [source / "a/b/c d.txt", source / "a/日本"]
    store.upload_files([os.fspath(file) for file in files], target_path="/one/", show_progress=False)
    store.upload_files(files, source, "two", show_progress=False)
    store.upload_files(files[:1], show_progress=False)
    assert sorted(content(store.local_root)) == [
        "c d.txt",
        "one/b/c d.txt",
        "one/日本",
        "two/a/b/c d.txt",
        "two/a/日本",
    ]


def test_what_is_there_stays_unless_it_is_to_be_overwritten(store, source, tmp_path):
    store.upload(source, show_progress=False)
    (source / "train.csv").write_text("new and longer")
    with pytest.warns(UserWarning, match=r"6 files are there already.*overwrite=True replaces"):
        store.upload(source, show_progress=False)
    assert (store.local_root / "train.csv").read_bytes() == b"train.csv"
    store.upload(source, overwrite=True, show_progress=False)
    assert (store.local_root / "train.csv").read_text() == "new and longer"
    assert store.download(tmp_path / "back", show_progress=False) == 6
    assert store.download(tmp_path / "back", show_progress=False) == 0
    (tmp_path / "back" / "train.csv").write_text("mine")
    with pytest.warns(UserWarning, match=r"1 file is there already with another size .*train.csv"):
        assert store.download(tmp_path / "back", show_progress=False) == 0
    assert (tmp_path / "back" / "train.csv").read_text() == "mine"
    assert store.download(tmp_path / "back", overwrite=True, show_progress=False) == 1
    assert content(tmp_path / "back") == content(source)


def test_links_are_followed_inside_the_folder_and_others_are_named(store, source, tmp_path):
    (tmp_path / "secret").write_text("hunter2")
    (source / "inside").symlink_to("a/b/c d.txt")
    (source / "folder").symlink_to(source / "a" / "b")
    (source / "outside").symlink_to(tmp_path / "secret")
    (source / "nowhere").symlink_to("none")
    (source / "a" / "up").symlink_to("..")
    os.mkfifo(source / "pipe")
    with pytest.warns(UserWarning, match=r"4 files are .*not uploaded.*") as said:
        store.upload(source, show_progress=False)
    assert "a/up (a link to a folder that it is in), nowhere (a link to nothing)" in str(said[0].message)
    assert set(content(store.local_root)) == {*NAMES, "inside", "folder/c d.txt"}
    assert not (store.local_root / "inside").is_symlink()


@pytest.mark.parametrize("path", ["../x", "a/../../x", "a\0b"])
def test_a_path_that_leads_out_of_the_store_is_refused(store, source, tmp_path, path):
    with pytest.raises(UserErrorException, match="leads out of it"):
        store.upload(source, path)
    with pytest.raises(UserErrorException, match="leads out of it"):
        store.download(tmp_path, path)


@pytest.mark.parametrize(
    ("path", "is_bad"),
    [("../x", True), ("/x", True), ("a//b", True), ("a/..", True), ("C:\\x", True), ("", True), ("a\0b", True)]
    + [(name, False) for name in [*NAMES, "a..b", "..a", "C:", "a:b"]],
)
def test_which_paths_lead_out_of_a_folder(path, is_bad):
    assert leads_out(path) is is_bad


def test_wrong_sources_are_named(store, source, tmp_path):
    with pytest.raises(UserErrorException, match=r"none' is none"):
        store.upload(tmp_path / "none")
    with pytest.raises(UserErrorException, match="upload_files takes files"):
        store.upload(source / "train.csv")
    with pytest.raises(UserErrorException, match="list of paths"):
        store.upload_files("train.csv")
    with pytest.raises(UserErrorException, match=r"these aren't: .*none"):
        store.upload_files([source / "train.csv", source / "none"])
    with pytest.raises(UserErrorException, match=r"below relative_root.*train.csv"):
        store.upload_files([source / "train.csv"], source / "a")
    with pytest.raises(UserErrorException, match="is a file"):
        store.download(source / "train.csv")


def test_a_folder_in_the_place_of_a_file_is_said(store, source, tmp_path):
    store.upload(source, show_progress=False)
    (tmp_path / "back" / "train.csv").mkdir(parents=True)
    with pytest.raises(DatastoreError, match=r"train.csv is a folder here"):
        store.download(tmp_path / "back", overwrite=True, show_progress=False)


def test_an_interrupted_copy_leaves_nothing_half_and_goes_on(store, source, tmp_path, monkeypatch):
    store.upload(source, show_progress=False)
    copy, done = transfer.copy_plain, []

    def failing(path, target, report):
        if len(done) == 3:
            target.write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device", str(target))
        done.append(path)
        copy(path, target, report)

    monkeypatch.setattr(transfer, "copy_plain", failing)
    monkeypatch.setattr("cellrun.core.data.stores.parallel_transfer._AT_ONCE", 1)
    with pytest.raises(DatastoreError, match=r"disk of .*back is full: 3 of 6 files came whole, 3 are left \(.*\)"):
        store.download(tmp_path / "back", show_progress=False)
    back = content(tmp_path / "back")
    assert len(back) == 3
    assert back.items() <= content(source).items()
    monkeypatch.setattr(transfer, "copy_plain", copy)
    assert store.download(tmp_path / "back", show_progress=False) == 3
    assert content(tmp_path / "back") == content(source)


def test_what_a_killed_process_left_goes_and_what_a_living_one_has_stays(store, source, tmp_path):
    left = tmp_path / "back" / ".cellrun-00000000"
    left.mkdir(parents=True)
    (left / "0").write_text("half")
    store.upload(source, show_progress=False)
    with transfer._whole_or_not(tmp_path / "back") as mine:
        store.download(tmp_path / "back", show_progress=False)
        assert mine.is_dir()
    assert not left.exists()
    assert content(tmp_path / "back") == content(source)


def test_many_transfers_into_one_folder_clear_none_of_one_another(store, source, tmp_path, monkeypatch):
    store.upload(source, show_progress=False)
    lock, removed = transfer.fcntl.flock, []

    def late(fd, how):
        made = Path(f"/proc/self/fd/{fd}").readlink()
        if not removed:  # as another transfer does that comes by between making a folder and locking it
            removed.append(made)
            made.rmdir()
        lock(fd, how)

    monkeypatch.setattr(transfer.fcntl, "flock", late)
    assert store.download(tmp_path / "back", show_progress=False) == 6
    assert removed
    assert content(tmp_path / "back") == content(source)


def test_what_is_on_its_way_is_in_no_listing(store):
    folder = store.local_root
    store.filesystem()
    with transfer._whole_or_not(folder) as aside:
        (aside / "0").write_text("half")
        assert side_of(store).listed() == []


def test_bringing_says_how_far_it_is(store, source, tmp_path):
    store.upload(source, show_progress=False)
    side, told = side_of(store), []
    files = {f"deep/{file.path}": file for file in side.listed()}
    assert bring(side, files, tmp_path / "back", show=told.append) == 6
    total = sum(map(len, content(source).values()))
    assert told[-1] == Progress(total, total, 6, 6)
    assert content(tmp_path / "back" / "deep") == content(source)


def test_a_listing_with_a_way_out_brings_nothing(store, source, tmp_path):
    store.upload(source, show_progress=False)
    side = side_of(store)
    files = {"train.csv": side.found("train.csv"), "../../x": StoredFile("train.csv", 9)}
    with pytest.raises(DatastoreError, match=r"names that lead out of a folder: '../../x'"):
        bring(side, files, tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_ctrl_c_stops_what_is_on_its_way():
    begun, ended = threading.Event(), []

    def carry(report):
        begun.set()
        try:
            while True:
                report(0)
                time.sleep(0.001)
        finally:
            ended.append(1)

    def show(_):
        if begun.wait(60):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        carry_all([Piece(1, carry)] * 3, show)
    assert len(ended) == 3


def test_the_first_error_is_raised_and_the_others_stop():
    def fail(_):
        raise DatastoreError("x", "is away")

    def wait(report):
        while True:
            report(0)
            time.sleep(0.001)

    with pytest.raises(DatastoreError, match="is away"):
        carry_all([Piece(2, wait), Piece(1, fail)])


def test_a_bar_counts_bytes_of_a_known_total(capsys):
    with bar("to blobs", is_shown=True) as show:
        carry_all([Piece(1000, lambda report: report(2000)), Piece(500, lambda _: None)], show)
    last = capsys.readouterr().err.split("\r")[-1]
    assert "to blobs: 100%" in last
    assert "1.50k/1.50k" in last
    assert "2/2 files" in last


def test_a_listing_tells_sizes_and_begins_with_the_prefix(ws, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for n in range(200):
        (folder / f"{n}.txt").write_text("x" * n)
    store = Datastore.register_folder(ws, "many", folder)
    assert [file.size for file in side_of(store).listed("19")] == [19, *range(190, 200)]


class SlowFile(http.server.SimpleHTTPRequestHandler):
    """One file comes at once, half of another one, and the rest of that when it is let go."""

    released = threading.Event()

    def do_GET(self) -> None:
        body = {"/fast.txt": b"fast", "/slow.bin": b"s" * 100_000}.get(self.path)
        page = b'<a href="fast.txt">fast.txt</a> <a href="slow.bin">slow.bin</a>'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body or page)))
        self.send_header("Content-Type", "text/html" if body is None else "application/octet-stream")
        self.end_headers()
        if self.path == "/slow.bin" and self.command == "GET":
            self.wfile.write(body[:50_000])
            self.wfile.flush()
            self.released.wait(60)
            body = body[50_000:]
        if self.command == "GET":
            self.wfile.write(body or page)

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def slow(ws):
    SlowFile.released.clear()
    with serving(SlowFile) as url:
        yield Datastore.register_https(ws, "slow", url)
        SlowFile.released.set()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_process_that_is_stopped_leaves_no_half_file(slow, tmp_path, how):
    back = tmp_path / "back"
    program = (
        "import signal, sys\nfrom cellrun.core import Datastore, Workspace\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # the tests' shell may have it ignored
        "Datastore(Workspace.from_config(), 'slow').download(sys.argv[1], show_progress=False)"
    )
    with subprocess.Popen([sys.executable, "-c", program, back], stderr=subprocess.PIPE, text=True) as process:
        until(lambda: (back / "fast.txt").exists() and [1 for half in back.glob(".cellrun-*/*") if half.stat().st_size])
        process.send_signal(how)
        _, said = process.communicate(timeout=60)
    assert process.returncode != 0
    if how is signal.SIGINT:
        assert "KeyboardInterrupt" in said
        assert os.listdir(back) == ["fast.txt"]
    SlowFile.released.set()
    assert slow.download(back, show_progress=False) == 1
    assert sorted(os.listdir(back)) == ["fast.txt", "slow.bin"]
    assert (back / "slow.bin").read_bytes() == b"s" * 100_000


def until(is_true, timeout_s=60):
    end = time.monotonic() + timeout_s
    while not is_true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_full_disk_says_what_is_left_and_takes_the_rest_later(store, source, small_disk):
    disk = small_disk()
    store.filesystem()
    for n in range(100):
        (store.local_root / f"{n}.bin").write_bytes(b"x" * 100_000)
    with pytest.raises(DatastoreError, match=r"the disk of .* is full: \d+ of 100 files came whole, .* left") as error:
        store.download(disk.folder / "back", show_progress=False)
    came = content(disk.folder / "back")
    assert f"{len(came)} of 100" in str(error.value)
    assert {len(data) for data in came.values()} == {100_000}
    assert 0 < len(came) < 100
