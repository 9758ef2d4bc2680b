"""The target of kind ssh by a shim of ssh: what the conformance suite doesn't ask of every kind."""

import os
import re
from contextlib import suppress
from pathlib import Path

import pytest
from uv import find_uv_bin

from cellrun.core import Run
from cellrun.core.context.value_store import ValueStore
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.errors import (
    AuthenticationError,
    ComputeTargetException,
    ExperimentExecutionException,
    InvalidSubmissionError,
)
from cellrun.core.layout import RunLayout
from cellrun.core.remote.link import Link, OrderError
from cellrun.core.remote.messages import INCOMPLETE
from cellrun.core.resources import Resources
from cellrun.core.run_request import RunRequest
from cellrun.core.store.record import place_text
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.submission.again import resubmit
from cellrun.core.targets import payload
from cellrun.core.targets.contract import TargetPython
from cellrun.core.targets.keeper.client import states
from cellrun.core.targets.ssh import launches
from cellrun.core.targets.ssh.sending import Sending
from tests.core.submitted_runs import wait_for
from tests.core.targets.ssh.shim import SshShim

REFUSED = "ssh: connect to host box port 22: Connection refused"
DENIED = "ann@box: Permission denied (publickey)."
SECRET = "hunter2-of-the-user"

pytestmark = pytest.mark.one_home  # it is called `box`, and known from the first test on


@pytest.fixture(scope="module")
def box(shared_home):
    """The machine of all tests, whatever it is called."""
    shim = SshShim(shared_home.parent)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{shim.bin}{os.pathsep}{os.environ['PATH']}")
        yield shim


@pytest.fixture(scope="module")
def target(shared_workspace, box):
    return shared_workspace.attach("box", "ssh", host="box")


def texts_below(folder):
    return {
        path: path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file() and not path.is_symlink()
    }


def test_attached_it_tells_at_once_what_its_python_is(runs, box):
    asked = len(box.called())
    python = runs.workspace.attach("new", "ssh", host="new").python(None)
    assert python.executable == "/usr/bin/python3"
    assert python.version.startswith("3.")
    assert isinstance(python.packages, dict)
    assert box.called()[asked:] == ["new"]


def test_one_that_can_t_be_reached_is_attached_and_says_why(runs, box):
    with box.trouble(REFUSED), pytest.warns(UserWarning, match="can't be used yet: .*port 22: is sshd running"):
        target = runs.workspace.attach("away", "ssh", host="away")
    assert target.python(None) == TargetPython()
    assert target.problems(RunRequest("script", "train.py", resources=Resources(cpus=10_000))) == []


def test_that_it_shares_no_folder_is_known_without_a_word_to_it(target, box):
    asked = len(box.called())
    assert target.shared_folders() == ()
    assert len(box.called()) == asked


def test_what_it_hasn_t_is_refused_without_a_word_to_it(target, box, runs):
    asked = len(box.called())
    with pytest.raises(InvalidSubmissionError, match="cpus=10000: 'box' has"):
        runs.script("pass", compute_target="box", cpus=10_000)
    assert len(box.called()) == asked


def test_a_machine_that_isn_t_there_fails_the_submission_in_words(target, box, runs):
    with (
        box.trouble(REFUSED),
        pytest.raises(ExperimentExecutionException, match="nothing takes connections at its port 22"),
    ):
        runs.script("pass", compute_target="box")


def test_a_machine_that_lets_nobody_in_is_an_error_of_its_own(target, box):
    with box.trouble(DENIED), pytest.raises(AuthenticationError, match="ssh-add"):
        target.describe()


def test_a_secret_is_in_no_run_folder_and_nowhere_here_once_the_run_has_begun(target, runs, box, home):
    layout = runs.script(
        "import os; print(len(os.environ['TOKEN']))", compute_target="box", environment_variables={"TOKEN": SECRET}
    )
    assert runs.end(layout).status is Status.COMPLETED
    assert layout.log.read_text() == f"{len(SECRET)}\n"
    for folder in (home, runs.workspace.layout.folder, box.home):
        assert [path for path, text in texts_below(folder).items() if SECRET in text] == []


