"""Runs that belong to a run: its children, made by any process, and the run that it is a child of."""

import os
import pickle
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from cellrun.core import (
    ActivityFailedException,
    Experiment,
    Run,
    RunClosedError,
    RunEnvironmentException,
    RunNotFoundError,
    ScriptRunConfig,
    UserErrorException,
    Workspace,
)
from cellrun.core.driving.children import Children
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.runs import open_runs
from cellrun.core.store.ending import cancel_requests
from cellrun.core.store.record import RunRecord
from cellrun.core.store.status import Status, StatusFile
from tests.core.submitted_runs import wait_for


@pytest.fixture
def run(exp):
    return exp.start_logging()


def submitted(exp, here, code, **config):
    """Submit a script that has these lines."""
    (here / "src").mkdir(exist_ok=True)
    (here / "src" / "train.py").write_text("from cellrun.core import Experiment, Run, ScriptRunConfig\n" + code)
    return exp.submit(ScriptRunConfig(here / "src", "train.py", **config))


def elsewhere(here, code):
    """Run lines in a process of its own, which is part of no run."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CELLRUN_RUN")}
    code = "from cellrun.core import Experiment, Run, Workspace\nws = Workspace.from_config()\n" + code
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=here, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


# Children of an interactive run


def test_children_log_beside_their_parent(ws, exp, run):
    for alpha in (0.1, 0.2):
        with run.child_run(name=f"alpha{alpha}") as child:
            child.log("mse", alpha)
            assert child.get_status() == "Running"
            assert child.parent is run
    second, first = run.get_children()
    assert [first.name, second.name] == [first.display_name, second.display_name] == ["alpha0.1", "alpha0.2"]
    assert (first.type, first.get_status(), first.experiment) == (None, "Completed", exp)
    assert (first.number, second.number) == (2, 3)
    assert run.get_metrics() == {}
    assert run.get_metrics(recursive=True) == {first.id: {"mse": 0.1}, second.id: {"mse": 0.2}}
    run.log("best", 0.1)
    assert run.get_metrics(recursive=True).keys() == {run.id, first.id, second.id}
    assert run.get_metrics("best", recursive=True) == {run.id: {"best": 0.1}}
    assert run.get_metrics(recursive=True, run_type="hyperdrive") == {}
    assert run.get_status() == "Running"
    assert run.parent is None


def test_a_child_that_fails_fails_alone(run):
    with pytest.raises(ValueError, match="no"), run.child_run() as child:
        raise ValueError("no")
    assert (child.get_status(), run.get_status()) == ("Failed", "Running")
    assert child.get_details()["error"]["error"]["message"] == "ValueError: no"


def test_children_of_children(run):
    child = run.child_run("fold")
    grandchild = child.child_run("epoch")
    assert grandchild.parent is child
    assert [each.id for each in run.get_children()] == [child.id]
    assert [each.id for each in run.get_children(recursive=True)] == [grandchild.id, child.id]
    grandchild.log("x", 1)
    assert run.get_metrics(recursive=True) == {grandchild.id: {"x": 1}}


@pytest.mark.parametrize(
    ("end", "status"), [(Run.complete, "Completed"), (Run.fail, "Failed"), (Run.cancel, "Canceled")]
)
def test_what_is_open_here_ends_with_its_parent(run, end, status):
    child = run.child_run()
    grandchild = child.child_run()
    ended = run.child_run()
    ended.complete()
    end(run)
    assert [each.get_status() for each in (run, child, grandchild, ended)] == [status] * 3 + ["Completed"]
    assert open_runs.newest() is None


def test_a_parents_block_takes_its_children_along(exp):
    with pytest.raises(ValueError, match="no"), exp.start_logging() as run:  # noqa: PT012
        run.child_run()
        raise ValueError("no")
    (child,) = run.get_children()
    assert (run.get_status(), child.get_status()) == ("Failed", "Failed")


def test_the_run_that_code_is_part_of_is_the_parent(run):
    child = run.child_run()
    assert Run.get_context() is run
    run.complete()
    assert child.get_status() == "Completed"


def test_the_folder_of_outputs_is_the_parents_unless_one_is_given(run, here):
    child = run.child_run(outputs="fold")
    other = run.child_run(outputs=False)
    (here / "outputs" / "all.txt").write_text("all")
    (here / "fold" / "one.txt").write_text("one")
    run.complete()
    assert child.get_file_names() == ["outputs/one.txt"]
    assert other.get_file_names() == []
    assert "outputs/all.txt" in run.get_file_names()


def test_an_id_may_be_given(run):
    assert run.child_run(run_id="fold_1").id == "fold_1"
    with pytest.raises(UserErrorException, match="fold_1"):
        run.child_run(run_id="fold_1")


# Children that wait to be started


def test_children_are_made_at_once_and_started_one_by_one(run):
    children = run.create_children(count=3)
    assert [child.get_status() for child in children] == ["NotStarted"] * 3
    assert [child.id for child in run.get_children()] == [child.id for child in reversed(children)]
    started, blocked, ended = children
    started.start()
    started.start()  # it is this process's already
    assert started.get_status() == "Running"
    with blocked:
        blocked.log("x", 1)
        assert blocked.get_status() == "Running"
    ended.log("x", 2)
    ended.complete()
    started.fail("no")
    assert [child.get_status() for child in children] == ["Failed", "Completed", "Completed"]
    with pytest.raises(RunClosedError):
        Run(run.experiment, ended.id).start()


def test_each_child_may_have_a_tag(run):
    children = run.create_children(tag_key="fold", tag_values=[1, "b", None])
    assert [child.tags for child in children] == [{"fold": "1"}, {"fold": "b"}, {"fold": None}]
    assert [child.id for child in run.get_children(tags={"fold": 1})] == [children[0].id]
    assert len(run.create_children(2, "fold", ["x", "y"])) == 2
    assert run.create_children(count=0) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"count": -1},
        {"count": 1.5},
        {"count": True},
        {"tag_key": "a"},
        {"tag_values": ["a"]},
        {"tag_key": "a", "tag_values": "ab"},
        {"count": 3, "tag_key": "a", "tag_values": ["a"]},
    ],
)
def test_counts_that_do_not_agree_are_refused(run, wrong):
    with pytest.raises(UserErrorException):
        run.create_children(**wrong)
    assert list(run.get_children()) == []


def test_another_process_starts_a_child_and_owns_it(exp, run, here):
    child, other = run.create_children(count=2)
    told = elsewhere(
        here,
        f"""
