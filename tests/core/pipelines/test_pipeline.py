"""Pipelines as programs of Azure ML's first SDK write them: what their steps get, and what they leave."""

import json
import os
import shutil
import signal
from pathlib import Path

import pytest

from cellrun.core import Dataset, DatasetConsumptionConfig, Experiment, OutputFileDatasetConfig, ScriptRunConfig
from cellrun.core.context.signature import sign
from cellrun.core.data.stores.data_path import DataPath, DataPathComputeBinding
from cellrun.core.data.stores.data_reference import DataReference
from cellrun.core.errors import ActivityFailedException, InvalidSubmissionError, NotSupportedError, UserErrorException
from cellrun.core.pipelines.parameter import PipelineParameter
from cellrun.core.pipelines.pipeline import Pipeline
from cellrun.core.pipelines.pipeline_data import PipelineData
from cellrun.core.pipelines.pipeline_run import PipelineRun
from cellrun.core.pipelines.script_steps import CommandStep, MpiStep, PythonScriptStep
from cellrun.core.pipelines.step_run import StepRun
from cellrun.core.pipelines.step_sequence import StepSequence
from cellrun.core.store.lists.index import Index
from cellrun.core.submission.configuration.parts import MpiConfiguration
from cellrun.core.submission.configuration.run_configuration import RunConfiguration


def python_step(runs, script_name, *arguments, name=None, **options):
    return PythonScriptStep(
        script_name, name, list(arguments), source_directory=str(runs.source), allow_reuse=False, **options
    )


def log(run) -> str:
    return run.layout.log.read_text() if run.layout.log.exists() else ""


def ended(run) -> PipelineRun:
    status = run.wait_for_completion(show_output=False, raise_on_error=False)
    assert status == "Completed", log(run)
    return run


def one(run: PipelineRun, name: str) -> StepRun:
    (step,) = run.find_step_run(name)
    return step


def test_what_a_step_writes_is_there_for_the_next(step_runs, experiment, tmp_path):
    data = PipelineData("prepared", datastore=step_runs.workspace.get_default_datastore())
    python_step(step_runs, "write.py", "--out", data, name="prepare", outputs=[data])
    read = python_step(step_runs, "read.py", data, inputs=[data])
    run = experiment.submit(Pipeline(workspace=step_runs.workspace, steps=[read]), tags={"why": "a test"})
    assert isinstance(run, PipelineRun)
    ended(run)
    assert "read written,1" in log(one(run, "read.py"))
    assert [step.name for step in run.get_steps()] == ["read.py", "prepare"]
    step = one(run, "prepare")
    assert (step.type, step.parent.id, step.pipeline_run_id) == ("azureml.StepRun", run.id, run.id)
    assert step.properties["azureml.pipelinerunid"] == run.id
    assert run.get_graph() == {"prepare": [], "read.py": ["prepare"]}
    assert run.get_tags()["why"] == "a test"
    assert step.get_status() == "Finished" == step.status
    assert run.status == "Completed"
    output = step.get_output_data("prepared")
    assert output.path_on_datastore == f"azureml/{step.id}/prepared"
    assert output.download(tmp_path / "here") == 1
    assert (tmp_path / "here" / output.path_on_datastore / "data.csv").is_file()
    assert list(step.get_outputs()) == ["prepared"]
    for written in (step_runs.workspace.layout.data / output.path_on_datastore).iterdir():
        written.unlink()
    assert output.download(tmp_path / "there") == 0
    assert step.get_output("prepared").get_port_data_reference().datastore_name == data.datastore.name
    with pytest.raises(UserErrorException, match="'prepared'"):
        step.get_output_data("prepard")
    with pytest.warns(UserWarning, match="did you mean 'prepare'"):
        assert run.find_step_run("prepar") == []
    assert "wrote written" in step.get_job_log() == step.get_stdout_log()


def test_an_output_goes_in_by_another_name_and_as_a_copy(step_runs, experiment, script):
    data = PipelineData("made", is_directory=True)
    python_step(step_runs, "write.py", "--out", data, name="write", outputs=[data])
    text = "import os\nprint(open(os.environ['AZUREML_DATAREFERENCE_other'] + '/data.csv').read().split()[1])\n"
    name = script("named.py", text)
    steps = [
        python_step(step_runs, name, name="input", inputs=[data.as_input("other")]),
        python_step(step_runs, name, name="download", inputs=[data.as_download(input_name="other")]),
        python_step(step_runs, "read.py", data.as_mount(), name="mount", inputs=[data.as_mount()]),
    ]
    run = ended(Pipeline(step_runs.workspace, [steps]).submit("tests"))
    assert [log(one(run, each)).split() for each in ("input", "download")] == [["written,1"]] * 2
    assert log(one(run, "mount")) == "read written,1\n"
    assert run.get_graph() == {"write": [], "input": ["write"], "download": ["write"], "mount": ["write"]}


