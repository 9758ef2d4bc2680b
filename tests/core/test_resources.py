"""Sizes as people write them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cellrun.core.errors import UserErrorException
from cellrun.core.resources import Resources, elapsed_text, limits, resources_text, size_bytes, size_text

DURATIONS = Path(__file__).parents[1] / "data" / "durations.json"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("4G", 4 * 10**9),
        ("512Mi", 512 << 20),
        ("1.5 GB", 15 * 10**8),
        ("10KiB", 10240),
        ("17", 17),
        (17, 17),
        ("1t", 10**12),
    ],
)
def test_sizes(given, expected):
    assert size_bytes(given) == expected


@pytest.mark.parametrize("given", ["", "4 apples", "G", "-1", "1e3", -1, True, None, 1.5])
def test_what_is_no_size(given):
    with pytest.raises(ValueError, match="'4G'"):
        size_bytes(given)


def test_sizes_for_people():
    texts = [size_text(count) for count in (0, 999, 1000, 1540, 999_960, 5 * 10**9, 3 * 10**15)]
    assert texts == ["0 bytes", "999 bytes", "1.0 KB", "1.5 KB", "1.0 MB", "5.0 GB", "3000.0 TB"]


def test_they_travel_as_json():
    assert Resources.from_json(Resources(2, 1, 3, 2).to_json()) == Resources(2, 1, 3, 2)
    assert Resources.from_json({"cpus": 2, "gpus": 1, "memory_bytes": 3}) == Resources(2, 1, 3)  # of an earlier version


def test_defaults() -> None:
    assert (limits().snapshot_bytes, limits().snapshot_files) == (1_000_000_000, 20_000)
    assert limits().grace_s == 10.0


def test_each_limit_has_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELLRUN_SNAPSHOT_FILES", "5_000")
    monkeypatch.setenv("CELLRUN_GRACE_S", "0.5")
    assert limits().snapshot_files == 5000
    assert limits().grace_s == 0.5


@pytest.mark.parametrize("text", ["many", "-1", "0", "1.5", "inf", "nan"])
def test_a_wrong_number_is_told(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELLRUN_SNAPSHOT_BYTES", text)
    with pytest.raises(UserErrorException, match=f"CELLRUN_SNAPSHOT_BYTES is a positive whole number; got '{text}'"):
        limits()


@pytest.mark.parametrize(
    ("resources", "text"),
    [
        ({}, ""),
        ({"cpus": 1, "gpus": 0, "memory_bytes": 0}, "1 cpu"),
        ({"cpus": 2, "gpus": 1, "memory_bytes": 4 << 30}, "2 cpus · 1 gpu · 4G memory"),
    ],
)
def test_resources(resources: dict[str, int], text: str) -> None:
    assert resources_text(resources) == text


def test_what_several_nodes_have_is_said_with_how_many_they_are() -> None:
    assert resources_text({"cpus": 2}, 2) == "2 nodes · 2 cpus"
    assert resources_text({"cpus": 2}, 1) == "2 cpus"


@pytest.mark.parametrize(("seconds", "text"), [*json.loads(DURATIONS.read_text()), (None, "")])
def test_elapsed_text(seconds: float | None, text: str) -> None:
    assert elapsed_text(seconds) == text
