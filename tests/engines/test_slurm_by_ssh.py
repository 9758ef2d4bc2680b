"""Runs on a real Slurm that only ssh leads to: submitted from here, through its login node."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from uv import find_uv_bin

from cellrun.core import Workspace
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.errors import InvalidSubmissionError
from cellrun.core.layout import RunLayout
from cellrun.core.store.events.reader import EventReader
from cellrun.core.store.status import Status, StatusFile
from tests.core.submitted_runs import wait_for
from tests.engines.box import HOME, NAME, PATH, UID, Box
from tests.engines.runs_there import RunsThere, end_keepers, numbers, said
from tests.engines.slurm_cluster import CPUS, GPUS, SlurmCluster
from tests.wheels import Packages

UNTIL_GO = """
import time
from pathlib import Path
print('up', flush=True)
while not (Path.home() / 'go').exists():
    time.sleep(0.05)
"""
SECRET = "a-word-that-nobody-else-has"


def jobs(slurm: SlurmCluster) -> dict[str, str]:
    """Return the numbers of Slurm's jobs that haven't ended, by the ids of their runs."""
    told = slurm.ask("squeue", "--noheader", "--format=%j %A").stdout.splitlines()
    return {name.removeprefix("cellrun-"): number for name, number in map(str.split, told)}


def why_waiting(there: RunsThere, layout: RunLayout) -> str:
    """Return why a run waits, as its target says it."""
    said = there.target(layout).observe([layout]).get(layout.run_id)
    return said.reason if said else ""


def restart_login(box: Box) -> None:
    """Let the login node boot again: what ann has there ends, and what runs on nodes goes on."""
    for pid, line in box.machine.everything().items():
        with suppress(OSError):
            if line.startswith("sshd") or Path(f"/proc/{pid}").stat().st_uid == UID:
                os.kill(pid, signal.SIGKILL)
    (box.folder / "boot_id").write_text(f"{uuid.uuid4()}\n")
    box.start_sshd()


def count_calls(box: Box, program: str) -> Path:
    """Let each call of a program there leave a line in the file that is returned."""
    shims, calls = box.home / "shims", box.home / f"{program}-calls"
    shims.mkdir()
    (shims / program).write_text(f'#!/bin/sh\necho >> {HOME}/{calls.name}\nexec {shutil.which(program)} "$@"\n')
    (shims / program).chmod(0o755)
    calls.touch()
    os.chown(calls, UID, UID)
    box.set_variables({"PATH": f"{HOME}/shims:{PATH}"})
    box.wire.cut()  # a connection that is there has the variables of before
    box.wire.mend()
    return calls


def have_uv(box: Box) -> None:
    """Let its user have uv."""
    (box.home / ".local/bin").mkdir(parents=True, exist_ok=True)
    shutil.copy(find_uv_bin(), box.home / ".local/bin/uv")
    box.run("true").check_returncode()
    for folder in (box.home / ".local", box.home / ".local/bin"):
        os.chown(folder, UID, UID)


def is_building(box: Box) -> bool:
    """Whether an environment is being built there."""
    return any(".local/bin/uv" in line for line in box.processes())


@contextmanager
def served(packages: Packages) -> Iterator[str]:
    """Serve a folder of packages, as an index that the login node reaches does."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(packages.folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def there(box: Box, slurm_box: SlurmCluster, tmp_path: Path, home: Path) -> Iterator[RunsThere]:
    """Submit runs to that cluster; what kept them here ends with the test."""
    (tmp_path / "source").mkdir()
    workspace = Workspace.create("tests", tmp_path / "workspace")
    workspace.attach(NAME, "slurm", host=NAME)
    made = RunsThere(workspace, tmp_path / "source")
    made.box = box
    yield made
    end_keepers(home)


@pytest.fixture
def building(there: RunsThere) -> Iterator[RunLayout]:
    """A run whose environment is being built, by an index that doesn't answer."""
    have_uv(there.box)
    there.workspace.compute_targets[NAME].learn()
    with socket.create_server(("127.0.0.1", 0)) as index:
        options = ("--no-index", f"--find-links http://127.0.0.1:{index.getsockname()[1]}/")
        spec = EnvironmentSpec(python=">=3.10", packages=("tally==1.0",), options=options)
        layout = there.script("print(1)", environment=spec)
        wait_for(lambda: is_building(there.box) and there.status(layout).status is Status.PREPARING, "the build")
        yield layout


