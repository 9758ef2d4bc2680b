"""Child runs of cells."""

import pytest

from cellrun.core import Experiment, Workspace

CELL = """%%submit digits
left = run.child_run('left')
left.log('x', 1)
with run.child_run() as one:
    one.log('x', 2)
{}
"""


@pytest.mark.parametrize(("end", "status"), [("", "Completed"), ("raise ValueError('no')", "Failed")])
def test_children_of_a_submitted_cell_end_with_it(notebook, end, status):
    notebook.run(CELL.format(end))
    (run,) = Experiment(Workspace.from_config(), "digits").get_runs()
    run.wait_for_completion(raise_on_error=False)
    one, left = run.get_children()
    assert [(child.get_status(), child.get_metrics()) for child in (one, left)] == [
        ("Completed", {"x": 2}),
        (status, {"x": 1}),
    ]
