"""From a config to a run."""

import contextlib
import errno
import functools
import itertools
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest

from cellrun.core import Environment, Run
from cellrun.core.context.signature import order_of
from cellrun.core.errors import (
    ExperimentExecutionException,
    InvalidSubmissionError,
    SnapshotException,
    UserErrorException,
    WorkspaceException,
)
from cellrun.core.run_request import RunCode, RunRequest
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.submission import snapshot
from cellrun.core.submission.again import resubmit
from cellrun.core.submission.script_run_config import ScriptRunConfig
from cellrun.core.submission.submission import submit
from cellrun.core.supervision.launch_spec import LaunchSpec
from cellrun.core.targets.launching import program_of
from cellrun.core.targets.local.target import LocalTarget
from tests.core.submitted_runs import wait_for


def no_run(runs):
    return RunStore(runs.workspace.layout).ids() == []


def test_what_is_recorded(runs):
    (runs.source / ".git").mkdir()
    (runs.source / ".git" / "HEAD").write_text(f"{'0123abc' * 6:.40}\n")
    layout = runs.script("pass", "--lr", 0.1, "--n=3", name="first try", environment_variables={"A": "1"}, memory="1M")
    record = RunRecord.read(layout)
    assert (record.experiment, record.kind, record.type, record.target) == (
        "tests",
        "script",
        "azureml.scriptrun",
        "local",
    )
    assert record.argv == ["train.py", "--lr", "0.1", "--n=3"]
    assert LaunchSpec.read(layout).argv == (sys.executable, *record.argv)
    assert record.parameters == {"lr": "0.1", "n": "3"}
    assert (record.script, record.command, record.source_directory) == ("train.py", None, str(runs.source))
    assert (record.display_name, record.name) == ("first try", "tests-1")
    assert record.resources == {"cpus": 1, "gpus": 0, "memory_bytes": 10**6, "threads": 0}
    assert record.git == {"head": f"{'0123abc' * 6:.40}"}
    assert record.python == f"{sys.version.split()[0]} {sys.executable}"
    assert record.workspace_id == runs.workspace.id


def test_tags_are_of_the_run_from_the_start(runs):
    layout = submit(runs.workspace, "tests", ScriptRunConfig(runs.source, command="true"), {"kind": "probe"})
    runs.submitted.append(layout)
    assert RunRecord.read(layout).tags == {"kind": "probe"}


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        ("export RANK=0 && python -c 'import os; print(os.environ[\"RANK\"])'", "0\n"),
        ("export RANK=3 && python train.py".split(), "3\n"),  # noqa: SIM905  # as users write it
        (["echo", "$PWD", "&&", "echo", 0.5, True], "{work}\n0.5 True\n"),
        ("yes | head -1; echo ${PIPESTATUS[0]}", "y\n141\n"),  # SIGPIPE ends a program, as in a terminal
        ("if [[ -n $BASH ]]; then echo bash; fi", "bash\n"),
        ("cd sub && pwd", "{work}/sub\n"),
    ],
)
def test_a_command_goes_to_a_shell(runs, command, printed):
    (runs.source / "train.py").write_text("import os; print(os.environ['RANK'])")
    (runs.source / "sub").mkdir()
    (runs.source / "sub" / "kept").touch()
    layout = runs.command(command)
    assert runs.end(layout).status is Status.COMPLETED
    assert layout.log.read_text() == printed.format(work=layout.work)
    assert RunRecord.read(layout).kind == "command"


def test_a_failed_command_says_what_the_shell_says(runs):
    assert "no-such-program" in runs.end(runs.command("no-such-program --x")).reason
    end = runs.end(runs.command("sh -c 'kill -9 $$'; exit $?"))
    assert end.reason == "exit code 137 (a program of the command was killed by SIGKILL)"


def test_a_script_in_a_subfolder_finds_its_neighbours(runs):
    (runs.source / "sub").mkdir()
    (runs.source / "sub" / "helper.py").write_text("value = 5")
    (runs.source / "sub" / "main.py").write_text(
        "import helper, os; print(helper.value, os.path.basename(os.getcwd()))"
    )
    layout = runs.config(ScriptRunConfig(runs.source, "sub/main.py"))
    runs.end(layout)
    assert layout.log.read_text() == "5 work\n"


