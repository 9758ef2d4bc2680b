"""What a workspace has by name: which names and versions a folder holds, who is first, and how its errors read."""

from __future__ import annotations

import stat

import pytest

from cellrun.core import InvalidNameError, UserErrorException
from cellrun.core.errors import DatasetError
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.store.registry import (
    Registry,
    VersionedRegistry,
    check_about,
    known_words,
    number,
    wrap_read_errors,
    wrap_system_errors,
)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "kept"


@pytest.fixture
def registry(tmp_path, folder):
    return Registry(WorkspaceLayout(tmp_path), folder, own=["local"])


@pytest.fixture
def versions(tmp_path, folder):
    return VersionedRegistry(WorkspaceLayout(tmp_path), folder, "dataset", number)


def test_names_are_those_of_files_behind_those_that_are_always_known(registry, folder):
    assert registry.names() == ["local"]
    for name in ("b", "a", "local"):
        assert registry.write_new(folder / f"{name}.json", "{}")
    (folder / ".draft.json").touch()
    (folder / "other.txt").touch()
    assert registry.names() == ["local", "a", "b"]


def test_of_two_who_write_a_name_the_first_one_stays(registry, folder):
    assert registry.write_new(folder / "a.json", "first")
    assert not registry.write_new(folder / "a.json", "second")
    assert (folder / "a.json").read_text() == "first"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_name_is_known_once_it_has_a_version_and_the_lowest_comes_first(versions, folder):
    (folder / "empty").mkdir(parents=True)
    for version in (10, 9, 1):
        versions.write_new(folder / "mnist" / f"{version}.json", "{}")
    for other in ("01.json", "x.json", "2.txt"):
        (folder / "mnist" / other).touch()
    assert versions.names() == ["mnist"]
    assert versions.versions("mnist") == [1, 9, 10]
    assert versions.versions("unknown") == []
    assert versions.versions("../kept/mnist") == []


@pytest.mark.parametrize(
    ("text", "version"), [("1", 1), ("20", 20), ("0", None), ("01", None), ("", None), ("-1", None), ("\u0661", None)]
)
def test_a_version_is_a_number_as_it_is_written(text, version):
    assert number(text) == version


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ([], "known: none; register one"),
        (["mnist", "digits"], "known: mnist, digits; did you mean 'mnist'? register one"),
        (["digits"], "known: digits; register one"),
    ],
)
def test_which_names_are_known_and_which_one_may_be_meant(known, words):
    assert known_words("mnst", known, "register one") == words


def test_errors_of_a_registry_are_its_own_kind_behind_its_own_words():
    with (
        pytest.raises(DatasetError, match=r"the datastore can't be read: .*missing"),
        wrap_read_errors(DatasetError, "the datastore can't be read"),
    ):
        raise KeyError("missing")
    with (
        pytest.raises(DatasetError, match="it can't be kept: no space left on device"),
        wrap_system_errors(DatasetError, "it can't be kept"),
    ):
        raise OSError(28, "No space left on device")


def test_a_description_is_a_text_and_tags_have_names():
    check_about(UserErrorException, "model", "a net", {"a": "1"}, {})
    check_about(UserErrorException, "model", None)
    with pytest.raises(UserErrorException, match="a model's description is a text; got 3"):
        check_about(UserErrorException, "model", 3)
    with pytest.raises(InvalidNameError):
        check_about(UserErrorException, "model", "", {"": "1"})
