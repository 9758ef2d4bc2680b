"""What may happen to a run on a machine elsewhere: to the machine, its sshd, its disk, the wire to it, and here."""

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from cellrun.core.errors import ExperimentExecutionException
from cellrun.core.store.record import RunRecord
from cellrun.core.store.status import Status, StatusFile
from tests.core.submitted_runs import wait_for
from tests.engines.box import HOME, NAME, Box
from tests.engines.runs_there import RunsThere, end_keepers, numbers, said

NOTES_THAT_IT_RAN = """
import os
from pathlib import Path
fd = os.open(Path.home() / 'ran', os.O_WRONLY | os.O_APPEND | os.O_CREAT)
os.write(fd, os.environ['CELLRUN_RUN_ID'].encode() + b'\\n')
print('done')
"""
UNTIL_GO = """
import time
from pathlib import Path
print('up', flush=True)
while not (Path.home() / 'go').exists():
    time.sleep(0.05)
"""
LAPTOP = """
import json, sys
from cellrun.core import Experiment, ScriptRunConfig, Workspace
workspace = Workspace.create("other")
workspace.attach("box", "ssh", host="box")
config = ScriptRunConfig(sys.argv[1], "train.py", compute_target="box", cpus=int(sys.argv[2]))
run = Experiment(workspace, "other").submit(config)
print("submitted", flush=True)
status = run.wait_for_completion()["status"]
print(json.dumps([run.id, status, workspace.layout.run(run.id).log.read_text()]))
"""