def test_a3_a_missing_script_raises_before_a_run_exists(runs):
    with pytest.raises(
        InvalidSubmissionError, match=f"script 'train.py' not found in source_directory '{runs.source}'"
    ):
        runs.config(ScriptRunConfig(runs.source, "train.py"))
    assert no_run(runs)


def test_a4_a_folder_that_is_too_big_raises_before_a_run_exists(runs):
    with (runs.source / "x.bin").open("wb") as file:
        file.truncate(5_000_000_000)
    with pytest.raises(InvalidSubmissionError, match=r"x\.bin 5\.0 GB"):
        runs.script("pass")
    assert no_run(runs)


def test_a4_a_pipe_in_the_folder_is_warned_about_and_the_run_runs(runs):
    os.mkfifo(runs.source / "pipe")
    with pytest.warns(UserWarning, match="pipe: left out"):
        layout = runs.script("import os; print(sorted(os.listdir()))")
    runs.end(layout)
    assert layout.log.read_text() == "['logs', 'outputs', 'train.py']\n"


def test_a_script_reads_the_secrets_beside_it_and_none_is_in_the_runs_folder(runs):
    (runs.source / ".env").write_text("TOKEN=hush-hush")
    (runs.source / ".aws").mkdir()
    (runs.source / ".aws" / "credentials").write_text("key=hush-hush")
    (runs.source / ".gitignore").write_text(".env\n")
    script = "from pathlib import Path; print([len(Path(p).read_text()) for p in ('.env', '.aws/credentials')])"
    with pytest.warns(UserWarning, match=r"\.aws, \.env left out, as secret by name; a line `!\.aws` in \.cellrun"):
        layout = runs.script(script)
    assert runs.end(layout).status is Status.COMPLETED
    again = resubmit(layout)
    runs.submitted.append(again)
    for run in (layout, again):
        assert runs.end(run).status is Status.COMPLETED
        assert run.log.read_text() == "[15, 13]\n"
        wait_for(run.environment.exists, "the record of its surroundings, the last file that comes")
        found = [path for path in run.folder.rglob("*") if path.is_file() and not path.is_symlink()]
        assert not [path for path in found if b"hush-hush" in path.read_bytes()]
        assert "filesWritten" not in Run.get(runs.workspace, run.run_id).get_details()


def test_a_script_that_the_rules_leave_out_is_refused(runs):
    (runs.source / ".amlignore").write_text("train.py")
    with pytest.raises(InvalidSubmissionError, match=r"'train.py' is left out of the snapshot by \.amlignore"):
        runs.script("pass")


def test_a_name_of_an_experiment_that_is_none_is_refused_with_the_rest(runs):
    with pytest.raises(InvalidSubmissionError, match="'a/b'") as caught:
        submit(runs.workspace, "a/b", ScriptRunConfig(runs.source, "gone.py"), {"\n": "x"})
    assert len(caught.value.problems) == 3


class Broken(RunCode):
    """What a run folder can't be filled with."""

    def copy_to(self, draft):
        raise SnapshotException("no more room")


class Asked:
    """A config that is nothing but its request: what a sweep or another library's config is."""

    def __init__(self, request):
        self._request = request

    def request(self):
        return self._request


def test_anything_that_says_what_is_to_run_can_be_submitted(runs):
    layout = runs.config(Asked(RunRequest("command", "echo $WHO", variables={"WHO": "a sweep"}, name="child")))
    assert runs.end(layout).status is Status.COMPLETED
    assert layout.log.read_text() == "a sweep\n"
    record = RunRecord.read(layout)
    assert (record.experiment, record.display_name, record.target) == ("tests", "child", "local")
    assert record.environment_variables == ["WHO"]


def test_a_run_is_a_child_of_the_one_that_its_request_names(runs):
    parent = runs.config(Asked(RunRequest("command", "true")))
    asked = RunRequest("command", "true", parent=parent.run_id, properties={"step": "1"}, type="azureml.StepRun")
    record = RunRecord.read(runs.config(Asked(asked)))
    assert (record.parent, record.properties, record.type) == (parent.run_id, {"step": "1"}, "azureml.StepRun")
    assert record.initial_properties["step"] == "1"


