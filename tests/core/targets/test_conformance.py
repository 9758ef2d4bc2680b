"""What every target must do, whoever wrote it: the same suite over each kind that is registered."""

import json
import os
import random
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cellrun.core import Experiment, Run
from cellrun.core.errors import ComputeTargetException, ExperimentExecutionException, InvalidSubmissionError
from cellrun.core.live.run_poller import RunPoller
from cellrun.core.resources import Resources
from cellrun.core.run_request import RunRequest
from cellrun.core.store.notes import run_notes
from cellrun.core.store.record import RunTarget
from cellrun.core.store.status import TERMINAL, Status, StatusFile
from cellrun.core.submission.script_run_config import ScriptRunConfig
from cellrun.core.targets.contract import Capability, ComputeTarget, JobState
from cellrun.core.targets.kinds import kind_names
from cellrun.core.targets.look import look
from tests.core.submitted_runs import wait_for
from tests.core.targets.under_test import ANOTHERS, ENGINES, KINDS, SERVER, WAYS, WELL, UnderTest
from tests.keepers import at_home, end_keepers, left_behind
from tests.server.live_server import server  # noqa: F401  # a fixture: where jobs push to

ASLEEP = "print('up'); import time; time.sleep(60)"


EACH_KIND = [kind for kind in kind_names() if kind not in ANOTHERS | ENGINES]

over_each_way = pytest.mark.parametrize(
    "under_test", [*(kind for kind in EACH_KIND if kind != "fake"), *WAYS], indirect=True
)
"""A test that concerns how runs come home; the fake has each of its ways with faults."""

over_each_way_also_well = pytest.mark.parametrize("under_test", [*EACH_KIND, *WAYS, *WELL], indirect=True)
"""One that tells too whether all goes well where no fault is."""


pytestmark = pytest.mark.one_home  # for each target: it is attached once, and has one keeper


@pytest.fixture(scope="module", params=EACH_KIND)
def under_test(request) -> UnderTest:
    """What the suite has to know of each kind that is registered."""
    known = {**KINDS, **WAYS, **WELL}
    assert request.param in known, f"kind {request.param!r} isn't in tests.core.targets.under_test.KINDS: add it"
    return known[request.param]


@pytest.fixture(scope="module")
def shared_home(request, under_test, tmp_path_factory) -> Iterator[Path]:
    """The home from which all tests of a target go there."""
    folder = tmp_path_factory.mktemp("target")
    with pytest.MonkeyPatch.context() as patch, at_home(folder) as home:
        patch.setenv("PATH", f"{folder / 'shims'}{os.pathsep}{os.environ['PATH']}")
        if under_test.needs_server:
            server = request.getfixturevalue("server")
            patch.setenv(SERVER, f"http://127.0.0.1:{server.port}/user/ada/")
        yield home
        end_keepers(folder / "runtime")
        wait_for(lambda: not left_behind(folder), "the end of all jobs, which may push on while there is a server")


@pytest.fixture(scope="module")
def target(under_test, shared_home, shared_workspace) -> ComputeTarget:
    """A target of each kind."""
    return under_test.made(shared_workspace, shared_home.parent)


@pytest.fixture
def submit(runs, target):
    """Submit a script to the target."""

    def do(text, *arguments, **options):
        return runs.script(textwrap.dedent(text), *arguments, compute_target=target.name, **options)

    return do


def needs(target, capability):
    if capability not in target.capabilities:
        pytest.skip(f"it doesn't say {capability}: nobody asks that of it")


@over_each_way
def test_a_failure_says_why(runs, submit):
    end = runs.end(submit("raise ValueError('no data')"))
    assert end.status is Status.FAILED
    assert "ValueError: no data" in end.reason
    assert "ValueError" in end.fields["traceback_tail"]


