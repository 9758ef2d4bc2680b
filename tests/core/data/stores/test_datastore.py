"""A workspace's datastores: its own folder, others by name, and which one is the default."""

import json
import pickle

import pytest

from cellrun.core import (
    Dataset,
    Datastore,
    DatastoreError,
    InvalidNameError,
    NotSupportedError,
    UserErrorException,
    Workspace,
)
from cellrun.core.data.stores.workspace_datastores import OWN_STORES


@pytest.fixture
def ws():
    return Workspace.from_config()


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "mnist data"
    folder.mkdir()
    return folder


def test_a_workspace_has_a_store_of_its_own(ws):
    store = ws.get_default_datastore()
    assert (store.name, store.datastore_type, store.workspace) == ("workspaceblobstore", "Local", ws)
    assert store.local_root == ws.folder / "data"
    store.filesystem().pipe_file("a/b.txt", b"1")
    assert (ws.folder / "data" / "a" / "b.txt").read_bytes() == b"1"
    assert store.filesystem().find("") == ["a/b.txt"]
    assert store.location("a/b.txt") == str(ws.folder / "data/a/b.txt")
    assert list(ws.datastores) == list(OWN_STORES)
    assert ws.datastores["workspaceblobstore"] == store


def test_a_workspace_has_azure_mls_other_stores_too(ws, folder):
    store = Datastore.get(ws, "workspacefilestore")
    assert not store.local_root.exists()
    (folder / "1.txt").write_text("1")
    store.upload(str(folder), target_path="a")
    assert (ws.folder / "workspacefilestore" / "a" / "1.txt").read_text() == "1"
    assert Dataset.File.from_files((store, "a")).to_path() == ["/1.txt"]
    with pytest.raises(DatastoreError, match="always there"):
        Datastore.get(ws, "workspaceartifactstore").unregister()


def test_a_store_elsewhere_tells_nothing_of_azure(ws):
    store = ws.get_default_datastore()
    assert (store.account_name, store.container_name, store.account_key, store.sas_token) == ("", "", None, None)
    assert (store.credential_type, store.is_sas, store.subscription_id) == ("None", False, None)
    assert not hasattr(store, "blob_service")
    assert not hasattr(store, "bucket")


@pytest.mark.parametrize("verb", ["azure_sql_database", "azure_my_sql", "azure_postgre_sql", "azure_data_lake", "hdfs"])
def test_what_no_store_here_can_be_is_refused_by_its_name(ws, verb):
    with pytest.raises(NotSupportedError, match=f"Datastore.register_{verb} isn't supported: .*; instead, "):
        getattr(Datastore, f"register_{verb}")(ws, "name", server_name="s", overwrite=True)


def test_a_folder_is_registered_by_a_name(ws, folder):
    store = Datastore.register_folder(ws, "mnist", folder)
    assert Datastore.get(ws, "mnist") == Datastore(ws, "mnist") == store == ws.datastores["mnist"]
    assert store.local_root == folder
    assert json.loads(repr(store)) == {"name": "mnist", "folder": str(folder)}
    assert Datastore.register_folder(ws, "mnist", folder) == store


def test_a_taken_name_is_given_again_only_on_demand(ws, folder, tmp_path):
    Datastore.register_folder(ws, "mnist", folder)
    with pytest.raises(DatastoreError, match=r"mnist' is registered already.*overwrite=True"):
        Datastore.register_folder(ws, "mnist", tmp_path)
    assert Datastore.register_folder(ws, "mnist", tmp_path, overwrite=True).local_root == tmp_path
    with pytest.raises(DatastoreError, match="workspace's own store"):
        Datastore.register_folder(ws, "workspaceblobstore", folder, overwrite=True)


def test_the_default_can_be_another_one(ws, folder):
    Datastore.register_folder(ws, "mnist", folder)
    ws.set_default_datastore("mnist")
    assert Datastore.get_default(ws).name == Datastore(ws).name == "mnist"
    Datastore(ws, "mnist").unregister()
    assert ws.get_default_datastore().name == "workspaceblobstore"
    assert folder.is_dir()
    Datastore.register_folder(ws, "mnist", folder).set_as_default()
    assert ws.get_default_datastore().name == "mnist"
    ws.set_default_datastore("workspaceblobstore")
    assert ws.get_default_datastore().name == "workspaceblobstore"


def test_an_unknown_name_is_told_with_the_known_ones(ws, folder):
    Datastore.register_folder(ws, "mnist", folder)
    for ask in (
        lambda: Datastore.get(ws, "mnits"),
        lambda: ws.set_default_datastore("mnits"),
        lambda: Datastore(ws, "../mnist"),
    ):
        with pytest.raises(DatastoreError, match=f"known: {', '.join(OWN_STORES)}, mnist; did you mean 'mnist'"):
            ask()


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".x", "a" * 65, None])
def test_a_name_that_is_none_is_refused(ws, folder, name):
    with pytest.raises(InvalidNameError, match="datastore name"):
        Datastore.register_folder(ws, name, folder)


def test_a_folder_that_is_not_there_is_refused(ws, folder):
    with pytest.raises(UserErrorException, match="no folder"):
        Datastore.register_folder(ws, "mnist", folder / "none")


@pytest.mark.parametrize("text", ["", "[]", '{"kind": "local"}', '{"kind": "local", "settings": {"folder": 1}}'])
def test_a_damaged_file_is_said_and_hides_no_other_store(ws, folder, text):
    Datastore.register_folder(ws, "mnist", folder)
    ws.layout.datastores.joinpath("bad.json").write_text(text)
    with pytest.raises(DatastoreError, match=r"'bad' can't be read from .*bad.json"):
        Datastore(ws, "bad")
    with pytest.warns(UserWarning, match="'bad' can't be read"):
        assert list(ws.datastores) == [*OWN_STORES, "mnist"]


def test_a_store_travels_by_its_name(ws, folder):
    store = Datastore.register_folder(ws, "mnist", folder)
    assert pickle.loads(pickle.dumps(store)) == store
    assert hash(pickle.loads(pickle.dumps(store))) == hash(store)
