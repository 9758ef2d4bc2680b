"""How a workspace is found, made and named."""

import json
import os
import pwd
import shutil
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import pytest

from cellrun.core import Experiment, InvalidNameError, RunNotFoundError, Workspace, WorkspaceException, workspace_config
from cellrun.core.places import cache_of, registered
from cellrun.core.workspace_config import WorkspaceConfig
from tests.damage import KINDS

AZURE = {"subscription_id": "00000000-0000", "resource_group": "research", "workspace_name": "vision"}


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_without_a_config_it_is_the_default_workspace(here, home):
    ws = Workspace.from_config()
    assert ws.name == "default"
    assert ws.folder == home / "workspaces" / "default"
    assert Workspace.from_config() == ws
    assert len({ws, Workspace.from_config()}) == 1


@pytest.mark.parametrize("place", ["config.json", ".cellrun/config.json", ".azureml/config.json"])
@pytest.mark.parametrize("depth", ["", "a/b/c"])
def test_a_config_is_found_here_and_above(here, place, depth, monkeypatch):
    team = Workspace.create("team")
    write(here / place, {"cellrun_workspace": "team", "folder": str(team.folder)})
    (here / depth).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(here / depth)
    assert Workspace.from_config() == team


def test_the_nearest_config_wins(here, monkeypatch):
    write(here / "config.json", {"cellrun_workspace": "far"})
    write(here / "sub" / ".azureml" / "config.json", {"cellrun_workspace": "near"})
    monkeypatch.chdir(here / "sub")
    assert Workspace.from_config().name == "near"


def test_azures_keys_name_a_local_workspace_made_if_new(here):
    write(here / ".azureml" / "config.json", AZURE)
    ws = Workspace.from_config()
    assert ws.name == "vision"
    assert Workspace.get("vision") == ws == Workspace.from_config()


@pytest.mark.parametrize(
    "other",
    [
        {"model_type": "bert", "hidden_size": 768},
        *([1, 2], "{ not json", "[" * 100_000, {**AZURE, "resource_group": None}),
    ],
)
def test_a_config_of_another_program_is_passed_over(here, other, monkeypatch):
    Workspace.create("above")
    write(here / "config.json", {"cellrun_workspace": "above"})
    write(here / "model" / "config.json", other)
    monkeypatch.chdir(here / "model")
    assert Workspace.from_config().name == "above"


@pytest.mark.parametrize("kind", ["pipe", "link to a device", "folder"])
def test_what_is_no_regular_file_is_no_config_also_if_it_was_one_a_moment_ago(here, monkeypatch, kind):
    KINDS[kind](here / "config.json")
    assert Workspace.from_config().name == "default"
    monkeypatch.setattr(Path, "is_file", lambda path: path.is_symlink() or path.exists())
    assert Workspace.from_config().name == "default"
    with pytest.raises(WorkspaceException, match="cannot read the workspace config"):
        WorkspaceConfig.read(here / "config.json")