def test_a_parent_that_is_not_there_is_refused(runs):
    with pytest.raises(InvalidSubmissionError, match="parent 'digits_1_a' is no run of this workspace"):
        runs.config(Asked(RunRequest("command", "true", parent="digits_1_a")))
    assert no_run(runs)


@pytest.mark.parametrize("config", [None, "train.py", {"script": "train.py"}, Asked(None), Asked({"script": "a.py"})])
def test_what_says_nothing_of_the_kind_is_refused_with_what_was_expected(runs, config):
    with pytest.raises(UserErrorException, match=r"such as ScriptRunConfig, whose request\(\)") as caught:
        runs.config(config)
    assert type(config).__name__ in str(caught.value)
    assert no_run(runs)


def test_what_goes_wrong_while_the_folder_is_filled_leaves_no_run(runs):
    with pytest.raises(SnapshotException):
        runs.config(Asked(RunRequest("script", "train.py", code=Broken())))
    assert list(runs.workspace.layout.runs.iterdir()) == []


CELL = {
    "source": "print(1)",
    "id": "c1",
    "notebook": "/nb/digits.ipynb",
    "execution_count": 7,
    "title": "In [7]",
}


class CellCode(RunCode):
    """A cell as the magics give it."""

    def copy_to(self, draft):
        (draft.snapshot / "cell.py").write_text("print(1)")
        draft.context.mkdir()
        (draft.context / "values").write_text("v")


def test_where_there_is_no_room_for_the_snapshot_its_files_are_not_to_blame(runs, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(snapshot, "copy_plain", full)
    with pytest.raises(WorkspaceException, match=r"cannot create runs under .* \(no space left on device\)"):
        runs.script("pass")
    assert no_run(runs)


def test_a_cell_takes_along_what_it_fills_in_and_no_folder(runs):
    (runs.source / "train.py").write_text("")
    layout = runs.config(Asked(RunRequest("cell", "cell.py", ("--lr", "0.1"), code=CellCode(), cell=CELL)))
    record = RunRecord.read(layout)
    assert (record.kind, record.script, record.source_directory) == ("cell", None, None)
    assert record.argv == ["cell.py", "--lr", "0.1"]
    told = ("-X", f"cellrun_signed={order_of(layout.signed.read_bytes())}")
    program = program_of(RunRequest("cell", "cell.py", ("--lr", "0.1")), sys.executable)
    assert LaunchSpec.read(layout).argv == (program[0], *told, *program[1:])
    assert program[-3:] == record.argv
    assert record.parameters == {"lr": "0.1"}
    assert record.cell == CELL
    assert [path.name for path in layout.snapshot.iterdir()] == ["cell.py"]
    assert (layout.context / "values").read_text() == "v"


class Interrupted(LocalTarget):
    """A target whose user presses Ctrl-C."""

    when = "before"

    def launch(self, request, layout):
        if self.when == "after":
            super().launch(request, layout)
        raise KeyboardInterrupt


@pytest.mark.parametrize("when", ["before", "after"])
def test_ctrl_c_while_submitting_leaves_nothing_running(runs, monkeypatch, when):
    monkeypatch.setattr(Interrupted, "when", when)
    with pytest.raises(KeyboardInterrupt):
        runs.script("import time; time.sleep(60)", compute_target=Interrupted("local"))
    [run_id] = RunStore(runs.workspace.layout).ids()
    runs.submitted.append(runs.workspace.layout.run(run_id))
    assert runs.end(runs.submitted[0]).status is Status.CANCELED


class Broke(LocalTarget):
    """A target that something happens to while it launches."""

    def launch(self, request, layout):
        raise OSError(28, "No space left on device")


def test_whatever_goes_wrong_at_a_launch_fails_the_run(runs):
    with pytest.raises(ExperimentExecutionException, match="could not start the run: No space left on device"):
        runs.script("pass", compute_target=Broke("local"))
    [run_id] = RunStore(runs.workspace.layout).ids()
    status = StatusFile(runs.workspace.layout.run(run_id)).read()
    assert (status.status, status.reason) == (Status.FAILED, "could not start the run: No space left on device")


def test_a_mistaken_environment_is_named_with_the_other_mistakes(runs):
    config = ScriptRunConfig(runs.source, "missing.py", environment="AzureML-sklearn")
    with pytest.raises(InvalidSubmissionError) as caught:
        runs.config(config)
    assert [fact for fact in ("'missing.py'", "'AzureML-sklearn'") if fact in str(caught.value)] == [
        *("'missing.py'", "'AzureML-sklearn'"),
    ]


def test_an_environment_is_given_by_the_name_that_it_is_registered_under(runs):
    python = Environment("mine")
    python.python.user_managed_dependencies = True
    python.python.interpreter_path = sys.executable
    python.environment_variables = {"LEVEL": "1", "OTHER": "1"}
    python.register(runs.workspace)
    layout = runs.script(
        "import os; print('told', os.environ['LEVEL'], os.environ['OTHER'])",
        environment="mine",
        environment_variables={"LEVEL": "2"},
    )
    assert runs.end(layout).status is Status.COMPLETED
    assert "told 2 1" in layout.log.read_text()
    with pytest.raises(InvalidSubmissionError, match="'mine' has no version '7'; its versions: 1"):
        runs.script("pass", environment="mine:7")


def test_a_time_limit_that_a_target_cannot_keep_is_refused(runs, monkeypatch):
    monkeypatch.setattr(LocalTarget, "capabilities", frozenset())
    with pytest.raises(InvalidSubmissionError, match=r"max_run_duration_seconds=5: 'local' can't end a run"):
        runs.script("pass", max_run_duration_seconds=5)


def submit_in(runs, body, **popen):
    """Submit from another process, which is a kernel's stand-in, and return it; `layout` is the run there."""
    program = textwrap.dedent(
        f"""
        import os, resource, signal, sys, time
        from cellrun.core import Workspace
        from cellrun.core.submission.script_run_config import ScriptRunConfig
        from cellrun.core.submission.submission import submit
        workspace = Workspace.create('tests', {str(runs.workspace.folder)!r}, exist_ok=True)
        config = ScriptRunConfig({str(runs.source)!r}, 'train.py')
        """
    ) + textwrap.dedent(body)
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, **popen)


