"""A run's data in a store elsewhere: brought before it starts, once for all; its outputs brought there at the end."""

import http.server
import json
import os
import signal
import threading

import pytest

from cellrun.core import Dataset, Datastore, Experiment, OutputFileDatasetConfig
from cellrun.core.data.in_run import cache
from cellrun.core.data.in_run.binding import bring_inputs
from cellrun.core.data.in_run.delivery import delivered
from cellrun.core.data.in_run.input_files import noted
from cellrun.core.errors import DatasetError
from cellrun.core.layout import RunLayout
from cellrun.core.places import home_folder
from cellrun.core.processes.family import ProcessFamily
from cellrun.core.store.status import Status, StatusFile

READS = """
import json, os, sys
from pathlib import Path
def seen(path):
    if path.is_file():
        return path.read_text(), oct(path.stat().st_mode & 0o777)
    return sorted(str(f.relative_to(path)) for f in path.rglob("*"))
print(json.dumps([sys.argv[1:], [seen(Path(one)) for one in sys.argv[1:] if one.startswith("/")]]))
"""
MAKES = "import sys; open(sys.argv[1] + '/model.pt', 'w').write('model')"


@pytest.fixture(scope="module")
def s3():
    """An S3 of this machine, with an empty bucket: its address."""
    moto = pytest.importorskip("moto.server")
    boto3 = pytest.importorskip("boto3")
    server = moto.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
    boto3.client("s3", endpoint_url=url, **keys).create_bucket(Bucket="bucket")
    yield url
    server.stop()


