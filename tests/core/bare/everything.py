"""A script that does all that a script can do with its run, and prints what came of each."""

import json
import math
import os
import sys
from pathlib import Path

from azureml.core import Dataset, Environment, Model
from azureml.core import Run as Old

from cellrun.core import Experiment, Run, ScriptRunConfig, Workspace

PNG = (
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d494441"
    "5478da63fcffff3f0300060005ffa76f7e0d0000000049454e44ae426082"
)
CONFUSION = {"class_labels": ["0", "1"], "matrix": [[3, 2], [1, 4]]}
RESIDUALS = {"bin_edges": [0, 1], "bin_counts": [5]}
PREDICTIONS = {"bin_averages": [0.5], "bin_errors": [0.1], "bin_counts": [5], "bin_edges": [0, 1]}
ACCURACY = {
    "probability_tables": [[[1, 1, 1, 1], [0, 1, 1, 1]]],
    "percentile_tables": [[[1, 1, 1, 1], [0, 1, 1, 1]]],
    "probability_thresholds": [0.0, 1.0],
    "percentile_thresholds": [0.0, 1.0],
    "class_labels": ["0"],
}

run = Run.get_context()
told = {}


def document(kind, data, version="1.0.0"):
    return {"schema_type": kind, "schema_version": version, "data": data}


def log_all():
    for number in range(3):
        run.log("loss", number / 7)
    for name, value in {"nan": math.nan, "inf": -math.inf, "big": 2**70, "text": "ü\ud800", "flag": True}.items():
        run.log(name, value)
    run.log_list("list", [1, 2.5, math.nan, 2**80])
    run.log_row("row", a=1, b=math.inf)
    run.log_row("row", a=2, b=3)
    run.log_table("table", {"x": [1, 2, 3], "y": [math.nan, 2**65, None]})
    run.log_confusion_matrix("cm", document("confusion_matrix", CONFUSION))
    run.log_residuals("res", document("residuals", RESIDUALS))
    run.log_predictions("pred", document("predictions", PREDICTIONS))
    run.log_accuracy_table("acc", document("accuracy_table", ACCURACY, "1.0.1"))
    Path("p.png").write_bytes(bytes.fromhex(PNG))
    run.log_image("image", path="p.png")
    run.tag("k", "v")
    run.set_tags({"n": 3})
    run.remove_tags(["n"])
    run.add_properties({"p": "q"})


def files():
    Path("a.txt").write_text("a")
    Path("d/e").mkdir(parents=True)
    Path("d/e/b.txt").write_text("b")
    run.upload_file("outputs/a.txt", "a.txt")
    run.upload_folder("folder", "d")
    run.download_file("outputs/a.txt", "back.txt")
    return [run.get_file_names(), Path("back.txt").read_text()]


def children():
    with run.child_run("kid") as kid:
        kid.log("c", 1)
    for each in run.create_children(2):
        each.complete()
    return [[each.get_status() for each in run.get_children()], kid.get_metrics(), kid.parent.id]


def another_run():
    with run.experiment.start_logging() as other:
        other.log("x", math.nan)
    rows = [(each.id == run.id, each.get_status()) for each in run.experiment.get_runs(include_children=True)]
    return [repr(other.get_metrics()), sorted(rows)]


def submitted():
    Path("src").mkdir()
    Path("src/s.py").write_text("import os; print(os.listdir())\n")
    Path("src/.amlignore").write_text("*.x\n")
    Path("src/a.x").touch()
    child = run.submit_child(ScriptRunConfig("src", "s.py"))
    child.wait_for_completion(raise_on_error=False)
    return [child.get_status(), Path(child.get_all_logs()[0]).read_text()]


def azure():

    ws = run.experiment.workspace
    data = Dataset.File.from_files("a.txt")
    return [
        Old.get_context().id,
        Environment("e").register(ws).version,
        data.register(ws, "data").version,
        [Path(path).read_text() for path in data.download("got")],
        run.register_model("m", "a.txt").version,
        Model(ws, "m").tags,
    ]


def folders():
    made = Workspace.create("Übungen & more")
    return [Workspace.get("Übungen & more").name, os.path.relpath(made.layout.folder, os.environ["CELLRUN_HOME"])]


def details():
    found = run.get_details()
    told = sorted(found.keys() - {"environment"})  # which is recorded beside the job, sooner or later
    return [told, found["runDefinition"]["script"], run.get_status(), len(run.get_snapshot_id())]


for step in (
    log_all,
    files,
    lambda: repr(run.get_metrics()),
    lambda: repr(run.get_metrics("loss")),
    lambda: [run.get_tags(), run.properties.get("p")],
    details,
    lambda: sorted(run.get_details_with_logs()["logFiles"]),
    lambda: Path(run.get_environment().python.interpreter_path) == Path(sys.executable),
    children,
    another_run,
    submitted,
    azure,
    folders,
    lambda: Experiment(run.experiment.workspace, run.experiment.name).id == run.experiment.id,
):
    told[f"{len(told)} {step.__name__}"] = step()
print(json.dumps(told).replace(run.id, "<id>"))
