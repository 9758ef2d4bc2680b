from __future__ import annotations

import re

import pytest

from cellrun.core import names
from cellrun.core.errors import InvalidNameError


@pytest.mark.parametrize("name", ["digits", "9", "a" * 255, "A-b_c.d", "example..x"])
def test_experiment_names_that_are_good(name: str) -> None:
    assert names.experiment_name(name) == name


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("a/b", "/"),
        ("../a", "/"),
        ("..", "."),
        ("a\nb", "\n"),
        ("a\0b", "\0"),
        ("a" * 256, ""),
        ("", ""),
        ("run 🚀", " 🚀"),
        ("a\u200fb", "\u200f"),
        ("<script>", "<>"),
        ("$(touch p)", "$( )"),
        ("-rf", "-"),
        (".hidden", "."),
        ("naïve", "ï"),
        (None, ""),
        (7, ""),
    ],
)
def test_experiment_names_that_are_refused(name: object, bad: str) -> None:
    with pytest.raises(InvalidNameError) as caught:
        names.experiment_name(name)
    assert caught.value.given is name
    assert caught.value.bad == bad
    assert "experiment name may contain letters, digits, _ - ." in str(caught.value)
    assert repr(name)[:40] in str(caught.value)
    assert not bad or f"(bad: {bad!r})" in str(caught.value)


@pytest.mark.parametrize(
    "name", ["a/b", "..", "a\nb\0c", "x" * 256, "🚀", "a\u200fb", "<script>", "$(touch p)", "-rf", "\ud800"]
)
def test_display_names_are_kept_verbatim(name: str) -> None:
    assert names.display_name(name) == name


@pytest.mark.parametrize("name", ["", "x" * 257, None, b"x"])
def test_display_names_that_are_refused(name: object) -> None:
    with pytest.raises(InvalidNameError, match="1 to 256 characters"):
        names.display_name(name)


@pytest.mark.parametrize(
    "name", ["loss", "train/loss", "acc %", "🚀", "__proto__", "constructor", "損失", "👩\u200d👩", "x" * 255, "a<b"]
)
def test_metric_names_that_are_good(name: str) -> None:
    assert names.metric_name(name) == name


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("", ""),
        ("  ", ""),
        ("x" * 10_000, ""),
        ("a\nb", "\n"),
        ("a\0", "\0"),
        ("\ud800", "\ud800"),
        ("a\u2028", "\u2028"),
    ],
)
def test_metric_names_that_are_refused(name: str, bad: str) -> None:
    with pytest.raises(InvalidNameError) as caught:
        names.metric_name(name)
    assert caught.value.bad == bad
    assert len(str(caught.value)) < 300


def test_a_name_limit_can_be_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELLRUN_METRIC_NAME_CHARS", "4")
    with pytest.raises(InvalidNameError, match="1 to 4 characters"):
        names.metric_name("fives")


@pytest.mark.parametrize(
    ("text", "slug"),
    [("Digits 2", "Digits-2"), ("..", ""), ("-rf /", "rf"), ("naïve", "naive"), ("実験", ""), ("a" * 50, "a" * 40)],
)
def test_slug(text: str, slug: str) -> None:
    assert names.slug(text) == slug


@pytest.mark.parametrize("text", ["Untitled 1", "実験", "../..", "-x", "a" * 400, ""])
def test_any_text_makes_an_experiment_name(text: str) -> None:
    assert names.experiment_name(names.experiment_from(text))


@pytest.mark.parametrize("experiment", ["digits", "e" * 255, "a.b"])
def test_run_ids_have_azures_form_and_can_be_folder_names(experiment: str) -> None:
    run_id = names.new_run_id(experiment)
    assert re.fullmatch(rf"{re.escape(experiment[:40])}_\d{{10,}}_[0-9a-f]{{8}}", run_id)
    assert names.is_plain(run_id)
    assert run_id != names.new_run_id(experiment)


@pytest.mark.parametrize("run_id", ["../x", ".new-a", "a/b", "", "a" * 256, "a\0"])
def test_run_ids_that_lead_elsewhere_are_refused(run_id: str) -> None:
    assert not names.is_plain(run_id)
    with pytest.raises(InvalidNameError, match="run id"):
        names.run_id(run_id)


def test_a_tag_has_a_length():
    assert names.tag_value("x" * 5_000)
    with pytest.raises(
        InvalidNameError, match=r"tag value is a text of 5,000 characters at most; got .* \(\d+ characters\)"
    ):
        names.tag_value("x" * 5_001)
