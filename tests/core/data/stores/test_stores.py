"""Every kind of store by its real end: what goes there comes back, and what goes wrong is said without secrets."""

from __future__ import annotations

import pickle
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import cloudpickle
import fsspec
import pytest

from cellrun.core import Datastore, DatastoreError, KeyvaultError, UserErrorException, Workspace
from cellrun.core.data.stores import store_kinds
from cellrun.core.data.stores.store_transfer import side_of
from cellrun.core.data.stores.workspace_datastores import OWN_STORES
from tests.stores import AZURE_ACCOUNT, AZURE_KEY, free_port

pytestmark = [
    pytest.mark.filterwarnings("ignore:there is no system keyring here"),
    pytest.mark.filterwarnings("ignore:Sending a large body directly:ResourceWarning"),  # azure-core's
]
NAMES = ["train.csv", "a/b/c d.txt", "ü/100%.txt", "x#y?z.txt", ".hidden", "a/日本", "100%25.txt", "a+b&c=d@e.txt"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for n, name in enumerate(NAMES):
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode() * (n + 1))
    return tmp_path / "source"


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Azure:
    secret = AZURE_KEY

    def __init__(self, url: str) -> None:
        self.url, self.container = url, f"c{uuid4().hex}"

    def register(self, ws: Workspace, **given: Any) -> Datastore:
        options = {"account_key": AZURE_KEY, "endpoint": self.url, "create_if_not_exists": True, **given}
        return Datastore.register_azure_blob_container(ws, "blobs", self.container, AZURE_ACCOUNT, **options)

    def wrong(self, ws: Workspace) -> None:
        self.register(ws, account_key="aHVudGVyMg==")

    def missing(self, ws: Workspace) -> None:
        self.register(ws, create_if_not_exists=False)


class S3:
    secret = "a-secret-key"

    def __init__(self, url: str) -> None:
        self.url, self.bucket = url, f"b{uuid4().hex}"

    def register(self, ws: Workspace, **given: Any) -> Datastore:
        import boto3  # noqa: PLC0415  # takes half a second

        keys = {"aws_access_key_id": "key", "aws_secret_access_key": self.secret, "region_name": "us-east-1"}
        boto3.client("s3", endpoint_url=self.url, **keys).create_bucket(Bucket=self.bucket)
        options = {"access_key": "key", "secret_key": self.secret, "endpoint": self.url, **given}
        return Datastore.register_s3(ws, "blobs", options.pop("bucket", self.bucket), **options)

    def missing(self, ws: Workspace) -> None:
        self.register(ws, bucket="none")


class Google:
    secret = "no secret: the emulator asks for none"

    def __init__(self, url: str) -> None:
        self.url, self.bucket = url, f"b{uuid4().hex}"

    def register(self, ws: Workspace, **given: Any) -> Datastore:
        filesystem = store_kinds.KINDS["gcs"].connect("x", {"endpoint": self.url, "anonymous": "yes"}, {})
        if not filesystem.exists(self.bucket):
            filesystem.mkdir(self.bucket)
        options = {"endpoint": self.url, "anonymous": True, **given}
        return Datastore.register_gcs(ws, "blobs", options.pop("bucket", self.bucket), **options)

    def missing(self, ws: Workspace) -> None:
        self.register(ws, bucket="none")


ENDS = {"azurite": Azure, "s3_server": S3, "gcs_server": Google}


@pytest.fixture(params=ENDS)
def end(request: pytest.FixtureRequest) -> Any:
    return ENDS[request.param](request.getfixturevalue(request.param))


