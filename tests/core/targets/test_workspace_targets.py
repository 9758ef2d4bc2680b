"""The targets of a workspace: attached, found by any process, taken away."""

import json
import subprocess
import sys
import threading

import pytest

from cellrun.core import Experiment, Run, Workspace
from cellrun.core.context.signature import sign
from cellrun.core.errors import (
    ComputeTargetException,
    InvalidNameError,
    InvalidSubmissionError,
    UserErrorException,
)
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.submission.script_run_config import ScriptRunConfig
from cellrun.core.targets.fake import FakeTarget
from cellrun.core.targets.workspace_targets import WorkspaceTargets

ASLEEP = "import time; time.sleep(60)"


@pytest.fixture
def targets(ws):
    return WorkspaceTargets(ws.layout)


@pytest.fixture
def far(tmp_path):
    return str(tmp_path / "far side")


def put(ws, name, text):
    ws.layout.targets.mkdir(exist_ok=True)
    path = ws.layout.targets / f"{name}.json"
    path.write_text(text)
    sign(path, path.name)


def test_local_is_always_there_and_the_default(ws, targets):
    assert targets.names() == list(ws.compute_targets) == ["local"]
    assert targets.get().name == targets.get("local").name == "local"
    assert not ws.layout.targets.exists()
    put(ws, "local", '{"kind": "fake", "settings": {}}')
    assert targets.names() == ["local"]
    assert targets.get("local").kind == "local"


def test_one_that_is_attached_is_there_by_its_name(ws, targets, far):
    made = ws.attach("b-cluster", "fake", folder=far)
    ws.attach("a.cluster", "local")
    assert (made.name, made.kind, made.settings) == ("b-cluster", "fake", {"folder": far})
    assert targets.names() == list(ws.compute_targets) == ["local", "a.cluster", "b-cluster"]
    found = ws.compute_targets["b-cluster"]
    assert (type(found), found.name, found.settings) == (FakeTarget, made.name, made.settings)
    assert json.loads((ws.layout.targets / "b-cluster.json").read_text()) == {
        "version": 1,
        "kind": "fake",
        "settings": {"folder": far},
    }
    assert ws.layout.targets.stat().st_mode & 0o777 == 0o700
    assert list(Workspace.create("another").compute_targets) == ["local"]


def test_any_process_sees_what_another_attached_and_detached(ws, far):
    program = (
        "import sys; from cellrun.core import Workspace\nws = Workspace.from_config()\n"
        "print(list(ws.compute_targets), ws.compute_targets['mine'].settings)\n"
        "ws.detach('mine'); ws.attach('theirs', 'fake', folder=sys.argv[1])"
    )
    ws.attach("mine", "fake", folder=far)
    done = subprocess.run([sys.executable, "-c", program, far], capture_output=True, text=True, check=True)
    assert done.stdout == f"['local', 'mine'] {{'folder': {far!r}}}\n"
    assert list(ws.compute_targets) == ["local", "theirs"]


@pytest.mark.parametrize("given", ["clutser", "gpu", "", "../runs", 7, b"cluster"])
def test_an_unknown_one_is_refused_with_how_to_attach_one(ws, targets, far, given):
    ws.attach("cluster", "fake", folder=far)
    for ask in (targets.get, ws.detach):
        with pytest.raises(ComputeTargetException) as caught:
            ask(given)
        facts = [repr(given), "known: local, cluster", "ws.attach(name, kind, **settings)", "local, ray, slurm, ssh)"]
        assert not [fact for fact in facts if fact not in str(caught.value)]
        assert ("did you mean 'cluster'?" in str(caught.value)) == (given == "clutser" or given == b"cluster")


def test_a_submission_to_an_unknown_one_says_so_before_a_run_exists(ws, exp):
    with pytest.raises(InvalidSubmissionError, match=r"no compute target 'moon'.*ws\.attach\(name, kind"):
        exp.submit(ScriptRunConfig(command="true", compute_target="moon"))
    assert list(exp.get_runs()) == []


def test_one_of_another_workspace_is_refused(ws, exp, far, tmp_path):
    another = Workspace.create("another")
    foreign = another.attach("cluster", "fake", folder=far)
    with pytest.raises(InvalidSubmissionError, match="no compute target 'cluster'"):
        exp.submit(ScriptRunConfig(command="true", compute_target=foreign))
    ws.attach("cluster", "fake", folder=str(tmp_path / "elsewhere"))
    with pytest.raises(InvalidSubmissionError, match=r"FakeTarget\('cluster'\) isn't this workspace's own"):
        exp.submit(ScriptRunConfig(command="true", compute_target=foreign))
    assert list(exp.get_runs()) == []