run = Run(Experiment(ws, 'digits'), {child.id!r}, outputs='kept')
run.start()
print(run.parent.id, run.get_status())
run.log('x', 1)
open('kept/a.txt', 'w').close()
run.complete()
Run.get(ws, {other.id!r}).start()
""",
    )
    assert told.split() == [run.id, "Running"]
    assert (child.get_status(), child.get_metrics(), child.get_file_names()) == (
        "Completed",
        {"x": 1},
        ["outputs/a.txt"],
    )
    assert other.get_status() == "Failed"  # whoever started it went away
    with pytest.raises(RunClosedError):
        child.start()


def test_only_what_waits_is_started(exp, run, here):
    elsewhere_run = Run(exp, run.id)
    with pytest.raises(UserErrorException, match="Running"):
        elsewhere_run.start()
    run.start()  # its own
    assert run.get_status() == "Running"


def test_a_child_goes_on_in_the_process_that_opened_it(run, here):
    """Its parent may be another process's."""
    told = elsewhere(
        here,
        f"""
parent = Run.get(ws, {run.id!r})
with parent.child_run('far') as child:
    child.log('x', 1)
parent.child_run('left')
print(child.id)
""",
    )
    left, child = run.get_children()
    assert child.id == told.strip()
    assert (child.get_status(), left.get_status(), run.get_status()) == ("Completed", "Failed", "Running")


# Submitted children, and children of jobs


def test_a_child_is_submitted(exp, run, here):
    (here / "src").mkdir()
    (here / "src" / "train.py").write_text("from cellrun.core import Run\nprint(Run.get_context().parent.id)\n")
    child = run.submit_child(ScriptRunConfig(here / "src", "train.py"), tags={"fold": 1})
    child.wait_for_completion()
    assert child.layout.log.read_text().split() == [run.id]
    assert (child.parent, child.type, child.tags) == (run, "azureml.scriptrun", {"fold": "1"})
    assert [each.id for each in run.get_children(type="azureml.scriptrun", status="completed")] == [child.id]
    assert [each.id for each in exp.get_runs()] == [run.id]


def test_a_job_has_children(ws, exp, here):
    run = submitted(
        exp,
        here,
        """
run = Run.get_context()
for alpha in (0.1, 0.2):
    with run.child_run(f'alpha{alpha}') as child:
        child.log('mse', alpha)
left = run.child_run('left')
left.log('mse', 0.3)
first, second = run.create_children(count=2)
Run(run.experiment, first.id).log('mse', 0.4)
print(sorted(each.name for each in run.get_children()))
""",
    )
    run.wait_for_completion()
    children = {child.name: child for child in run.get_children()}
    named = {name: child.get_metrics() for name, child in children.items() if name.startswith(("alpha", "left"))}
    assert named == {"alpha0.1": {"mse": 0.1}, "alpha0.2": {"mse": 0.2}, "left": {"mse": 0.3}}
    assert sorted(child.get_status() for child in children.values()) == ["Completed"] * 4 + ["Failed"]
    assert children["left"].get_status() == "Completed"  # the script ended, and it with that
    assert len(run.get_metrics(recursive=True)) == 4
    assert [each.id for each in exp.get_runs()] == [run.id]


