"""Patterns of files: which texts are some, what they fit, and what of a folder they never take."""

import os
from pathlib import Path

import pytest

from cellrun.magics.capture.destination import Place
from cellrun.magics.capture.notebook import LeftOut
from cellrun.magics.capture.paths import files, patterns
from cellrun.magics.capture.paths.files import Files
from cellrun.magics.capture.paths.patterns import TooManyFilesError, Tree, folder_of, is_bounded, is_clear
from cellrun.magics.capture.paths.shipment import Links, Shipment
from cellrun.magics.capture.source.analysis import Text

FILES = ("a.csv", "b.csv", "aXb", "what1", "c", "data/x.csv", "data/deep/y.csv", "data/.hidden.csv", "notes.txt")
HIDDEN = (".git/config", ".netrc", ".env", ".ssh/id", ".hidden.csv")


@pytest.fixture
def folder(tmp_path):
    for name in (*FILES, *HIDDEN):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("text")
    return tmp_path


class Carried:
    """What is taken for texts."""

    def __init__(self, folder: Path) -> None:
        self.shipment = Shipment(LeftOut(frozenset()))
        self.links = Links(folder, Place())
        self.files = Files(folder, Place(), self.shipment, self.links)

    def take(self, text: str, **how: bool) -> list[str]:
        self.files.take(Text(text, 2), **how)
        return sorted([*self.shipment.paths("file"), *self.links.pack()])


@pytest.mark.parametrize(
    "text",
    ["*", ".*", "**", "what?", "[a-z]+", "a*b", "**/*", "../*", "[a-z]", "?", "(.*)", "a*b\nc", "and/or?", "*.*"],
)
def test_a_text_with_wildcards_alone_takes_nothing(folder, text):
    assert not is_clear(text) or text == "and/or?"
    assert Carried(folder).take(text) == []


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("*.csv", ["a.csv", "b.csv"]),
        ("?.csv", ["a.csv", "b.csv"]),
        ("[ab].csv", ["a.csv", "b.csv"]),
        ("data/*.csv", ["data/x.csv"]),
        ("./data/*.csv", ["data/x.csv"]),
        ("data/*", ["data/deep/y.csv", "data/x.csv"]),
        ("d*/*.csv", ["data/x.csv"]),
        ("**/*.csv", ["a.csv", "b.csv", "data/deep/y.csv", "data/x.csv"]),
        ("data/**/*.csv", ["data/deep/y.csv", "data/x.csv"]),
        ("*.nothing", []),
    ],
)
def test_a_text_that_is_a_path_takes_what_it_fits(folder, text, taken):
    assert Carried(folder).take(text) == taken


@pytest.mark.parametrize(
    ("pattern", "taken"),
    [
        ("*", ["a.csv", "aXb", "b.csv", "c", "data/deep/y.csv", "data/x.csv", "notes.txt", "what1"]),
        ("what?", ["what1"]),
        ("a*b", ["aXb"]),
        (".*", []),
        (".[a-z]*", []),
        ("**", []),
        ("**/*", []),
    ],
)
def test_what_is_looked_for_by_a_pattern_is_taken_without_hidden_files(folder, pattern, taken):
    assert Carried(folder).take(pattern, is_pattern=True) == taken


def test_a_pattern_of_everything_below_is_said(folder):
    carried = Carried(folder)
    carried.take("**", is_pattern=True)
    (note,) = carried.files.notes()
    assert note.startswith("what '**' (line 2) fits isn't captured: it fits all that is in the folder and below; name")


def test_a_file_with_wildcards_in_its_name_is_itself(folder):
    (folder / "copy[1].csv").write_text("")
    (folder / "copy1.csv").write_text("")
    assert Carried(folder).take("copy[1].csv") == ["copy[1].csv"]


class TestTooMuch:
    @pytest.fixture(autouse=True)
    def limit(self, monkeypatch):
        monkeypatch.setattr(files, "_MOST_COPIED_FILES", 1)

    def test_of_a_folder_links_the_folder(self, folder):
        carried = Carried(folder)
        assert carried.take("data/*/*.csv", is_pattern=True) == ["data/deep/y.csv"]
        (folder / "data" / "deep" / "z.csv").write_text("")
        carried = Carried(folder)
        assert carried.take("data/*/*.csv") == ["data"]
        assert list(carried.links.pack()) == ["data"]

    def test_beside_the_notebook_links_each(self, folder):
        carried = Carried(folder)
        carried.take("*.csv")
        assert list(carried.links.pack()) == ["a.csv", "b.csv"]

    def test_beside_the_notebook_is_said_if_these_are_many(self, folder, monkeypatch):
        monkeypatch.setattr(files, "_MOST_LINKS", 1)
        carried = Carried(folder)
        assert carried.take("*.csv") == []
        (note,) = carried.files.notes()
        assert note.startswith("what '*.csv' (line 2) fits isn't captured: it is more than 16.8 MB or 1 files; name")

    def test_to_look_through_is_said(self, folder, monkeypatch):
        monkeypatch.setattr(patterns, "_MOST_LISTED", 5)
        carried = Carried(folder)
        assert carried.take("**/y.csv") == []
        assert "too many files to look through" in carried.files.notes()[0]
        with pytest.raises(TooManyFilesError):
            list(Tree(folder).matches("**/*.csv"))


def test_a_folder_is_read_once_for_all_texts(folder, monkeypatch):
    read = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: read.append(str(path)) or scandir(path))
    carried = Carried(folder)
    for number in range(50):
        carried.take(f"q{number}?.csv")
        carried.take(f"q{number}?", is_pattern=True)
        carried.take("*")
    assert read == [str(folder)]


def test_a_link_to_a_folder_above_ends(folder):
    (folder / "data" / "up").symlink_to(folder)
    assert set(Tree(folder).matches("**/x.csv")) == {"data/x.csv"}
    assert set(Tree(folder).matches("data/*/a.csv")) == {"data/up/a.csv"}


@pytest.mark.parametrize(
    ("pattern", "folder", "is_some"),
    [
        ("data/*.csv", "data", True),
        ("*/x", "", True),
        ("../*.csv", "", True),
        ("../d/**", "../d", True),
        ("**", "", False),
    ],
)
def test_the_folder_of_a_pattern(pattern, folder, is_some):
    assert folder_of(pattern) == folder
    assert is_bounded(pattern) is is_some