def test_a_secret_is_on_no_command_line_and_in_no_log_of_a_keeper(target, runs, home):
    script = "import os; print(len(os.environ['TOKEN']), flush=True); import time; time.sleep(600)"
    layout = runs.script(script, compute_target="box", environment_variables={"TOKEN": SECRET})
    runs.seen(layout, str(len(SECRET)))
    texts = {
        path: text for path, text in texts_below(home.parent / "runtime").items() if path.suffix in {".log", ".err"}
    }
    assert texts
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            texts[process] = (process / "cmdline").read_text(errors="replace")
    assert [path for path, text in texts.items() if SECRET in text] == []
    target.cancel(layout)
    assert runs.end(layout).status is Status.CANCELED


def test_an_environment_of_that_machine_runs_it(target, runs):
    layout = runs.script("import sys; print(sys.executable)", compute_target="box", environment="/usr/bin/python3.13")
    assert runs.end(layout).status is Status.COMPLETED
    assert layout.log.read_text() == "/usr/bin/python3.13\n"


def test_an_environment_is_built_there_by_the_uv_that_is_there(runs, box):
    (box.home / ".local" / "bin").mkdir(parents=True)
    (box.home / ".local" / "bin" / "uv").symlink_to(find_uv_bin())
    runs.workspace.attach("with-uv", "ssh", host="with-uv")
    layout = runs.script(
        "import sys; from cellrun.core import Run; Run.get_context().log('x', 1); print(sys.prefix)",
        compute_target="with-uv",
        environment=EnvironmentSpec(python=">=3.10"),
    )
    assert runs.end(layout).status is Status.COMPLETED, layout.last_log.read_text()
    assert layout.log.read_text().startswith(f"{box.cellrun_home / 'environments'}/")
    assert "is built" in layout.preparation_log.read_text()


def test_what_an_environment_has_of_this_machine_alone_is_refused(target, runs):
    spec = EnvironmentSpec(packages=("mine @ file:///home/me/mine-1.0-py3-none-any.whl",))
    with pytest.raises(InvalidSubmissionError, match=r"has mine from /home/me/mine-1\.0.*no other machine has"):
        runs.script("pass", compute_target="box", environment=spec)


def test_what_its_code_would_leave_in_the_workspace_there_is_refused_in_words(target, runs, box):
    layout = runs.script(
        "from azureml.core import Run\nopen('outputs/m.txt', 'w').close()\n"
        "Run.get_context().register_model('m', 'outputs/m.txt')",
        compute_target="box",
    )
    end = runs.end(layout)
    assert end.status is Status.FAILED
    assert "WorkspaceElsewhereError: models of its workspace can't be had or made" in end.reason
    assert "register it in the notebook once the run is home" in layout.log.read_text()
    assert not list(box.cellrun_home.glob("remote/*/models"))
    run = Run.get(runs.workspace, layout.run_id)
    assert run.register_model("m", "outputs/m.txt").version == 1


def test_an_environment_that_isn_t_there_fails_in_words(target, runs):
    end = runs.end(runs.script("pass", compute_target="box", environment="/opt/no/python"))
    assert end.status is Status.FAILED
    assert "/opt/no/python" in end.reason


def test_a_run_is_run_again(target, runs):
    layout = runs.script("import sys; print(sys.argv[1:])", "--lr", 0.1, compute_target="box")
    assert runs.end(layout).status is Status.COMPLETED
    again = resubmit(layout)
    runs.submitted.append(again)
    assert runs.end(again).status is Status.COMPLETED
    assert again.log.read_text() == "['--lr', '0.1']\n"


def test_a_view_says_on_which_machine_it_is(runs, box):
    runs.workspace.attach("mine", "ssh", host="ann@box")
    layout = runs.script("print(1)", compute_target="mine")
    assert runs.end(layout).status is Status.COMPLETED
    assert place_text(layout, "mine") == "mine (ann@box)"


def test_a_command_runs_in_a_shell_there(target, runs, box):
    layout = runs.command('echo "$HOME"', compute_target="box")
    assert runs.end(layout).status is Status.COMPLETED
    assert layout.log.read_text() == f"{box.home}\n"


