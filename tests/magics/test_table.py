"""A table below a cell."""

import pytest

from cellrun.magics.table import Table

HEADER = ("Name", "What")


def test_as_text_columns_stand_below_one_another():
    table = Table(HEADER, [("a", "first"), ("longer", "second")], ["more"])
    assert repr(table).splitlines() == ["Name    What", "a       first", "longer  second", "more"]


def test_as_html_nothing_of_it_is_markup():
    html = Table(HEADER, [("<b>", "a & b")], ["x < y"])._repr_html_()
    assert html.startswith("<table><thead><tr><th")
    assert [text in html for text in ("&lt;b&gt;", "a &amp; b", "<p>x &lt; y</p>")] == [True] * 3
    assert "<b>" not in html


@pytest.mark.parametrize(("below", "text", "html"), [(["none"], "none", "<p>none</p>"), ([], "", "")])
def test_without_rows_there_is_no_header(below, text, html):
    table = Table(HEADER, iter(()), below)
    assert (repr(table), table._repr_html_()) == (text, html)
