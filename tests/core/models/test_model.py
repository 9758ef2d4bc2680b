"""Models: registered whole, found by what is said of them, and handed back as they were."""

import json
import os
import pickle
import subprocess
import sys
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from cellrun.core import (
    Dataset,
    Model,
    ModelNotFoundException,
    ModelPathNotFoundException,
    NotSupportedError,
    Run,
    RunEnvironmentException,
    UserErrorException,
    WebserviceException,
    Workspace,
    WorkspaceException,
)
from cellrun.core.models.registered_models import RegisteredModels
from cellrun.core.models.resource_configuration import ResourceConfiguration


@pytest.fixture
def pkl(here):
    """A file to be registered."""
    path = here / "model.pkl"
    path.write_bytes(b"weights")
    return path


@pytest.fixture
def folder(here):
    """A folder to be registered, with a folder in it."""
    (here / "net" / "variables").mkdir(parents=True)
    (here / "net" / "saved_model.pb").write_bytes(b"graph")
    (here / "net" / "variables" / "0").write_bytes(b"v")
    return here / "net"


def test_a_file_is_registered_and_its_attributes_are_those_of_azure_ml(ws, pkl, capsys):
    before = datetime.now(timezone.utc)
    made = Model.register(
        ws,
        str(pkl),
        "digits",
        tags={"area": "digits", "alpha": 0.5},
        properties={"AUC": 0.9},
        description="a first one",
        model_framework=Model.Framework.SCIKITLEARN,
        model_framework_version="1.5",
        resource_configuration=ResourceConfiguration(cpu=1, memory_in_gb=0.5),
    )
    assert capsys.readouterr().out == "Registering model digits\n"
    for model in (
        made,
        Model(ws, "digits"),
        Model(ws, id="digits:1"),
        Model(ws, "digits", version="1"),
        ws.models["digits"],
    ):
        assert (model.name, model.version, model.id) == ("digits", 1, "digits:1")
        assert model.tags == {"area": "digits", "alpha": "0.5"}
        assert model.properties == {"AUC": "0.9"}
        assert model.description == "a first one"
        assert (model.model_framework, model.model_framework_version) == ("ScikitLearn", "1.5")
        assert before <= model.created_time <= before + timedelta(minutes=5)
        assert model.created_by
        assert (model.run_id, model.run, model.experiment_name, model.unpack) == (None, None, None, False)
        assert model.resource_configuration.serialize() == {"cpu": 1, "memoryInGB": 0.5, "gpu": None}
        assert model.workspace == ws
        assert Path(model.url.removeprefix("file://")).read_bytes() == b"weights"
    assert repr(made) == (
        f"Model(workspace={ws!r}, name=digits, id=digits:1, version=1, "
        "tags={'area': 'digits', 'alpha': '0.5'}, properties={'AUC': '0.9'})"
    )


def test_each_registration_is_a_new_version_and_keeps_what_was_there(ws, pkl):
    Model.register(ws, pkl, "m")
    pkl.write_bytes(b"better")
    assert Model.register(ws, pkl, "m").version == 2
    assert Path(Model.get_model_path("m", _workspace=ws)).read_bytes() == b"better"
    assert Path(Model.get_model_path("m", version=1, _workspace=ws)).read_bytes() == b"weights"


def test_a_registered_file_cannot_be_changed_by_its_path_and_a_download_can(ws, pkl, here):
    model = Model.register(ws, pkl, "m")
    assert not Path(Model.get_model_path("m", _workspace=ws)).stat().st_mode & 0o222
    copy = Path(model.download(target_dir="taken"))
    assert copy == Path("taken/model.pkl")
    copy.write_bytes(b"changed")
    with pytest.raises(UserErrorException, match="is there already; exist_ok=True"):
        model.download("taken")
    assert Path(model.download("taken", exist_ok=True)).read_bytes() == b"weights"
    assert Path(model.download("taken", exists_ok=True)).read_bytes() == b"weights"
    assert os.listdir(here / "taken") == ["model.pkl"]