def test_a_script_runs_on_a_node_and_comes_home(there: RunsThere):
    layout = there.script(
        "import os, socket\nfrom cellrun.core import Run\nRun.get_context().log('loss', 0.5)\n"
        "open('outputs/where', 'w').write(socket.gethostname())\nprint('on', socket.gethostname())"
    )
    status = there.end(layout)
    assert status.status is Status.COMPLETED, (status.reason, layout.log.read_text())
    assert (layout.outputs / "where").read_text() in {"n1", "n2"}
    assert layout.log.read_text() == f"on {(layout.outputs / 'where').read_text()}\n"


def test_what_it_logs_and_prints_is_here_while_it_runs(there: RunsThere):
    layout = there.logging()
    there.more()
    wait_for(lambda: there.status(layout) and len(numbers(layout)) > 100, "more numbers")
    assert there.status(layout).status is Status.RUNNING
    there.enough()
    assert there.end(layout).status is Status.COMPLETED
    there.assert_all_is_home(layout)


def test_a_run_that_waits_says_why_and_is_canceled_at_once(there: RunsThere, slurm_box: SlurmCluster):
    running = [there.script(UNTIL_GO, cpus=CPUS) for _ in range(2)]
    for layout in running:
        there.seen(layout, "up")
    waiting = there.script(UNTIL_GO, cpus=CPUS)
    wait_for(lambda: "Resources" in why_waiting(there, waiting), "the reason")
    assert there.status(waiting).status is Status.QUEUED
    there.target(waiting).cancel(waiting)
    assert there.end(waiting).status is Status.CANCELED
    wait_for(lambda: waiting.run_id not in jobs(slurm_box), "its job to go")
    (there.box.home / "go").touch()
    assert [there.end(layout).status for layout in running] == [Status.COMPLETED] * 2


def test_a_run_that_goes_on_is_asked_to_stop_and_keeps_what_it_saves_then(there: RunsThere):
    layout = there.script(
        "import time\nprint('up', flush=True)\ntry:\n    time.sleep(600)\n"
        "except KeyboardInterrupt:\n    open('outputs/saved', 'w').write('it')\n    raise"
    )
    there.seen(layout, "up")
    there.target(layout).cancel(layout)
    assert there.end(layout).status is Status.CANCELED
    assert (layout.outputs / "saved").read_text() == "it"


def test_a_job_that_slurm_starts_again_comes_home_as_attempts(there: RunsThere, slurm_box: SlurmCluster):
    layout = there.script(
        "import os, time\nfrom pathlib import Path\nfrom cellrun.core import Run\n"
        "Run.get_context().log('attempt', int(os.environ.get('SLURM_RESTART_COUNT', 0)))\n"
        "print('up', os.environ.get('SLURM_RESTART_COUNT', 0), flush=True)\n"
        "while not (Path.home() / 'go').exists():\n    time.sleep(0.05)"
    )
    there.seen(layout, "up 0")
    [job] = jobs(slurm_box).values()
    slurm_box.ask("scontrol", "requeue", job).check_returncode()
    slurm_box.hurry(job)
    there.seen(layout, "up 1")
    (there.box.home / "go").touch()
    status = there.end(layout)
    assert status.status is Status.COMPLETED
    assert layout.log.read_text().splitlines() == ["up 0", "up 1"]
    history = StatusFile(layout).history()
    [again] = [one for one in history if one.fields.get("attempt") == 2 and one.status is Status.QUEUED]
    assert "Slurm starts it again" in str(again.reason)
    assert [event["v"] for batch in EventReader(layout).batches() for event in batch if event["k"] == "log"] == [0, 1]


def test_a_connection_that_is_cut_for_a_while_loses_nothing_and_doubles_nothing(there: RunsThere):
    layout = there.logging()
    there.more()
    there.box.wire.cut()
    there.more(2000)
    there.box.wire.mend()
    there.enough()
    assert there.end(layout).status is Status.COMPLETED
    there.assert_all_is_home(layout)


def test_what_runs_write_comes_home_while_slurm_does_not_answer(there: RunsThere, slurm_box: SlurmCluster):
    layout = there.logging()
    slurm_box.stop_controller()
    there.more()
    before = len(numbers(layout))
    wait_for(lambda: there.status(layout) and len(numbers(layout)) > before + 200, "more numbers")
    there.enough()
    assert there.end(layout).status is Status.COMPLETED
    there.assert_all_is_home(layout)
    slurm_box.start_controller()


