"""A workspace as code of Azure ML's first SDK opens it, and what it asks of it."""

import json
import pickle
import sys
from types import ModuleType

import pytest

from cellrun.core import Experiment, NotSupportedError, ScriptRunConfig, Workspace, WorkspaceException
from cellrun.core.azure_workspace import UNSUPPORTED, is_clouds_own

AZURE = {"subscription_id": "1234-5678", "resource_group": "rg"}


def test_the_constructor_names_a_local_workspace_that_is_made_if_it_is_new(here):
    ws = Workspace("1234-5678", "rg", "vision", auth=object(), tags={"team": "a"}, sku="enterprise")
    assert (ws.name, ws.subscription_id, ws.resource_group, ws.location) == ("vision", "1234-5678", "rg", "local")
    assert (ws.tags, ws.sku) == ({"team": "a"}, "Enterprise")
    assert Workspace(workspace_name="vision", **AZURE) == ws == Workspace.get("vision")


def test_its_names_are_those_that_were_given_last_in_every_process(here):
    (here / "config.json").write_text(json.dumps({**AZURE, "workspace_name": "vision"}))
    ws = Workspace.from_config(auth=object())
    again = pickle.loads(pickle.dumps(ws))
    assert (again.subscription_id, again.resource_group, again.tags) == ("1234-5678", "rg", {})
    Workspace("1234-5678", "other", "vision")
    assert (ws.resource_group, ws.subscription_id) == ("other", "1234-5678")


def test_a_workspace_that_azure_knows_nothing_of_is_local(ws):
    assert (ws.subscription_id, ws.resource_group, ws.location, ws.sku, ws.tags) == ("local",) * 3 + ("Basic", {})
    ws.layout.azure_names.write_text('{"tags": 3, "resource_group": ["x"], "location": "east')
    assert ws.resource_group == "local"


def test_a_runs_workspace_has_its_names(here):
    (here / "train.py").write_text(
        "from cellrun.core import Run\nprint(Run.get_context().experiment.workspace.resource_group)\n"
    )
    run = Experiment(Workspace("s", "rg", "vision"), "e").submit(ScriptRunConfig(".", "train.py"))
    run.wait_for_completion()
    assert run.layout.log.read_text().split() == ["rg"]


def test_create_and_get_take_what_azures_do(here):
    created = Workspace.create(
        name="vision", location="westeurope", create_resource_group=True, exist_ok=True, storage_account="x", **AZURE
    )
    assert (created.location, created.resource_group) == ("westeurope", "rg")
    assert Workspace.get("vision", object(), "1234-5678", "rg") == created
    with pytest.raises(WorkspaceException, match="already"):
        Workspace.create("vision", object())
    with pytest.raises(WorkspaceException, match="'lost'"):
        Workspace.get("lost", subscription_id="1234-5678")
    assert Workspace.get("new", **AZURE).resource_group == "rg"


def test_list_has_the_workspaces_of_a_resource_group_by_name(here):
    ours, theirs = Workspace("1", "ours", "one"), Workspace("1", "theirs", "two")
    nobodys = Workspace.create("three")
    assert Workspace.list("1") == {"one": [ours], "two": [theirs], "three": [nobodys]}
    assert Workspace.list("1", resource_group="ours") == {"one": [ours], "three": [nobodys]}
    assert set(Workspace.list(subscription_id="2")) == {"three"}


def test_its_details_have_azures_keys(here):
    ws = Workspace.create("vision", location="westeurope", **AZURE)
    assert ws.update(friendly_name="V", tags={"a": 1}, image_build_compute="cpu")["friendlyName"] == "V"
    details = ws.get_details()
    assert details["id"].endswith("/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/vision")
    assert (details["location"], details["tags"], details["workspaceid"]) == ("westeurope", {"a": "1"}, ws.id)
    assert ws.discovery_url.startswith("file:///")
    assert ws.get_default_compute_target("CPU").name == "local"


def test_write_config_has_azures_keys_and_stands_where_a_program_of_the_old_sdk_looks(here, monkeypatch):
    ws = Workspace("1234-5678", "rg", "vision")
    assert ws.write_config().relative_to(here).as_posix() == ".cellrun/config.json"
    monkeypatch.setitem(sys.modules, "azureml", ModuleType("azureml"))
    file = ws.write_config(path=here / "project", file_name="mine.json")
    assert file == here / "project" / ".azureml" / "mine.json"
    told = json.loads(file.read_text())
    assert {key: told[key] for key in (*AZURE, "workspace_name")} == {**AZURE, "workspace_name": "vision"}
    assert ws.write_config(here / "other" / ".azureml").parent == here / "other" / ".azureml"
    assert Workspace.from_config(here / "project", _file_name="mine.json") == ws
    assert Workspace.from_config(file) == Workspace.setup() == ws


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_what_the_cloud_alone_has_is_refused_by_name_when_it_is_used(ws, name):
    assert not hasattr(ws, name)
    with pytest.raises(NotSupportedError, match=rf"Workspace\.{name} isn't supported"):
        getattr(ws, name)


def test_a_name_that_nobody_knows_is_an_attribute_error_like_any(ws):
    with pytest.raises(AttributeError, match="'Workspace' object has no attribute 'nope'") as caught:
        ws.nope  # noqa: B018  # asking is the test
    assert not isinstance(caught.value, NotSupportedError)
    assert not is_clouds_own("delete")
    assert is_clouds_own("webservices")