def test_a_folder_goes_there_and_comes_back(end, ws, source, tmp_path):
    (source / "large.bin").write_bytes(bytes(range(256)) * 32_000)  # more than goes at once
    store = end.register(ws)
    store.upload(source, "mnist", show_progress=False)
    listed = {file.path for file in side_of(store).listed("mnist/")}
    assert listed == {f"mnist/{name}" for name in [*NAMES, "large.bin"]}
    assert store.download(tmp_path / "back", "mnist", show_progress=False) == len(NAMES) + 1
    assert content(tmp_path / "back" / "mnist") == content(source)
    with store.filesystem().open("mnist/a/b/c d.txt") as file:
        assert file.read() == (source / "a/b/c d.txt").read_bytes()


def test_only_what_differs_goes_and_comes_again(end, ws, source, tmp_path):
    store = end.register(ws)
    store.upload(source, show_progress=False)
    (source / "train.csv").write_bytes(b"TRAIN.csv")  # of the same size
    store.upload_files([source / "100%25.txt"], show_progress=False, overwrite=True)
    sent = []
    with pytest.MonkeyPatch.context() as patch:
        from cellrun.core.data.stores import transfer  # noqa: PLC0415  # patched here alone

        send_one = transfer._send_one
        patch.setattr(transfer, "_send_one", lambda *a: sent.append(a[2]) or send_one(*a))
        store.upload(source, overwrite=True, show_progress=False)
    assert sent == ["train.csv"]
    assert store.download(tmp_path / "back", show_progress=False) == len(NAMES)
    (tmp_path / "back" / "train.csv").write_bytes(b"train.csv")
    assert store.download(tmp_path / "back", overwrite=True, show_progress=False) == 1
    assert content(tmp_path / "back") == content(source)


def test_a_prefix_is_a_text_that_paths_begin_with(end, ws, source, tmp_path):
    store = end.register(ws)
    store.upload(source, show_progress=False)
    assert store.download(tmp_path / "one", "tra", show_progress=False) == 1
    assert store.download(tmp_path / "two", "a/", show_progress=False) == 2
    assert store.download(tmp_path / "three", "a/b/c", show_progress=False) == 1
    with pytest.raises(DatastoreError, match="nothing that begins with 'none'"):
        store.download(tmp_path / "none", "none")


def test_many_files_are_listed_at_once(end, ws, tmp_path):
    (tmp_path / "many").mkdir()
    for n in range(50):
        (tmp_path / "many" / f"{n}.txt").write_text(str(n))
    store = end.register(ws)
    store.upload(tmp_path / "many", "x/y", show_progress=False)
    with pytest.warns(UserWarning, match="50 files are there already"):
        store.upload(tmp_path / "many", "x/y", show_progress=False)
    store.upload(tmp_path / "many", "x/y", overwrite=True, show_progress=False)
    assert store.download(tmp_path / "back", show_progress=False) == 50
    assert content(tmp_path / "back" / "x/y") == content(tmp_path / "many")


def test_its_secret_is_in_the_keyvault_alone(end, ws, source):
    store = end.register(ws)
    store.upload_files([source / "train.csv"], show_progress=False)
    filesystem = store.filesystem()
    told = [
        repr(store),
        repr(filesystem),
        str(store.to_json()),
        store.location("x"),
        repr(pickle.dumps(store)),
        repr(cloudpickle.dumps(filesystem)),
        repr(vars(store)),
    ]
    assert not [text for text in told if end.secret in text]
    with pytest.raises(TypeError, match="has no JSON"):
        filesystem.to_json()
    assert not [file for file in ws.folder.rglob("*") if file.is_file() and end.secret.encode() in file.read_bytes()]
    assert pickle.loads(pickle.dumps(filesystem)).cat_file("train.csv") == b"train.csv"


def test_what_is_not_there_is_said(end, ws, tmp_path):
    with pytest.raises(DatastoreError, match=r"'blobs' at .* isn't there") as error:
        end.missing(ws)
    assert list(ws.datastores) == list(OWN_STORES)
    assert ws.get_default_keyvault().get_secret("datastore/blobs") is None
    assert end.secret not in str(error.value)