def test_jobs_outlive_a_reboot_of_the_login_node(there: RunsThere):
    layout = there.logging()
    restart_login(there.box)
    there.more(200)
    there.enough()
    assert there.end(layout).status is Status.COMPLETED
    there.assert_all_is_home(layout)


def test_a_run_whose_job_slurm_has_forgotten_is_failed_once_all_of_it_is_home(
    there: RunsThere, slurm_box: SlurmCluster
):
    layout = there.logging()
    there.more()
    slurm_box.forget()
    status = there.end(layout)
    assert status.status is Status.FAILED
    assert "no longer knows it" in str(status.reason)
    assert numbers(layout)[: there.returned()] == list(range(there.returned()))
    remote = there.box.home / ".local/share/cellrun/remote"
    wait_for(lambda: list(remote.glob(f"*/home/{layout.run_id}")), "that its folder there may go")


def test_an_environment_is_built_on_the_login_node_before_there_is_a_job(there: RunsThere, tmp_path: Path):
    have_uv(there.box)
    there.workspace.compute_targets[NAME].learn()
    packages = Packages(tmp_path)
    packages.wheel("tally", text="FROM = 'an index'")
    with served(packages) as address:
        layout = there.script(
            "import socket, tally\nprint(tally.FROM, socket.gethostname())",
            environment=EnvironmentSpec(
                python=">=3.10", packages=("tally==1.0",), options=("--no-index", f"--find-links {address}")
            ),
        )
        status = there.end(layout)
    assert status.status is Status.COMPLETED, (status.reason, layout.preparation_log.read_text())
    assert layout.log.read_text() in {"an index n1\n", "an index n2\n"}
    assert "is built" in layout.preparation_log.read_text()
    assert said(layout).index("Preparing") < said(layout).index("Queued")


def test_a_run_whose_environment_is_being_built_is_canceled(building: RunLayout, there: RunsThere):
    there.target(building).cancel(building)
    assert there.end(building).status is Status.CANCELED
    wait_for(lambda: not is_building(there.box), "the end of uv")


def test_a_run_whose_environment_was_being_built_when_the_login_node_booted_says_so(
    building: RunLayout, there: RunsThere, slurm_box: SlurmCluster
):
    restart_login(there.box)
    status = there.end(building)
    assert status.status is Status.FAILED
    assert "what made its environment ready here was killed" in str(status.reason)
    assert jobs(slurm_box) == {}


def test_slurm_is_asked_once_in_two_seconds_however_often_somebody_looks(there: RunsThere):
    calls = count_calls(there.box, "squeue")
    layout = there.logging()
    before, began = calls.stat().st_size, time.monotonic()
    while time.monotonic() < began + 10:
        there.status(layout)
        time.sleep(0.1)
    asked, took_s = calls.stat().st_size - before, time.monotonic() - began
    assert 1 <= asked <= took_s / 2 + 1
    there.enough()
    there.end(layout)


def test_a_secret_is_in_no_folder_once_the_run_has_ended(there: RunsThere):
    layout = there.script("import os\nprint(len(os.environ['TOKEN']))", environment_variables={"TOKEN": SECRET})
    assert there.end(layout).status is Status.COMPLETED
    assert layout.log.read_text() == f"{len(SECRET)}\n"
    found = there.box.run(f"grep -rl {SECRET} ~ || true")
    assert found.stdout == ""


def test_what_no_node_could_run_is_refused_before_there_is_a_run(there: RunsThere):
    with pytest.raises(InvalidSubmissionError) as refused:
        there.script("print(1)", cpus=CPUS + 1, gpus=GPUS + 1)
    assert f"cpus={CPUS + 1}" in str(refused.value)
    assert f"gpus={GPUS + 1}" in str(refused.value)
    with pytest.raises(InvalidSubmissionError, match="partition 'nope'"):
        there.script("print(1)", target_options={"partition": "nope"})
    assert there.submitted == []


def test_the_cluster_is_described_and_looked_at_through_its_login_node(there: RunsThere):
    target = there.workspace.compute_targets[NAME]
    told = target.describe()
    assert (told.capacity.cpus, told.capacity.gpus) == (2 * CPUS, 2 * GPUS)
    found = {each.subject: each for each in target.doctor()}
    assert {"ssh", "connection", "slurm", "partition", "accounting", "node"} <= found.keys()
    assert [each for each in found.values() if not each.is_well] == []
    assert "logout" not in found
