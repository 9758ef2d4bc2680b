from __future__ import annotations

import io
import os
import tracemalloc
import zipfile

import pytest

from cellrun.core.layout import RunLayout
from cellrun.core.store.files.archive import zip_stream
from cellrun.core.store.files.run_files import OutputFiles


def opened(layout: RunLayout) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(zip_stream(OutputFiles(layout)))))


def test_all_files_that_are_offered_are_in_it(layout: RunLayout) -> None:
    (layout.outputs / "sub").mkdir()
    (layout.outputs / "sub" / "größe.txt").write_text("groß")
    (layout.outputs / "empty").touch()
    os.utime(layout.outputs / "empty", (0, 0))  # older than what zip knows
    (layout.outputs / "link").symlink_to("/etc/passwd")
    archive = opened(layout)
    assert archive.testzip() is None
    assert archive.namelist() == ["outputs/empty", "outputs/sub/größe.txt"]
    assert archive.read("outputs/sub/größe.txt").decode() == "groß"
    assert all(each.external_attr >> 16 == 0o100644 for each in archive.infolist())


def test_without_files_it_is_an_empty_archive(layout: RunLayout) -> None:
    assert opened(layout).namelist() == []


def test_a_large_file_is_not_in_memory(layout: RunLayout) -> None:
    block = os.urandom(1 << 20)
    with (layout.outputs / "large.bin").open("wb") as file:
        for _ in range(24):
            file.write(block)
    size = 0
    tracemalloc.start()
    try:
        for chunk in zip_stream(OutputFiles(layout)):
            size += len(chunk)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size > 24 << 20
    assert peak < 4 << 20


def test_files_that_go_or_grow_meanwhile(layout: RunLayout, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b", "c"):
        (layout.outputs / name).write_bytes(os.urandom(1 << 20))
    stream = zip_stream(OutputFiles(layout))
    chunks = [next(stream)]
    with (layout.outputs / "a").open("ab") as file:
        file.write(b"more")
    (layout.outputs / "b").unlink()
    archive = zipfile.ZipFile(io.BytesIO(b"".join([*chunks, *stream])))
    assert {each.filename: each.file_size for each in archive.infolist()} == {
        "outputs/a": 1 << 20,
        "outputs/c": 1 << 20,
    }