def test_a_folder_is_registered_whole_and_comes_back_as_it_was(ws, folder):
    model = Model.register(ws, folder, "net")
    assert model.unpack
    path = Path(Model.get_model_path("net", _workspace=ws))
    assert (path.name, (path / "variables" / "0").read_bytes()) == ("net", b"v")
    assert sorted(model.get_sas_urls()) == ["net/saved_model.pb", "net/variables/0"]
    assert Path(model.download("elsewhere"), "saved_model.pb").read_bytes() == b"graph"
    part = Model.register(ws, folder, "part", child_paths=["variables"])
    assert list(part.get_sas_urls()) == ["net/variables/0"]
    with pytest.raises(ModelPathNotFoundException, match="no such file"):
        Model.register(ws, folder, "part", child_paths=["../model.pkl"])


def test_a_folder_may_be_named_by_a_dot_or_through_a_link_to_a_file(ws, folder, pkl, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "linked.pkl").symlink_to(pkl)
    path = Path(Model.get_model_path(Model.register(ws, ".", "net").name, _workspace=ws))
    assert (path.name, (path / "linked.pkl").read_bytes()) == ("net", b"weights")
    (folder / "away").symlink_to(folder.parent)
    with pytest.raises(UserErrorException, match="is a link to a folder"):
        Model.register(ws, folder, "net")
    assert [model.id for model in Model.list(ws)] == ["net:1"]
    assert [name for name in os.listdir(ws.layout.models) if name[0] == "."] == []


def test_models_are_found_by_what_is_said_of_them_newest_first(ws, pkl):
    first = Model.register(ws, pkl, "a", tags={"k": "1"}, properties={"p": "x"})
    Model.register(ws, pkl, "b", tags={"k": "2", "other": None})
    third = Model.register(ws, pkl, "a", tags={"k": "2"})
    assert [model.id for model in Model.list(ws)] == ["a:2", "b:1", "a:1"]
    assert [model.id for model in Model.list(ws, latest=True)] == ["a:2", "b:1"]
    assert [model.id for model in Model.list(ws, name="a")] == ["a:2", "a:1"]
    assert Model.list(ws, tags=[["k", "2"]], name="a") == [third]
    assert Model.list(ws, tags={"k": "1"}) == Model.list(ws, properties=["p"]) == [first]
    assert [model.id for model in Model.list(ws, tags="k")] == ["a:2", "b:1", "a:1"]
    assert Model.list(ws, tags=["k", ("other", "None")]) == [Model(ws, "b")]
    assert Model(ws, "a", tags=[["k", "1"]]) == first
    assert {name: model.version for name, model in ws.models.items()} == {"a": 2, "b": 1}
    with pytest.raises(UserErrorException, match="names and pairs"):
        Model.list(ws, tags=[["k", "1", "2"]])


def test_what_is_not_there_is_said_as_azure_ml_says_it_and_caught_as_its_service_error(ws, pkl):
    with pytest.raises(WebserviceException, match="ModelNotFound: Model with name none not found in"):
        Model(ws, name="none")
    with pytest.raises(ModelNotFoundException, match=r"known: none yet; Model\.register"):
        Model.get_model_path("none", _workspace=ws)
    Model.register(ws, pkl, "m")
    with pytest.raises(ModelNotFoundException, match="'m' has no version 7; it has 1"):
        Model(ws, "m", version=7)
    with pytest.raises(ModelNotFoundException):
        Model(ws, "m", tags=["k"])
    with pytest.raises(UserErrorException, match="by its name or its id"):
        Model(ws)
    with pytest.raises(ModelPathNotFoundException, match=r"no file or folder 'gone\.pkl'"):
        Model.register(ws, "gone.pkl", "m")
    with pytest.raises(UserErrorException, match="model name may contain"):
        Model.register(ws, pkl, "../m")
    assert Model.list(ws, name="../m") == []


def test_tags_change_properties_never_do(ws, pkl):
    model = Model.register(ws, pkl, "m", tags={"a": "1"}, properties={"p": "x"})
    model.add_tags({"b": 2})
    Model(ws, "m").add_tags({"c": "3"})
    model.remove_tags(["a", "none"])
    assert model.tags == Model(ws, "m").tags == {"b": "2", "c": "3"}
    model.add_properties({"q": "y", "p": "x"})
    assert Model(ws, "m").properties == {"p": "x", "q": "y"}
    with pytest.raises(UserErrorException, match="never change: p"):
        model.add_properties({"p": "z"})
    model.update(tags={"only": "this"}, description="said")
    model.update(resource_configuration=ResourceConfiguration(gpu=1))
    model.update_tags_properties(add_tags={"d": "4"}, remove_tags="only", add_properties={"r": "w"})
    again = Model(ws, "m")
    assert (again.tags, again.description, again.resource_configuration.gpu) == ({"d": "4"}, "said", 1)
    assert again.properties == {"p": "x", "q": "y", "r": "w"}