@pytest.fixture
def store(runs, s3, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    with pytest.warns(UserWarning, match="no system keyring"):
        made = Datastore.register_s3(
            *(runs.workspace, "far", "bucket"), access_key="key", secret_key="secret", region="us-east-1", endpoint=s3
        )
    folder = tmp_path / "up"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.csv").write_text("one")
    (folder / "deep" / "b.csv").write_text("two")
    made.upload(folder, "path", overwrite=True, show_progress=False)
    return made


def test_a_dataset_is_brought_before_the_run_starts_and_is_a_local_path_that_is_read_only(runs, store):
    """Others read the same copy. Where nothing is yet, it is an empty folder."""
    folder, file = (Dataset.File.from_files(path=(store, path)) for path in ("path", "path/deep/b.csv"))
    given = ["--dataset", folder.as_named_input("train").as_mount(), file.as_named_input("one").as_download()]
    layout = runs.script(READS, *given, store.path("nothing/yet").as_mount())
    assert runs.end(layout).status is Status.COMPLETED, runs.status(layout).reason
    (*arguments, _), seen = json.loads(layout.log.read_text())
    assert arguments == ["--dataset", str(layout.inputs / "train"), str(layout.inputs / "one" / "b.csv")]
    assert seen == [["a.csv", "deep", "deep/b.csv"], ["two", "0o444"], []]
    said = layout.preparation_log.read_text()
    assert "input 'train': bringing 2 files (6 bytes) from s3://bucket" in said
    assert Status.PREPARING in [entry.status for entry in StatusFile(layout).history()]
    assert "secret" not in said


def test_what_was_brought_is_there_for_the_next_run_and_a_change_is_brought_anew(runs, store, tmp_path):
    train = Dataset.File.from_files(path=(store, "path/*.csv")).as_named_input("train").as_mount()
    first = runs.script(READS, train)
    assert runs.end(first).status is Status.COMPLETED
    second = runs.script(READS, train)
    assert runs.end(second).status is Status.COMPLETED
    assert "here already" in second.preparation_log.read_text()
    assert (first.inputs / "train").readlink() == (second.inputs / "train").readlink()
    (tmp_path / "up" / "a.csv").write_text("other")
    store.upload(tmp_path / "up", "path", overwrite=True, show_progress=False)
    files = Dataset.File.from_files(path=(store, "path/*.csv")).files()
    assert (cache.brought(files, second, "input 'train'", lambda _: None) / "a.csv").read_text() == "other"
    assert (first.inputs / "train" / "a.csv").read_text() == "one"


def test_many_runs_at_once_bring_it_once(runs, store, monkeypatch):
    monkeypatch.setenv("CELLRUN_LOCAL_CPUS", "2")
    train = Dataset.File.from_files(path=(store, "path/deep/*")).as_named_input("train").as_mount()
    layouts = [runs.script(READS, train) for _ in range(2)]
    assert {runs.end(layout).status for layout in layouts} == {Status.COMPLETED}
    assert sum("bringing" in layout.preparation_log.read_text() for layout in layouts) == 1


def test_what_came_whole_before_a_kill_isnt_brought_again(runs, store, monkeypatch, until):
    files = Dataset.File.from_files(path=(store, "path")).files()
    run = RunLayout(runs.workspace.layout.runs / "nobody")
    (draft := home_folder("data") / cache._key(files) / "files.part").mkdir(parents=True)  # as a killed run leaves it
    (draft / "a.csv").write_text("one")
    said = []
    folder = cache.brought(files, run, "input 'train'", said.append)
    assert "bringing 2 files" in said[0]
    assert "1 of them here already" in said[0]
    assert (folder / "deep" / "b.csv").read_text() == "two"
    assert {path.stat().st_mode & 0o777 for path in (folder / "a.csv", folder / "deep" / "b.csv")} == {0o444}
    assert not draft.exists()


@pytest.mark.parametrize("harm", [lambda path: os.truncate(path, 0), os.remove])
def test_a_file_that_was_lost_meanwhile_is_brought_again(runs, store, monkeypatch, harm):
    files = Dataset.File.from_files(path=(store, "path")).files()
    run, said = RunLayout(runs.workspace.layout.runs / "nobody"), []
    folder = cache.brought(files, run, "input 'train'", said.append)
    harm(folder / "a.csv")  # as a power cut does, or somebody who makes room
    assert cache.brought(files, run, "input 'train'", said.append) == folder
    assert any("1 of them here already" in line for line in said)
    assert {path.name: path.read_text() for path in folder.rglob("*.csv")} == {"a.csv": "one", "b.csv": "two"}


def test_a_store_that_is_away_or_refuses_fails_the_run_in_its_words(runs, store, s3):
    data = Dataset.File.from_files(path=(store, "path"))
    keys = {"access_key": "key", "secret_key": "secret", "region": "us-east-1", "overwrite": True}
    away = {**keys, "endpoint": "http://127.0.0.1:1", "skip_validation": True}
    Datastore.register_s3(runs.workspace, "far", "bucket", **away)
    layout = runs.script(READS, data.as_named_input("train").as_mount())
    end = runs.end(layout)
    assert end.status is Status.FAILED
    assert not [fact for fact in ("'far'", "127.0.0.1:1") if fact not in end.reason], end.reason
    assert "run_steps" not in end.reason
    assert not layout.log.exists() or not layout.log.read_text()
    refusing = {**keys, "endpoint": s3, "skip_validation": True}
    Datastore.register_s3(runs.workspace, "far", "no-such-bucket", **refusing)
    with pytest.raises(DatasetError, match=r"no-such-bucket.*'far'"):
        bring_inputs(layout, lambda _: None)


def test_a_run_that_brings_data_can_be_canceled(runs, store, until):
    train = Dataset.File.from_files(path=(store, "path")).as_named_input("train").as_mount()
    files = Dataset.File.from_files(path=(store, "path")).files()
    entry = home_folder("data") / cache._key(files)
    with cache.hold_lock(entry.with_name(f"{entry.name}.lock"), "another-run", None):
        layout = runs.script(READS, train)
        until(
            lambda: layout.preparation_log.exists() and "waiting for another-run" in layout.preparation_log.read_text(),
            "the lock",
        )
        runs.target(layout).cancel(layout)
        assert runs.end(layout).status is Status.CANCELED


def test_an_output_is_brought_there_at_the_end_and_registered(runs, store, tmp_path):
    output = OutputFileDatasetConfig("model", (store, "models/{run-id}")).register_on_complete("best")
    layout = runs.script(MAKES, output)
    assert runs.end(layout).status is Status.COMPLETED
    made = Dataset.get_by_name(runs.workspace, "best")
    assert made.to_path() == ["/model.pt"]
    assert store.download(tmp_path / "down", f"models/{layout.run_id}", show_progress=False) == 1
    assert delivered(layout)["model"]["files"] == 1
    assert not list(layout.delivery.iterdir())


def test_an_upload_that_fails_fails_the_run_and_keeps_what_it_made(runs, store, s3):
    output = OutputFileDatasetConfig("model", (store, "models")).register_on_complete("best")
    keys = {"access_key": "key", "secret_key": "secret", "endpoint": "http://127.0.0.1:1", "region": "us-east-1"}
    Datastore.register_s3(runs.workspace, "far", "bucket", **keys, overwrite=True, skip_validation=True)
    layout = runs.script(MAKES, output)
    end = runs.end(layout)
    assert end.status is Status.FAILED
    assert "127.0.0.1:1" in end.reason
    assert (layout.delivery / "model" / "model.pt").read_text() == "model"
    assert not Dataset.get_all(runs.workspace)


def test_clean_removes_what_no_run_reads_and_leaves_what_one_does(runs, store, until):
    train = Dataset.File.from_files(path=(store, "path")).as_named_input("train").as_mount()
    waits = runs.script("import time\nprint('ready', flush=True)\ntime.sleep(60)", train)
    runs.printed(waits, "ready")
    kind = "data brought for runs that have ended"
    assert kind not in {each.kind for each in runs.workspace.clean(dry=True).leftovers}
    runs.target(waits).cancel(waits)
    runs.end(waits)
    [found] = [each for each in runs.workspace.clean(dry=True).leftovers if each.kind == kind]
    assert found.count == 1
    runs.workspace.clean()
    assert not os.listdir(home_folder("data"))


def test_what_a_killed_supervisor_left_is_found_by_the_next_run(runs, store, until):
    train = Dataset.File.from_files(path=(store, "path")).as_named_input("train").as_mount()
    files = Dataset.File.from_files(path=(store, "path")).files()
    entry = home_folder("data") / cache._key(files)
    with cache.hold_lock(entry.with_name(f"{entry.name}.lock"), "another-run", None):
        layout = runs.script(READS, train)
        until(lambda: layout.preparation_log.exists() and "waiting" in layout.preparation_log.read_text(), "the lock")
        for process in ProcessFamily(layout, job=None).members():
            os.kill(process.pid, signal.SIGKILL)
    assert runs.end(layout).status is Status.FAILED
    again = runs.script(READS, train)
    assert runs.end(again).status is Status.COMPLETED


def test_files_from_the_web_are_brought(runs, tmp_path, until, noting):
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "a b.csv").write_text("web")
    handler = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), lambda *args: handler(*args, directory=str(tmp_path / "web"))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/a%20b.csv?page=secret"
        data = Dataset.File.from_files(path=url).as_named_input("page").as_mount()
        layout = runs.script("import sys; print(sys.argv[1], open(sys.argv[1]).read())", data)
        assert runs.end(layout).status is Status.COMPLETED
        assert layout.log.read_text() == f"{layout.inputs / 'page' / 'a b.csv'} web\n"
        run = Experiment(runs.workspace, "tests").run(layout.run_id)
        assert "secret" not in layout.preparation_log.read_text()
        assert run.get_details()["inputDatasets"][0]["words"] == url.partition("?")[0]
        until(lambda: noted(layout), "its files")
    finally:
        server.shutdown()
        server.server_close()


def test_more_than_the_disk_has_room_for_isnt_begun(runs, store, monkeypatch):
    files = Dataset.File.from_files(path=(store, "path")).files()
    usage = cache.shutil.disk_usage(".")
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda _: usage._replace(free=5))
    with pytest.raises(DatasetError, match=r"input 'train' needs 6 bytes.*where 5 bytes are free; ws.clean\(\)"):
        cache.brought(files, RunLayout(runs.workspace.layout.runs / "nobody"), "input 'train'", lambda _: None)
