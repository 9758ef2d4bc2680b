"""The carriers of a capture: each is asked for all that it may tell, and a new one needs no place but the list."""

from dataclasses import replace
from pathlib import Path

import pytest

from cellrun.core.context.account import KINDS
from cellrun.core.context.manifest import Context, Import, Need
from cellrun.core.context.state.table import TABLE
from cellrun.core.context.value_store import ValueStore
from cellrun.core.layout import WorkspaceLayout
from cellrun.magics.capture.capture import Capture, carriers_of
from cellrun.magics.capture.carrier import CapturedCell, Carrier, Found
from cellrun.magics.capture.notebook import Notebook
from cellrun.magics.capture.refusals import Refusal
from cellrun.magics.capture.source.analysis import Read
from cellrun.magics.capture.source.flow import analyse

DOCS = Path(__file__).parents[3] / "docs" / "capture.md"


class Dial:
    """Something that no other process has."""

    def __init__(self) -> None:
        self.position = 3


class DialCarrier(Carrier):
    """Carries dials, which turn by a scale that the notebook has under that name."""

    def __init__(self) -> None:
        self.found = []

    def find(self, read, value):
        if not isinstance(value, Dial):
            return None
        self.found.append((read, value))
        return Found(read, reads=[Read("scale", read.line, read.name)])

    def check(self, values_folder):
        return [Refusal(read.name, "it is stuck", read.place) for read, each in self.found if each.position < 0]

    def copy_to(self, snapshot):
        for read, each in self.found:
            (snapshot / f"{read.name}.dial").write_text(str(each.position))

    def pack(self, context, store):
        return replace(context, imports=(*context.imports, Import("dials")))

    def account(self):
        return [Need(read.name, "state", "dial", read.place, 8, "state") for read, _ in self.found]

    def notes(self):
        return [f"{read.name} was at {each.position}" for read, each in self.found]


@pytest.fixture
def capture(tmp_path):
    dial = Dial()
    notebook = Notebook({"__name__": "__main__", "dial": dial, "scale": 10}, folder=tmp_path)
    cell = CapturedCell(analyse("print(dial)"), notebook)
    return Capture(cell, [DialCarrier(), *carriers_of(cell)]), dial


def test_a_new_carrier_is_asked_for_all_that_it_may_tell(capture, tmp_path):
    captured, dial = capture
    assert captured.refusals(tmp_path) == []
    account = [(need.name, need.what) for need in captured.account()]
    assert account[0] == ("scale", "int")
    assert ("dial", "dial") in account
    assert captured.notes()[0] == "dial was at 3"
    run = WorkspaceLayout(tmp_path / "runs").run("digits_1700000000_00000000")
    run.snapshot.mkdir(parents=True)
    captured.pack(run, "Cell In[1]", ValueStore(run.workspace.values))
    context = Context.read(run.context)
    assert [group.names for group in context.groups] == [("scale",)]
    assert Import("dials") in context.imports
    assert (run.snapshot / "dial.dial").read_text() == "3"
    dial.position = -1
    assert list(map(str, captured.refusals(tmp_path))) == ["it is stuck; needed in line 1"]


def test_a_carrier_that_does_nothing_changes_nothing(tmp_path):
    cell = CapturedCell(analyse("print(x)"), Notebook({"__name__": "__main__", "x": 1}, folder=tmp_path))
    captured = Capture(cell, [Carrier(), *carriers_of(cell), Carrier()])
    assert captured.account() == Capture(CapturedCell(cell.analysis, cell.notebook)).account()
    assert captured.refusals(tmp_path) == []


def rows(after: str) -> list[list[str]]:
    """Return the cells of the documentation's first table after a sentence, without its head."""
    table = DOCS.read_text().partition(after)[2].lstrip().partition("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


def test_the_list_of_what_is_captured_is_what_the_documentation_says():
    assert [row[0] for row in rows("The card has a line for each thing, in this order:")] == list(KINDS)


def test_the_list_of_state_is_what_the_documentation_says():
    listed = [
        (row[0].strip("`"), what)
        for row in rows("and the following, where it differs from a fresh interpreter's:")
        for what in row[1].split(", ")
    ]
    assert sorted(listed) == sorted((kind.module, kind.what) for kind in TABLE)