def test_a_step_knows_its_pipeline_and_logs_there(step_runs, experiment, script):
    text = """
from cellrun.core import Run
run = Run.get_context()
print(type(run).__name__, type(run.parent).__name__, run.experiment.name)
run.log("own", 1)
run.parent.log("loss", 0.5)
run.parent.tag("from", run.name)
"""
    step = python_step(step_runs, script("logs.py", text))
    run = ended(experiment.submit(Pipeline(step_runs.workspace, [step])))
    assert log(one(run, "logs.py")).split()[:3] == ["StepRun", "PipelineRun", "tests"]
    assert run.get_metrics() == {"loss": 0.5}
    assert one(run, "logs.py").get_metrics() == {"own": 1}
    assert run.tags["from"] == "logs.py"


def test_parameters_have_their_defaults_unless_a_submission_says_otherwise(step_runs, experiment, script):
    text = "import os, sys\nprint(sys.argv[1:], os.environ['AML_PARAMETER_depth'])"
    rate, depth = PipelineParameter("rate", 0.1), PipelineParameter(name="depth", default_value=3)
    step = python_step(step_runs, script("show.py", text), "--rate", rate, params={"depth": depth})
    pipeline = Pipeline(step_runs.workspace, [step])
    first = pipeline.submit("tests", pipeline_parameters={"rate": 0.5})
    second = experiment.submit(pipeline, pipeline_parameters={"depth": 7})
    assert "['--rate', '0.5'] 3" in log(one(ended(first), "show.py"))
    assert "['--rate', '0.1'] 7" in log(one(ended(second), "show.py"))
    assert '"rate": "0.5"' in first.properties["azureml.parameters"]
    with pytest.raises(InvalidSubmissionError, match="did you mean 'rate'"):
        pipeline.submit("tests", pipeline_parameters={"rat": 1})


def test_outputs_as_datasets_are_registered_and_read_by_name(step_runs, experiment, script):
    text = """
import sys
from cellrun.core import Run
run = Run.get_context()
print("table", run.input_datasets["table"].to_pandas_dataframe().word.tolist())
print("folder", run.input_datasets["folder"] == sys.argv[1])
"""
    fixed = OutputFileDatasetConfig("files", destination=(step_runs.workspace.get_default_datastore(), "kept/here"))
    made = OutputFileDatasetConfig(name="made").read_delimited_files().register_on_complete("words")
    data = PipelineData("rows").as_dataset().register("rows", create_new_version=True)
    steps = [
        python_step(step_runs, "write.py", "--out", fixed.as_upload(overwrite=True), name="files"),
        python_step(step_runs, "write.py", "--out", made, "--text", "made", name="made"),
        python_step(step_runs, "write.py", "--out", data, "--text", "rows", name="rows", outputs=[data]),
        python_step(
            step_runs,
            script("tables.py", text),
            fixed.as_input("folder"),
            inputs=[made.as_input("table"), data.parse_delimited_files().as_named_input("parsed")],
        ),
    ]
    run = ended(experiment.submit(Pipeline(step_runs.workspace, steps)))
    assert log(one(run, "tables.py")).splitlines() == ["table ['made']", "folder True"]
    assert Dataset.get_by_name(step_runs.workspace, "words").to_pandas_dataframe().word.tolist() == ["made"]
    registered = Dataset.get_by_name(step_runs.workspace, "rows")
    assert [Path(path).name for path in registered.to_path()] == ["data.csv"]
    assert registered.definition.paths[0]["path"] == one(run, "rows").get_output_data("rows").path_on_datastore
    assert sorted(run.get_graph()["tables.py"]) == ["files", "made", "rows"]


def test_places_in_a_datastore_go_in_as_references_and_as_parameters(step_runs, experiment, script, tmp_path):
    (tmp_path / "up").mkdir()
    (tmp_path / "up" / "data.csv").write_text("word,n\nraw,1\n")
    store = step_runs.workspace.get_default_datastore()
    for place in ("raw", "other"):
        store.upload(str(tmp_path / "up"), target_path=place, show_progress=False)
    reference = DataReference(datastore=store, data_reference_name="raw", path_on_datastore="raw")
    path = PipelineParameter("place", DataPath(store, "raw"))
    bound = (path, DataPathComputeBinding(mode="mount"))
    steps = [
        python_step(step_runs, "read.py", reference, name="by reference", inputs=[reference]),
        python_step(step_runs, "read.py", bound, name="by parameter", inputs=[bound]),
    ]
    run = experiment.submit(
        Pipeline(step_runs.workspace, steps), pipeline_parameters={"place": DataPath(store, "other")}
    )
    ended(run)
    assert "read raw,1" in log(one(run, "by reference"))
    assert "read raw,1" in log(one(run, "by parameter"))
    (given,) = one(run, "by parameter").get_details()["inputDatasets"]
    assert "other" in str(given)