def test_a_name_that_is_taken_is_refused_and_the_first_stays(ws, far, tmp_path):
    ws.attach("cluster", "fake", folder=far)
    for name, what_to_do in (("cluster", r"ws\.detach\('cluster'\)"), ("local", "choose another name")):
        with pytest.raises(ComputeTargetException, match=rf"'{name}' already; .*{what_to_do}"):
            ws.attach(name, "fake", folder=str(tmp_path))
    assert ws.compute_targets["cluster"].settings == {"folder": far}


def test_of_many_that_attach_a_name_at_once_one_wins(ws, targets, tmp_path):
    barrier, won, lost = threading.Barrier(8), [], []

    def attach(number):
        barrier.wait()
        try:
            won.append(ws.attach("cluster", "fake", folder=str(tmp_path / str(number))))
        except ComputeTargetException as error:
            lost.append(str(error))

    threads = [threading.Thread(target=attach, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [target] = won
    assert ["'cluster' already" in text for text in lost] == [True] * 7
    assert targets.get("cluster").settings == target.settings


def test_one_that_somebody_else_attached_is_used_once_it_is_attached_here(ws, targets, far, monkeypatch, tmp_path):
    with monkeypatch.context() as patch:
        patch.setenv("CELLRUN_HOME", str(tmp_path / "home of another"))
        ws.attach("theirs", "fake", folder=far)
    with pytest.raises(ComputeTargetException, match="its signature isn't yours") as caught:
        targets.get("theirs")
    assert f"ws.attach('theirs', 'fake', folder={far!r})" in str(caught.value)
    with pytest.raises(ComputeTargetException, match="'theirs' already"):
        ws.attach("theirs", "fake", folder=str(tmp_path))
    ws.attach("theirs", "fake", folder=far)
    assert targets.get("theirs").settings == {"folder": far}
    with pytest.raises(ComputeTargetException, match="'theirs' already"):
        ws.attach("theirs", "fake", folder=far)
    (ws.layout.targets / "copied.json").write_bytes((ws.layout.targets / "theirs.json").read_bytes())
    (ws.layout.targets / "copied.sig").write_bytes((ws.layout.targets / "theirs.sig").read_bytes())
    with pytest.raises(ComputeTargetException, match="it was changed"):
        targets.get("copied")
    ws.detach("theirs")
    assert sorted(path.name for path in ws.layout.targets.iterdir()) == ["copied.json", "copied.sig"]


def test_a_look_brings_nothing_home_by_a_target_that_somebody_else_attached(
    runs, without_keeper, far, until, monkeypatch, tmp_path
):
    """Nor through a link: what is brought is chosen by whoever has the far side."""
    target = runs.workspace.attach("cluster", "fake", folder=far)
    layout, mine = runs.script("print('done')", compute_target="cluster"), tmp_path / "mine"
    until(lambda: target.describe().running == 0, "its end over there")
    mine.write_text("")
    layout.log.parent.mkdir(exist_ok=True)
    layout.log.symlink_to(mine)
    here = len(list(layout.statuses.iterdir()))
    with monkeypatch.context() as patch:
        patch.setenv("CELLRUN_HOME", str(tmp_path / "home of another"))
        Run.get(runs.workspace, layout.run_id).get_status()
    assert len(list(layout.statuses.iterdir())) == here
    assert runs.end(layout).status is Status.COMPLETED  # by whom it was attached
    assert mine.read_text() == ""


@pytest.mark.parametrize("name", ["", "a/b", "../a", ".hidden", "-oProxyCommand=x", "a b", "x" * 65, None, 7])
def test_a_bad_name_is_refused(ws, far, name):
    with pytest.raises(InvalidNameError, match=r"target name may contain .* 64 characters at most"):
        ws.attach(name, "fake", folder=far)
    assert not ws.layout.targets.exists()


def test_a_long_name_is_one(ws, far):
    ws.attach("x" * 64, "fake", folder=far)
    assert list(ws.compute_targets) == ["local", "x" * 64]


def test_an_unknown_kind_is_refused(ws):
    with pytest.raises(
        ComputeTargetException, match=r"no kind of compute target 'fkae'.*fake, local, ray, slurm, ssh.*mean 'fake'"
    ):
        ws.attach("cluster", "fkae")
    assert not ws.layout.targets.exists()


def test_unknown_settings_are_refused_all_at_once_with_the_nearest(ws, far):
    with pytest.raises(UserErrorException) as caught:
        ws.attach("cluster", "fake", folder=far, foldr=far, nodes=3)
    facts = ["'fake' has no setting 'foldr'; did you mean 'folder'?", "no setting 'nodes'; known: folder (the far"]
    assert not [fact for fact in facts if fact not in str(caught.value)]
    with pytest.raises(UserErrorException, match="no setting 'folder'; known: none"):
        ws.attach("alias", "local", folder=far)
    with pytest.raises(UserErrorException, match="needs folder='/path'"):
        ws.attach("cluster", "fake")
    assert not ws.layout.targets.exists()


class Anything(FakeTarget):
    """A kind that doesn't look at its settings."""

    @classmethod
    def checked_settings(cls, settings):
        return dict(settings)


@pytest.mark.parametrize("value", [object(), {1, 2}, b"x", float("nan")])
def test_settings_that_are_no_json_are_refused(ws, monkeypatch, value):
    monkeypatch.setattr("cellrun.core.targets.workspace_targets.kind_named", lambda _: Anything)
    with pytest.raises(UserErrorException, match="the settings of target 'cluster' are kept as JSON"):
        ws.attach("cluster", "anything", folder="/far", more=value)
    assert not ws.layout.targets.exists()


def test_who_attaches_gets_the_settings_as_everybody_else_does(ws, monkeypatch):
    monkeypatch.setattr("cellrun.core.targets.workspace_targets.kind_named", lambda _: Anything)
    made = ws.attach("cluster", "anything", folder="/far", nodes=(1, 2), ports={1: "a"})
    assert made.settings == {"folder": "/far", "nodes": [1, 2], "ports": {"1": "a"}}
    assert WorkspaceTargets(ws.layout).get("cluster").settings == made.settings


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("{", "damaged.json is no JSON"),
        ("\xff", "damaged.json"),
        ("[]", "damaged.json isn't a JSON object: it is a list"),
        ('{"kind": "fake"}', "damaged.json: KeyError: 'settings'"),
        ('{"kind": "fake", "settings": 7}', "damaged.json: TypeError"),
        (
            '{"kind": "gone", "settings": {}}',
            "no kind of compute target 'gone'; known: amlcompute, computeinstance, fake, local, ray, slurm, ssh",
        ),
        ('{"kind": ["fake"], "settings": {}}', "no kind of compute target ['fake']"),
        ('{"kind": "fake", "settings": {}}', "can't be used here: KeyError('folder')"),
        ('{"kind": "fake", "settings": {"folder": 7}}', "can't be used here: TypeError"),
    ],
)
def test_a_damaged_one_hides_no_other_and_can_be_taken_away(ws, targets, far, text, fact):
    ws.attach("sound", "fake", folder=far)
    put(ws, "damaged", text)
    (ws.layout.targets / "notes.txt").touch()
    put(ws, ".hidden", "{}")
    with pytest.warns(UserWarning, match="'damaged'"):
        assert list(ws.compute_targets) == ["local", "sound"]
    with pytest.raises(ComputeTargetException) as caught:
        targets.get("damaged")
    assert "'damaged'" in str(caught.value)
    assert fact in str(caught.value)
    ws.detach("damaged")
    assert list(ws.compute_targets) == ["local", "sound"]


