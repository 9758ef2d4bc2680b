"""More cells of the kinds of the given cases: submitted, each prints what the notebook prints."""

import json
from pathlib import Path

import pytest

CASES = json.loads((Path(__file__).parent.parent / "data" / "own_cells.json").read_text())


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the libraries that the cells use
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_case(notebook, case):
    for cell in case["setup"]:
        notebook.run(cell)
    printed = notebook.prints(case["cell"])
    assert printed.strip() == notebook.run(case["cell"]).strip()