def test_a_dataset_may_be_a_parameter(step_runs, experiment, script, tmp_path):
    text = """
import sys
from cellrun.core import Run
print(open(sys.argv[1]).read(), Run.get_context().input_datasets["table"].definition.paths[0]["local"])
"""
    for name in ("one", "two"):
        (tmp_path / f"{name}.csv").write_text(f"word,n\n{name},1\n")
    files = {name: Dataset.File.from_files(str(tmp_path / f"{name}.csv")) for name in ("one", "two")}
    tables = Dataset.Tabular.from_delimited_files(str(tmp_path / "one.csv"))
    file = DatasetConsumptionConfig("file", PipelineParameter("files", files["one"])).as_mount()
    tabular = DatasetConsumptionConfig("table", PipelineParameter("tables", tables))
    step = python_step(step_runs, script("show.py", text), file, tabular, inputs=[file, tabular])
    pipeline = Pipeline(step_runs.workspace, [step])
    first = ended(experiment.submit(pipeline))
    second = ended(experiment.submit(pipeline, pipeline_parameters={"files": files["two"]}))
    table = str(tmp_path / "one.csv")
    assert log(one(first, "show.py")).split() == ["word,n", "one,1", table]
    assert log(one(second, "show.py")).split() == ["word,n", "two,1", table]


def test_a_script_run_config_says_what_a_command_step_runs(step_runs, experiment):
    config = ScriptRunConfig(str(step_runs.source), command="ls", environment_variables={"A": "b"})
    step = CommandStep(name="list", runconfig=config)
    run = ended(experiment.submit(Pipeline(step_runs.workspace, [step])))
    assert {"read.py", "write.py"} <= {*log(one(run, "list")).split()}


def test_commands_and_steps_in_sequence_run_in_that_order(step_runs, experiment):
    data = PipelineData("out")
    first = CommandStep(
        command=f"echo made > {data}/x", name="first", outputs=[data], source_directory=str(step_runs.source)
    )
    second, third = (CommandStep(command=f"echo {name}", name=name) for name in ("second", "third"))
    run = ended(experiment.submit(Pipeline(step_runs.workspace, StepSequence([third, [first], second]))))
    assert run.get_graph() == {"third": [], "first": ["third"], "second": ["first"]}
    starts = [one(run, name).get_details()["startTimeUtc"] for name in ("third", "first", "second")]
    assert starts == sorted(starts)


def test_a_step_that_somebody_else_did_is_done_again(step_runs, experiment):
    data = PipelineData("out")
    make = PythonScriptStep("write.py", "make", ["--out", data], outputs=[data], source_directory=str(step_runs.source))
    pipeline = Pipeline(step_runs.workspace, [make])
    theirs = one(ended(experiment.submit(pipeline)), "make")
    sign(theirs.layout.signed, key=bytes(32))  # as in a workspace that came from somebody else
    ours = one(ended(experiment.submit(pipeline)), "make")
    assert not ours.is_reused
    record = json.loads(ours.layout.record.read_text())
    ours.layout.record.write_text(json.dumps({**record, "display_name": "changed"}))
    assert not one(ended(experiment.submit(pipeline)), "make").is_reused


