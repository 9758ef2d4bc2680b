"""Values that a cluster's Jobs API won't take: they go by a datastore, and are there as a node reads them."""

import json
import zipfile
from hashlib import sha256
from io import BytesIO
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from cellrun.core import Datastore
from cellrun.core.context.manifest import Context, Group
from cellrun.core.context.value_store import ValueStore
from cellrun.core.run_request import RunRequest
from cellrun.core.store.record import RunTarget
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.targets.ray import stored_values, submit_queue
from cellrun.core.targets.ray import target as ray_target
from cellrun.core.targets.ray.facts import Learned
from cellrun.core.targets.ray.target import RayTarget
from cellrun.core.targets.sync_round import bring
from tests.core.data.stores.test_stores import S3, Azure, Google
from tests.stores import azurite, gcs_server, s3_server  # noqa: F401  # fixtures of the tests here

pytestmark = [
    pytest.mark.filterwarnings("ignore:there is no system keyring here"),
    pytest.mark.filterwarnings("ignore:Sending a large body directly:ResourceWarning"),  # azure-core's
]
LARGE, SMALL = bytes(range(256)) * 20_000, b"small"
MOST_BYTES = 4_000_000  # cellrun's own code has to go as a package


class Code:
    """What a run takes along, as a submission knows it."""

    size_bytes, values_bytes = len(LARGE) + 1000, len(LARGE)


@pytest.fixture(autouse=True)
def each_look_asks(monkeypatch, without_keeper):
    monkeypatch.setattr(ray_target, "_YOUNG_S", 0.0)
    monkeypatch.setattr(submit_queue, "_CALL_S", 60.0)  # however busy this machine is
    monkeypatch.setattr(stored_values, "_AT_ONCE_S", 60.0)
    monkeypatch.setattr(stored_values, "_AGAIN_S", 0.0)
    monkeypatch.setattr("cellrun.core.targets.keeper.client.wake", lambda *_: None)


@pytest.fixture
def opened(ws, ray):
    """Open the target with a datastore: `opened("store")`."""
    ray.most_bytes = MOST_BYTES
    Learned(MOST_BYTES).keep(ray.address)
    made = []

    def open_(store):
        made.append(RayTarget("cluster", {"address": ray.address, "datastore": store}))
        made[-1].layout = ws.layout
        return made[-1]

    yield open_
    for each in made:
        each.close()


@pytest.fixture
def launched(new_run):
    """Submit a run of a cell with a large and a small value: `launched(target)`."""

    def make(target):
        run = new_run(kind="cell", target="cluster")
        store = ValueStore(run.workspace.values, pickles_like="sha256-")
        blobs = store.put(LARGE), store.put_pickle(SMALL)
        Context("3.11", "Cell In[1]", groups=tuple(Group(("x",), blob) for blob in blobs)).write(run.context)
        target.launch(RunRequest("cell", "cell.py", experiment="digits"), run)
        return run, *(blob.hash for blob in blobs)

    return make


@pytest.fixture
def shared(ws, tmp_path):
    """A folder that the nodes share, as a datastore of that name."""
    folder = tmp_path / "shared"
    folder.mkdir()
    Datastore.register_folder(ws, "shared", folder)
    return folder


def packed(ray, run):
    """Return what has come to the cluster of a run: its order, and the names in its package."""
    told = ray.jobs[RunTarget.read(run).handle["job"]].told
    name = told["runtime_env"]["working_dir"].rsplit("/", 1)[1]
    with zipfile.ZipFile(BytesIO(ray.packages[name])) as held:
        return json.loads(held.read("order.json")), held.namelist()


def test_a_value_that_is_too_large_is_read_from_a_folder_that_is_shared(ray, opened, launched, shared):
    target = opened("shared")
    assert target.size_problem(Code()) == ""
    run, large, small = launched(target)
    bring(target, [run])
    order, names = packed(ray, run)
    path = shared / "cellrun-values" / large
    assert order["values"] == {large: {"path": str(path), "size": len(LARGE), "sha256": sha256(LARGE).hexdigest()}}
    assert path.read_bytes() == LARGE
    assert [name for name in names if name.startswith("values/")] == [f"values/{small}"]


def test_what_is_there_is_not_sent_again(ray, opened, launched, shared):
    run, large, _ = launched(opened("shared"))
    bring(opened("shared"), [run])
    path = shared / "cellrun-values" / large
    was = path.stat()
    again, *_ = launched(opened("shared"))
    bring(opened("shared"), [again])
    assert packed(ray, again)[0]["values"] == packed(ray, run)[0]["values"]
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (was.st_ino, was.st_mtime_ns)


@pytest.mark.parametrize(("end", "server"), [(S3, "s3_server"), (Azure, "azurite")])
def test_a_cloud_signs_a_url_by_which_whoever_has_it_reads_that_value(ray, opened, launched, ws, request, end, server):
    end = end(request.getfixturevalue(server))
    end.register(ws)
    target = opened("blobs")
    assert target.size_problem(Code()) == ""
    run, large, _ = launched(target)
    bring(target, [run])
    (told,) = packed(ray, run)[0]["values"].values()
    with urlopen(told["url"]) as answer:
        assert answer.read() == LARGE
    assert end.secret not in json.dumps(packed(ray, run)[0])
    with pytest.raises(HTTPError):
        urlopen(told["url"].replace(large, large[::-1]))


def test_a_store_that_is_away_fails_no_run_and_is_said(ray, opened, launched, shared):
    shared.joinpath("cellrun-values").write_text("in the way")
    target = opened("shared")
    run, *_ = launched(target)
    observed = bring(target, [run]).observed
    assert "its values can't be sent yet: " in observed[run.run_id].reason
    assert "cellrun-values" in observed[run.run_id].reason
    assert StatusFile(run).read().status is Status.QUEUED
    shared.joinpath("cellrun-values").unlink()
    bring(target, [run])
    assert len(ray.submitted) == 1


@pytest.mark.usefixtures("shared")
def test_a_cluster_that_takes_less_than_was_thought_has_the_rest_by_the_store(ray, opened, launched):
    target = opened("shared")
    Learned(10_000_000).keep(ray.address)
    run, large, _ = launched(target)
    bring(target, [run])
    bring(target, [run])
    assert list(packed(ray, run)[0]["values"]) == [large]


def test_what_no_store_can_do_is_refused_before_there_is_a_run(opened, ws, gcs_server):  # noqa: F811  # the fixture
    assert "isn't registered" in opened("none").size_problem(Code())
    Google(gcs_server).register(ws)
    assert "is of the kind GoogleCloudStorage" in opened("blobs").size_problem(Code())
    Datastore.register_azure_blob_container(ws, "sas", "c", "account", sas_token="sv=1&sig=x", skip_validation=True)
    assert "account_key" in opened("sas").size_problem(Code())
    files = Code()
    files.size_bytes += MOST_BYTES
    assert "put large files where its nodes read them" in opened("sas").size_problem(files)
