"""The capture card as IPython shows it."""

from __future__ import annotations

from cellrun.magics.capture.card.as_html import card_html
from cellrun.magics.capture.card.as_text import card_text
from cellrun.magics.capture.card.content import Content


class Card(Content):
    """What a cell needs: text where text is shown, HTML in a notebook."""

    def __repr__(self) -> str:
        return card_text(self)

    def _repr_html_(self) -> str:
        return card_html(self)