def test_a_step_that_was_done_before_is_not_done_again(step_runs, experiment, script):
    data = PipelineData("out")
    text = "\nfrom cellrun.core import Run\nRun.get_context().log('n', 7)\n"
    name = script("make.py", (step_runs.source / "write.py").read_text() + text)
    PythonScriptStep(name, "make", ["--out", data], outputs=[data], source_directory=str(step_runs.source))
    read = PythonScriptStep("read.py", "read", [data], inputs=[data], source_directory=str(step_runs.source))
    pipeline = Pipeline(step_runs.workspace, [read])
    first = ended(experiment.submit(pipeline))
    second = ended(experiment.submit(pipeline))
    made, again = one(first, "make"), one(second, "make")
    assert (made.is_reused, again.is_reused, one(second, "read").is_reused) == (False, True, True)
    assert again.properties["azureml.reusedrunid"] == made.id
    assert again.get_output_data("out").path_on_datastore == made.get_output_data("out").path_on_datastore
    assert again.get_metrics() == {"n": 7}
    assert "wrote written" in log(again)

    written = Path(step_runs.workspace.layout.data, made.get_output_data("out").path_on_datastore)
    (written / "data.csv").write_text("changed,1\n")
    touched = ended(experiment.submit(pipeline))
    assert (one(touched, "make").is_reused, one(touched, "read").is_reused) == (True, False)
    assert one(touched, "make").properties["azureml.reusedrunid"] == made.id  # and not the one that reused it
    shutil.rmtree(written)
    gone = ended(experiment.submit(pipeline))
    assert not one(gone, "make").is_reused
    script("read.py", "print('other code')")
    edited = ended(experiment.submit(pipeline))
    assert not one(edited, "make").is_reused  # a folder is one code
    fresh = ended(experiment.submit(pipeline, regenerate_outputs=True))
    assert not one(fresh, "make").is_reused
    assert not one(fresh, "read").is_reused


def test_what_a_step_of_an_earlier_pipeline_made_goes_in_as_it_is(step_runs, experiment):
    data = PipelineData("made")
    write = python_step(step_runs, "write.py", "--out", data, name="write", outputs=[data])
    first = ended(experiment.submit(Pipeline(step_runs.workspace, [write])))
    made = one(first, "write").get_output_data("made")
    read = python_step(step_runs, "read.py", made, inputs=[made])
    second = ended(experiment.submit(Pipeline(step_runs.workspace, [read])))
    assert "read written,1" in log(one(second, "read.py"))


def test_so_many_processes_are_a_step_as_a_parameter_says(step_runs, experiment, script):
    name = script("ranks.py", "import os\nprint('of', os.environ['OMPI_COMM_WORLD_SIZE'])")
    config = RunConfiguration()
    config.distribute(MpiConfiguration(1, 1))
    processes = PipelineParameter("processes", 1)
    steps = [
        python_step(
            step_runs,
            name,
            name="by a parameter",
            runconfig=config,
            runconfig_pipeline_params={"MpiProcessCountPerNode": processes},
        ),
        MpiStep("by itself", str(step_runs.source), name, process_count_per_node=2, allow_reuse=False),
    ]
    run = ended(experiment.submit(Pipeline(step_runs.workspace, steps), pipeline_parameters={"processes": 2}))
    assert {log(step).split()[:2] == ["of", "2"] for step in run.get_steps()} == {True}
    assert config.mpi.process_count_per_node == 1


def test_independent_steps_run_at_the_same_time(step_runs, experiment, script, tmp_path):
    text = """
import pathlib, sys, time
pathlib.Path(sys.argv[1]).touch()
deadline = time.monotonic() + 60
while not pathlib.Path(sys.argv[2]).exists():
    assert time.monotonic() < deadline
    time.sleep(0.02)
"""
    here, there = str(tmp_path / "a"), str(tmp_path / "b")
    name = script("meet.py", text)
    steps = [python_step(step_runs, name, here, there, name="a"), python_step(step_runs, name, there, here, name="b")]
    ended(experiment.submit(Pipeline(step_runs.workspace, [steps])))


@pytest.mark.parametrize("goes_on", [False, True])
def test_a_failed_step_fails_the_pipeline_and_those_that_wait_for_it_never_begin(
    step_runs, experiment, script, goes_on
):
    bad = python_step(step_runs, script("bad.py", "raise ValueError('no data')"), name="bad")
    after = python_step(step_runs, script("good.py", "print('ran')"), name="after")
    after.run_after(bad)
    other = CommandStep("sleep 0.5", name="other")
    later = python_step(step_runs, "good.py", name="later")
    later.run_after(other)
    pipeline = Pipeline(step_runs.workspace, [after, later])
    run = experiment.submit(pipeline, continue_on_step_failure=goes_on)
    with pytest.raises(ActivityFailedException, match="bad"):
        run.wait_for_completion(show_output=False)
    assert run.get_status() == "Failed" != "Finished"
    assert "ValueError: no data" in str(run.get_details()["error"])
    assert sorted(step.name for step in run.get_steps()) == sorted(["bad", "other", *(["later"] if goes_on else [])])
    assert one(run, "other").get_status() == "Completed"
    assert run.find_step_run("after") == []


