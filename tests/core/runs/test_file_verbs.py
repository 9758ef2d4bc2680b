"""What users do with a run's files, logs and snapshot, under the names that Azure ML's first SDK has for it."""

import os
import warnings
import zipfile
from pathlib import Path

import pytest

from cellrun.core import Run, ScriptRunConfig, SnapshotException, UserErrorException


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def submitted(exp, here, script, **options):
    """Submit a script of its own text."""
    (here / "src").mkdir(exist_ok=True)
    (here / "src" / "train.py").write_text(script)
    return exp.submit(ScriptRunConfig(here / "src", "train.py", **options))


def test_a_run_that_has_ended_takes_files_and_holds_nothing_open(ws, exp, here):
    (here / "a.txt").write_text("a")
    run = exp.start_logging()
    run.complete()
    same = Run(exp, run.id)
    same.upload_file("outputs/a.txt", "a.txt")
    same.upload_folder("", here)
    kept = same.upload_files(["b"], ["a.txt"], return_artifacts=True)
    assert {name: Path(path).read_text() for name, path in kept.items()} == {"b": "a"}
    assert {"a.txt", "b", "outputs/a.txt"} <= set(ws.get_run(run.id).get_file_names())


def test_a_datastore_for_uploaded_files_is_noticed_once(exp, here):
    (here / "a.txt").write_text("a")
    (here / "src").mkdir()
    run = exp.start_logging()
    with pytest.warns(UserWarning, match="datastore_name='blobs' changes nothing"):
        run.upload_file("a", "a.txt", datastore_name="blobs")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run.upload_files(["b"], ["a.txt"], datastore_name="blobs")
        run.upload_folder("c", here / "src", datastore_name="blobs")


def test_files_are_downloaded_to_paths_of_their_own(exp, here):
    (here / "a.txt").write_text("a")
    run = exp.start_logging()
    run.upload_files(["outputs/a.txt", "outputs/b.txt"], ["a.txt", "a.txt"])
    run.complete()
    run.download_files("outputs/", None, ["one", "two"], 10, True, 60)
    run.download_files(prefix="outputs/a", output_directory="below", output_paths="three")
    run.download_file("outputs/a.txt", "new/", _validate_checksum=True)
    assert [(here / name).read_text() for name in ("one", "two", "below/three", "new/a.txt")] == ["a"] * 4
    with pytest.raises(UserErrorException, match=r"got 1, and 2 files begin with 'outputs/': outputs/a\.txt"):
        run.download_files("outputs/", output_paths=["one"])


def test_the_logs_of_a_submitted_run(exp, here):
    run = submitted(exp, here, "print('hello')\nopen('logs/more.txt', 'w').write('more')\n")
    run.wait_for_completion()
    details = run.get_details_with_logs()
    assert details["logFiles"]["logs/more.txt"] == "more"
    assert "hello" in details["logFiles"]["user_logs/std_log.txt"]
    assert set(run.get_details()["logFiles"]) == set(details["logFiles"])
    paths = Run(exp, run.id).get_all_logs("taken")
    assert {str(Path(path).relative_to("taken")) for path in paths} == set(details["logFiles"])
    assert (here / "taken" / "logs" / "more.txt").read_text() == "more"
    assert all(Path(path).parts[0] == run.id and Path(path).is_file() for path in run.get_all_logs())


def test_a_snapshot_is_restored_as_a_zip_and_known_by_what_is_in_it(exp, here):
    first, second = (submitted(exp, here, "print(1)\n") for _ in range(2))
    assert first.get_snapshot_id() == second.get_snapshot_id() is not None
    archive = Path(first.restore_snapshot(path=here / "got.zip"))
    assert archive == here / "got.zip"
    with zipfile.ZipFile(archive) as found:
        assert found.read("train.py") == b"print(1)\n"
    assert first.restore_snapshot(first.get_snapshot_id()) == str(here / f"{first.get_snapshot_id()}.zip")
    changed = submitted(exp, here, "print(2)\n")
    assert changed.get_snapshot_id() != first.get_snapshot_id()
    with pytest.raises(SnapshotException, match="which another run restores"):
        changed.restore_snapshot(first.get_snapshot_id())
    for run in (first, second, changed):
        run.wait_for_completion()


def test_an_interactive_run_takes_a_snapshot_once(exp, here):
    (here / "code").mkdir()
    (here / "code" / "train.py").write_text("1")
    run = exp.start_logging(code=False)
    assert run.get_snapshot_id() is None
    with pytest.raises(SnapshotException, match="has no snapshot"):
        run.restore_snapshot()
    with pytest.raises(UserErrorException, match="there is no 'nowhere'"):
        run.take_snapshot("nowhere")
    assert run.take_snapshot("code") == run.get_snapshot_id() is not None
    with pytest.raises(SnapshotException, match="has a snapshot already"):
        run.take_snapshot("code")
    run.complete()


def test_the_definition_has_what_programs_read(exp, here):
    run = submitted(exp, here, "", arguments=["--lr", 0.1])
    definition = run.get_details()["runDefinition"]
    assert definition["arguments"] == ["--lr", "0.1"]
    assert (definition["framework"], definition["communicator"], definition["nodeCount"]) == ("Python", "None", 1)
    assert definition["environment"]["docker"]["enabled"] is False
    assert definition["dataReferences"] == definition["data"] == {}
    run.wait_for_completion()


def test_an_offline_run_has_the_same_verbs(here):
    (here / "a.txt").write_text("a")
    run = Run.get_context()
    assert run.upload_files(["a"], ["a.txt"], return_artifacts=True) == {"a": here / "a.txt"}
    run.download_file("a", "b.txt")
    assert (here / "b.txt").read_text() == "a"
    assert run.get_details_with_logs()["logFiles"] == {}
    assert run.get_all_logs() == []
    assert run.get_snapshot_id() is None


@pytest.mark.parametrize("put", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")], ids=["pipe", "device"])
def test_a_log_that_is_no_file_holds_nobody_up(exp, here, put):
    run = exp.start_logging()
    run.complete()
    (here / "a.txt").write_text("of a log")
    run.upload_file("logs/a.txt", here / "a.txt")
    run.layout.log.unlink(missing_ok=True)
    for path in (run.layout.log, run.layout.logs / "b.txt"):
        put(path)
    texts = run.get_details_with_logs()["logFiles"]
    assert "user_logs/std_log.txt" not in texts
    assert (texts["logs/a.txt"], texts.get("logs/b.txt", "")) == ("of a log", "")


@pytest.mark.parametrize("part", ["log", "snapshot"])
def test_no_log_and_no_snapshot_is_read_where_a_link_leads(exp, here, part):
    (here / "outside").mkdir()
    (here / "outside" / "std_log.txt").write_text("mine")
    run = exp.start_logging(code=False)
    run.complete()
    place = run.layout.snapshot if part == "snapshot" else run.layout.log.parent
    if part == "log":
        run.layout.log.unlink(missing_ok=True)
        place.rmdir()
    place.symlink_to(here / "outside")
    assert run.get_snapshot_id() is None
    for takes in (run.restore_snapshot, lambda: run.take_snapshot(here / "outside")):
        if part == "snapshot":
            with pytest.raises(SnapshotException):
                takes()
    assert run.get_details_with_logs()["logFiles"] == {}
    assert [path.name for path in (here / "outside").iterdir()] == ["std_log.txt"]