def test_b1_a_run_outlives_the_group_kill_of_its_kernel(runs, until):
    (runs.source / "train.py").write_text(
        "import os, time\nprint('up')\nwhile not os.path.exists('go'):\n    time.sleep(0.02)\nprint('down')"
    )
    body = "print(submit(workspace, 'tests', config).run_id, flush=True)\ntime.sleep(60)"
    with submit_in(runs, body, start_new_session=True) as kernel:
        layout = runs.workspace.layout.run(kernel.stdout.readline().strip())
        runs.submitted.append(layout)
        os.killpg(kernel.pid, signal.SIGKILL)
    runs.printed(layout, "up")
    (layout.work / "go").touch()
    assert runs.end(layout).status is Status.COMPLETED
    assert layout.log.read_text() == "up\ndown\n"


@pytest.mark.parametrize(
    "delay_ms", [0, 5, 10, 40, *(pytest.param(ms, marks=pytest.mark.long) for ms in range(1, 200, 2))]
)
def test_a_kernel_killed_while_it_submits_leaves_a_whole_run_or_none(runs, delay_ms):
    """A1: whatever run there is comes to its end by itself or at a look."""
    (runs.source / "train.py").write_text("print('ran')")
    body = f"""
    import threading
    submit(workspace, 'warm', config)
    threading.Timer({delay_ms / 1000}, os.kill, (os.getpid(), signal.SIGKILL)).start()
    print(submit(workspace, 'tests', config).run_id, flush=True)
    time.sleep(60)
    """
    with submit_in(runs, body, start_new_session=True) as kernel:
        told = kernel.stdout.read().strip()
    store = RunStore(runs.workspace.layout)
    for run_id in store.ids():
        layout = store.open(run_id)
        runs.submitted.append(layout)
        end = runs.end(layout)
        if end.status is Status.COMPLETED:
            assert layout.log.read_text() == "ran\n"
        else:
            assert end.reason == "the process that submitted it went away before it was started"
            assert run_id != told
    assert not told or told in store.ids()