def test_what_is_printed_names_the_pipeline_and_each_step_which_keep_their_classes(
    step_runs, experiment, script, capsys
):
    step = python_step(step_runs, script("say.py", "print('said it')"), name="say")
    run = experiment.submit(Pipeline(step_runs.workspace, [step]))
    assert run.wait_for_completion(show_output=True) == "Finished"
    printed = capsys.readouterr().out
    for part in (
        f"PipelineRunId: {run.id}\n",
        f"StepRunId: {one(run, 'say').id}\n",
        "said it\n",
        "StepRun( say ) Status: Finished\n",
        "PipelineRun Execution Summary\n=============================\nPipelineRun Status: Finished\n",
    ):
        assert part in printed
        printed = printed.partition(part)[2]
    again = Experiment(step_runs.workspace, "tests").run(run.id)  # as another process gets it
    assert isinstance(again, PipelineRun)
    assert [type(child) for child in again.get_children()] == [StepRun]
    assert PipelineRun.get(step_runs.workspace, run.id).id == run.id
    assert PipelineRun(experiment, run.id).find_step_run("say")[0].id == one(run, "say").id
    with pytest.raises(UserErrorException, match="isn't a pipeline's"):
        PipelineRun.get(step_runs.workspace, one(run, "say").id)


def test_mistakes_are_told_before_there_is_a_run(step_runs, experiment, script):
    ws, nobody = step_runs.workspace, PipelineData("nobody")
    one_step, other = (python_step(step_runs, script(f"{name}.py", "")) for name in "ab")
    one_step.run_after(other)
    other.run_after(one_step)
    cases = {
        "wait for one another": [one_step],
        "reads 'nobody', which no step makes": [python_step(step_runs, "read.py", nobody, inputs=[nobody])],
        "'gone.py' not found": [python_step(step_runs, "gone.py")],
        "no steps": [],
        "no compute target|'nowhere'": [python_step(step_runs, "a.py", compute_target="nowhere")],
    }
    for words, steps in cases.items():
        pipeline = Pipeline(ws, steps)
        with pytest.raises(InvalidSubmissionError, match=words):
            experiment.submit(pipeline)
        assert pipeline.validate(), words
    assert Index(ws.layout).runs() == []
    assert Pipeline(ws, [python_step(step_runs, "a.py")]).validate() == []
    with pytest.raises(UserErrorException, match="is no step"):
        Pipeline(ws, ["a.py"])
    with pytest.raises(NotSupportedError, match="endpoint"):
        Pipeline(ws, []).publish("name")


def test_canceling_a_pipeline_cancels_the_step_that_runs_and_starts_no_other(step_runs, experiment, script, until):
    first = python_step(step_runs, script("wait.py", "import time\nprint('waits', flush=True)\ntime.sleep(600)"))
    second = python_step(step_runs, script("b.py", ""), name="second")
    second.run_after(first)
    run = experiment.submit(Pipeline(step_runs.workspace, [second]))
    until(lambda: run.find_step_run("wait.py") and "waits" in log(one(run, "wait.py")), "the first step")
    run.cancel()
    assert run.wait_for_completion(show_output=False) == "Canceled"
    assert one(run, "wait.py").wait_for_completion(show_output=False) == "Canceled"
    assert run.find_step_run("second") == []


def test_a_step_may_cancel_its_pipeline(step_runs, experiment, script):
    text = """
import time
from cellrun.core import Run
Run.get_context().parent.cancel()
time.sleep(600)
"""
    first = python_step(step_runs, script("stops.py", text))
    second = python_step(step_runs, "read.py", name="second")
    second.run_after(first)
    run = experiment.submit(Pipeline(step_runs.workspace, [second]))
    assert run.wait_for_completion(show_output=False) == "Canceled"
    assert [(step.name, step.get_status()) for step in run.get_steps()] == [("stops.py", "Canceled")]
    assert "run.cancel() does nothing" not in log(one(run, "stops.py"))


def test_steps_that_go_on_without_their_pipeline_are_told_of_and_can_be_stopped(step_runs, experiment, script, until):
    step = python_step(step_runs, script("wait.py", "import time\nprint('waits', flush=True)\ntime.sleep(600)"))
    run = experiment.submit(Pipeline(step_runs.workspace, [step]))
    until(lambda: run.find_step_run("wait.py") and "waits" in log(one(run, "wait.py")), "the step")
    os.kill(json.loads(run.layout.processes.read_text())["job"]["pid"], signal.SIGKILL)
    assert run.wait_for_completion(show_output=False, raise_on_error=False) == "Failed"
    (warning,) = [each for each in run.get_details()["warnings"] if "go on without it" in str(each)]
    assert one(run, "wait.py").id in str(warning)
    run.cancel()
    assert one(run, "wait.py").wait_for_completion(show_output=False) == "Canceled"
    assert "go on without it" not in str(run.get_details().get("warnings"))
