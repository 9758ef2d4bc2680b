import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cellrun.core.context.value_store import SHA256, ValueStore
from cellrun.core.remote.link import Link, LinkError, OrderError
from cellrun.core.remote.protocol import Message
from tests.core.remote.boxes import Box, Made
from tests.small_disk import SmallDisk

pytestmark = pytest.mark.usefixtures("warm_agents")

WORKSPACE = {"workspace": "w1"}
ONE = {"mode": 0o644, "mtime_ns": 1_500_000_000_000_000_000}
CUTS = {
    "nothing": 0,
    "a byte": 1,
    "half a line": 40,
    "the line": -8,
    "a byte of it": -7,
    "all but one": -1,
    "all": None,
}


def put(
    link: Link, path: str, data: bytes, *, offset: int = 0, size: int | None = None, **about: int
) -> dict[str, int]:
    file = {"path": path, "offset": offset, "length": len(data), "size": size or offset + len(data), **ONE, **about}
    has: dict[str, int] = link.ask("put", data, run="r1", files=[file], **WORKSPACE).facts["has"]
    return has


def draft(box: Box) -> Path:
    return box.home / "remote" / "w1" / "incoming" / "r1"


def cut(link: Link, order: str, data: bytes, upto: int | None, **facts: object) -> None:
    """Give an order of which only so many bytes come: the line is cut, maybe before its answer."""
    link.ask("clock")
    assert link._pipes
    encoded = Message({"id": 0, "order": order, **facts}, data).encoded()
    link._pipes.write(encoded[:upto], float("inf"))
    link.close()


@pytest.mark.parametrize("upto", CUTS.values(), ids=CUTS)
def test_a_file_that_was_cut_goes_on_where_it_was(box: Box, upto: int | None):
    put(box.link(), "snapshot/a.bin", b"0123", size=20)
    file = {"path": "snapshot/a.bin", "offset": 4, "length": 8, "size": 20, **ONE}
    cut(box.link(), "put", b"456789ab", upto, run="r1", files=[file], **WORKSPACE)
    link = box.link()
    has = link.ask("draft", run="r1", **WORKSPACE).facts["has"]
    assert has == {"snapshot/a.bin": 12 if upto is None else 4}
    at = has["snapshot/a.bin"]
    assert put(link, "snapshot/a.bin", b"0123456789abcdefghij"[at:], offset=at) == {"snapshot/a.bin": 20}
    assert (draft(box) / "snapshot/a.bin").read_bytes() == b"0123456789abcdefghij"


@pytest.mark.parametrize("upto", CUTS.values(), ids=CUTS)
def test_a_value_that_was_cut_goes_on_where_it_was(box: Box, tmp_path: Path, upto: int | None):
    blob = ValueStore(tmp_path / "values").put(b"0123456789abcdefghij", like=SHA256)
    about = {"name": blob.hash, "size": 20, **WORKSPACE}
    cut(box.link(), "value", b"01234567", upto, offset=0, **about)
    link = box.link()
    told = link.ask("value", offset=0, **about).facts
    assert (told["has"], told["is_whole"]) == (8 if upto is None else 0, False)
    rest = b"0123456789abcdefghij"[told["has"] :]
    assert link.ask("value", rest, offset=told["has"], **about).facts["is_whole"]
    assert link.ask("lacks", hashes=[blob.hash, "other"], **WORKSPACE).facts["lacks"] == ["other"]
    there = box.home / "remote" / "w1" / "values" / blob.hash[:2] / blob.hash
    assert there.read_bytes() == b"0123456789abcdefghij"


def test_a_value_is_there_once_for_all_who_send_it(box: Box, tmp_path: Path):
    blob = ValueStore(tmp_path / "values").put(b"twice", like=SHA256)
    about = {"name": blob.hash, "size": 5, **WORKSPACE}
    first, second = box.link(), box.link()
    assert first.ask("value", b"tw", offset=0, **about).facts["has"] == 2
    assert second.ask("value", b"twic", offset=0, **about).facts["has"] == 4
    assert first.ask("value", b"ice", offset=2, **about).facts["is_whole"]
    assert second.ask("value", b"e", offset=4, **about).facts["is_whole"]


def test_a_value_of_other_bytes_than_its_name_says_is_sent_anew(box: Box, tmp_path: Path):
    blob = ValueStore(tmp_path / "values").put(b"right", like=SHA256)
    link, about = box.link(), {"name": blob.hash, "size": 5, **WORKSPACE}
    told = link.ask("value", b"wrong", offset=0, **about).facts
    assert (told["has"], told["is_whole"]) == (0, False)
    assert link.ask("value", b"right", offset=0, **about).facts["is_whole"]


def test_an_empty_value_is_a_value(box: Box, tmp_path: Path):
    blob = ValueStore(tmp_path / "values").put(b"", like=SHA256)
    told = box.link().ask("value", offset=0, name=blob.hash, size=0, **WORKSPACE)
    assert told.facts["is_whole"]


def test_a_piece_that_does_not_join_changes_nothing(box: Box):
    link = box.link()
    assert put(link, "run.json", b"0123", size=8) == {"run.json": 4}
    assert put(link, "run.json", b"67", offset=6) == {"run.json": 4}
    assert put(link, "run.json", b"234567", offset=2) == {"run.json": 8}
    assert (draft(box) / "run.json").read_bytes() == b"01234567"


def test_a_file_that_is_too_long_is_sent_anew(box: Box):
    link = box.link()
    put(link, "run.json", b"0123456789", size=20)
    assert put(link, "run.json", b"01234", size=5) == {"run.json": 0}
    assert put(link, "run.json", b"01234", size=5) == {"run.json": 5}