def test_a_cut_line_changes_nothing_but_the_time(target, runs, box):
    layout = runs.seen(runs.script("print('up')\nimport time; time.sleep(4)\nprint('end')", compute_target="box"), "up")
    with box.trouble(REFUSED):
        wait_for(lambda: "is sshd running" in states(runs.workspace.layout)["box"].why_not, "that the keeper says why")
    assert runs.end(layout).status is Status.COMPLETED
    assert layout.log.read_text() == "up\nend\n"


def test_a_kept_connection_that_has_broken_fails_no_submission(target, runs, box):
    assert runs.end(runs.script("print(1)", compute_target="box")).status is Status.COMPLETED
    box.break_sessions()
    assert runs.end(runs.script("print(2)", compute_target="box")).status is Status.COMPLETED


def test_a_run_whose_folder_there_is_gone_is_lost(target, runs, box):
    layout = runs.seen(runs.script("print('up', flush=True); import time; time.sleep(60)", compute_target="box"), "up")
    (there,) = box.cellrun_home.glob(f"remote/*/runs/{layout.run_id}")
    processes = box.processes_of(layout.run_id)
    there.rename(there.with_name("elsewhere"))
    end = runs.end(layout)
    assert end.status is Status.FAILED
    assert "no longer knows it" in end.reason
    assert "is gone" in end.reason
    for each in processes:
        os.kill(each["pid"], 9)


@pytest.fixture
def sends_nothing(without_keeper):
    """Let each call to send end before the first byte, until that is undone: then the keeper goes on."""
    without_keeper.setattr(launches, "_CALL_S", 0.0)
    return without_keeper


def test_canceled_before_it_is_sent_it_never_starts(target, runs, box, home, sends_nothing):
    layout = runs.script("print('never')", compute_target="box", environment_variables={"TOKEN": SECRET})
    assert StatusFile(layout).read().status is Status.PREPARING
    target.cancel(layout)
    assert StatusFile(layout).read().status is Status.CANCELED
    assert [path for path, text in texts_below(home).items() if SECRET in text] == []
    assert runs.end(layout).status is Status.CANCELED
    assert list(box.cellrun_home.glob(f"remote/*/runs/{layout.run_id}")) == []


def test_an_order_that_a_power_cut_has_damaged_fails_its_run_alone(target, runs, home, sends_nothing):
    damaged, other = (runs.script(f"print({n})", compute_target="box") for n in range(2))
    (path,) = home.glob(f"private/outgoing/*/{damaged.run_id}.json")
    path.write_bytes(b"")
    sends_nothing.undo()
    assert runs.end(other).status is Status.COMPLETED
    end = runs.end(damaged)
    assert end.status is Status.FAILED
    assert end.reason == f"it can't be sent: {path} is damaged; run it again"


def test_a_run_that_takes_long_to_send_says_how_far_it_is_and_goes_on(target, runs, sends_nothing):
    (runs.source / "large.bin").write_bytes(os.urandom(5_000_000))
    layout = runs.script("import os; print(os.path.getsize('large.bin'))", compute_target="box")
    assert StatusFile(layout).read().reason == "sending 0 bytes of 5.0 MB"
    assert not layout.log.exists()
    sends_nothing.undo()
    assert runs.end(layout).status is Status.COMPLETED
    assert layout.log.read_text() == "5000000\n"


def test_large_outputs_come_home_whole_and_say_how_far_they_are(target, runs):
    layout = runs.script("open('outputs/model.bin', 'wb').write(bytes(range(256)) * 80_000)", compute_target="box")
    assert runs.end(layout).status is Status.COMPLETED
    assert (layout.outputs / "model.bin").read_bytes() == bytes(range(256)) * 80_000
    reasons = [entry.reason for entry in StatusFile(layout).history() if entry.status is Status.FINALIZING]
    assert any(re.fullmatch(r"bringing \d+\.\d of 20\.5 MB home", reason or "") for reason in reasons), reasons