def test_a_model_names_its_datasets_registered_or_not(ws, pkl):
    store = ws.get_default_datastore()
    store.filesystem().pipe_file("a.csv", b"x\n1\n")
    named = Dataset.File.from_files((store, "a.csv")).register(ws, "named")
    loose = Dataset.Tabular.from_delimited_files((store, "a.csv"))
    model = Model.register(ws, pkl, "m", datasets=[("training", named)], sample_input_dataset=loose)
    model.add_dataset_references([("validation", loose)])
    again = Model(ws, "m")
    assert again.datasets["training"][0].name == "named"
    assert again.datasets["validation"] == [loose]
    assert again.sample_input_dataset.to_pandas_dataframe()["x"].tolist() == [1]
    assert again.sample_output_dataset is None
    assert Model.list(ws, dataset_id=named.id) == [model]
    named.unregister_all_versions()
    assert Model(ws, "m").datasets["training"][0].to_path() == ["/a.csv"]
    with pytest.raises(UserErrorException, match="list of pairs"):
        Model.register(ws, pkl, "m", datasets=[named])
    with pytest.raises(UserErrorException, match="FileDataset or a TabularDataset"):
        Model.register(ws, pkl, "m", datasets=[("training", "named")])


def test_a_deleted_version_is_gone_and_its_number_stays_taken(ws, pkl):
    model = Model.register(ws, pkl, "m")
    model.delete()
    assert Model.list(ws) == []
    assert ws.models == {}
    with pytest.raises(ModelNotFoundException):
        model.delete()
    with pytest.raises(ModelNotFoundException):
        model.add_tags({"a": "1"})
    with pytest.raises(WebserviceException):
        model.download()
    assert Model.register(ws, pkl, "m").version == 2


def test_a_model_travels_by_reference_in_a_pickle_and_as_json(ws, pkl):
    pkl.write_bytes(b"x" * 1_000_000)
    Model.register(ws, pkl, "m")
    model = Model.register(ws, pkl, "m")
    Model.register(ws, pkl, "m")
    assert len(pickle.dumps(model)) < 1000
    assert pickle.loads(pickle.dumps(model)) == model
    payload = json.loads(json.dumps(model.serialize()))
    assert (payload["id"], payload["framework"], payload["version"]) == ("m:2", "Custom", 2)
    assert Model.deserialize(ws, payload) == model
    with pytest.raises(UserErrorException, match=r"what model\.serialize"):
        Model.deserialize(ws, {})


def test_deployment_is_refused_by_name_when_it_is_used():
    with pytest.raises(NotSupportedError, match=r"Model\.deploy isn't supported.*get_model_path"):
        Model.deploy("ws", "name", models=[])
    assert not hasattr(Model, "create")


def test_a_model_that_somebody_put_where_one_works_is_passed_over(ws, pkl, here):
    Model.register(ws, pkl, "m")
    theirs = here / "azureml-models" / "m" / "9"
    theirs.mkdir(parents=True)
    (theirs / "model.pkl").write_text("theirs")
    (here / "azureml-models").chmod(0o777)
    with pytest.warns(UserWarning, match=r"a model was passed over: .*can be written to by every user"):
        assert Path(Model.get_model_path("m")).read_bytes() == b"weights"
    (here / "azureml-models").chmod(0o755)
    assert Path(Model.get_model_path("m")).read_text() == "theirs"


def test_a_path_is_found_without_a_workspace_in_hand(ws, pkl, here, monkeypatch):
    Model.register(ws, pkl, "m")
    assert Path(Model.get_model_path("m")).read_bytes() == b"weights"
    other = Workspace.create("other")
    Model.register(other, pkl, "theirs")
    with pytest.raises(ModelNotFoundException):
        Model.get_model_path("theirs")
    other.write_config(here)
    assert Path(Model.get_model_path(model_name="theirs")).read_bytes() == b"weights"
    for version in ("1", "2"):
        (here / "azureml-models" / "m" / version).mkdir(parents=True)
        (here / "azureml-models" / "m" / version / "model.pkl").write_text(f"cached {version}")
    assert Path(Model.get_model_path("m")).read_text() == "cached 2"
    assert Path(Model.get_model_path("m", version=1)).read_text() == "cached 1"
    (here / "azureml-models" / "m" / "2" / "more.txt").touch()
    assert Model.get_model_path("m", version=2) == "azureml-models/m/2"


