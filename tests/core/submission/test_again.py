"""A run once more."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import nullcontext

import pytest

from cellrun.core import Experiment, Run, Workspace
from cellrun.core.context.signature import sign, signing_key
from cellrun.core.disk.whole_files import copy_tree
from cellrun.core.errors import (
    ComputeTargetException,
    InvalidSubmissionError,
    RunEnvironmentException,
    RunNotFoundError,
    UntrustedError,
    UserErrorException,
    WorkspaceException,
)
from cellrun.core.store.environment import read_environment
from cellrun.core.store.notes import run_notes
from cellrun.core.store.record import RunRecord
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.submission.again import resubmit
from cellrun.core.targets.local import admission
from cellrun.core.targets.local.target import LocalTarget
from tests.core.supervision.test_run_folder import is_anybody_left

PRINT = "import json, os, sys; print(os.path.exists('train.py'), sys.argv[1:]); print(json.dumps(dict(os.environ)))"


@pytest.fixture
def again(runs):
    """Run a run again, to its end."""

    def do(layout, **options):
        new = resubmit(layout, **options)
        runs.submitted.append(new)
        assert runs.end(new).status is Status.COMPLETED, new.log.read_text()
        return new

    return do


@pytest.fixture
def unbegun(runs, until, monkeypatch):
    """`unbegun(submit, …)`: have a run submitted that is canceled before anything of it is started, and return it."""

    def do(submit, *arguments, **options):
        until(lambda: not is_anybody_left(*runs.submitted), "supervisors, which start what waits, to be gone")
        with monkeypatch.context() as patch:
            patch.setattr(admission, "admit", lambda *_: None)
            patch.setattr(LocalTarget, "prepare", lambda *_: nullcontext())
            layout = submit(*arguments, **options)
        runs.target(layout).cancel(layout)
        assert StatusFile(layout).read().status is Status.CANCELED
        return layout

    return do


@pytest.fixture
def first(runs, unbegun):
    """`first(script, …)` is a run of a script to be run again, which itself never began."""
    return lambda script, *arguments, **options: unbegun(runs.script, script, *arguments, **options)


def test_it_is_the_same_run_under_another_id(runs, again):
    layout = runs.script(PRINT, "--rate", 0.5, "x y", cpus=1, name="first", max_run_duration_seconds=60, memory="1M")
    runs.end(layout)
    shutil.rmtree(runs.source)  # the snapshot is what counts
    new = again(layout)
    old_record, record = RunRecord.read(layout), RunRecord.read(new)
    assert (record.repeats, old_record.repeats) == (layout.run_id, None)
    assert (record.id, record.number, record.name) == (new.run_id, 2, "tests-2")
    assert record.created_at > old_record.created_at
    own = {"id": "", "name": "", "number": 0, "created_at": 0, "created_by": {}, "repeats": None}
    assert record._replace(**own) == old_record._replace(**own)
    assert record.display_name == "first"
    assert new.log.read_text().splitlines()[0] == layout.log.read_text().splitlines()[0]
    assert json.loads(new.log.read_text().splitlines()[1])["CELLRUN_RUN_ID"] == new.run_id


def test_the_verb_gives_a_run_and_details_say_what_it_repeats(runs, unbegun):
    layout = unbegun(runs.command, "echo $PPID")
    run = Run.get(runs.workspace, layout.run_id).submit_again()
    runs.submitted.append(run.layout)
    assert run.experiment.name == "tests"
    assert run.wait_for_completion()["repeats"] == layout.run_id
    assert "repeats" not in Run.get(runs.workspace, layout.run_id).get_details()
    third = run.submit_again()
    runs.submitted.append(third.layout)
    assert RunRecord.read(third.layout).repeats == run.id


def test_a_server_runs_it_again_without_lending_its_own_secrets(runs, again, monkeypatch):
    monkeypatch.setenv("SHARED", "of the kernel")
    monkeypatch.setenv("JUPYTER_PATH", "/kernels")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    given = {"API_KEY": "hush-hush", "LEVEL": 3, "OMP_NUM_THREADS": 7}
    layout = runs.script(PRINT, environment_variables=given)
    runs.end(layout)
    for name in ("JUPYTER_TOKEN", "JUPYTERHUB_API_TOKEN", "JPY_API_TOKEN", "JUPYTER_PATH", "SERVER_SECRET"):
        monkeypatch.setenv(name, "of the server")
    monkeypatch.setenv("LEVEL", "4")
    monkeypatch.delenv("SHARED")
    new = again(layout)
    environment = json.loads(new.log.read_text().splitlines()[1])
    assert "of the server" not in environment.values()
    assert environment["LEVEL"] == "4"
    assert "OMP_NUM_THREADS" not in environment
    assert environment["PATH"] == json.loads(layout.log.read_text().splitlines()[1])["PATH"]
    assert "API_KEY" not in environment
    by_value, inherited = sorted(run_notes(new, StatusFile(new).read()), key=len, reverse=True)
    assert "without API_KEY, OMP_NUM_THREADS; with the present values of LEVEL" in by_value
    assert inherited.startswith("started without the variables SHARED: ")
    assert Run.get(runs.workspace, new.run_id).get_details()["warnings"]
    kept = [path for path in new.folder.rglob("*") if path.is_file() and path != new.log]
    assert not [path for path in kept if b"hush-hush" in path.read_bytes() or b"of the server" in path.read_bytes()]


def test_another_process_without_a_kernel_can(runs, first):
    layout = first("print('twice')")
    code = (
        "import sys; from cellrun.core.layout import RunLayout\n"
        "from cellrun.core.submission.again import resubmit\n"
        "print(resubmit(RunLayout(sys.argv[1])).folder)"
    )
    bare = {name: os.environ[name] for name in ("CELLRUN_HOME", "CELLRUN_RUNTIME_DIR", "CELLRUN_GRACE_S")}
    done = subprocess.run(
        [sys.executable, "-c", code, str(layout.folder)], env=bare, cwd="/", capture_output=True, text=True, check=True
    )
    new = type(layout)(done.stdout.strip())
    runs.submitted.append(new)
    assert runs.end(new).status is Status.COMPLETED
    assert new.log.read_text() == "twice\n"


def test_what_a_cell_got_from_its_notebook_goes_along(runs, unbegun, first):
    layout = first("pass")
    layout.context.mkdir()
    (layout.context / "context.json").write_text("{}")
    (layout.snapshot / "sub").mkdir()
    (layout.snapshot / "sub" / "data.txt").write_text("1")
    (layout.snapshot / "link").symlink_to("/etc/passwd")
    os.mkfifo(layout.snapshot / "pipe")
    new = unbegun(resubmit, layout, trust=True)
    assert (new.context / "context.json").read_text() == "{}"
    assert (new.snapshot / "sub" / "data.txt").read_text() == "1"
    assert sorted(path.name for path in new.snapshot.iterdir()) == ["sub", "train.py"]


def test_it_keeps_what_its_first_run_recorded_of_the_repository(runs, again, until):
    subprocess.run(["git", "-C", str(runs.source), "init", "-q"], check=True)
    layout = runs.script("pass")
    runs.end(layout)
    until(lambda: read_environment(layout), "the first record")
    (runs.source / "more.py").touch()
    new = again(layout)
    until(lambda: read_environment(new), "the second record")
    assert read_environment(new)["git"] == read_environment(layout)["git"] != None  # noqa: E711
    assert read_environment(new)["git"]["untracked"] == 1


def test_a_failed_and_a_running_run_can_be_run_again(runs):
    failed = runs.script("raise SystemExit(3)")
    runs.end(failed)
    new = resubmit(failed)
    runs.submitted.append(new)
    assert runs.end(new).reason.startswith("exit code 3")
    sleeping = runs.running(runs.script("import time; time.sleep(60)"))
    other = resubmit(sleeping)
    runs.submitted.append(other)
    assert runs.status(sleeping).status is Status.RUNNING


def test_an_interactive_run_has_no_code_to_run_again(exp):
    run = exp.start_logging()
    with pytest.raises(UserErrorException, match="is interactive"):
        run.submit_again()
    run.complete()
    assert len(list(exp.get_runs())) == 1
    with pytest.raises(RunEnvironmentException):
        Run.get_context().submit_again()


@pytest.mark.parametrize("lost", ["snapshot", "launch"])
def test_what_is_gone_is_named(runs, lost, first):
    layout = first("pass")
    path = getattr(layout, lost)
    shutil.rmtree(path) if path.is_dir() else path.write_text("{")
    with pytest.raises(InvalidSubmissionError, match=lost):
        resubmit(layout, trust=True)
    assert len(list(Experiment(runs.workspace, "tests").get_runs())) == 1


def test_a_run_that_was_never_launched_can_be_run_again(runs, again, first):
    layout = first("print('at last')")
    layout.launch.unlink()
    assert again(layout).log.read_text() == "at last\n"


def test_an_environment_stays_the_one_that_was_asked_for(runs, again, first):
    layout = first("import sys; print(sys.prefix)", environment=sys.prefix)
    new = again(layout)
    assert RunRecord.read(new).environment == RunRecord.read(layout).environment == sys.prefix
    assert new.log.read_text() == f"{sys.prefix}\n"


def test_a_run_that_is_deleted_before_or_meanwhile_is_not_run_again(runs, monkeypatch, first):
    layout = first("pass")
    run = Run.get(runs.workspace, layout.run_id)
    kept = layout.folder.rename(layout.workspace.folder / "kept")
    with pytest.raises(RunNotFoundError):
        run.submit_again()
    kept.rename(layout.folder)

    def delete_and_copy(source, target):
        shutil.rmtree(layout.folder, ignore_errors=True)
        copy_tree(source, target)

    monkeypatch.setattr("cellrun.core.submission.again.copy_tree", delete_and_copy)
    with pytest.raises(RunNotFoundError):
        run.submit_again()
    assert list(runs.workspace.layout.runs.iterdir()) == []
    runs.submitted.clear()


def test_a_target_that_is_not_here_or_too_small_is_named(runs, monkeypatch, first):
    monkeypatch.setenv("CELLRUN_LOCAL_CPUS", "4")
    layout = first("pass", cpus=4)
    monkeypatch.setenv("CELLRUN_LOCAL_CPUS", "1")
    with pytest.raises(InvalidSubmissionError, match="cpus=4"):
        resubmit(layout)
    record = json.loads(layout.record.read_text())
    layout.record.write_text(json.dumps({**record, "target": "moon"}))
    with pytest.raises(ComputeTargetException, match="moon"):
        resubmit(layout, trust=True)
    layout.record.write_text(json.dumps(record))


def test_a_folder_outside_of_a_workspace_is_refused(runs, tmp_path, first):
    layout = first("pass")
    copy = tmp_path / "copies" / layout.run_id
    shutil.copytree(layout.folder, copy)
    with pytest.raises(WorkspaceException, match="isn't in a workspace"):
        resubmit(type(layout)(copy))


def test_it_stays_in_its_own_workspace(unbegun, first):
    layout = first("pass")
    Workspace.create("another")
    assert unbegun(resubmit, layout).workspace.folder == layout.workspace.folder


@pytest.fixture
def marker(tmp_path):
    """What hostile code would make."""
    return tmp_path / "marker"


def _other_program(layout, marker):
    spec = json.loads(layout.launch.read_text())
    layout.launch.write_text(json.dumps({**spec, "argv": ["/bin/sh", "-c", f"touch {marker}"]}))


def _other_variables(layout, marker):
    spec = json.loads(layout.launch.read_text())
    (layout.folder / "sitecustomize.py").write_text(f"open({str(marker)!r}, 'w')")
    spec["set_variables"]["PYTHONPATH"] = str(layout.folder)
    layout.launch.write_text(json.dumps(spec))


def _other_code(layout, marker):
    (layout.snapshot / "train.py").write_text(f"open({str(marker)!r}, 'w')")


def _more_code(layout, marker):
    (layout.snapshot / "random.py").write_text(f"open({str(marker)!r}, 'w')")


def _other_record(layout, marker):
    record = json.loads(layout.record.read_text())
    layout.record.write_text(json.dumps({**record, "command": f"touch {marker}", "kind": "command"}))
    layout.launch.unlink()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_other_program, "launch.json: it was changed"),
        (_other_variables, "launch.json: it was changed"),
        (_other_code, "train.py was changed"),
        (_more_code, "random.py was added"),
        (_other_record, "run.json was changed"),
    ],
)
def test_what_was_changed_since_it_was_submitted_is_run_only_if_it_is_trusted(
    runs, again, marker, change, words, first, unbegun
):
    layout = first("import random")
    change(layout, marker)
    with pytest.raises(UntrustedError, match=rf"{words} after it had been signed; if you trust .*trust=True"):
        resubmit(layout)
    assert not marker.exists()
    assert len(list(Experiment(runs.workspace, "tests").get_runs())) == 1
    trusted = again(layout, trust=True)
    assert marker.exists()
    unbegun(resubmit, trusted)  # it is this user's own now


@pytest.mark.parametrize("file", ["signed.json", "signed.sig", "launch.sig"])
def test_what_nobody_signed_is_run_only_if_it_is_trusted(unbegun, file, first):
    layout = first("pass")
    (layout.folder / file).unlink()
    with pytest.raises(UntrustedError, match="it isn't signed"):
        resubmit(layout)
    unbegun(resubmit, layout, trust=True)


def test_what_another_key_signed_is_run_only_if_it_is_trusted(unbegun, first):
    layout = first("pass")
    sign(layout.signed, key=bytes(32))
    with pytest.raises(UntrustedError, match="its signature isn't yours"):
        resubmit(layout)
    unbegun(resubmit, layout, trust=True)


def test_the_launch_of_another_run_of_ones_own_is_not_taken(runs, first, unbegun):
    one, second = first("pass"), unbegun(runs.command, "true")
    for name in ("launch.json", "launch.sig"):
        shutil.copy(second.folder / name, one.folder / name)
    with pytest.raises(UntrustedError, match=r"launch\.json: it was changed"):
        resubmit(one)


def test_a_workspace_of_ones_own_that_was_moved_stays_ones_own(runs, again, tmp_path, first):
    layout = first("print('here')")
    shutil.copytree(runs.workspace.layout.folder, tmp_path / "moved")
    moved = type(runs.workspace.layout)(tmp_path / "moved").run(layout.run_id)
    assert again(moved).log.read_text() == "here\n"


def test_what_is_changed_while_it_is_copied_is_not_run(runs, monkeypatch, first):
    layout = first("pass")

    def copy_and_change(source, target):
        copy_tree(source, target)
        (target / "train.py").write_text("1 / 0")

    monkeypatch.setattr("cellrun.core.submission.again.copy_tree", copy_and_change)
    with pytest.raises(UntrustedError, match=r"train\.py was changed"):
        resubmit(layout)
    assert len(list(runs.workspace.layout.runs.iterdir())) == 1


def test_a_run_that_cannot_be_signed_says_so(runs, tmp_path, first):
    signing_key()
    (key,) = tmp_path.rglob("signing.key")
    key.write_bytes(b"short")
    layout = first("pass")
    (note,) = run_notes(layout, StatusFile(layout).read())
    assert note.startswith("it isn't signed, so that to load it or to run it again asks for trust: ")