def test_it_isn_t_detached_while_a_run_of_it_lives(runs, box):
    target = runs.workspace.attach("other", "ssh", host="box")
    script = "print('up', flush=True); import time; time.sleep(60)"
    layout = runs.seen(runs.script(script, compute_target="other"), "up")
    with pytest.raises(ComputeTargetException, match="haven't ended"):
        runs.workspace.detach("other")
    target.cancel(layout)
    assert runs.end(layout).status is Status.CANCELED
    runs.workspace.detach("other")
    assert "other" not in runs.workspace.compute_targets
    runs.submitted.clear()


def test_doctor_says_what_there_is_and_what_to_do(target, box):
    found = {each.subject: each for each in target.doctor()}
    assert {"ssh", "connection", "python", "uv", "machine", "folder", "clock", "logout", "disk"} <= found.keys()
    assert "OpenSSH" in found["ssh"].text
    with box.trouble(DENIED):
        found = {each.subject: each for each in target.doctor()}
    assert not found["connection"].is_well
    assert "ssh-copy-id box" in found["connection"].text


def test_what_was_removed_there_before_the_start_is_sent_again(target, runs, without_keeper, monkeypatch):
    """The machine knows nothing of the run then, which is no reason to take it for lost."""
    launch, facts = Sending.launch, {"missing": [], "lacks": []}
    refusals = [OrderError("a value isn't there any more", INCOMPLETE, facts)]

    def refused_once(*asked):
        if refusals:
            raise refusals.pop()
        return launch(*asked)

    without_keeper.setattr(Sending, "launch", refused_once)
    with monkeypatch.context() as patch:
        patch.setattr(launches, "_CALL_S", 0.0)
        layout = runs.script("print(1)", compute_target="box")
    assert StatusFile(layout).read().status is Status.PREPARING
    wait_for(lambda: runs.status(layout) and not refusals, "that it was refused")
    without_keeper.undo()
    assert runs.end(layout).status is Status.COMPLETED


def test_interrupted_while_the_machine_is_starting_it_a_run_is_stopped_there(
    target, runs, box, without_keeper, monkeypatch
):
    launch, before = Sending.launch, {*box.cellrun_home.glob("remote/*/runs/*")}

    def interrupted(*asked):
        launch(*asked)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Sending, "launch", interrupted)
        with pytest.raises(KeyboardInterrupt):
            runs.script("import time; time.sleep(600)", compute_target="box")
    (there,) = map(RunLayout, {*box.cellrun_home.glob("remote/*/runs/*")} - before)
    layout = runs.workspace.layout.run(there.run_id)
    without_keeper.undo()
    assert runs.end(layout).status is Status.CANCELED
    assert StatusFile(there).read().status is Status.CANCELED


@pytest.fixture
def orders(without_keeper):
    """What the machine is asked for by this process, in order."""
    asked, ask = [], Link.ask

    def noted(link, order, data=b"", **options):
        asked.append(order)
        return ask(link, order, data, **options)

    without_keeper.setattr(Link, "ask", noted)
    return asked


def test_a_small_run_is_there_and_started_by_one_order(target, runs, orders, without_keeper):
    layout = runs.script("print(1)", compute_target="box")
    assert orders == ["launch"]
    assert "there" in StatusFile(layout).read().fields
    without_keeper.undo()
    assert runs.end(layout).status is Status.COMPLETED


@pytest.mark.parametrize(("size_bytes", "expected"), [(9, ["launch", "launch"]), (600_000, None)])
def test_values_that_are_not_there_go_with_a_second_order_if_they_are_small(
    target, runs, box, orders, monkeypatch, without_keeper, size_bytes, expected
):
    blob = ValueStore(runs.workspace.layout.values).put(bytes(size_bytes))
    monkeypatch.setattr(payload, "values_of_run", lambda _: [blob])
    layout = runs.script("print(1)", compute_target="box")
    sent_first = [*orders]
    assert runs.end(layout).status is Status.COMPLETED
    (there,) = box.cellrun_home.glob(f"remote/*/values/{blob.hash[:2]}/{blob.hash}")
    assert there.stat().st_size == size_bytes
    assert sent_first == (expected or ["launch", "draft", "lacks", "value", "value", "launch"])
    orders.clear()
    again = runs.script("print(2)", compute_target="box")
    assert orders.count("launch") == 1
    without_keeper.undo()
    assert runs.end(again).status is Status.COMPLETED
