"""The text of a notebook's cells is the code of the interactive run that was open meanwhile."""

from cellrun.core.runs import cell_code
from cellrun.core.runs.cell_code import CELLS_FILE

TOKEN = "ghp_" + "a1B2" * 9


def code(run):
    """What is kept of the cells of a run."""
    path = run.layout.snapshot / CELLS_FILE
    return path.read_text() if path.exists() else ""


def test_cells_are_kept_from_the_one_that_opens_the_run_to_its_end(notebook):
    notebook.run("before = 1")
    notebook.run("%start_logging e --no-view\nx = 1")
    notebook.run("run.log('x', x)")
    notebook.run("run.complete()  # the end")
    notebook.run("after = 1")
    run = notebook.names["run"]
    expected = "%start_logging e --no-view\nx = 1", "run.log('x', x)", "run.complete()  # the end"
    assert [cell.split("\n", 1)[1].strip() for cell in code(run).split("# %% ")[1:]] == [*expected]
    assert run.get_snapshot_id()


def test_also_of_a_run_that_code_opens_and_in_place_of_keys_is_a_mask(notebook):
    notebook.run(
        "from cellrun.core import Experiment, Workspace\n"
        f"run = Experiment(Workspace.from_config(), 'e').start_logging()\ntoken = '{TOKEN}'"
    )
    notebook.run("%%submit --env KEY=hidden\n1")
    notebook.run("run.complete()")
    kept = code(notebook.names["run"])
    assert "token = '***'" in kept
    assert "--env KEY=***" in kept
    assert "hidden" not in kept


def test_none_is_kept_if_so_it_is_wished(notebook):
    notebook.run("%start_logging e --no-view --no-code\nx = 1")
    notebook.run("run.complete()")
    assert code(notebook.names["run"]) == ""


def test_the_cells_of_a_run_that_was_ended_elsewhere_are_no_longer_its_code(notebook):
    notebook.run("%start_logging e --no-view")
    notebook.run("from cellrun.core import Run\nRun.get(run.experiment.workspace, run.id).cancel()")
    notebook.run("x = 1")
    assert "x = 1" not in code(notebook.names["run"])


def test_beyond_its_limit_it_is_said_and_no_more_is_kept(notebook, monkeypatch):
    monkeypatch.setattr(cell_code, "MOST_BYTES", 200)
    notebook.run("%start_logging e --no-view")
    notebook.run(f"x = '{'a' * 300}'")
    notebook.run("y = 1")
    notebook.run("run.complete()")
    kept = code(notebook.names["run"])
    assert "aren't kept" in kept
    assert "aaa" not in kept
    assert "y = 1" not in kept
