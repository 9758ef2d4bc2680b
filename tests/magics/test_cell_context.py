"""The cases of a submitted cell: each prints what the notebook itself would have printed, run as a real submission."""

import json
from pathlib import Path

import pytest

from cellrun.core.context.manifest import Context
from cellrun.core.errors import InvalidSubmissionError
from tests.magics.notebook_shell import log

CASES = json.loads((Path(__file__).parent.parent / "data" / "cell_context.json").read_text())
WITH_TIMINGS = {"I04": "21"}  # a magic prints timings too: the line that must be among the others


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a case leaves a file open
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['id']}-{case['group'].replace(' ', '-')}")
def test_case(notebook, case):
    for path, text in case["files"].items():
        file = notebook.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    for cell in case["setup"]:
        notebook.run(cell)
    if case["id"] == "S09":  # a lock is needed
        with pytest.raises(InvalidSubmissionError, match=r"lk is a lock \(lock\) and can't travel; .* line 2"):
            notebook.submit(case["cell"])
        return
    expected = case["out"]
    if expected is not None and expected.startswith("="):
        expected = str(eval(expected[1:], notebook.names))
    run = notebook.submit(case["cell"])
    assert run.get_status() == "Completed", log(run)
    if expected is None:
        assert WITH_TIMINGS[case["id"]] in log(run).splitlines()
    else:
        assert log(run).rstrip() == expected.rstrip()
    context = Context.read(run.layout.context)
    travelled = {name for group in context.groups for name in group.names} | {each.name for each in context.imports}
    assert travelled >= set(case["need"])
    assert not travelled & set(case["never"])