def test_many_files_come_in_one_order_with_their_modes_and_times(box: Box):
    files = [
        {"path": f"snapshot/{name}", "offset": 0, "length": 1, "size": 1, **ONE, "mode": mode}
        for name, mode in (("a", 0o644), ("b/c", 0o4777))
    ]
    box.link().ask("put", b"xy", run="r1", files=files, **WORKSPACE)
    assert [(draft(box) / "snapshot" / name).read_text() for name in ("a", "b/c")] == ["x", "y"]
    found = (draft(box) / "snapshot" / "b/c").stat()
    assert (found.st_mode & 0o7777, found.st_mtime) == (0o755, 1_500_000_000)


@pytest.mark.parametrize(
    "path",
    [
        *("../r2/run.json", "/etc/passwd", "snapshot/../../x", "snapshot//x", "snapshot/", ".", "", "snapshot/a\0b"),
        *("launch.json", "status/0.json", "process.json", "work/x", "started", "x" * 5000, "snapshot/./x"),
    ],
)
def test_nothing_comes_in_but_what_a_run_is_submitted_with(box: Box, path: str):
    with pytest.raises(OrderError) as told:
        put(box.link(), path, b"x")
    assert told.value.kind == "order"
    assert [
        path for path in box.home.rglob("*") if path.is_file() and "remote" in path.parts and path.stat().st_size
    ] == []


def test_no_link_is_followed(box: Box, tmp_path: Path):
    link = box.link()
    put(link, "snapshot/a", b"x")
    (draft(box) / "snapshot/out").symlink_to(tmp_path)
    (draft(box) / "snapshot/file").symlink_to(tmp_path / "file")
    for path in ("snapshot/out/file", "snapshot/file"):
        with pytest.raises(OrderError, match=r"box: .* can't be used"):
            put(link, path, b"x")
    assert not (tmp_path / "file").exists()


@pytest.mark.parametrize(
    "wrong",
    [{"offset": -1}, {"offset": "0"}, {"length": None}, {"size": True}, {"mode": 1.5}, {"path": 3}, {"path": None}],
)
def test_an_order_with_wrong_facts_is_refused(box: Box, wrong: dict[str, object]):
    link = box.link()
    file = {"path": "run.json", "offset": 0, "length": 1, "size": 1, **ONE, **wrong}
    with pytest.raises(OrderError) as told:
        link.ask("put", b"x", run="r1", files=[file], **WORKSPACE)
    assert told.value.kind == "order"
    assert link.ask("clock").facts["now"] > 0


def test_what_has_come_of_a_run_that_is_given_up_is_forgotten(box: Box):
    link = box.link()
    put(link, "run.json", b"x")
    for _ in range(2):
        link.ask("drop", run="r1", **WORKSPACE)
        assert link.ask("draft", run="r1", **WORKSPACE).facts["has"] == {}


def test_a_full_disk_is_said_and_what_had_room_stays(
    new_box: Callable[..., Box], small_disk: Callable[..., SmallDisk], make_run: Callable[..., Made]
):
    disk = small_disk(options="size=32m")
    box = new_box(home=disk.folder / "cellrun")
    link, run = box.link(), make_run("print('ran')")
    assert put(link, "snapshot/a.bin", b"x" * 4096, size=1 << 20) == {"snapshot/a.bin": 4096}
    run.send(link)
    disk.fill()
    with pytest.raises(OrderError, match=r"^box: its disk is full: .*a\.bin; free some room there$") as told:
        put(link, "snapshot/a.bin", b"x" * (1 << 19), offset=4096, size=1 << 20)
    assert told.value.kind == "disk_full"
    with pytest.raises(OrderError, match=r"^box: its disk is full: "):
        run.order(link)
    assert list(box.home.glob("remote/*/runs/*/started")) == []
    disk.free()
    assert link.ask("draft", run="r1", **WORKSPACE).facts["has"]["snapshot/a.bin"] >= 4096
    run.order(link)
    assert box.ended(run.layout).status == "Completed"


def test_a_full_disk_takes_no_library(new_box: Callable[..., Box], small_disk: Callable[..., SmallDisk]):
    disk = small_disk(options="size=2m")
    box = new_box(home=disk.folder / "cellrun", has_library=False)
    with pytest.raises(LinkError, match=r"^box: its disk is full: .*; free some room there$"):
        box.link().ask("hello")
    assert [path.name for path in (box.home / "library").iterdir()] == []


def test_a_folder_that_cannot_be_used_is_said(new_box: Callable[..., Box], tmp_path: Path):
    (tmp_path / "file").touch()
    box = new_box(home=tmp_path / "file" / "cellrun", has_library=False)
    with pytest.raises(LinkError, match=r"^box: .*file/cellrun.* can't be used \(not a directory\); attach it with"):
        box.link().ask("hello")


def test_a_damaged_library_is_sent_anew(new_box: Callable[..., Box]):
    box = new_box(has_library=False)
    link = box.link()
    link.ask("clock")
    link.close()
    [library] = [path for path in (box.home / "library").iterdir() if (path / "cellrun").is_dir()]
    for file in library.rglob("*.pyc"):
        file.unlink()
    (library / "cellrun/core/remote/agent.py").write_bytes(b"\0" * 100)  # as a power cut leaves it
    assert box.link().ask("hello").facts["home"] == str(box.home)
    assert os.path.exists(library)  # noqa: PTH110  # made again
