from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cellrun.core.errors import InvalidNameError, UserErrorException
from cellrun.core.layout import RunLayout
from cellrun.core.store.files.artifacts import LOG, LOG_ALIAS, Artifacts


@pytest.fixture
def artifacts(layout: RunLayout) -> Artifacts:
    return Artifacts(layout)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.bin"
    path.write_bytes(b"content")
    return path


@pytest.mark.parametrize(
    "name",
    [
        *("..", "../x", "a/../b", "a/..", "outputs/../../x", "/etc/passwd", "outputs//x", "./x", ".", "", "a/", "/"),
        *("a\0b", "a\\b", "..\\x", "outputs", "logs", "x" * 256, "é" * 200, "\ud800", None, 7),
    ],
)
def test_names_that_lead_elsewhere_are_refused(name: object, artifacts: Artifacts) -> None:
    with pytest.raises(InvalidNameError) as caught:
        artifacts.path(name)  # type: ignore[arg-type]
    assert caught.value.given == name


@pytest.mark.parametrize(
    "name", ["model.bin", "a/b/c", "..a", "a..", "-rf", "🚀", "a b", "%2e%2e/x", "x" * 255, "outputs2/x"]
)
def test_other_names_are_uploads(name: str, artifacts: Artifacts, layout: RunLayout) -> None:
    assert artifacts.path(name) == layout.files / name


def test_names_of_the_working_folder(artifacts: Artifacts, layout: RunLayout) -> None:
    assert artifacts.path("outputs/model/x.bin") == layout.outputs / "model" / "x.bin"
    assert artifacts.path("logs/x.txt") == layout.logs / "x.txt"


def test_the_log_has_two_names(artifacts: Artifacts, layout: RunLayout, source: Path) -> None:
    assert LOG not in artifacts.names()
    layout.log.write_text("printed")
    assert artifacts.existing(LOG).read_text() == artifacts.existing(LOG_ALIAS).read_text() == "printed"
    assert artifacts.names() == [LOG]
    for name in (LOG, LOG_ALIAS):
        with pytest.raises(UserErrorException, match="already"):
            artifacts.put(name, source, overwrite=True)


def test_files_are_put_listed_and_found(artifacts: Artifacts, layout: RunLayout, source: Path) -> None:
    for name in ("model.bin", "deep/er/model.bin", "outputs/model.bin", "logs/x.txt"):
        path = artifacts.put(name, source)
        assert path == artifacts.existing(name)
        assert path.read_bytes() == b"content"
    (layout.outputs / "by the job").write_bytes(b"")
    assert artifacts.names() == [
        "deep/er/model.bin",
        "logs/x.txt",
        "model.bin",
        "outputs/by the job",
        "outputs/model.bin",
    ]


def test_a_taken_name_is_not_overwritten_unless_asked(artifacts: Artifacts, source: Path) -> None:
    artifacts.put("x", source)
    source.write_bytes(b"newer")
    with pytest.raises(UserErrorException, match="has a file 'x' already"):
        artifacts.put("x", source)
    assert artifacts.existing("x").read_bytes() == b"content"
    artifacts.put("x", source, overwrite=True)
    assert artifacts.existing("x").read_bytes() == b"newer"


def test_what_is_not_there_is_told(artifacts: Artifacts, source: Path, tmp_path: Path) -> None:
    artifacts.put("model.bin", source)
    with pytest.raises(UserErrorException, match=r"has no file 'modle\.bin'; it has: 'model\.bin'"):
        artifacts.existing("modle.bin")
    with pytest.raises(UserErrorException, match=r"there is no file .*gone"):
        artifacts.put("x", tmp_path / "gone")
    with pytest.raises(UserErrorException, match="there is no file"):
        artifacts.put("x", tmp_path)
    assert artifacts.names() == ["model.bin"]


@pytest.mark.parametrize("name", ["work", "work/outputs", "files"])
def test_nothing_is_listed_where_a_link_in_the_place_of_a_folder_leads(artifacts, layout, tmp_path, name):
    """It may lead to all that is on the disk, and is asked for with a run's details."""
    elsewhere, folder = tmp_path / "elsewhere", layout.folder / name
    (elsewhere / "outputs").mkdir(parents=True)
    (elsewhere / "outputs" / "other.txt").touch()
    shutil.rmtree(folder, ignore_errors=True)
    folder.symlink_to(elsewhere)
    assert not [found for found in (*artifacts.names(), *artifacts.written_beside()) if "other" in found]


def test_links_are_not_followed(artifacts: Artifacts, layout: RunLayout, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "secret").write_text("secret")
    (layout.outputs / "link").symlink_to(tmp_path / "secret")
    (layout.outputs / "folder").symlink_to(tmp_path / "folder")
    assert artifacts.names() == []
    for name in ("outputs/link", "outputs/folder/secret"):
        with pytest.raises(UserErrorException, match="has no file"):
            artifacts.existing(name)


def test_a_failed_copy_leaves_nothing(artifacts: Artifacts, layout: RunLayout, source: Path) -> None:
    program = """
import resource, sys
from cellrun.core.store.files.artifacts import Artifacts
from cellrun.core.layout import RunLayout
resource.setrlimit(resource.RLIMIT_FSIZE, (3, 3))
try:
    Artifacts(RunLayout(sys.argv[1])).put("x", sys.argv[2])
except OSError as error:
    print(error.strerror)
"""
    command = [sys.executable, "-c", program, str(layout.folder), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "File too large\n"
    assert os.listdir(layout.files) == []


def test_logs_of_processes_that_begin_later_are_found(layout: RunLayout, artifacts: Artifacts, source: Path) -> None:
    layout.log.parent.mkdir(parents=True, exist_ok=True)
    layout.log.write_text("0")
    assert artifacts.names() == [LOG]
    layout.rank_log(1).write_text("1")
    name = f"user_logs/{layout.rank_log(1).name}"
    assert artifacts.names() == [LOG, name]
    assert list(artifacts.logs()) == [LOG, name]
    assert artifacts.existing(name) == layout.rank_log(1)
    with pytest.raises(UserErrorException, match="has a file"):
        artifacts.put(name, source, overwrite=True)