@pytest.mark.parametrize(
    ("end", "reason"), [("raise ValueError('no')", "ValueError: no"), ("import sys; sys.exit(3)", "exit code 3")]
)
def test_children_of_a_job_that_fails_fail(exp, here, end, reason):
    run = submitted(exp, here, f"child = Run.get_context().child_run()\n{end}\n")
    with pytest.raises(ActivityFailedException):
        run.wait_for_completion()
    (child,) = run.get_children()
    assert child.get_status() == "Failed"
    assert child.get_details()["error"]["error"]["message"] == reason


def test_children_of_a_job_that_is_killed_fail(exp, here):
    run = submitted(
        exp,
        here,
        """
import os, signal
child = Run.get_context().child_run()
child.log('x', 1)
os.kill(os.getpid(), signal.SIGKILL)
""",
    )
    run.wait_for_completion(raise_on_error=False)
    (child,) = run.get_children()
    assert (child.get_status(), child.get_metrics()) == ("Failed", {"x": 1})


def test_a_job_submits_children(exp, here):
    run = submitted(
        exp,
        here,
        """
import pathlib
if not (run := Run.get_context()).parent:
    child = run.submit_child(ScriptRunConfig('.', 'train.py'))
    child.wait_for_completion()
""",
    )
    run.wait_for_completion()
    (child,) = run.get_children()
    assert (child.get_status(), child.parent.id) == ("Completed", run.id)


def test_a_job_without_the_workspaces_disk_has_no_children(ws, run, tmp_path):
    there = WorkspaceLayout(tmp_path / "there")  # as a target brings a run to where its workspace isn't
    there.runs.mkdir(parents=True)
    shutil.copyfile(ws.layout.record, there.record)
    shutil.copytree(run.layout.folder, there.run(run.id).folder)
    brought = Run(Experiment(Workspace.opened(there), "digits"), run.id)
    for make in (brought.child_run, lambda: brought.create_children(count=1), lambda: brought.submit_child(None)):
        with pytest.raises(RunEnvironmentException, match="another machine than its workspace"):
            make()
    assert [each.name for each in there.runs.iterdir()] == [run.id]


# Their end from outside


def test_cancel_takes_the_whole_family(exp, here, run):
    child = submitted(exp, here, "import time\nprint('here', flush=True)\ntime.sleep(600)\n")
    parent = run.submit_child(ScriptRunConfig(here / "src", "train.py"))
    grandchild = parent.submit_child(ScriptRunConfig(here / "src", "train.py"))
    (waiting,) = parent.create_children(count=1)
    Run.get(exp.workspace, run.id).cancel()
    for each in (parent, grandchild):
        each.wait_for_completion()
    assert [each.get_status() for each in (run, parent, grandchild, waiting)] == ["Canceled"] * 4
    assert child.get_status() != "Canceled"
    child.cancel()
    child.wait_for_completion()


def test_a_child_keeps_its_grace_unless_its_parent_is_canceled_once_more(exp, here):
    stubborn = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    parent = submitted(exp, here, f"{stubborn}print('here', flush=True)\ntime.sleep(600)\n")
    child = parent.submit_child(ScriptRunConfig(here / "src", "train.py"))
    for each in (parent, child):
        wait_for(lambda run=each: "here" in run.layout.log.read_text(), "it to run")
    parent.cancel()
    for each in (parent, child):
        stopped = StatusFile(each.layout)
        wait_for(lambda status=stopped: status.read().status is Status.CANCEL_REQUESTED, "it to be stopped")
    Children(parent.layout).cancel(child.layout)  # as a driver does that is being stopped
    parent._control._cancel_children(None)
    assert cancel_requests(child.layout) == 1
    parent.cancel()
    assert cancel_requests(child.layout) == 2
    for each in (parent, child):
        each.wait_for_completion()
        assert each.get_status() == "Canceled"


def test_deletion_takes_the_whole_family(ws, exp, run):
    child = run.child_run()
    grandchild = child.child_run()
    other = exp.start_logging()
    run.complete()
    deletion = ws.delete_runs([run.id], dry=True)
    assert [each.id for each in deletion.runs] == [run.id, grandchild.id, child.id]
    run.delete()
    for each in (run, child, grandchild):
        with pytest.raises(RunNotFoundError):
            Run.get(ws, each.id)
    assert [each.id for each in exp.get_runs(include_children=True)] == [other.id]