def test_a_store_that_is_away_is_said_in_seconds(end, ws):
    store = end.register(ws)
    away = f"http://127.0.0.1:{free_port()}"
    began = time.monotonic()
    with pytest.raises(DatastoreError, match=r"can't be reached: 127.0.0.1:\d+ doesn't answer \(Connection refused\)"):
        end.register(ws, endpoint=away, overwrite=True)
    assert time.monotonic() - began < 30
    assert Datastore(ws, "blobs") == store


def test_a_store_that_is_registered_unseen_says_it_when_it_is_used(end, ws):
    store = end.register(ws, endpoint=f"http://127.0.0.1:{free_port()}", skip_validation=True)
    with pytest.raises(DatastoreError, match="can't be reached") as error:
        store.download("x")
    assert end.secret not in str(error.value)


def test_wrong_credentials_are_said_and_not_repeated(azurite, ws):
    end = Azure(azurite)
    with pytest.raises(DatastoreError, match=r"refuses its credentials .*account_key or sas_token") as error:
        end.wrong(ws)
    assert "aHVudGVyMg" not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__
    with pytest.raises(DatastoreError, match="lets nobody in without credentials"):
        end.register(ws, account_key=None)


def test_a_token_opens_it_too(azurite, ws, source, tmp_path):
    from azure.storage.blob import AccountSasPermissions, ResourceTypes, generate_account_sas  # noqa: PLC0415  # slow

    end = Azure(azurite)
    end.register(ws).unregister()
    token = generate_account_sas(
        AZURE_ACCOUNT,
        AZURE_KEY,
        ResourceTypes(service=True, container=True, object=True),
        AccountSasPermissions(read=True, write=True, list=True, create=True),
        expiry="2099-01-01",
    )
    store = end.register(ws, account_key=None, sas_token=f"?{token}")
    store.upload(source, show_progress=False)
    assert store.download(tmp_path / "back", show_progress=False) == len(NAMES)
    with pytest.raises(DatastoreError, match="refuses its credentials") as error:
        end.register(ws, account_key=None, sas_token=token.replace("sig=", "sig=hunter2"), overwrite=True)
    assert "hunter2" not in str(error.value)


def test_azures_settings_are_attributes(azurite, ws):
    end = Azure(azurite)
    store = end.register(ws)
    assert (store.container_name, store.account_name, store.datastore_type) == (
        end.container,
        AZURE_ACCOUNT,
        "AzureBlob",
    )
    assert store.account_key == AZURE_KEY
    assert AZURE_KEY not in f"{store!r}{store.to_json()}"
    assert store.local_root is None


def test_credentials_do_not_follow_a_changed_address(azurite, ws):
    """Who can write to a workspace's files must not be sent its secrets."""
    end = Azure(azurite)
    store = end.register(ws)
    file = ws.layout.datastores / "blobs.json"
    file.write_text(file.read_text().replace(azurite, "http://127.0.0.1:1"))
    with pytest.raises(KeyvaultError, match="given for another place"):
        Datastore(ws, "blobs").filesystem()
    assert end.register(ws, overwrite=True) == store


def test_ones_own_login_does_not_go_to_an_address_out_of_a_file(hub, ws, tmp_path, monkeypatch):
    """Nor may somebody who can write there have this user's login sent to a place of his."""
    monkeypatch.setenv("HF_TOKEN", "hf_hunter2")
    hub.files = {"train.csv": b"1,2"}
    store = Datastore.register_huggingface(ws, "hf", "org/data", endpoint=hub.url)
    assert store.download(tmp_path / "back", show_progress=False) == 1
    file = ws.layout.datastores / "hf.json"
    (ws.layout.datastores / "hf2.json").write_text(file.read_text())
    hub.asked.clear()
    with pytest.raises(DatastoreError, match="your own login isn't sent there"):
        Datastore(ws, "hf2").filesystem()
    file.write_text(file.read_text().replace("127.0.0.1", "localhost"))
    with pytest.raises(KeyvaultError, match="given for another place"):
        Datastore(ws, "hf").filesystem()
    assert hub.asked == []


