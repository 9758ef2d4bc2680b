"""The cell that is captured: what its carriers have to know of it, and what they fill together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from cellrun.magics.capture.choices import Choices, LeftOut
from cellrun.magics.capture.destination import Destination, Place
from cellrun.magics.capture.needs import Needs
from cellrun.magics.capture.notebook import Notebook
from cellrun.magics.capture.paths.shipment import Shipment
from cellrun.magics.capture.source.analysis import Analysis


@dataclass(frozen=True)
class CapturedCell:
    """A cell, what it is captured from, and where it will run."""

    analysis: Analysis
    notebook: Notebook
    run_name: str = "run"
    """The name that the cell's own Run gets, unless the notebook has something else there that the cell needs."""
    arguments: Sequence[str] = ()
    choices: Choices = field(default_factory=Choices)
    """What the user adds and leaves out."""
    variables: Collection[str] = ()
    """The environment variables that the submission itself gives."""
    place: Place = field(default_factory=Place)
    destination: Destination = field(default_factory=Destination)
    """The Python that will run it."""
    left_out: LeftOut = field(init=False)
    shipment: Shipment = field(init=False)
    needs: Needs = field(init=False)

    def __post_init__(self) -> None:
        left_out = LeftOut(frozenset(self.choices.left_out))
        object.__setattr__(self, "left_out", left_out)
        object.__setattr__(self, "shipment", Shipment(left_out))
        object.__setattr__(self, "needs", Needs(self.analysis, self.notebook, left_out, self.choices.given))
