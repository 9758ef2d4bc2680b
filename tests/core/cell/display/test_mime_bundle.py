"""What an object shows where there is no IPython."""

import pytest
from IPython.core.formatters import DisplayFormatter

from cellrun.core.cell.display.mime_bundle import forms_of


@pytest.mark.parametrize(
    "forms",
    [
        {},
        {"html": "<b>x</b>", "markdown": "**x**", "latex": "$x$"},
        {"png": b"PNG", "svg": "<svg/>", "jpeg": None},
        {"svg": ("<svg/>", {"isolated": True})},
        {"mimebundle": {"text/html": "x", "application/json": {"a": 1}}},
        {"mimebundle": ({"image/png": b"PNG"}, {"image/png": {"width": 1}}), "html": "x"},
    ],
)
def test_they_are_those_that_ipython_finds(forms):
    cls = type("Of", (), {f"_repr_{kind}_": lambda _, form=form, **__: form for kind, form in forms.items()})
    ours = forms_of(cls())
    by_ipython, _ = DisplayFormatter().format(cls())
    assert ours.keys() == by_ipython.keys() - {"text/plain"}
    assert ours.get("text/html") == by_ipython.get("text/html")
    assert forms_of(cls) == {}


def test_one_that_cannot_be_made_is_said_and_the_others_are_there(capsys):
    class Half:
        def _repr_html_(self):
            raise ValueError("no page")

        def _repr_svg_(self):
            return "<svg/>"

    assert forms_of(Half()) == {"image/svg+xml": "<svg/>"}
    assert "ValueError: no page" in capsys.readouterr().err