@pytest.mark.skipif(os.geteuid() != 0, reason="root looks everywhere; only it can become somebody who may not")
def test_a_folder_on_the_way_that_this_user_may_not_look_into_is_passed_over(here):
    (here / ".cellrun").mkdir(mode=0o700)
    code = (
        "import os, sys; from pathlib import Path; from cellrun.core.workspace_config import WorkspaceConfig\n"
        "os.setuid(65534); print(WorkspaceConfig.find(Path(sys.argv[1])))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(here)], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["None"], done.stderr


def test_a_damaged_config_in_our_own_folder_is_said(here):
    write(here / ".cellrun" / "config.json", "{")
    with pytest.raises(WorkspaceException, match=r"\.cellrun/config\.json is not JSON"):
        Workspace.from_config()


@pytest.mark.parametrize("folder", ["a\0b", "\ud800"])
def test_a_config_with_a_folder_that_can_be_none_says_so(here, folder):
    config = {"cellrun_workspace": "other", "folder": folder}
    write(here / ".cellrun" / "config.json", config)
    with pytest.raises(WorkspaceException, match=r"\.cellrun/config\.json names a folder that can't be"):
        Workspace.from_config()
    (here / ".cellrun" / "config.json").unlink()
    write(here / "config.json", config)
    assert Workspace.from_config().name == "default"


def test_a_path_is_a_folder_to_start_from_or_the_file_itself(here):
    ws = Workspace.create("elsewhere")
    file = ws.write_config(here / "project")
    assert file == here / "project" / ".cellrun" / "config.json"
    assert Workspace.from_config(here / "project") == ws
    assert Workspace.from_config(file) == ws
    assert Workspace.from_config(str(file)) == ws
    with pytest.raises(WorkspaceException, match="cannot read the workspace config"):
        Workspace.from_config(here / "nothing.json")


def test_a_file_that_is_named_must_name_a_workspace(here):
    write(here / "model.json", {"model_type": "bert"})
    with pytest.raises(WorkspaceException, match=r"names no workspace.*workspace_name"):
        Workspace.from_config(here / "model.json")


@pytest.mark.parametrize("open_to_all", ["config.json", ".", ".."])
def test_a_config_that_others_can_write_to_is_passed_over_and_that_is_said_once(here, monkeypatch, open_to_all):
    write(here / "config.json", {"cellrun_workspace": "mine"})
    theirs = write(here / "way" / "shared" / "config.json", {"cellrun_workspace": "theirs"})
    (theirs if open_to_all == "config.json" else theirs.parent / open_to_all).resolve().chmod(0o777)
    monkeypatch.chdir(theirs.parent)
    with pytest.warns(UserWarning, match=r"a workspace config was passed over: .*can be written to by every user"):
        assert Workspace.from_config().name == "mine"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Workspace.from_config().name == "mine"
    assert Workspace.from_config("config.json").name == "theirs"  # named by hand
    monkeypatch.setenv("CELLRUN_SAFE_FOLDERS", str(here))
    assert Workspace.from_config().name == "theirs"


def test_a_config_that_is_taken_away_once_it_was_read_is_passed_over(here, monkeypatch):
    """Else who put it into a folder that all may write to, as /tmp, needs only be quick: its way is good."""
    theirs = write(here / "sticky" / "config.json", {"cellrun_workspace": "theirs"})
    theirs.parent.chmod(0o1777)
    theirs.chmod(0o666)
    real = workspace_config._json_of

    def read_and_taken_away(file):
        data = real(file)
        file.unlink()
        return data

    monkeypatch.setattr(workspace_config, "_json_of", read_and_taken_away)
    monkeypatch.chdir(theirs.parent)
    assert Workspace.from_config().name == "default"


@pytest.mark.parametrize("content", ["[]", '{"bert": 1}', '{"x": "' + "y" * 2_000_000 + '"}'])
def test_a_config_of_others_that_names_no_workspace_is_no_news(here, monkeypatch, content):
    (here / "shared" / ".cellrun").mkdir(parents=True)
    for file in (here / "shared" / "config.json", here / "shared" / ".cellrun" / "config.json"):
        file.write_text(content)
    (here / "shared").chmod(0o777)
    monkeypatch.chdir(here / "shared")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Workspace.from_config().name == "default"


def test_no_workspace_is_made_where_others_can_write(here):
    (here / "shared").mkdir()
    (here / "shared").chmod(0o777)
    with pytest.raises(WorkspaceException, match="run: chmod go-w"):
        Workspace.create("team", here / "shared")
    with pytest.raises(WorkspaceException, match="run: chmod go-w"):
        Workspace.create("team", here / "shared" / "to" / "come")
    assert not list((here / "shared").iterdir())


def test_where_files_are_made_for_a_group_to_write_to_what_leads_to_runs_is_not(here, monkeypatch):
    monkeypatch.setenv("CELLRUN_HOME", str(here / "data" / "cellrun"))
    before = os.umask(0o002)
    try:
        made = [Workspace.from_config(), Workspace.create("team", here / "project" / "ws")]
        for ws in made:
            Experiment(ws, "digits").start_logging().complete()
    finally:
        os.umask(before)
    ends = [each for ws in made for each in (ws.layout.runs, ws.layout.values, ws.layout.experiments)]
    way = {
        each for end in [*ends, cache_of(made[0].layout)] for each in (end, *end.parents) if each.is_relative_to(here)
    }
    assert not [each for each in way - {here} if each.stat().st_mode & 0o022]


def test_a_workspace_that_others_can_write_to_is_looked_at_and_takes_no_run(here):
    ws = Workspace.create("team", here / "shared")
    run = Experiment(ws, "digits").start_logging()
    run.log("loss", 1)
    run.complete()
    (here / "shared").chmod(0o777)
    again = Workspace.create("team", here / "shared", exist_ok=True)
    assert again.get_run("digits-1").get_metrics() == {"loss": 1}
    with pytest.raises(WorkspaceException, match="can be written to by every user"):
        Experiment(again, "digits").start_logging()
    with pytest.raises(WorkspaceException, match="can be written to by every user"):
        again.delete_runs([run.id])


def test_what_is_closed_to_this_user_is_said(here):
    program = """
from cellrun.core import Experiment, Workspace
from cellrun.core.store.lists.index import Index
Workspace.create("other")
ws = Workspace.create("team", "ws")
runs = [Experiment(ws, "digits").start_logging() for _ in range(2)]
[run.complete() for run in runs]
runs[0].layout.folder.chmod(0)
print(*sorted((row.name[:6], row.status.value, row.reason) for row in Index(ws.layout).runs()), sep="\\n")
def tell(what):
    try:
        what()
    except Exception as error:
        print(type(error).__name__, str(error).replace(runs[0].id, "ID"))
tell(lambda: ws.get_run("digits-1"))
runs[0].layout.folder.chmod(0o700)
print(ws.get_run("digits-1").status, [row.status.value for row in Index(ws.layout).runs()])
ws.folder.chmod(0)
tell(lambda: Workspace.opened(ws.layout))
tell(lambda: Workspace.create("team", ws.folder))
print(Workspace.get("other").name)
"""
    command = [sys.executable, "-c", program]
    if os.geteuid() == 0:  # for whom else nothing is closed
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    me = f"{pwd.getpwuid(os.geteuid()).pw_name} (uid {os.geteuid()})"
    closed = f"WorkspaceException the workspace in {here / 'ws'} is closed to you: it belongs to {me}; ask to be let in"
    assert done.stderr == ""
    assert [line[: len(closed)] for line in done.stdout.splitlines()] == [
        "('digits', 'Completed', None)",
        f"('digits', 'Damaged', 'run.json is closed to you: the run belongs to {me}')",
        f"DamagedRunError run ID is damaged: run.json is closed to you: the run belongs to {me}",
        "Completed ['Completed', 'Completed']",
        closed,
        closed,
        "other",
    ]


def test_write_config_brings_one_back(here):
    ws = Workspace.create("mine", here / "data" / "ws")
    ws.write_config()
    assert Workspace.from_config() == ws
    assert ws.folder == here / "data" / "ws"


def test_a_folder_in_a_config_is_seen_from_the_file(here):
    ws = Workspace.create("portable", here / "project" / "ws")
    write(here / "project" / "config.json", {"cellrun_workspace": "portable", "folder": "ws"})
    assert Workspace.from_config(here / "project") == ws


def test_a_config_of_a_workspace_that_is_gone_says_so(here):
    write(here / "config.json", {"cellrun_workspace": "gone", "folder": str(here / "gone")})
    with pytest.raises(WorkspaceException, match="gone is no workspace"):
        Workspace.from_config()


def test_create_get_and_the_registry(here):
    ws = Workspace.create("Röntgen / 2026")
    own = Workspace.create("own", here / "ws")
    assert Workspace.get("Röntgen / 2026") == ws
    assert Workspace.get(own.id) == own
    assert {(entry.id, entry.name) for entry in registered()} == {(ws.id, ws.name), (own.id, own.name)}
    with pytest.raises(WorkspaceException, match=r"exist_ok=True"):
        Workspace.create("own", here / "ws")
    assert Workspace.create("own", here / "ws", exist_ok=True) == own
    with pytest.raises(WorkspaceException, match=r"no workspace 'lost'; known: 'Röntgen / 2026', 'own'"):
        Workspace.get("lost")


def test_one_that_was_removed_by_hand_and_made_again_is_found_by_its_name() -> None:
    first = Workspace.create("mine")
    shutil.rmtree(first.folder)
    again = Workspace.create("mine")
    assert again.id != first.id
    assert Workspace.get("mine").id == again.id


def test_two_workspaces_of_a_name_are_told_apart_by_id(here):
    one, two = Workspace.create("twin", here / "1"), Workspace.create("twin", here / "2")
    with pytest.raises(WorkspaceException, match="2 workspaces are called 'twin'") as refusal:
        Workspace.get("twin")
    assert one.id in str(refusal.value)
    assert Workspace.get(two.id).folder == two.folder


@pytest.mark.parametrize("name", ["", None, 7, "x" * 257])
def test_a_name_that_is_none(name):
    with pytest.raises(InvalidNameError, match="workspace name"):
        Workspace.create(name)


def test_of_many_that_make_it_at_once_one_id_wins(here):
    found = []
    barrier = threading.Barrier(8)

    def open_it():
        barrier.wait()
        found.append(Workspace.from_config().id)

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_experiments_by_name(ws):
    assert ws.experiments == {}
    exp = Experiment(ws, "digits")
    Experiment(ws, "sine")
    assert list(ws.experiments) == ["digits", "sine"]
    assert ws.experiments["digits"].name == exp.name
    assert [found.name for found in Experiment.list(ws)] == ["digits", "sine"]
    assert [found.name for found in Experiment.list(ws, "sine")] == ["sine"]
    assert Experiment.list(ws, "other") == []
    (ws.layout.experiments / ".DS_Store").touch()  # what a file manager left is no experiment
    (ws.layout.experiments / "@eaDir").mkdir()
    assert list(ws.experiments) == ["digits", "sine"]


def test_compute_targets_by_name(ws):
    assert "local" in ws.compute_targets
    assert ws.compute_targets["local"].name == "local"
    assert repr(ws.compute_targets) == "{'local': LocalTarget('local')}"


def test_a_run_by_id_name_and_display_name(ws, exp):
    run = exp.start_logging(display_name="baseline")
    other = exp.start_logging(display_name="second")
    run.complete()
    other.complete()
    for name in (run.id, "digits-1", "baseline"):
        assert ws.get_run(name).id == run.id
    exp.start_logging(display_name="second").complete()
    with pytest.raises(RunNotFoundError, match="'second' names 2 runs"):
        ws.get_run("second")
    with pytest.raises(RunNotFoundError, match="no run 'digits-9'"):
        ws.get_run("digits-9")


def test_an_unusable_home_is_said_with_the_way_out(here, tmp_path, monkeypatch):
    """Of A11: root can write everywhere, so the home stands where a file is."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CELLRUN_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(WorkspaceException, match=r"cannot create runs under .*not a directory.*set CELLRUN_HOME"):
        Workspace.from_config()


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes where nobody may")
def test_a_home_without_permission_is_said(here, tmp_path, monkeypatch):
    (tmp_path / "closed").mkdir(mode=0o500)
    monkeypatch.setenv("CELLRUN_HOME", str(tmp_path / "closed" / "home"))
    with pytest.raises(WorkspaceException, match=r"cannot create runs under .*permission denied.*set CELLRUN_HOME"):
        Workspace.from_config()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to mount a file system")
def test_a_read_only_home_is_said(here, tmp_path):
    """A11: a file system that can't be written to, in a mount namespace of its own."""
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    program = (
        "from cellrun.core import Workspace, WorkspaceException\n"
        "try: Workspace.from_config()\n"
        "except WorkspaceException as error: print(error)"
    )
    done = subprocess.run(
        [
            "unshare",
            "-m",
            "sh",
            "-c",
            f'mount -t tmpfs -o ro none "{mounted}" && exec "$0" "$@"',
            sys.executable,
            "-c",
            program,
        ],
        env={**os.environ, "CELLRUN_HOME": str(mounted / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip(f"mounting isn't allowed here: {done.stderr.strip()}")
    assert done.stdout == (
        f"cannot create runs under {mounted / 'home'} (read-only file system); set CELLRUN_HOME to a folder of yours\n"
    )


def test_in_print(ws):
    assert str(ws) == f"Workspace(Name: default,\nFolder: {ws.folder})"
    assert f"<td>{ws.folder}</td>" in ws._repr_html_()


def test_a_folder_that_is_no_workspace(here):
    (here / "workspace.json").write_text("[]")
    write(here / "config.json", {"cellrun_workspace": "x", "folder": str(here)})
    with pytest.raises(WorkspaceException, match="is damaged"):
        Workspace.from_config()


@pytest.mark.parametrize("config", [None, {"cellrun_workspace": "team"}, AZURE, "folder"])
def test_where_the_workspace_would_be_is_told_without_making_anything(here, home, config):
    if config == "folder":
        config = {"cellrun_workspace": "mine", "folder": "runs of mine"}
    if config:
        write(here / "config.json", config)
    layout = Workspace.layout_of_config()
    assert not home.exists()
    assert not layout.folder.exists()
    if config is None or "folder" not in config:  # one's own folder has to be there
        assert Workspace.from_config().layout.folder == layout.folder
        assert home.stat().st_mode & 0o777 == 0o700
