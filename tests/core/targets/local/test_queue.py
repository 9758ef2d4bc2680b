"""The queue of this user and machine."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from cellrun.core import Workspace
from cellrun.core.identity import boot_id, boot_time, pid_namespace
from cellrun.core.layout import RunLayout
from cellrun.core.live.run_poller import RunPoller
from cellrun.core.resources import Resources
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.submission.script_run_config import ScriptRunConfig
from cellrun.core.submission.submission import submit
from cellrun.core.supervision.process_file import ProcessFile
from cellrun.core.targets.local import admission
from cellrun.core.targets.local.queue import LocalQueue, Ticket
from cellrun.core.targets.local.target import LocalTarget
from cellrun.core.targets.look import look
from tests.files_below import files_with

UNTIL_GO = "import os, time\nprint('up')\nwhile not os.path.exists('go'):\n    time.sleep(0.02)\n"


@pytest.fixture(autouse=True)
def one_core(monkeypatch):
    monkeypatch.setenv("CELLRUN_LOCAL_CPUS", "1")


def now(layout):
    """Return the status as it is written, without a look that starts what waits."""
    return StatusFile(layout).read().status


def test_the_rest_waits_without_a_process_and_ending_runs_start_it_in_order(runs, until):
    first, second, third = (runs.script(UNTIL_GO) for _ in range(3))
    runs.printed(first, "up")
    assert [now(layout) for layout in (second, third)] == [Status.QUEUED, Status.QUEUED]
    assert not second.processes.exists()
    assert not second.log.exists()
    (first.work / "go").touch()
    runs.printed(second, "up")  # nobody looked: the supervisor that ended started it
    assert now(third) is Status.QUEUED
    (second.work / "go").touch()
    runs.printed(third, "up")
    (third.work / "go").touch()
    assert {runs.end(layout).status for layout in (first, second, third)} == {Status.COMPLETED}
    until(lambda: LocalTarget("local").describe().running == 0, "an empty queue")


def test_a_look_says_what_a_run_waits_for_and_how_many_are_before_it(runs):
    runs.running(runs.script(UNTIL_GO))
    second, third = runs.script(UNTIL_GO), runs.script(UNTIL_GO)
    target = LocalTarget("local")
    seen = look(target, [second, third])
    assert [status.reason for status in seen.values()] == ["waits for 1 core", "waits for 1 core · 1 before it"]
    assert now(third) is Status.QUEUED
    assert StatusFile(third).read().reason is None  # it would be old at once: nothing is written
    target.cancel(second)
    assert look(LocalTarget("local"), [third])[third.run_id].reason == "waits for 1 core"
    header = RunPoller(third).poll().header
    assert header["notes"][0] == "waits for 1 core"


def test_a_run_that_waits_for_its_child_never_keeps_it_from_starting(runs):
    parent = runs.script(
        f"{UNTIL_GO}from cellrun.core import Run, ScriptRunConfig\n"
        "child = Run.get_context().submit_child(ScriptRunConfig(command='echo child'))\n"
        "child.wait_for_completion()\n"
    )
    runs.printed(parent, "up")
    other = runs.script("print('other')")  # waits for the parent's core, before the child does
    (parent.work / "go").touch()
    assert runs.end(parent).status is Status.COMPLETED, parent.log.read_text()
    assert runs.end(other).status is Status.COMPLETED


def test_runs_that_wait_for_children_larger_than_the_rest_never_wait_for_each_other(runs, monkeypatch):
    monkeypatch.setenv("CELLRUN_LOCAL_CPUS", "2")
    text = (
        f"{UNTIL_GO}from cellrun.core import Run, ScriptRunConfig\n"
        "child = Run.get_context().submit_child(ScriptRunConfig(command='echo child', cpus=2))\n"
        "child.wait_for_completion()\n"
    )
    parents = [runs.script(text), runs.script(text)]
    for parent in parents:
        runs.printed(parent, "up")
    for parent in parents:
        (parent.work / "go").touch()
    assert [runs.end(parent).status for parent in parents] == [Status.COMPLETED, Status.COMPLETED]


def test_all_workspaces_share_it(runs):
    runs.running(runs.script(UNTIL_GO))
    layout = submit(Workspace.create("other"), "tests", ScriptRunConfig(runs.source, "train.py"))
    runs.submitted.append(layout)
    assert now(layout) is Status.QUEUED


def test_a_waiting_run_is_canceled_at_once_wherever_it_stands(runs):
    runs.running(runs.script(UNTIL_GO))
    second, third = runs.script(UNTIL_GO), runs.script(UNTIL_GO)
    LocalTarget("local").cancel(third)
    assert now(third) is Status.CANCELED
    assert now(second) is Status.QUEUED
    assert not third.processes.exists()
    assert LocalTarget("local").describe().waiting == 1


def test_a_look_starts_the_next_when_the_ending_supervisor_could_not(runs, until):
    first, second = runs.script(UNTIL_GO), runs.script("print('ran')")
    for identity in ProcessFile(runs.running(first)).read():
        os.kill(identity.pid, signal.SIGKILL)
        until(lambda identity=identity: not identity.is_alive(), "its death")
    assert runs.end(second).status is Status.COMPLETED
    assert runs.status(first).reason == "supervisor and job disappeared"


def test_what_is_asked_for_decides_who_fits(runs, monkeypatch):
    monkeypatch.setenv("CELLRUN_LOCAL_CPUS", "3")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,GPU-5")
    show = f"import os; print('devices', os.environ['CUDA_VISIBLE_DEVICES'])\n{UNTIL_GO}"
    first = runs.script(show, gpus=1)
    second = runs.script(show, gpus=1)
    third = runs.script(show, gpus=1)
    assert {runs.printed(layout, "up").log.read_text().split()[1] for layout in (first, second)} == {"4", "GPU-5"}
    assert now(third) is Status.QUEUED, "no GPU is left"
    described = LocalTarget("local").describe()
    assert (described.in_use.cpus, described.in_use.gpus, described.waiting) == (2, 2, 1)
    (second.work / "go").touch()
    assert runs.printed(third, "up").log.read_text().split()[1] == "GPU-5"


def test_memory_admits(runs, monkeypatch):
    monkeypatch.setenv("CELLRUN_LOCAL_CPUS", "4")
    half = LocalTarget("local").describe().capacity.memory_bytes // 2 + 1
    first, second = runs.script(UNTIL_GO, memory=half), runs.script(UNTIL_GO, memory=half)
    third = runs.script(UNTIL_GO)
    assert now(runs.running(first)) is Status.RUNNING
    assert now(second) is Status.QUEUED
    assert now(third) is Status.QUEUED, "in order: nobody overtakes"


def test_a_run_started_by_another_process_keeps_what_finds_programs_and_its_own_variables(runs, tmp_path):
    """The first run's supervisor starts the second one: it has none of its submitter's other variables."""
    program = textwrap.dedent(
        f"""
        from cellrun.core import Experiment, ScriptRunConfig, Workspace
        config = ScriptRunConfig({str(tmp_path / "second")!r}, 'train.py', environment_variables={{'GIVEN': 'given'}})
        print(Experiment(Workspace.get('tests'), 'tests').submit(config).id)
        """
    )
    first = runs.script(UNTIL_GO, environment_variables={"OF_THE_FIRST": "1", "SHARED": "first"})
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "train.py").write_text("import json, os; print(json.dumps(dict(os.environ)))")
    environment = {**os.environ, "PYTHONPATH": "/by/value", "PASSWORD": "hush-hush", "SHARED": "second", "LANG": "C"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    second = runs.workspace.layout.run(done.stdout.strip())
    runs.submitted.append(second)
    assert now(second) is Status.QUEUED
    (runs.printed(first, "up").work / "go").touch()
    end = runs.end(second)
    seen = json.loads(second.log.read_text())
    assert (seen["PYTHONPATH"], seen["LANG"], seen["GIVEN"]) == ("/by/value", "C", "given")
    assert not {"OF_THE_FIRST", "SHARED", "PASSWORD"} & set(seen), "nothing of the run before it"
    (note,) = end.fields["notes"]
    assert note.startswith("started without the variables PASSWORD, SHARED: ")
    assert not files_with(second.folder, "hush-hush")


def test_given_variables_leave_the_runtime_folder_when_the_run_starts(runs):
    first = runs.script(UNTIL_GO)
    second = runs.script(UNTIL_GO, environment_variables={"TOKEN": "hush-hush"})
    queue = LocalQueue().folder
    assert [path for path in queue.iterdir() if b"hush-hush" in path.read_bytes()]
    (runs.printed(first, "up").work / "go").touch()
    runs.printed(second, "up")
    with LocalQueue().locked():  # whoever started it is done
        assert not [path for path in queue.iterdir() if b"hush-hush" in path.read_bytes()]
    assert Path(queue).parents[1].stat().st_mode & 0o077 == 0


def test_a_start_that_was_killed_on_the_way_is_made_again(runs):
    """What a submitter leaves that is killed after it noted the start and before the supervisor was there."""
    first, second = runs.script(UNTIL_GO), runs.script("print('ran')")
    runs.printed(first, "up")
    queue = LocalQueue()
    with queue.locked():
        queue.mark_running(queue.waiting()[0], [])
    (first.work / "go").touch()
    assert runs.end(second).status is Status.COMPLETED
    assert second.log.read_text() == "ran\n"


def test_a_run_whose_ticket_is_gone_is_failed_at_the_first_look(runs):
    runs.running(runs.script(UNTIL_GO))
    second = runs.script(UNTIL_GO)
    for ticket in LocalQueue().folder.glob("*.waiting"):
        ticket.unlink()
    end = runs.status(second)
    assert (end.status, end.reason) == (Status.FAILED, "its place in the local queue is gone; submit it again")


def test_a_run_whose_folder_was_removed_holds_nobody_up(runs, tmp_path):
    first, second, third = (runs.script(UNTIL_GO) for _ in range(3))
    second.folder.rename(tmp_path / "taken away")
    runs.submitted.remove(second)
    (runs.printed(first, "up").work / "go").touch()
    runs.printed(third, "up")


def test_tickets_keep_their_order_beyond_any_number(runs):
    queue = LocalQueue()
    with queue.locked():
        assert queue.waiting() == queue.running() == []
    layouts = [runs.script("print('ran')") for _ in range(4)]
    for layout in layouts:
        runs.end(layout)
    begins = [StatusFile(layout).read().started_at for layout in layouts]
    assert begins == sorted(begins)


def test_what_is_damaged_holds_nobody_up(runs):
    first, second, third, fourth, fifth = (runs.script("print('ran')" if n else UNTIL_GO) for n in range(5))
    [ticket] = LocalQueue().folder.glob(f"*{second.run_id}.waiting")
    ticket.write_text("{")
    third.launch.write_text("{")
    [ticket] = LocalQueue().folder.glob(f"*{fourth.run_id}.waiting")
    ticket.write_text(json.dumps({**json.loads(ticket.read_text()), "launch": ""}))  # as cellrun 0.1 wrote it
    fourth.launch.write_text("{")
    (LocalQueue().folder / "notes.waiting").touch()
    (runs.printed(first, "up").work / "go").touch()
    assert runs.end(fifth).status is Status.COMPLETED
    assert runs.end(second).reason == "its place in the local queue is gone; submit it again"
    assert runs.end(third).reason == "it can't be started: launch.json was changed after the run had been submitted"
    assert runs.end(fourth).reason.startswith("it can't be started: launch.json is no JSON")


@pytest.mark.parametrize(
    "harm",
    [
        *({"folder": "a\0b"}, {"folder": "\ud800"}, {"folder": "runs/x"}, {"devices": [["0"]]}, {"boot": 1}),
        *({"environment": {"A": "\0"}}, {"environment": {"A=": "b"}}, {"environment": None}, {"launch": []}),
        {"resources": {"cpus": -1, "gpus": 0, "memory_bytes": 0}},
    ],
    ids=str,
)
def test_a_ticket_that_can_be_none_is_set_aside(new_run, harm):
    queue = LocalQueue()
    ticket = queue.add(new_run(), Resources(), [], {})
    path = queue.folder / f"{ticket.stem}.waiting"
    path.write_text(json.dumps({**ticket.to_json(), **harm}))
    assert queue.waiting() == []
    assert [each.name for each in queue.folder.glob("*.bad")] == [f"{path.name}.bad"]


def test_a_ticket_that_names_a_folder_of_others_writes_nothing_there(tmp_path):
    queue = LocalQueue()
    queue.add(RunLayout(tmp_path / "others"), Resources(), [], {})
    (tmp_path / "others").mkdir()
    with queue.locked():
        admission.admit(queue)
    assert list((tmp_path / "others").iterdir()) == []
    assert queue.length() == 0


def test_a_run_that_waits_is_started_as_it_was_submitted_or_not_at_all(runs, tmp_path):
    first, second = runs.script(UNTIL_GO), runs.script("print('ran')")
    spec = json.loads(second.launch.read_text())
    second.launch.write_text(json.dumps({**spec, "argv": ["/bin/sh", "-c", f"touch {tmp_path / 'marker'}"]}))
    (runs.printed(first, "up").work / "go").touch()
    assert runs.end(second).reason == "it can't be started: launch.json was changed after the run had been submitted"
    assert not (tmp_path / "marker").exists()


def test_drafts_of_tickets_that_killed_processes_left_are_swept(runs, until):
    draft = LocalQueue().folder / ".000000000007-tests_1_0.running.0a1b2c3d"
    draft.touch()
    runs.end(runs.script("pass"))
    until(lambda: not draft.exists(), "the pass over the queue of the supervisor that ends")


def test_of_a_machine_that_was_restarted_nobody_is_left_in_any_container(tmp_path):
    written_at = boot_time() - 60
    ticket = Ticket(1, RunLayout(tmp_path), Resources(), boot="before", pid_namespace="pid:[1]", written_at=written_at)
    assert ticket.is_of_here
    assert not ticket._replace(written_at=boot_time() + 60).is_of_here  # another machine of that name
    assert not ticket._replace(boot=boot_id()).is_of_here  # another container
    assert ticket._replace(boot=boot_id(), pid_namespace=pid_namespace()).is_of_here
