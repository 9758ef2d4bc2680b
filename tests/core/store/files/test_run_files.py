from __future__ import annotations

import json
import os
import shutil
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from cellrun.core.errors import InvalidNameError, NotOfferedError
from cellrun.core.layout import RunLayout
from cellrun.core.store.files import run_files
from cellrun.core.store.files.run_files import OutputFiles, SnapshotFiles

BAD_PATHS: list[str] = json.loads((Path(__file__).parents[3] / "data" / "bad_paths.json").read_text())


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file outside the run."""
    path = tmp_path / "ssh" / "id"
    path.parent.mkdir()
    path.write_text("secret")
    return path


@pytest.fixture
def outputs(layout: RunLayout) -> OutputFiles:
    (layout.outputs / "model.pt").write_bytes(b"model")
    (layout.outputs / "sub").mkdir()
    (layout.outputs / "sub" / "a.txt").write_text("a")
    (layout.logs / "b.txt").write_text("bb")
    layout.files.mkdir()
    (layout.files / "curve.png").write_bytes(b"png")
    return OutputFiles(layout)


def read(files: OutputFiles, name: str) -> bytes:
    opened = files.open(name)
    with opened.file:
        return opened.file.read()


def test_what_is_listed_can_be_opened(outputs: OutputFiles, layout: RunLayout) -> None:
    (layout.outputs / ".cellrun-draft-0").write_text("being written")
    listing = outputs.listing()
    assert [(each.name, each.size_bytes) for each in listing.files] == [
        ("curve.png", 3),
        ("logs/b.txt", 2),
        ("outputs/model.pt", 5),
        ("outputs/sub/a.txt", 1),
    ]
    assert listing.skipped == []
    for each in listing.files:
        opened = outputs.open(each.name)
        with opened.file:
            assert (len(opened.file.read()), opened.modified_at) == (each.size_bytes, each.modified_at)


def test_a_snapshot(layout: RunLayout) -> None:
    assert SnapshotFiles(layout).listing() == ([], [])
    (layout.snapshot / "lib").mkdir(parents=True)
    (layout.snapshot / "lib" / "train.py").write_text("pass")
    assert [each.name for each in SnapshotFiles(layout).listing().files] == ["lib/train.py"]


@pytest.mark.parametrize("name", BAD_PATHS, ids=range(len(BAD_PATHS)))
@pytest.mark.parametrize("kind", [OutputFiles, SnapshotFiles])
def test_bad_paths_open_nothing(name: str, kind: type[OutputFiles], outputs: OutputFiles, layout: RunLayout) -> None:
    (layout.snapshot / "outputs").mkdir(parents=True)
    (layout.snapshot / "outputs" / "model.pt").write_bytes(b"model")
    with pytest.raises((InvalidNameError, FileNotFoundError)):
        kind(layout).open(name)


@pytest.mark.parametrize("name", ["outputs", "outputs/sub", "outputs/none", "outputs/model.pt/x", "logs", "none"])
def test_what_is_no_file(name: str, outputs: OutputFiles) -> None:
    with pytest.raises(FileNotFoundError):
        outputs.open(name)


@pytest.mark.parametrize("kind", ["link", "relative link", "hard link", "link to a folder", "pipe", "socket", "device"])
def test_links_and_the_like_are_told_and_not_opened(
    kind: str, outputs: OutputFiles, layout: RunLayout, secret: Path
) -> None:
    bad = layout.outputs / "bad"
    makers: dict[str, Callable[[], object]] = {
        "link": lambda: bad.symlink_to(secret),
        "relative link": lambda: bad.symlink_to("model.pt"),
        "hard link": lambda: os.link(secret, bad),
        "link to a folder": lambda: bad.symlink_to(secret.parent),
        "pipe": lambda: os.mkfifo(bad),
        "socket": lambda: os.mknod(bad, stat.S_IFSOCK | 0o600),
        "device": lambda: os.mknod(bad, 0o020600, os.makedev(1, 3)),
    }
    try:
        makers[kind]()
    except PermissionError:
        pytest.skip(f"here only root makes a {kind}")
    listing = outputs.listing()
    assert [each.name for each in listing.skipped] == ["outputs/bad"]
    assert "skipped" in listing.skipped[0].why
    assert len(listing.files) == 4
    with pytest.raises(NotOfferedError, match="'outputs/bad' isn't offered"):
        outputs.open("outputs/bad")
    if kind == "link to a folder":
        with pytest.raises(NotOfferedError, match="link"):
            outputs.open("outputs/bad/id")


def test_a_hard_link_within_the_run_is_a_file_like_any(outputs: OutputFiles, layout: RunLayout) -> None:
    os.link(layout.outputs / "model.pt", layout.outputs / "best.pt")
    os.link(layout.outputs / "model.pt", layout.work / "last.pt")
    assert read(outputs, "outputs/best.pt") == b"model"
    assert outputs.listing().skipped == []


@pytest.mark.parametrize("place", ["outputs", "work"])
def test_a_folder_of_the_run_that_became_a_link(
    place: str, outputs: OutputFiles, layout: RunLayout, secret: Path
) -> None:
    folder = layout.outputs if place == "outputs" else layout.work
    shutil.rmtree(folder)
    (secret.parent / "outputs").mkdir()
    (secret.parent / "outputs" / "id").write_text("secret")
    folder.symlink_to(secret.parent)
    listing = outputs.listing()
    assert "outputs" in [each.name for each in listing.skipped]
    assert "outputs/id" not in [each.name for each in listing.files]
    with pytest.raises(NotOfferedError, match="link"):
        outputs.open("outputs/id")


def test_names_that_are_no_text(outputs: OutputFiles, layout: RunLayout) -> None:
    Path(os.fsdecode(os.fsencode(layout.outputs) + b"/\xff.bin")).write_text("x")
    (layout.outputs / "a\\b").write_text("x")
    listing = outputs.listing()
    assert {each.name: each.why for each in listing.skipped} == {
        "outputs/\ufffd.bin": "its name is no text",
        "outputs/a\\b": "its name can't be asked for",
    }
    json.dumps(listing).encode()


def test_very_deep_folders_end_somewhere(outputs: OutputFiles, layout: RunLayout) -> None:
    deep = layout.outputs.joinpath(*["d"] * 70)
    deep.mkdir(parents=True)
    (deep / "x").write_text("x")
    (skipped,) = outputs.listing().skipped
    assert "folders deep" in skipped.why


def test_swapping_a_folder_for_a_link_shows_nothing_else(outputs: OutputFiles, layout: RunLayout, secret: Path) -> None:
    inside = layout.outputs / "swapped"
    inside.mkdir()
    (inside / "id").write_text("harmless")
    link, aside = layout.outputs / "link", layout.work / "aside"
    link.symlink_to(secret.parent)
    done = threading.Event()

    def swap() -> None:
        while not done.is_set():
            inside.rename(aside)
            link.rename(inside)
            inside.rename(link)
            aside.rename(inside)

    racing = threading.Thread(target=swap)
    racing.start()
    found = set()
    try:
        for _ in range(1500):
            try:
                found.add(read(outputs, "outputs/swapped/id"))
            except (FileNotFoundError, NotOfferedError):
                found.add(b"")
            assert all(each.size_bytes != len("secret") for each in outputs.listing().files)
    finally:
        done.set()
        racing.join()
    assert found <= {b"harmless", b""}
    assert b"harmless" in found


def test_of_very_many_links_most_are_counted(layout: RunLayout) -> None:
    layout.outputs.mkdir(parents=True, exist_ok=True)
    (layout.outputs / "file").touch()
    for number in range(300):
        (layout.outputs / f"{number:03}").symlink_to("file")
    listing = OutputFiles(layout).listing()
    assert [entry.name for entry in listing.files] == ["outputs/file"]
    assert len(listing.skipped) == 101
    assert ("…", "200 more links and the like, skipped") in listing.skipped


def test_a_hard_link_that_was_swapped_in_is_not_read(
    layout: RunLayout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F6: it is there while the file is opened, and gone before its names are counted."""
    outside, inside = tmp_path / "secret", layout.outputs / "file"
    outside.write_text("secret")
    layout.outputs.mkdir(parents=True, exist_ok=True)
    inside.write_text("mine")
    opened = run_files.open_file

    def swapped(name: str, parent: int) -> int:
        inside.rename(layout.outputs / "aside")
        os.link(outside, inside)
        fd = opened(name, parent)
        inside.unlink()
        (layout.outputs / "aside").rename(inside)
        return fd

    monkeypatch.setattr(run_files, "open_file", swapped)
    with pytest.raises(NotOfferedError, match="put in place of another"):
        OutputFiles(layout).open("outputs/file")
    monkeypatch.undo()
    with OutputFiles(layout).open("outputs/file").file as file:
        assert file.read() == b"mine"
