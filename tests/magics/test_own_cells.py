"""More cells of the given cases' kinds, our own and of public suites (`src`): each prints what the notebook does."""

import json
from pathlib import Path

import pytest

from cellrun.core.context.manifest import Context
from cellrun.core.status import Status
from tests.magics.notebook_shell import log

_DATA = Path(__file__).parent.parent / "data"
CASES = [
    case for name in ("own_cells.json", "suite_cells.json") for case in json.loads((_DATA / name).read_text("utf-8"))
]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the libraries that the cells use
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_case(notebook, case):
    for cell in case["setup"]:
        notebook.run(cell)
    run = notebook.submit(case["cell"])
    assert run.get_status() == Status.COMPLETED, log(run)
    assert log(run).strip() == notebook.run(case["cell"]).strip()
    context = Context.read(run.layout.context)
    travelled = {name for group in context.groups for name in group.names} | {each.name for each in context.imports}
    assert travelled >= set(case.get("need", ()))
    assert not travelled & set(case.get("never", ()))