def test_local_is_never_taken_away(ws):
    with pytest.raises(ComputeTargetException, match="'local' is this machine"):
        ws.detach("local")


def test_one_is_taken_away_only_when_none_of_its_runs_lives(runs):
    ws = runs.workspace
    for name in ("mine", "other"):
        ws.attach(name, "local")
    sleeping = runs.script(ASLEEP, compute_target="mine")
    with pytest.raises(ComputeTargetException, match="runs of the target 'mine' haven't ended: tests-1; cancel"):
        ws.detach("mine")
    ws.detach("other")
    assert list(ws.compute_targets) == ["local", "mine"]
    Experiment(ws, "tests").run(sleeping.run_id).cancel()
    runs.end(sleeping)
    ws.detach("mine")
    assert list(ws.compute_targets) == ["local"]
    assert StatusFile(sleeping).read().status is Status.CANCELED, "its runs stay"
    runs.submitted.remove(sleeping)


def test_a_run_elsewhere_that_ended_unseen_holds_nothing(runs, without_keeper, far, until):
    """Nobody looked since: its folder here says Starting yet."""
    target = runs.workspace.attach("cluster", "fake", folder=far)
    layout = runs.script("print('ran')", compute_target="cluster")
    until(lambda: target.describe().running == 0, "its end over there")
    assert not StatusFile(layout).read().status.is_terminal
    runs.workspace.detach("cluster")
    assert StatusFile(layout).read().status is Status.COMPLETED
    assert layout.log.read_text() == "ran\n"
    runs.submitted.remove(layout)
