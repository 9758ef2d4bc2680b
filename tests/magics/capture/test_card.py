"""The capture card, drawn from an account that is given."""

import re

import pytest

from cellrun.core.context.manifest import Need
from cellrun.magics.capture.card.card import Card
from cellrun.magics.capture.card.content import size_words
from cellrun.magics.capture.refusals import Refusal

NEEDS = (
    Need("train", "function", "function, cell 4", "line 1", 1_100, "source"),
    Need("model", "value", "SGDClassifier", "line 1", 12_000, "value", "same as digits-2: not sent again"),
    Need("X_train", "value", "ndarray 1437 \u00d7 64 float64", "line 1", 736_000, "value"),
    Need("np", "import", "numpy 2.3.1", "train, line 3", how="import"),
    Need("features", "module", "local module, 2 files", "train, line 2", 4_000, "source"),
    Need("data/labels.csv", "file", "file", "train, line 5", 18_000, "copy"),
)
REFUSAL = Refusal(
    "cfg",
    "cfg['io'][2].stream is an open file (TextIOWrapper) and can't be captured",
    "line 1",
    "Open it inside the cell, or leave it out: --without cfg",
)
NOTE = "`data/large.bin` isn't copied, the run reads it where it is"
CARD = Card(NEEDS, [REFUSAL], [NOTE])


def test_as_text_it_is_a_table_below_the_refusals():
    assert repr(CARD).splitlines() == [
        "What this cell needs: 4 names \u00b7 771 kB \u00b7 1 module \u00b7 1 file" + "1 refusal".rjust(42),
        "",
        "\u2715 cfg['io'][2].stream is an open file (TextIOWrapper) and can't be captured.",
        "  Needed by cfg, line 1. Open it inside the cell, or leave it out: --without cfg",
        "",
        "name             what                       size    needed by      captured as",
        "train            function, cell 4           1.1 kB  line 1         source",
        "model            SGDClassifier              12 kB   line 1         value, same as digits-2",
        "X_train          ndarray 1437 \u00d7 64 float64  736 kB  line 1         value",
        "np               numpy 2.3.1                        train, line 3  import",
        "features         local module, 2 files      4.0 kB  train, line 2  source",
        "data/labels.csv  file                       18 kB   train, line 5  copy",
        "",
        "! data/large.bin isn't copied, the run reads it where it is",
    ]


def test_as_text_it_keeps_to_100_columns():
    long = Need("a" * 80, "value", "b" * 80, "c" * 80, 1, "value")
    card = Card([long], [Refusal("x", "it " * 60, "line 1", "do " * 60)], ["note " * 60])
    assert max(map(len, repr(card).splitlines())) <= 100
    assert repr(card).count("\u2026") == 3  # what is too wide is cut


def test_letters_that_take_two_columns_are_counted_as_two():
    needs = [
        Need("\u5b66\u7fd2\u7387", "value", "float", "line 1", 10, "value"),
        Need("x", "value", "float", "line 2", 10),
    ]
    wide, narrow = repr(Card(needs)).splitlines()[-2:]
    assert wide.index("float") + 3 == narrow.index("float")


def test_as_html_it_says_the_same():
    html = CARD._repr_html_()
    text = re.sub(r"\s*<[^>]+>\s*", "|", re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL))
    for fact in ("4 names", "1 refusal", "cfg['io'][2].stream".replace("'", "&#x27;"), "|--without cfg|", "|736 kB|"):
        assert fact in text
    assert html.count("<tr>") == 1 + len(NEEDS)
    assert "<code>--without cfg</code>" in html
    assert "<code>cfg[&#x27;io&#x27;][2].stream</code> is an open file" in html
    assert "<code>data/large.bin</code>" in html


@pytest.mark.parametrize("field", ["name", "what", "place", "how", "note"])
def test_nothing_of_the_notebook_is_markup(field):
    nasty = "<script>alert(1)</script>\"'&"
    need = Need(**{"name": "a", "kind": "value", "what": "b", "place": "c", field: nasty})
    card = Card([need], [Refusal(nasty, f"{nasty} is {nasty}", nasty, f"--without {nasty}")], [f"`{nasty}` {nasty}"])
    html = card._repr_html_()
    assert "<script" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;&amp;") >= 6
    assert nasty in repr(Card([need])) or field in {"name", "what", "place"}  # as text it is what it is, maybe cut


def test_an_odd_back_quote_is_a_back_quote():
    assert "a ` b" in repr(Card([], notes=["a ` b"]))
    assert "a ` b" in Card([], notes=["a ` b"])._repr_html_()


def test_a_cell_that_needs_nothing_says_so():
    for shown in (repr(Card([])), Card([])._repr_html_()):
        assert "the cell alone makes the run" in shown
        assert "refusal" not in re.sub(r"<style>.*?</style>", "", shown, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("refusal", "what", "advice"),
    [
        (REFUSAL, "`cfg['io'][2].stream` is an open file", "Needed by `cfg`, line 1. Open it"),
        (
            Refusal("f", "f is an open file", "line 3", "Open it inside"),
            "`f` is an open file.",
            "Needed in line 3. Open",
        ),
        (Refusal("", "cpus=0: give a whole number"), "cpus=0: give a whole number.", ""),
        (
            Refusal("", "too large", remedy="Set CELLRUN_VALUE_BYTES to allow more"),
            "too large.",
            "`CELLRUN_VALUE_BYTES` to",
        ),
    ],
)
def test_a_refusal_says_what_where_and_what_to_do(refusal, what, advice):
    (refused,) = Card([], [refusal]).refusal_words()
    assert refused.what.startswith(what)
    assert advice in refused.advice


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, ""),
        (17, "17 B"),
        (999, "999 B"),
        (1_100, "1.1 kB"),
        (9_990, "10 kB"),
        (735_744, "736 kB"),
        (999_900, "1.0 MB"),
        (2_500_000_000_000, "2.5 TB"),
        (10**16, "10000 TB"),
    ],
)
def test_sizes_have_two_or_three_digits(size, words):
    assert size_words(size) == words
