"""Runs that others start, on a machine reached by ssh: what drives them is here, they are there."""

from cellrun.core import Experiment
from cellrun.core.pipelines.pipeline import Pipeline
from cellrun.core.pipelines.script_steps import PythonScriptStep


def test_the_steps_of_a_pipeline_run_there_one_after_the_other(runs, box):
    runs.workspace.attach("box", "ssh", host="box")
    (runs.source / "train.py").write_text("import sys; print(sys.executable, sys.argv[1:])")
    first, second = (
        PythonScriptStep(
            "train.py", name=name, arguments=[name], source_directory=str(runs.source), compute_target="box"
        )
        for name in ("first", "second")
    )
    second.run_after(first)
    run = Experiment(runs.workspace, "tests").submit(Pipeline(runs.workspace, [second]))
    assert run.wait_for_completion(show_output=False) == "Finished"
    logs = sorted(child.layout.log.read_text() for child in run.get_children())
    assert logs == [f"/usr/bin/python3 ['{name}']\n" for name in ("first", "second")]