def test_launched_by_several_at_the_same_time_and_again_it_starts_once(runs, target, submit, monkeypatch):
    """As by a submitter that was given up on, and whoever tries again: each with an object of its own."""
    launch, launched, started = type(target).launch, [], []

    def by_four(one, request, layout):
        launched.append((request, layout))
        together = threading.Barrier(4)

        def do():
            together.wait()
            with suppress(
                ExperimentExecutionException
            ):  # that somebody else was first may be an error, no second start
                launch(type(target)(target.name, target.settings), request, layout)
                started.append(layout)

        threads = [threading.Thread(target=do) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    with monkeypatch.context() as patch:
        patch.setattr(type(target), "launch", by_four)
        submit("print('once'); import time; time.sleep(0.3)")
    ((request, layout),) = launched
    assert started
    target.launch(request, layout)
    assert runs.end(layout).status is Status.COMPLETED
    target.launch(request, layout)
    assert runs.end(layout).status is Status.COMPLETED
    assert layout.log.read_text() == "once\n"
    statuses = [entry.status for entry in StatusFile(layout).history()]
    assert statuses.count(Status.RUNNING) == 1


def test_runs_wait_and_start_in_order(runs, under_test, target, submit, until):
    needs(target, Capability.QUEUES)
    most = target.describe().capacity.cpus
    first, *others = [runs.seen(submit(ASLEEP, cpus=most // under_test.nodes), "up") for _ in range(under_test.nodes)]
    waiting = [submit("pass", cpus=most // under_test.nodes, name=str(number)) for number in range(3)]
    assert [runs.status(layout).status for layout in waiting] == [Status.QUEUED] * 3

    def said():
        return [each.state for each in target.observe(waiting).values()]

    until(lambda: said() == [JobState.WAITING] * 3, "the engine's word, which may be some seconds old")

    def described():
        now = target.describe()
        return now.running, now.waiting, now.in_use.cpus

    until(
        lambda: described() == (under_test.nodes, 3, most), "what is in use, which an engine counts some seconds later"
    )
    target.cancel(waiting[1])
    assert runs.end(waiting[1]).status is Status.CANCELED
    target.cancel(first)
    assert [runs.end(layout).status for layout in (first, waiting[0], waiting[2])] == [
        Status.CANCELED,
        Status.COMPLETED,
        Status.COMPLETED,
    ]
    begun = [
        next(entry.at for entry in StatusFile(layout).history() if entry.status is Status.RUNNING)
        for layout in (waiting[0], waiting[2])
    ]
    assert begun == sorted(begun)
    for layout in others:
        assert runs.status(layout).status is Status.RUNNING


def test_many_are_submitted_at_once_and_looked_at_in_one_call(runs, target, monkeypatch):
    (runs.source / "train.py").write_text("import sys; print('number', sys.argv[1])")
    made = {}

    def one(number):
        config = ScriptRunConfig(runs.source, "train.py", [number], compute_target=target.name)
        made[number] = Experiment(runs.workspace, "tests").submit(config).layout

    threads = [threading.Thread(target=one, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    layouts = [*made.values()]
    runs.submitted += layouts
    assert len(made) == 3
    asked, observe = [], target.observe
    monkeypatch.setattr(target, "observe", lambda living: asked.append(living) or observe(living))
    look(target, layouts)
    assert len(asked) <= 1  # none if all have ended by now
    for number, layout in made.items():
        assert runs.end(layout).status is Status.COMPLETED
        assert layout.log.read_text() == f"number {number}\n"
    found = look(target, layouts)
    assert {run_id: one.status for run_id, one in found.items()} == {
        layout.run_id: Status.COMPLETED for layout in layouts
    }
    assert look(target, []) == {}


def test_a_script_that_asks_for_its_own_run_hears_that_it_is_running(runs, submit):
    """However quick it is: its supervisor may not have written it yet."""
    layouts = [submit("from cellrun.core import Run; print(Run.get_context().get_status())") for _ in range(2)]
    for layout in layouts:
        runs.end(layout)
        assert layout.log.read_text() == "Running\n"


@over_each_way
def test_log_metrics_and_images_come_while_it_runs_and_are_whole_at_the_end(runs, submit, until):
    layout = submit(
        """
        import base64, os, time
        from cellrun.core import Run
        run = Run.get_context()
        with open('dot.png', 'wb') as file:
            file.write(base64.b64decode(
                'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=='
            ))
        run.log_image('dot', path='dot.png')
        for number in range(50):
            run.log('loss', number)
        print('half', flush=True)
        while not os.path.exists(os.path.join(os.environ['CELLRUN_RUN_FOLDER'], 'requests', 'cancel.json')):
            time.sleep(0.01)
        for number in range(50, 100):
            run.log('loss', number)
        run.log_row('row', x=float('nan'), y='NaN')
        print('whole')
        """,
    )
    run = Run.get(runs.workspace, layout.run_id)
    runs.seen(layout, "half")
    until(lambda: runs.status(layout) and run.get_metrics("loss") == {"loss": [*range(50)]}, "fifty values")
    until(lambda: runs.status(layout) and RunPoller(layout).poll().images, "the image")
    (image,) = RunPoller(layout).poll().images
    until(lambda: runs.status(layout) and image.path in run.get_file_names(), "its file, which comes beside the events")
    run.download_file(image.path, str(runs.source / "dot.png"))
    assert (runs.source / "dot.png").read_bytes().startswith(b"\x89PNG")
    run.cancel()  # the script takes the request for its sign to go on
    runs.end(layout)
    metrics = run.get_metrics()
    assert metrics["loss"][:50] == [*range(50)]
    assert metrics["loss"] == [*range(len(metrics["loss"]))]
    before = {path: path.read_bytes() for path in layout.events.iterdir()}
    runs.status(layout)
    assert {path: path.read_bytes() for path in layout.events.iterdir()} == before


@over_each_way_also_well
def test_a_run_that_completes_comes_home_whole_and_has_one_end(runs, under_test, submit):
    """What it printed and logged, its files, or that one is too large; its statuses in their order."""
    layout = submit(
        """
        import random, sys
        from cellrun.core import Run
        print(sys.argv[1:])
        run = Run.get_context()
        for number in range(1000):
            run.log('loss', number)
        run.log_row('row', x=float('nan'), y='NaN')
        open('outputs/model.txt', 'w').write('weights')
        open('kept.txt', 'w').write('beside')
        open('outputs/large', 'wb').write(random.Random(1).randbytes(6_000_000))
        """,
        "--lr",
        0.1,
    )
    end = runs.end(layout)
    assert end.status is Status.COMPLETED
    assert layout.log.read_text() == "['--lr', '0.1']\n"
    run = Run.get(runs.workspace, layout.run_id)
    metrics = run.get_metrics()
    assert metrics["loss"] == [*range(1000)]
    assert metrics["row"]["y"] == "NaN"
    assert metrics["row"]["x"] != metrics["row"]["x"]
    assert (layout.outputs / "model.txt").read_text() == "weights"
    assert "outputs/model.txt" in run.get_file_names()
    assert "kept.txt" in run.get_details()["filesWritten"]
    if under_test.largest_bytes is None:
        assert (layout.outputs / "large").read_bytes() == random.Random(1).randbytes(6_000_000)
    else:
        assert any("large" in note for note in run_notes(layout, end))
    for _ in range(3):
        runs.status(layout)
    order = [entry.status for entry in StatusFile(layout).history()]
    rank = [Status.NOT_STARTED, Status.QUEUED, Status.STARTING, Status.RUNNING, Status.FINALIZING, Status.COMPLETED]
    assert order == sorted(order, key=rank.index)
    assert len([status for status in order if status in TERMINAL]) == 1


@over_each_way
def test_cancel_may_be_called_at_any_time_and_again(runs, target, submit):
    needs(target, Capability.CANCELS)
    layout = runs.seen(submit(ASLEEP), "up")
    target.cancel(layout)
    target.cancel(layout)
    assert runs.end(layout).status is Status.CANCELED
    target.cancel(layout)
    assert runs.end(layout).status is Status.CANCELED


@over_each_way
def test_a_run_that_is_canceled_while_it_is_being_started_is_canceled(runs, target, submit):
    needs(target, Capability.CANCELS)
    layout = submit(ASLEEP)
    target.cancel(layout)
    assert runs.end(layout).status is Status.CANCELED
    assert Status.COMPLETED not in {entry.status for entry in StatusFile(layout).history()}


def test_a_job_that_takes_no_notice_is_killed_after_the_grace(runs, target, submit):
    needs(target, Capability.CANCELS)
    script = f"import signal\nfor number in (2, 15):\n    signal.signal(number, signal.SIG_IGN)\n{ASLEEP}"
    layout = runs.seen(submit(script), "up")
    target.cancel(layout)
    end = runs.end(layout)
    assert end.status is Status.CANCELED
    assert end.fields["signal"] == "SIGKILL"


def test_its_time_limit_ends_a_run(runs, target, submit):
    needs(target, Capability.LIMITS_TIME)
    end = runs.end(submit(ASLEEP, max_run_duration_seconds=0.5))
    assert (end.status, end.reason) == (Status.FAILED, "stopped after 0.5 s (max_run_duration_seconds=0.5)")


@over_each_way
def test_a_job_that_its_engine_has_lost_is_failed_with_what_was_seen_last(runs, under_test, target, submit, until):
    layout = runs.seen(submit(ASLEEP), "up")
    until(lambda: runs.status(layout).status is Status.RUNNING, "Running")
    under_test.lose(target, layout)
    end = runs.end(layout)
    assert end.status is Status.FAILED
    assert any(word in end.reason for word in ("no longer knows it", "disappeared", "was killed", "has ended")), (
        end.reason
    )
    assert layout.log.read_text().startswith("up\n")


@over_each_way
def test_a_run_whose_submitter_is_gone_is_taken_up_by_whoever_looks(runs, target, submit):
    """Nothing of an engine's answers is kept in an object: another process sees the run to its end."""
    layout = runs.seen(submit(ASLEEP), "up")
    program = (
        "import sys\nfrom cellrun.core import Run\nfrom cellrun.core.workspace import open_workspace\n"
        "run = Run.get(open_workspace(sys.argv[1]), sys.argv[2])\n"
        "run.cancel()\nprint(run.wait_for_completion()['status'])"
    )
    folder = str(runs.workspace.layout.folder)
    done = subprocess.run(
        [sys.executable, "-c", program, folder, layout.run_id], capture_output=True, text=True, check=False
    )
    assert done.stdout == "Canceled\n", done.stderr
    assert StatusFile(layout).read().status is Status.CANCELED
    assert layout.log.read_text().startswith("up\n")


@pytest.fixture
def cut_off(under_test, target):
    """Keeps us from a target for a while."""
    if under_test.cut_off is None:
        pytest.skip("nothing is between us and it")
    return lambda: under_test.cut_off(target)


@over_each_way
def test_while_it_is_cut_off_a_run_stays_as_it_was_seen(runs, target, submit, until, cut_off):
    layout = runs.seen(submit(ASLEEP), "up")
    until(lambda: runs.status(layout).status is Status.RUNNING, "Running")
    with cut_off():
        with pytest.raises(ComputeTargetException):
            target.observe([layout])
        assert look(target, [layout])[layout.run_id].status is Status.RUNNING
        target.cancel(layout)
        target.cancel(layout)
        assert look(target, [layout])[layout.run_id].status is Status.RUNNING
    assert runs.end(layout).status is Status.CANCELED


@over_each_way
def test_log_and_metrics_are_whole_after_any_cut(runs, target, submit, until, cut_off, without_keeper):
    layout = submit(
        """
        import time
        from cellrun.core import Run
        run = Run.get_context()
        for number in range(150):
            run.log('loss', number)
            print('line', number, 'ä' * 100, flush=True)
            time.sleep(0.005)
        """
    )
    for _ in range(10):  # after each, who pushes waits longer
        with cut_off():
            before = layout.log.stat().st_size if layout.log.exists() else 0
            look(target, [layout])
            assert (layout.log.stat().st_size if layout.log.exists() else 0) == before
        if runs.status(layout).status.is_terminal:
            break
    assert runs.end(layout).status is Status.COMPLETED
    assert layout.log.read_text() == "".join(f"line {number} {'ä' * 100}\n" for number in range(150))
    assert Run.get(runs.workspace, layout.run_id).get_metrics("loss") == {"loss": [*range(150)]}


@over_each_way
def test_a_run_that_ended_while_it_was_cut_off_comes_home_whole(runs, target, submit, until, cut_off, without_keeper):
    layout = runs.seen(submit("import time\nprint('up', flush=True)\ntime.sleep(0.5)\nprint('end')"), "up")
    with cut_off():
        before = StatusFile(layout).read().status
        time.sleep(0.7)  # long enough for its end; if not, it comes later, and all the same
        assert look(target, [layout])[layout.run_id].status is before
    assert runs.end(layout).status is Status.COMPLETED
    assert layout.log.read_text() == "up\nend\n"


def test_what_cannot_be_launched_is_failed_and_says_why(runs, under_test, submit, cut_off, home):
    if under_test.waits_here:
        pytest.skip("it waits here until it can")
    before = run_ids(runs)
    end_keepers(home.parent / "runtime")  # else the cut may come as it is launched: nobody knows whether it was then
    with cut_off(), pytest.raises(ExperimentExecutionException) as refused:
        submit("pass")
    (run_id,) = run_ids(runs) - before
    run = Run.get(runs.workspace, run_id)
    assert run.get_status() == "Failed"
    assert str(run.get_details()["error"]["error"]["message"]) in str(refused.value)


def test_what_cannot_be_launched_yet_starts_once_it_can(runs, under_test, submit, cut_off):
    if not under_test.waits_here:
        pytest.skip("it is Failed at once")
    with cut_off():
        layout = submit("print('once')")
        assert runs.status(layout).status is Status.QUEUED
    assert runs.end(layout).status is Status.COMPLETED
    assert layout.log.read_text() == "once\n"


def test_its_engine_says_that_a_job_runs_and_that_it_has_ended_whatever_became_of_its_submitter(
    runs, target, submit, until
):
    """Only a target that shares processes lets anybody prove a death from here."""
    layout = runs.seen(submit(ASLEEP), "up")
    until(lambda: runs.status(layout).status is Status.RUNNING, "Running")
    record = json.loads(layout.record.read_text())
    dead = {**record["created_by"], "pid": 2**22 + 1, "started": 1}
    layout.record.write_text(json.dumps({**record, "created_by": dead}))
    assert runs.status(layout).status is Status.RUNNING
    assert target.observe([layout])[layout.run_id].state is JobState.RUNNING
    target.cancel(layout)
    runs.end(layout)
    until(lambda: target.observe([layout])[layout.run_id].state is JobState.ENDED, "the engine's word")


@pytest.mark.filterwarnings("ignore:whoever may ask target")  # said once of an engine that shows them
@over_each_way
def test_neither_its_processes_nor_its_own_variables_are_left_behind(runs, target, submit, home, until):
    variables = {"environment_variables": {"TOKEN": "hush-hush"}, "env_in_engine": target.shows_variables}
    script = """
        import os, subprocess
        print(os.environ['TOKEN'][::-1])
        subprocess.Popen(['sleep', '71'], start_new_session=True)
        """
    layout = submit(script, **variables)
    assert runs.end(layout).status is Status.COMPLETED
    until(lambda: not _command_lines_with(layout.run_id), "its processes to go")
    assert layout.log.read_text() == "hsuh-hsuh\n"

    def kept():
        found = []
        for folder, _, names in os.walk(home.parent):  # what is removed meanwhile, and a socket, has none
            for name in names:
                with suppress(OSError), open(os.path.join(folder, name), "rb") as file:  # noqa: PTH118, PTH123
                    found += [file.name] if b"hush-hush" in file.read() else []
        return found

    assert [path for path in kept() if path.startswith(str(layout.folder))] == []
    until(lambda: kept() == [], "the end of what an engine's job has read")


def test_more_than_it_has_is_refused_before_a_run_exists(runs, under_test, target, submit):
    if under_test.may_grow:
        pytest.skip("it may come to have more")
    most = Resources(*(each // under_test.nodes for each in target.describe().capacity))
    too_much = Resources(most.cpus + 1, most.gpus + 1, most.memory_bytes + 1)
    problems = target.problems(RunRequest("command", "true", resources=too_much))
    assert len(problems) == 3
    assert all(target.name in problem for problem in problems)
    assert target.problems(RunRequest("command", "true", resources=most)) == []
    before = run_ids(runs)
    with pytest.raises(InvalidSubmissionError, match="cpus="):
        submit("pass", cpus=most.cpus + 1)
    assert run_ids(runs) == before


def test_it_describes_itself(target):
    assert target.describe().capacity.cpus >= 1
    wait_for(lambda: _in_use(target) == (0, 0, Resources(0, 0, 0)), "an engine that has forgotten the last test's runs")


def test_what_it_says_is_shared_is_shared(runs, target, submit, tmp_path):
    """A folder that is named is seen there, and a file that is written there is seen here."""
    shared = [folder for folder in target.describe().shared_folders if tmp_path.is_relative_to(folder)]
    if not shared:
        pytest.skip("it shares no folder that a test may write to")
    (tmp_path / "here").write_text("from here")
    script = "import shutil, sys; shutil.copy(*sys.argv[1:])"
    assert runs.end(submit(script, str(tmp_path / "here"), str(tmp_path / "there"))).status is Status.COMPLETED
    assert (tmp_path / "there").read_text() == "from here"


def test_it_reaches_a_server_of_ours_if_it_says_so(runs, target, submit):
    if not target.describe().reaches_server:
        pytest.skip("it doesn't say so")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        script = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), timeout=10)"
        assert runs.end(submit(script, listening.getsockname()[1])).status is Status.COMPLETED


def test_it_knows_its_python_or_says_nothing(target):
    python = target.python(None)
    assert python.version is None or python.version.count(".") == 2


def test_it_knows_whether_it_is_well(target):
    findings = target.doctor()
    assert findings
    assert [finding for finding in findings if not finding.is_well] == []
    assert all(finding.subject and finding.text for finding in findings)


def test_a_run_is_run_again_where_it_was(runs, target):
    """It is kept with the run; its config has had the target itself, not its name as in other tests."""
    layout = runs.script("print('twice')", compute_target=target, name="first")
    assert runs.end(layout).status is Status.COMPLETED
    kept = RunTarget.read(layout)
    assert (kept.name, kept.kind) == (target.name, target.kind)
    assert kept.shares_processes == (Capability.SHARES_PROCESSES in target.capabilities)
    again = Run.get(runs.workspace, layout.run_id).submit_again()
    runs.submitted.append(again.layout)
    assert runs.end(again.layout).status is Status.COMPLETED
    assert again.layout.log.read_text() == "twice\n"
    assert (RunTarget.read(again.layout).name, again.display_name) == (target.name, "first")


def _command_lines_with(run_id):
    """Return the processes of this machine, those in namespaces too, that carry a run's id in their environment."""
    found = []
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123
                if f"CELLRUN_RUN_ID={run_id}".encode() in file.read():
                    found.append(pid)
        except OSError:
            continue
    return found


def run_ids(runs):
    """Return the ids of all runs that there are."""
    return {run.id for run in Experiment(runs.workspace, "tests").get_runs()}


def _in_use(target):
    described = target.describe()
    return described.running, described.waiting, described.in_use