def test_many_who_register_at_once_get_a_version_each(ws, pkl):
    threads = [threading.Thread(target=Model.register, args=(ws, pkl, "m")) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(model.version for model in Model.list(ws)) == list(range(1, 13))


@pytest.mark.parametrize(
    ("file", "text"),
    [("model.json", "{}"), ("model.json", "[" * 9999), ("about.json", '{"tags": 3}'), ("model.json", None)],
)
def test_a_damaged_version_hides_no_other_and_says_so_when_it_is_asked_for(ws, pkl, file, text):
    Model.register(ws, pkl, "m")
    Model.register(ws, pkl, "m")
    damaged = ws.layout.models / "m" / "2" / file
    damaged.unlink()
    if text is None:
        damaged.symlink_to(ws.layout.models / "m" / "1" / file)
    else:
        damaged.write_text(text)
    assert [model.id for model in Model.list(ws)] == ["m:1"]
    with pytest.raises(WebserviceException, match="version 2 of the model 'm' can't be read"):
        Model(ws, "m", version=2)


def test_links_in_a_registry_lead_nowhere(ws, pkl, tmp_path):
    model = Model.register(ws, pkl, "m")
    secret = tmp_path / "secret"
    secret.write_text("no")
    place = Path(Model.get_model_path("m", _workspace=ws))
    place.unlink()
    place.symlink_to(secret)
    with pytest.raises(WebserviceException, match="has lost its files"):
        model.download()
    record = ws.layout.models / "m" / "1" / "model.json"
    record.write_text(record.read_text().replace('"model.pkl"', '"../../../x"'))
    with pytest.raises(WebserviceException, match="has a file that can't be"):
        Model(ws, "m", version=1)
    other = Workspace.create("other")
    other.layout.models.symlink_to(ws.layout.models)
    assert Model.list(other) == []


@pytest.mark.parametrize("what", ["models", "models/digits"])
def test_nothing_is_registered_where_a_link_leads(ws, pkl, tmp_path, what):
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "1").mkdir(parents=True)
    (elsewhere / "1" / "kept").touch()  # a version that can't be taken, and that nobody counts
    link = ws.layout.folder / what
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(elsewhere)
    with pytest.raises(WebserviceException, match="is a link"):
        Model.register(ws, str(pkl), "digits")
    assert sorted(path.name for path in elsewhere.rglob("*")) == ["1", "kept"]


def test_a_deletion_writes_nothing_through_a_link(ws, pkl, tmp_path):
    model = Model.register(ws, str(pkl), "digits")
    (ws.layout.models / "digits" / "1.deleted").symlink_to(tmp_path / "made")
    model.delete()
    assert not (tmp_path / "made").exists()
    assert Model.register(ws, str(pkl), "digits").version == 2


def test_what_a_full_disk_takes_half_of_is_not_registered(ws, pkl, small_disk):
    disk = small_disk()
    full = Workspace.create("full", disk.folder / "ws")
    Model.register(full, pkl, "m")
    disk.fill()
    pkl.write_bytes(b"x" * 100_000)
    with pytest.raises(WebserviceException, match=r"'m' isn't registered in .*: no space left"):
        Model.register(full, pkl, "m")
    disk.free()
    assert [name for name in os.listdir(full.layout.models) if name[0] == "."] == []
    assert Model.register(full, pkl, "m").version == 2


def test_what_a_killed_registration_leaves_is_no_model_and_is_cleaned(ws, pkl):
    program = """
import os, sys
from cellrun.core import Model, Workspace
from cellrun.core.models import registered_models
registered_models.sync_folder = lambda _: os.kill(os.getpid(), 9)
Model.register(Workspace.get(sys.argv[1]), sys.argv[2], "m")
"""
    killed = subprocess.run([sys.executable, "-c", program, ws.id, pkl], check=False, capture_output=True)
    assert killed.returncode == -9
    assert len(os.listdir(ws.layout.models)) == 2  # the draft, and the name's own folder
    assert (Model.list(ws), ws.models, RegisteredModels(ws.layout).names()) == ([], {}, [])
    assert [(each.kind, each.count) for each in ws.clean().leftovers] == [("remains of models", 1)]
    assert Model.register(ws, pkl, "m").version == 1


