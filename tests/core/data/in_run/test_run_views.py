"""A run's mount of a store elsewhere: read where it is, by FUSE; gone with the run, however that ends."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from cellrun.core import Dataset
from cellrun.core.data.files import fuse_view
from cellrun.core.data.in_run import run_views
from cellrun.core.places import home_folder
from cellrun.core.processes import process_table
from cellrun.core.processes.family import ProcessFamily
from cellrun.core.processes.run_mounts import mounted
from cellrun.core.store.status import Status
from cellrun.core.supervision.process_file import ProcessFile
from cellrun.core.targets.local import target
from tests.core.data.stores.test_stores import S3
from tests.core.submitted_runs import wait_for

pytestmark = [
    pytest.mark.filterwarnings("ignore:there is no system keyring here"),
    pytest.mark.skipif(not fuse_view.is_usable(), reason="FUSE can't be used here"),
]
CONTENT = bytes(range(256)) * 40_000
READS = """
import sys
from pathlib import Path
top = Path(sys.argv[1])
large = top / "deep" / "large ü.bin"
with large.open("rb") as file:
    file.seek(5_000_000)
    print(file.read(1000) == (bytes(range(256)) * 40_000)[5_000_000:5_001_000])
print(sorted(path.name for path in top.rglob("*")), (top / "small.txt").read_text())
try:
    (top / "small.txt").write_text("mine")
except OSError as error:
    print(error.strerror)