@pytest.fixture
def short_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a run be NotResponding after two seconds."""
    monkeypatch.setenv("CELLRUN_SILENCE_S", "2")


# The machine


def test_of_a_machine_that_boots_again_comes_home_what_was_logged_and_that_the_run_was_lost(there: RunsThere, box: Box):
    layout = there.logging()
    there.more()
    box.reboot()
    end = there.end(layout)
    assert end.status is Status.FAILED
    assert "boot" in end.reason
    there.assert_all_is_home(layout)


def test_what_waited_when_it_went_off_is_failed_as_on_any_machine_and_holds_nobody_up(there: RunsThere, box: Box):
    cpus = int(box.run("nproc").stdout)
    runs = [there.printed(there.script(UNTIL_GO, cpus=cpus), "up"), there.script(NOTES_THAT_IT_RAN, cpus=cpus)]
    assert there.status(runs[1]).status is Status.QUEUED
    box.reboot()
    for layout in runs:
        end = there.end(layout)
        assert (end.status, "restarted" in (end.reason or "")) == (Status.FAILED, True)
    last = there.script(NOTES_THAT_IT_RAN, cpus=cpus)
    assert there.end(last).status is Status.COMPLETED
    assert (box.home / "ran").read_text().splitlines() == [last.run_id]


def test_a_machine_that_is_off_fails_no_run_until_it_is_on(there: RunsThere, box: Box, short_silence: None):
    layout = there.logging()
    box.power_off()
    wait_for(lambda: there.status(layout).status is Status.NOT_RESPONDING, "silence to be told")
    assert NAME in there.status(layout).reason
    time.sleep(3)  # nothing is to happen
    assert there.status(layout).status is Status.NOT_RESPONDING
    box.power_on()
    assert there.end(layout).status is Status.FAILED
    there.assert_all_is_home(layout)


def test_a_wrong_clock_there_shows_in_no_status_here(there: RunsThere, box: Box):
    if not box.shift_clock(-7200):
        pytest.skip("there is no faketime: .ci/need sshd installs it")
    began = time.time()
    layout = there.script(NOTES_THAT_IT_RAN)
    assert there.end(layout).status is Status.COMPLETED
    times = [one.at for one in StatusFile(layout).history()]
    assert times == sorted(times)
    assert began - 1 < times[0]
    assert times[-1] < time.time() + 1


# Its disk, its Python


def test_a_disk_that_is_too_small_for_our_library_refuses_the_run_in_words(there: RunsThere, box: Box):
    box.have_small_disk(256 << 10)
    with pytest.raises(ExperimentExecutionException, match=r"(?i)disk|space"):
        there.script("print('never')")


def test_a_job_that_fills_the_disk_ends_and_its_log_comes_home(there: RunsThere, box: Box):
    box.have_small_disk(24 << 20)
    fills = "print('up', flush=True)\nwith open('outputs/large', 'wb') as file:\n    file.write(bytes(64 << 20))\n"
    layout = there.script(fills)
    assert there.end(layout).status is Status.FAILED
    log = layout.log.read_text()
    assert log.startswith("up\n")
    box.run("find . -name large -delete")
    assert there.end(there.script(NOTES_THAT_IT_RAN)).status is Status.COMPLETED


def test_without_a_python_a_run_is_refused_in_words(there: RunsThere, box: Box):
    box.take_python_away()
    with pytest.raises(ExperimentExecutionException, match=r"(?i)python"):
        there.script("print('never')")


def test_a_bare_python_as_the_only_one_is_enough(there: RunsThere, box: Box):
    box.have_only_python("/usr/bin/python3")
    layout = there.script("import sys\nfrom cellrun.core import Run\nRun.get_context().log('n', 1)\nprint(sys.prefix)")
    assert there.end(layout).status is Status.COMPLETED
    assert layout.log.read_text() == f"{HOME}/python\n"
    assert numbers(layout) == [1]


def test_a_login_shell_that_prints_disturbs_nothing(there: RunsThere, box: Box):
    box.print_banner("Welcome to the box\nLast login: never")
    layout = there.script("print('told')")
    assert there.end(layout).status is Status.COMPLETED
    assert layout.log.read_text() == "told\n"


# Its sshd


def test_another_host_key_pauses_and_loses_nothing(there: RunsThere, box: Box, short_silence: None, tmp_path: Path):
    layout = there.logging()
    keys = {name: (box.config.parent / name).read_text() for name in ("host_key", "host_key.pub")}
    box.change_host_key()
    box.wire.cut()
    box.wire.mend()
    wait_for(lambda: there.status(layout).status is Status.NOT_RESPONDING, "silence to be told")
    assert "key" in there.status(layout).reason
    with pytest.raises(ExperimentExecutionException, match="key"):
        there.script("print('never')")
    box.stop_sshd()
    for name, text in keys.items():
        (box.config.parent / name).write_text(text)
    box.start_sshd()
    there.more()
    there.enough()
    assert there.end(layout).status is Status.COMPLETED
    there.assert_all_is_home(layout)


def test_a_key_that_is_refused_pauses_and_fails_no_run(there: RunsThere, box: Box, short_silence: None):
    layout = there.logging()
    box.accept_key(accepted=False)
    box.wire.cut()
    box.wire.mend()
    wait_for(lambda: there.status(layout).status is Status.NOT_RESPONDING, "silence to be told")
    box.accept_key()
    there.enough()
    assert there.end(layout).status is Status.COMPLETED
    there.assert_all_is_home(layout)


def test_without_sshd_a_submission_says_so_and_nothing_runs_later(there: RunsThere, box: Box):
    box.stop_sshd()
    box.wire.cut()
    with pytest.raises(ExperimentExecutionException, match="is sshd running"):
        there.script(NOTES_THAT_IT_RAN)
    box.wire.mend()
    box.start_sshd()
    layout = there.script(NOTES_THAT_IT_RAN)
    assert there.end(layout).status is Status.COMPLETED
    assert (box.home / "ran").read_text().splitlines() == [layout.run_id]


# The wire


@pytest.mark.parametrize("how", ["cut", "hang"])
def test_an_outage_loses_nothing_and_doubles_nothing(there: RunsThere, box: Box, how: str):
    layout = there.logging()
    for _ in range(3):
        there.more()
        box.wire.cut() if how == "cut" else box.wire.hang()
        there.more(500)
        there.status(layout)
        box.wire.mend() if how == "cut" else box.wire.go_on()
        wait_for(lambda: there.status(layout) and len(numbers(layout)) >= there.returned() - 500, "what is new")
    there.enough()
    assert there.end(layout).status is Status.COMPLETED
    there.assert_all_is_home(layout)


def test_a_wire_that_is_cut_all_the_time_brings_everything_home(there: RunsThere, box: Box):
    layout = there.logging()
    box.wire.limit(200_000)
    for _ in range(8):
        there.more(50)
        there.status(layout)
        box.wire.cut()
        box.wire.mend()
    there.enough()
    assert there.end(layout).status is Status.COMPLETED
    there.assert_all_is_home(layout)


@pytest.mark.parametrize("after_s", [0.0, 0.03, 0.08, 0.15, 0.3])
def test_a_wire_that_is_cut_while_a_run_is_submitted_starts_it_once_or_not_at_all(
    there: RunsThere, box: Box, after_s: float
):
    there.end(there.script("print('connected')"))
    cut = threading.Timer(after_s, box.wire.cut)
    mend = threading.Timer(after_s + 0.7, box.wire.mend)
    for timer in (cut, mend):
        timer.start()
    try:
        layout = there.script(NOTES_THAT_IT_RAN)
        assert there.end(layout).status is Status.COMPLETED
        expected = [layout.run_id]
    except ExperimentExecutionException:
        expected = []
    mend.join()
    last = there.script(NOTES_THAT_IT_RAN)
    assert there.end(last).status is Status.COMPLETED
    assert sorted((box.home / "ran").read_text().splitlines()) == sorted([*expected, last.run_id])


def test_a_cancel_that_is_asked_while_the_wire_is_cut_is_heard_afterwards(there: RunsThere, box: Box):
    layout = there.logging()
    box.wire.cut()
    there.target(layout).cancel(layout)
    box.wire.mend()
    assert there.end(layout).status is Status.CANCELED
    there.assert_all_is_home(layout)


# Here


def test_the_next_keeper_catches_up(there: RunsThere, home: Path):
    layout = there.logging()
    end_keepers(home)
    there.more()
    there.enough()
    assert there.end(layout).status is Status.COMPLETED
    there.assert_all_is_home(layout)


def test_two_laptops_share_one_queue_and_none_has_the_others_runs(there: RunsThere, box: Box, tmp_path: Path):
    cpus = int(box.run("nproc").stdout)
    mine = there.printed(there.script(UNTIL_GO, cpus=cpus), "up")
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "train.py").write_text("print('of the other')")
    other = {"CELLRUN_HOME": str(tmp_path / "other-home"), "CELLRUN_RUNTIME_DIR": str(tmp_path / "other-runtime")}
    command = [sys.executable, "-c", LAPTOP, str(tmp_path / "theirs"), str(cpus)]
    with subprocess.Popen(
        command, env={**os.environ, **other}, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as laptop:
        try:
            assert laptop.stdout
            assert laptop.stderr
            assert laptop.stdout.readline() == "submitted\n", laptop.stderr.read()
            (box.home / "go").touch()
            run_id, status, log = json.loads(laptop.communicate()[0].splitlines()[-1])
        finally:
            laptop.kill()
            end_keepers(tmp_path / "other-home")
    assert (status, log) == ("Completed", "of the other\n")
    assert there.end(mine).status is Status.COMPLETED
    assert [path.name for path in there.workspace.layout.runs.iterdir() if path.is_dir()].count(run_id) == 0
    assert RunRecord.read(mine).target == NAME


def test_many_at_once_run_once_each(there: RunsThere, box: Box):
    layouts = [there.script(NOTES_THAT_IT_RAN) for _ in range(10)]
    assert {there.end(layout).status for layout in layouts} == {Status.COMPLETED}
    assert Counter((box.home / "ran").read_text().splitlines()) == Counter(layout.run_id for layout in layouts)
    assert all(said(layout)[-1] == "Completed" for layout in layouts)
    wait_for(lambda: not [line for line in box.processes() if "supervisor" in line], "their supervisors to go")