NOBODY = 65534
WAITING = """
import os, resource, sys, time
from cellrun.core.processes.family import ProcessFamily
from cellrun.core import Workspace
from cellrun.core.submission.script_run_config import ScriptRunConfig
from cellrun.core.store.status import StatusFile
from cellrun.core.submission.submission import submit
from cellrun.core.targets.local.target import LocalTarget
from cellrun.core.targets.look import look
workspace = Workspace.create("tests")
os.environ["CELLRUN_LOCAL_CPUS"] = "1"
first, second = (submit(workspace, "tests", ScriptRunConfig(command="sleep 60")) for _ in range(2))
os.environ["CELLRUN_LOCAL_CPUS"] = "2"
before = resource.getrlimit(resource.RLIMIT_NPROC)
resource.setrlimit(resource.RLIMIT_NPROC, (int(sys.argv[1]), before[1]))
now = lambda: look(LocalTarget("local"), [second])[second.run_id].status
print(now())
resource.setrlimit(resource.RLIMIT_NPROC, before)
print(now())
for one in (first, second):
    LocalTarget("local").cancel(one)
while any(ProcessFamily(one, job=None).members() for one in (first, second)):  # the supervisors too
    time.sleep(0.02)
"""
LIMITED = """
import os, resource, sys
from cellrun.core import Workspace
from cellrun.core.context.signature import order_of
from cellrun.core.errors import ExperimentExecutionException
from cellrun.core.submission.script_run_config import ScriptRunConfig
from cellrun.core.store.status import StatusFile
from cellrun.core.submission.submission import submit
workspace = Workspace.create("tests")
resource.setrlimit(resource.RLIMIT_NPROC, (int(sys.argv[1]),) * 2)
try:
    submit(workspace, "tests", ScriptRunConfig(command="true"))
except ExperimentExecutionException as error:
    [run_id] = os.listdir(workspace.layout.runs)
    status = StatusFile(workspace.layout.run(run_id)).read()
    print(error, status.status, status.reason, sep=" | ")
"""


@pytest.fixture(scope="module")
def as_nobody():
    """Run a program as a user without other processes: for root there is no process limit."""
    if os.getuid() != 0:
        pytest.skip("needs root, to become a user without processes")
    path = os.pathsep.join(path for path in sys.path if "site-packages" in path or Path(path, "cellrun").is_dir())
    # What a run was run by may still be written when its supervisor is gone already.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        os.chown(name, NOBODY, NOBODY)
        compiled = {"PYTHONPATH": path, "PYTHONPYCACHEPREFIX": f"{name}/compiled"}
        numbers = itertools.count()

        def run(python, *command):
            own = f"{name}/{next(numbers)}"  # of a run that was refused the workspace stays
            places = {"CELLRUN_HOME": f"{own}/home", "CELLRUN_RUNTIME_DIR": f"{own}/runtime", **compiled}
            who = {"user": NOBODY, "group": NOBODY, "extra_groups": [], "cwd": "/", "env": {**os.environ, **places}}
            return subprocess.run([python, "-c", *command], text=True, capture_output=True, check=False, **who)

        for python in (sys.executable, "/usr/bin/python3"):
            with contextlib.suppress(OSError):
                if run(python, "import cellrun.core.submission.submission").returncode == 0:
                    yield functools.partial(run, python)
                    return
    pytest.skip("no interpreter that others can start")


@pytest.mark.parametrize("limit", [1, 2, 3])  # no process for the supervisor, for its second half, for the job
def test_a9_a_run_that_finds_the_process_limit_reached_raises_and_is_failed(as_nobody, limit):
    done = as_nobody(LIMITED, str(limit))
    error, status, reason = done.stdout.strip().split(" | ")
    assert error == reason == f"could not start the run: process limit reached (RLIMIT_NPROC={limit})"
    assert status == "Failed"


@pytest.mark.parametrize("limit", [3, 4, 5])  # three are there: the submitter, the first run's supervisor and its job
def test_a_run_that_waits_goes_on_waiting_when_no_process_is_left(as_nobody, limit):
    told = as_nobody(WAITING, str(limit)).stdout.split()
    assert told[0] == "Queued"
    assert told[1] in {"Starting", "Running"}


def test_a9_a_supervisor_that_cannot_start_raises_and_the_run_is_failed(runs, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/not/there/python")
    with pytest.raises(ExperimentExecutionException, match="could not start the run: No such file or directory"):
        runs.script("pass")
    [run_id] = RunStore(runs.workspace.layout).ids()
    status = StatusFile(runs.workspace.layout.run(run_id)).read()
    assert (status.status, status.reason) == (Status.FAILED, "could not start the run: No such file or directory")