def test_a_store_without_credentials_takes_the_place_of_one_with_some(azurite, ws):
    end = Azure(azurite)
    end.register(ws)
    public = end.register(ws, account_key=None, overwrite=True, skip_validation=True)
    with pytest.raises(DatastoreError, match="lets nobody in without credentials"):
        public.download("x")


def test_unregistering_forgets_its_credentials(azurite, ws):
    Azure(azurite).register(ws).unregister()
    assert ws.get_default_keyvault().get_secret("datastore/blobs") is None
    assert list(ws.datastores) == list(OWN_STORES)


def test_a_way_out_in_a_listing_brings_nothing(s3_server, ws, tmp_path):
    import boto3  # noqa: PLC0415  # takes half a second

    end = S3(s3_server)
    store = end.register(ws)
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": end.secret, "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=s3_server, **keys)
    for name in ("good.txt", "data/../../../x", "folder/"):
        client.put_object(Bucket=end.bucket, Key=name, Body=b"1" if name[-1] != "/" else b"")
    with pytest.raises(
        DatastoreError, match=r"names that lead out of a folder: 'data/../../../x'; nothing was brought"
    ):
        store.download(tmp_path / "back", show_progress=False)
    assert not (tmp_path / "back").exists()
    assert store.download(tmp_path / "back", "good", show_progress=False) == 1


def test_an_object_that_comes_with_other_bytes_is_not_taken(azurite, ws, source, tmp_path, monkeypatch):
    store = Azure(azurite).register(ws)
    store.upload_files([source / "train.csv"], show_progress=False)
    get_file = fsspec.implementations.dirfs.DirFileSystem.get_file

    def spoiled(self: Any, path: str, to: str, **named: Any) -> None:
        get_file(self, path, to, **named)
        Path(to).write_bytes(b"TRAIN.csv")

    monkeypatch.setattr("cellrun.core.data.stores.store_filesystem.StoreFileSystem.get_file", spoiled)
    with pytest.raises(DatastoreError, match=r"train.csv came twice, and each time not as its store tells"):
        store.download(tmp_path / "back", show_progress=False)
    assert content(tmp_path / "back") == {}


def test_a_download_that_is_cut_leaves_nothing_half_and_goes_on(s3_server, ws, source, tmp_path, monkeypatch):
    store = S3(s3_server).register(ws)
    store.upload(source, show_progress=False)
    get_file, done = fsspec.implementations.dirfs.DirFileSystem.get_file, []

    def cut(self: Any, path: str, to: str, **named: Any) -> None:
        if len(done) >= 3:
            Path(to).write_bytes(b"half")
            raise ConnectionResetError("cut")
        done.append(path)
        get_file(self, path, to, **named)

    with monkeypatch.context() as patch:
        patch.setattr("cellrun.core.data.stores.store_filesystem.StoreFileSystem.get_file", cut)
        patch.setattr("cellrun.core.data.stores.parallel_transfer._AT_ONCE", 1)
        with pytest.raises(DatastoreError, match="doesn't answer"):
            store.download(tmp_path / "back", show_progress=False)
    back = content(tmp_path / "back")
    assert len(back) == 3
    assert back.items() <= content(source).items()
    assert store.download(tmp_path / "back", show_progress=False) == len(NAMES) - 3
    assert content(tmp_path / "back") == content(source)


def test_the_web_is_read(web, ws, tmp_path):
    for name in ("train.csv", "deep/test.csv"):
        path = web.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(name.encode() * 1000)
    store = Datastore.register_https(ws, "web", web.url)
    assert store.filesystem().cat_file("train.csv") == b"train.csv" * 1000
    assert store.download(tmp_path / "back", show_progress=False) == 2
    assert content(tmp_path / "back") == content(web.folder)
    with pytest.raises(UserErrorException, match="only read"):
        store.upload(web.folder)
    with pytest.raises(FileNotFoundError):
        store.filesystem().cat_file("none.csv")