def test_a_registry_that_others_can_write_to_takes_no_model(ws, pkl):
    ws.layout.models.mkdir()
    ws.layout.models.chmod(0o777)
    with pytest.raises(WorkspaceException, match="can be written to by every user"):
        Model.register(ws, pkl, "m")
    assert os.listdir(ws.layout.models) == []


# of runs


def test_a_finished_run_registers_what_it_kept(ws, exp, pkl):
    with exp.start_logging() as run:
        run.log("AUC", 0.9)
        run.upload_file("outputs/model.pkl", pkl)
        run.upload_file("outputs/more/net.bin", pkl)
        run.upload_file("lgbm.pkl", pkl)
    model = run.register_model(
        model_path="outputs/model.pkl", model_name="m", properties={"AUC": run.get_metrics()["AUC"]}, tags={"by": "c"}
    )
    assert (model.run_id, model.experiment_name, model.run.id) == (run.id, exp.name, run.id)
    assert (model.properties, model.tags) == ({"AUC": "0.9"}, {"by": "c"})
    assert Path(model.download("t")).read_bytes() == b"weights"
    assert run.register_model("m", "outputs/model.pkl").version == 2
    assert Path(run.register_model("lgbm.pkl").download("u")).name == "lgbm.pkl"
    whole = run.register_model("all", "outputs/")
    assert sorted(whole.get_sas_urls()) == ["outputs/model.pkl", "outputs/more/net.bin"]
    assert list(run.register_model("part", "./outputs/more").get_sas_urls()) == ["more/net.bin"]
    assert [each.id for each in Model.list(ws, run_id=run.id, name="m")] == ["m:2", "m:1"]
    with pytest.raises(ModelPathNotFoundException, match=r"Could not locate .*outputs/none.*'lgbm\.pkl'"):
        run.register_model("m", "outputs/none.pkl")
    run.delete()
    assert Model(ws, "m").run is None
    assert Path(Model(ws, "m").download("v")).read_bytes() == b"weights"


def test_an_open_run_registers_what_is_in_the_current_folder(exp, here, pkl):
    run = exp.start_logging()
    (here / "outputs" / "model.pkl").write_bytes(b"fresh")
    assert Path(run.register_model("m", "outputs/model.pkl").download("t")).read_bytes() == b"fresh"
    assert run.register_model("m", str(pkl)).run_id == run.id
    run.complete()
    with pytest.raises(ModelPathNotFoundException):
        run.register_model("m", str(pkl))


def test_a_link_that_a_job_made_is_no_model(exp, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("no")
    run = exp.start_logging()
    run.layout.outputs.mkdir(parents=True, exist_ok=True)
    (run.layout.outputs / "model.pkl").symlink_to(secret)
    run.complete()
    with pytest.raises(ModelPathNotFoundException, match="link, skipped"):
        run.register_model("m", "outputs/model.pkl")


def test_code_outside_a_run_registers_a_file_of_its_own(here, pkl, ws):
    run = Run.get_context()
    model = run.register_model("m", "model.pkl")
    assert (model.run_id, model.workspace) == (None, ws)
    with pytest.raises(RunEnvironmentException):
        run.layout  # noqa: B018


def test_a_job_registers_its_model_and_another_loads_it(runs):
    first = runs.script(
        "import os\n"
        "from cellrun.core import Model, Run\n"
        "run = Run.get_context()\n"
        "open('outputs/model.pkl', 'w').write('made')\n"
        "open('beside.pkl', 'w').write('made beside')\n"
        "print(run.register_model('m', 'outputs/model.pkl').id, run.register_model('beside.pkl').id)\n"
        "Model.register(run.experiment.workspace, 'beside.pkl', 'other')\n"
    )
    assert runs.end(first).status.value == "Completed"
    assert "m:1 beside.pkl:1" in first.log.read_text()
    assert {model.run_id for model in Model.list(runs.workspace)} == {first.run_id}
    assert {model.experiment_name for model in Model.list(runs.workspace)} == {"tests"}
    second = runs.script("from cellrun.core import Model\nprint('read', open(Model.get_model_path('m')).read())")
    assert runs.end(second).status.value == "Completed"
    assert "read made" in second.log.read_text()
