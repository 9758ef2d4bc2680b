"""The cases of a submitted cell: each prints what the notebook itself would have printed.

Each is submitted from a bare shell and from a real kernel; their jobs run in forks, but for the first case of each kind
and of each carrier from the shell.
"""

import re

import pytest

from cellrun.core.store.status import Status
from tests.magics.cases import GIVEN, SUBMITTED
from tests.magics.notebook_shell import log

_FIRST = {case.group or case.carrier: case for case in reversed([*GIVEN, *SUBMITTED]) if not case.refused}


@pytest.fixture(params=["notebook", "notebook_in_kernel"])
def notebook(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(autouse=True)
def _jobs(request, case):
    if _FIRST.get(case.group or case.carrier) is not case:
        request.getfixturevalue("jobs_in_forks")


@pytest.fixture
def submitted(notebook):
    """Submit the cell of a case; returns its run, which has completed."""

    def submit(case):
        case.write_files(notebook.folder)
        for cell in case.setup:
            notebook.run(cell)
        run = notebook.submit(case.cell)
        assert run.get_status() == Status.COMPLETED, (run.get_details(), log(run))
        case.check_captured(run.layout)
        return run

    return submit


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a case leaves a file open
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("case", GIVEN, ids=lambda case: f"{case.id}-{case.group.replace(' ', '-')}")
def test_given_case(notebook, submitted, case):
    if case.refused:
        for cell in case.setup:
            notebook.run(cell)
        assert re.search(case.refused, notebook.refusal(case.cell))
        return
    printed = log(submitted(case))
    if case.line:
        assert case.line in printed.splitlines()
    else:
        expected = case.out if case.out is not None else notebook.value(case.out_of)
        assert printed.rstrip() == expected.rstrip()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the libraries that the cells use
@pytest.mark.parametrize("case", SUBMITTED, ids=lambda case: f"{case.carrier}-{case.id}")
def test_further_case(notebook, submitted, case):
    printed = log(submitted(case))
    assert printed.strip() == notebook.run(case.cell).strip()