"""
WAITS = "import sys, time\nprint(open(sys.argv[1] + '/small.txt').read(), flush=True)\ntime.sleep(300)"


@pytest.fixture(autouse=True)
def nothing_stays():
    """Let each test end without a mount of runs, and without what was made for one."""
    yield
    assert "cellrun-" not in Path("/proc/self/mountinfo").read_text()


@pytest.fixture
def far(runs, s3_server, monkeypatch):
    """A store elsewhere of which everything that a run mounts is large."""
    monkeypatch.setenv("CELLRUN_MOUNTED_BYTES", "1")
    store = S3(s3_server).register(runs.workspace)
    store.filesystem().pipe_file("data/deep/large ü.bin", CONTENT)
    store.filesystem().pipe_file("data/small.txt", b"small")
    return store


@pytest.fixture
def train(far):
    return Dataset.File.from_files((far, "data")).as_named_input("train").as_mount()


def servers(layout):
    return [
        entry.pid
        for entry in ProcessFamily(layout, job=None).members()
        if process_table.is_running(entry.pid, "/cellrun/core/data/files/fuse_view.py")
    ]


def nothing_is_left(layout):
    return not servers(layout) and not list(mounted(layout)) and not os.listdir(home_folder("mounts"))


def waiting(runs, train):
    layout = runs.seen(runs.script(WAITS, train), "small")
    assert len(servers(layout)) == 1
    assert len(list(mounted(layout))) == 1
    return layout


def test_it_is_read_where_it_is_and_gone_when_the_run_has_ended(runs, train):
    layout = runs.script(READS, train)
    end = runs.end(layout)
    assert end.status is Status.COMPLETED, end.reason
    assert nothing_is_left(layout)
    assert layout.log.read_text().splitlines() == [
        "True",
        "['deep', 'large ü.bin', 'small.txt'] small",
        "Read-only file system",
    ]
    assert not end.fields.get("notes")
    wait_for(lambda: "fetched of" in layout.preparation_log.read_text(), "the account")
    said = layout.preparation_log.read_text()
    assert "input 'train': 2 files (10.2 MB) of s3://" in said
    assert "mounted by FUSE" in said
    assert "input 'train': 2 of 2 files read" in said
    assert "secret" not in said
    assert not list(home_folder("data").iterdir())


def test_what_was_read_of_a_file_is_kept_in_the_machines_memory(runs, train):
    twice = "import sys\nfor _ in range(3): print(len(open(sys.argv[1] + '/deep/large ü.bin', 'rb').read()))"
    layout = runs.script(twice, train)
    assert runs.end(layout).status is Status.COMPLETED
    assert layout.log.read_text() == "10240000\n" * 3
    wait_for(
        lambda: "1 of 2 files read, 10.2 MB fetched of 10.2 MB" in layout.preparation_log.read_text(), "the account"
    )


def test_a_single_file_is_that_files_path(runs, far):
    data = Dataset.File.from_files((far, "data/small.txt")).as_named_input("one").as_mount()
    layout = runs.script("import sys; print(sys.argv[1], open(sys.argv[1]).read())", data)
    assert runs.end(layout).status is Status.COMPLETED
    assert layout.log.read_text() == f"{layout.inputs / 'one' / 'small.txt'} small\n"
    assert nothing_is_left(layout)


def test_two_inputs_are_two_mounts(runs, far, train):
    other = Dataset.File.from_files((far, "data/deep")).as_named_input("other").as_mount()
    layout = runs.script("import os, sys; print([os.listdir(one) for one in sys.argv[1:]])", train, other)
    assert runs.end(layout).status is Status.COMPLETED
    assert layout.log.read_text() == "[['deep', 'small.txt'], ['large ü.bin']]\n"
    assert nothing_is_left(layout)


@pytest.mark.parametrize("change", [{"CELLRUN_FUSE": "0"}, {"CELLRUN_MOUNTED_BYTES": "20_000_000"}])
def test_what_is_small_and_what_is_told_to_is_brought(runs, train, monkeypatch, change):
    for name, value in change.items():
        monkeypatch.setenv(name, value)
    layout = runs.script(READS, train)
    assert runs.end(layout).status is Status.COMPLETED
    assert "bringing 2 files" in layout.preparation_log.read_text()
    assert "FUSE" not in layout.preparation_log.read_text()


def test_a_download_is_brought(runs, far):
    layout = runs.script(READS, Dataset.File.from_files((far, "data")).as_named_input("train").as_download())
    assert runs.end(layout).status is Status.COMPLETED
    assert "bringing 2 files" in layout.preparation_log.read_text()


def test_the_variable_that_turns_it_off_is_0_or_1(runs, train, monkeypatch):
    monkeypatch.setenv("CELLRUN_FUSE", "off")
    end = runs.end(runs.script(READS, train))
    assert end.status is Status.FAILED
    assert end.reason == "the environment variable CELLRUN_FUSE is 0 or 1; got 'off'"
    monkeypatch.undo()


def test_where_fuse_doesnt_start_it_is_brought_and_that_is_said(runs, train, far, monkeypatch):
    files, said = Dataset.File.from_files((far, "data")).files(), []
    monkeypatch.setattr(fuse_view.subprocess, "Popen", lambda command, **more: POPEN(["/bin/false"], **more))
    assert (
        run_views.view_for_run(files, runs.workspace.layout.run("nobody"), "train", "input 'train'", said.append)
        is None
    )
    assert said == ["input 'train': FUSE can't be used here after all, so all of it is brought"]
    assert not os.listdir(home_folder("mounts"))


POPEN = subprocess.Popen


def test_it_is_gone_when_the_run_is_canceled_failed_or_out_of_time(runs, train):
    layout = waiting(runs, train)
    runs.target(layout).cancel(layout)
    assert runs.end(layout).status is Status.CANCELED
    assert nothing_is_left(layout)
    failed = runs.script("import sys; open(sys.argv[1] + '/none')", train)
    assert "No such file" in runs.end(failed).reason
    assert nothing_is_left(failed)
    late = runs.script(WAITS, train, max_run_duration_seconds=1)
    assert "max_run_duration_seconds" in runs.end(late).reason
    assert nothing_is_left(late)


def test_a_job_that_leaves_a_file_of_it_open_in_a_daemon_ends_all_the_same(runs, train):
    daemon = "import subprocess, sys; subprocess.Popen(['sleep', '300'], stdin=open(sys.argv[1] + '/small.txt'))"
    layout = runs.script(daemon, train)
    end = runs.end(layout)
    assert end.status is Status.COMPLETED
    assert end.fields["notes"][0].endswith("left running, stopped")
    assert nothing_is_left(layout)


def test_a_program_that_cant_be_started_leaves_none(runs, train, monkeypatch):
    made = target.local_spec
    monkeypatch.setattr(target, "local_spec", lambda *args: made(*args)._replace(argv=("/no/such/program",)))
    layout = runs.script(READS, train)
    assert "cannot start" in runs.end(layout).reason
    assert nothing_is_left(layout)


def test_a_server_that_is_killed_fails_reads_and_its_mount_goes_with_the_run(runs, train):
    reads = (
        f"{WAITS.partition('time.sleep')[0]}input_ = sys.argv[1]\nimport os\nwhile os.listdir(input_): time.sleep(0.1)"
    )
    layout = runs.seen(runs.script(reads, train), "small")
    os.kill(servers(layout)[0], signal.SIGKILL)
    end = runs.end(layout)
    assert end.status is Status.FAILED
    assert "Errno 107" in end.reason or "Errno 103" in end.reason  # not connected; or cut off while it read
    assert nothing_is_left(layout)


def test_a_killed_supervisor_changes_nothing(runs, train):
    layout = waiting(runs, train)
    os.kill(ProcessFile(layout).read().supervisor.pid, signal.SIGKILL)
    wait_for(lambda: "adopted" in (runs.status(layout).reason or ""), "another supervisor")
    assert len(servers(layout)) == 1
    runs.target(layout).cancel(layout)
    assert runs.end(layout).status is Status.CANCELED
    assert nothing_is_left(layout)


@pytest.mark.parametrize("is_server_too", [True, False])
def test_whoever_looks_takes_away_what_killed_processes_left(runs, train, is_server_too):
    layout = waiting(runs, train)
    processes, served_by = ProcessFile(layout).read(), servers(layout)
    for pid in (processes.supervisor.pid, processes.job.pid, *(served_by if is_server_too else ())):
        os.kill(pid, signal.SIGKILL)
    assert runs.end(layout).status is Status.FAILED
    wait_for(lambda: nothing_is_left(layout), "the end of the mount")


def test_where_nobody_looks_the_server_ends_with_the_run(runs, train):
    layout = waiting(runs, train)
    processes = ProcessFile(layout).read()
    for who in (processes.supervisor, processes.job):
        os.kill(who.pid, signal.SIGKILL)
    wait_for(lambda: nothing_is_left(layout), "the end of the mount")
    assert runs.status(layout).status is Status.FAILED


def test_clean_takes_away_what_is_left_of_a_run_whose_folder_is_gone(runs, train, tmp_path):
    layout = waiting(runs, train)
    kind = "mounts of runs that have ended"
    assert kind not in {each.kind for each in runs.workspace.clean(dry=True).leftovers}
    processes = ProcessFile(layout).read()
    for pid in (processes.supervisor.pid, processes.job.pid, *servers(layout)):
        os.kill(pid, signal.SIGKILL)
    layout.folder.rename(tmp_path / "aside")
    assert kind in {each.kind for each in runs.workspace.clean().leftovers}
    assert not list(mounted(layout))
    assert not os.listdir(home_folder("mounts"))
    (tmp_path / "aside").rename(layout.folder)


def test_a_store_that_goes_away_is_an_error_of_input_and_a_line_in_the_log(runs, train, far, s3_server):
    reads = """
import os, sys, time
print("ready", flush=True)
while not os.path.exists("go"): time.sleep(0.05)
try:
    open(sys.argv[1] + "/small.txt").read()
except OSError as error:
    print(error.strerror)
"""
    layout = runs.seen(runs.script(reads, train), "ready")
    far.filesystem().rm_file("data/small.txt")
    (layout.work / "go").touch()
    assert runs.end(layout).status is Status.COMPLETED
    assert layout.log.read_text().splitlines() == ["ready", "Input/output error"]
    assert "input 'train': small.txt: " in layout.preparation_log.read_text()
    assert nothing_is_left(layout)