def test_a_dataset_of_hugging_face_is_read(hub, ws, tmp_path):
    hub.files = {"train.csv": b"1,2\n" * 1000, "data/ü 1.parquet": b"PAR1" * 10}
    store = Datastore.register_huggingface(ws, "hf", "org/data", endpoint=hub.url, token="hf_hunter2")
    assert store.datastore_type == "HuggingFace"
    assert store.download(tmp_path / "back", show_progress=False) == 2
    assert content(tmp_path / "back") == hub.files
    assert store.location("train.csv") == "hf://datasets/org/data/train.csv"
    with pytest.raises(DatastoreError, match="isn't there"):
        Datastore.register_huggingface(ws, "none", "org/none", endpoint=hub.url)
    with pytest.raises(UserErrorException, match="'dataset', 'model' or 'space'"):
        Datastore.register_huggingface(ws, "hf2", "org/data", repo_type="data")


@pytest.mark.parametrize("kind", store_kinds.KINDS)
def test_a_package_that_is_missing_is_named_with_its_extra(kind, ws, monkeypatch):
    way = store_kinds.KINDS[kind]
    if not way.extra:
        return

    def missing(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(store_kinds, "import_module", missing)
    with pytest.raises(DatastoreError, match=rf"pip install 'cellrun\[{way.extra}\]'"):
        way.connect("blobs", {}, {})


def test_what_cannot_be_a_store_is_said(ws, tmp_path):
    with pytest.raises(UserErrorException, match="register_folder"):
        Datastore.register_azure_file_share(ws, "share", "files", "account")
    with pytest.raises(UserErrorException, match="go together"):
        Datastore.register_s3(ws, "s3", "bucket", access_key="key")
    with pytest.raises(UserErrorException, match="begins with https://"):
        Datastore.register_https(ws, "web", "ftp://x")
    with pytest.raises(UserErrorException, match="container_name is a text"):
        Datastore.register_azure_blob_container(ws, "blobs", "", "account")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"kind": "tape", "settings": {}}', "kind 'tape', which this cellrun doesn't know"),
        ('{"kind": "s3", "settings": {"endpoint": "http://x"}}', "has no bucket in its file"),
        ('{"kind": "huggingface", "settings": {"repo": "a/b"}}', "has no repo_type in its file"),
        ('{"kind": "local", "settings": {}}', "has no folder in its file"),
        ('{"kind": "local", "settings": {"folder": "../x"}}', "no absolute path"),
    ],
)
def test_a_file_that_names_no_store_is_said(ws, text, problem):
    ws.layout.datastores.mkdir()
    (ws.layout.datastores / "new.json").write_text(text)
    with pytest.raises(DatastoreError, match=problem):
        Datastore(ws, "new")
    with pytest.warns(UserWarning, match=problem):
        assert list(ws.datastores) == list(OWN_STORES)


@pytest.mark.parametrize(
    "register",
    [
        lambda ws: Datastore.register_https(ws, "far", "https://me:s3cr3t@h.example/x", skip_validation=True),
        lambda ws: Datastore.register_https(ws, "far", "https://h.example/x?sig=s3cr3t", skip_validation=True),
        lambda ws: Datastore.register_s3(ws, "far", "b", endpoint="https://me:s3cr3t@h.example", skip_validation=True),
        lambda ws: Datastore.register_azure_blob_container(
            ws, "far", "c", "a", endpoint="https://me:s3cr3t@h.example", skip_validation=True
        ),
    ],
)
def test_an_address_with_a_password_or_a_key_is_not_kept(ws, register):
    with pytest.raises(UserErrorException, match="has a password or a key in it") as caught:
        register(ws)
    assert "s3cr3t" not in str(caught.value)
    assert not ws.layout.datastores.exists()