def test_a_family_one_of_which_goes_on_stays(ws, exp, run):
    child = run.child_run()
    elsewhere_run = Run(exp, run.id)
    with pytest.raises(UserErrorException, match="Running"):
        elsewhere_run.delete()
    other = exp.start_logging()
    other.complete()
    (late,) = other.create_children(count=1)
    late.start()
    with pytest.raises(UserErrorException, match=f"its child {late.name} stays: it is Running: cancel it first"):
        other.delete()
    assert [each.refused for each in ws.delete_runs([other.id]).runs] == [
        f"its child {late.name} stays: it is Running: cancel it first"
    ]
    late.complete()
    other.delete()
    assert child.get_status() == "Running"


def test_a_child_is_deleted_alone(ws, run):
    child = run.child_run()
    child.complete()
    child.delete()
    assert list(run.get_children()) == []
    orphan = RunRecord.read(run.layout)
    assert orphan.parent is None


def test_a_child_whose_parent_is_gone_has_none(exp):
    run = exp.start_logging()
    child = run.child_run()
    child.complete()
    run.complete()
    shutil.rmtree(run.layout.folder)
    assert child.parent is None


# Lists


def test_lists_leave_children_out_unless_they_are_asked_for(exp, run):
    child = run.child_run()
    child.tag("kind", "child")
    child.add_properties({"fold": 1})
    for each in (child, run):
        each.complete()
    assert [each.id for each in exp.get_runs()] == [each.id for each in Run.list(exp)] == [run.id]
    assert [each.id for each in exp.get_runs(include_children=True)] == [child.id, run.id]
    assert [each.id for each in Run.list(exp, tags="kind", include_children=True)] == [child.id]
    assert list(Run.list(exp, tags="kind")) == []
    assert [each.id for each in run.get_children(properties={"fold": "1"})] == [child.id]
    assert list(run.get_children(status="Running")) == []
    with pytest.raises(UserErrorException, match="status"):
        run.get_children(status="Rnning")
    with pytest.raises(UserErrorException, match="tags is a name"):
        run.get_children(tags=["kind"])


def test_runs_of_a_compute_target(ws, exp, here, run):
    submitted_run = submitted(exp, here, "")
    submitted_run.wait_for_completion()
    found = [each.id for each in Run.list_by_compute(ws.compute_targets["local"], type="azureml.scriptrun")]
    assert found == [submitted_run.id]
    assert list(Run.list_by_compute("elsewhere")) == []


def test_a_run_is_of_the_class_that_its_type_has(ws, exp, here, monkeypatch):
    class Sweep(Run):
        pass

    class Asked:
        def request(self):
            return replaced

    (here / "train.py").write_text("")
    replaced = replace(ScriptRunConfig(here, "train.py").request(), type="mine")
    monkeypatch.setattr(open_runs, "_given", {})
    run = exp.submit(Asked())
    run.wait_for_completion()
    assert type(run) is Run
    Run.add_type_provider("mine", lambda experiment, told: Sweep(experiment, told.run_id))
    assert type(exp.run(run.id)) is type(Run.get(ws, run.id)) is type(next(exp.get_runs())) is Sweep
    assert next(exp.get_runs(type="mine")).id == run.id
    assert type(pickle.loads(pickle.dumps(exp.run(run.id)))) is Sweep  # our own
    with pytest.raises(UserErrorException, match="run_factory"):
        Run.add_type_provider("mine", "Sweep")


# The rest of what a run is asked


def test_what_else_a_run_tells(run, monkeypatch):
    monkeypatch.setattr(Run, "get_portal_url", lambda _: "http://here")
    assert run.identity == run.id
    assert run.portal_url == "http://here"
    assert Run.get_docs_url().startswith("https://")
    assert Run.get_submitted_run(x=1) is run
    assert run.get_detailed_status() == {"status": "Running", "details": None}
    run.clean()
    run.fail("no data")
    assert run.get_detailed_status() == {"status": "Failed", "details": "no data"}
    assert Run(run.experiment, run.id, outputs=None, _run_dto=None).get_status() == "Failed"


def test_an_offline_run_has_children_in_memory(here, capsys):
    run = Run.get_context()
    with run.child_run("fold") as child:
        child.log("x", 1)
    assert type(child) is type(run)
    assert child.name == "fold"
    assert child.parent is run
    assert list(run.get_children()) == [child]
    assert run.get_metrics(recursive=True) == {child.id: {"x": 1}}
    first, _second = run.create_children(tag_key="a", tag_values=[1, 2])
    assert first.tags == {"a": "1"}
    first.start()
    assert len(list(run.get_children(recursive=True))) == 3
    assert run.parent is None
