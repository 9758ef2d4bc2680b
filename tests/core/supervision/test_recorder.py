"""What is recorded beside a run."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from cellrun.core import Experiment, Run
from cellrun.core.run_request import RunCode, RunRequest
from cellrun.core.store.environment import read_environment
from cellrun.core.store.record import RunRecord
from cellrun.core.supervision import recorder_script
from cellrun.core.supervision.recorder import recorder_command, source_folder
from cellrun.core.supervision.recorder_script import DIFF_BYTES, without_credentials
from tests.damage import put
from tests.interpreters import other_pythons

DISTRIBUTIONS = {
    "first/exact_name-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: Exact.Name\nVersion: 1.0\n\nName: text\n",
    "first/Twice-1.dist-info/METADATA": "Version: 1\nName: twice\n",
    "second/Twice-2.dist-info/METADATA": "Name: twice\nVersion: 2\n",
    "second/older.egg-info/PKG-INFO": "Metadata-Version: 1.1\r\nNAME:   older\r\nversion: 0.1.dev0\r\n",
    "second/legacy-3.egg-info": "Name: legacy\nVersion: 3\n",
    "second/oldest.dist-info/METADATA": "",
    "second/oldest.dist-info/PKG-INFO": "Summary: nothing\nName: oldest\nVersion: 0\n",
    "second/nameless-1.dist-info/METADATA": "Metadata-Version: 2.1\n\nName: in-its-text\nVersion: 9\n",
    "second/empty-1.dist-info/RECORD": "",
    "second/latin-1.dist-info/METADATA": "Author: J\u00f6rg\nName: latin\nVersion: 1\n",
    "second/egg-info/PKG-INFO": "Name: no-egg\nVersion: 1\n",
    "old.egg/EGG-INFO/PKG-INFO": "Name: egg\nVersion: 4\n",
}
COMPARE = """
import json, sys
from importlib.metadata import distributions
sys.path.insert(0, sys.argv[1])
import recorder_script
sys.path[:1] = sys.argv[2:]
expected = {}
for distribution in distributions():
    name, version = (distribution.metadata.get(field) for field in ("Name", "Version"))
    if name:
        expected.setdefault(name, version)
print(json.dumps([recorder_script.packages(), expected]))
"""


@pytest.fixture
def recorded(request, until, recording):
    """Wait for a run's record and return it."""

    def get(layout):
        if "unstarted" in request.fixturenames:
            record(layout)
        until(lambda: read_environment(layout), f"the record of {layout.folder}")
        return read_environment(layout)

    return get


def record(layout):
    """Record what a run that wasn't started is run by, as its supervisor lets that be done."""
    source = source_folder(RunRecord.read(layout))
    subprocess.run(recorder_command(layout, sys.executable, source), check=True)


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(runs):
    """The source folder as a repository: a module and a notebook changed, one file new, one kept out of snapshots."""
    files = {"model.py": "rate = 1\n", "notes.txt": "old\n", "keys.yaml": "none\n", "lesson.ipynb": "{}\n"}
    for name, text in files.items():
        (runs.source / name).write_text(text)
    (runs.source / ".amlignore").write_text("keys.yaml\n")
    git(runs.source, "init")
    git(runs.source, "add", ".")
    git(runs.source, "commit", "-m", "first")
    git(runs.source, "remote", "add", "origin", "https://ada:hush-hush@example.org/ada/digits.git")
    for name in files:
        (runs.source / name).write_text("changed, hush-hush\n" if name == "keys.yaml" else f"{name} has changed\n")
    return runs.source


def test_python_packages_and_machine_are_recorded(runs, recorded):
    layout = runs.script("pass", environment_variables={"CUDA_VISIBLE_DEVICES": "7"})
    found = recorded(layout)
    assert found["problems"] == []
    assert found["python"] == {
        "version": sys.version.split()[0],
        "implementation": "CPython",
        "executable": sys.executable,
    }
    assert found["packages"]["pytest"] == pytest.__version__
    assert "blake3" in found["packages"]
    host = found["host"]
    assert host["name"] == os.uname().nodename
    assert host["os"]
    assert host["cpu"]
    assert 1 <= host["cpus"] <= os.cpu_count()
    assert host["memory_bytes"] > 1e8
    assert found["cuda_visible_devices"] == "7"
    assert found["git"] is None
    assert found["recorded_at"] > RunRecord.read(layout).created_at


def test_the_state_of_the_source_folder_s_repository_is_recorded(runs, unstarted, repository, recorded):
    layout = runs.script("pass")
    found = recorded(layout)["git"]
    assert (found["remote"], found["branch"]) == ("https://example.org/ada/digits.git", "main")
    assert found["head"] == RunRecord.read(layout).git["head"]
    assert (found["files_changed"], found["untracked"]) == (4, 1)  # train.py is new
    assert "-rate = 1" in found["diff"]
    assert "+model.py has changed" in found["diff"]
    assert "+notes.txt has changed" in found["diff"]
    assert found["diff_truncated"] is False
    assert "hush-hush" not in layout.environment.read_text()  # neither the remote's nor what stays out of the snapshot
    git(repository, "stash")
    subprocess.run(["git", "-C", str(repository), "apply"], input=found["diff"].encode(), check=True)


@pytest.mark.parametrize(
    "commands",
    [
        [["config", "core.fsmonitor", "PROGRAM"]],
        [["config", "filter.any.clean", "PROGRAM"]],
        [["config", "filter.any.process", "PROGRAM"], ["config", "filter.any.required", "true"]],
        [["config", "diff.external", "PROGRAM"], ["config", "diff.any.textconv", "PROGRAM"]],
        [["-C", "submodule", "config", "core.fsmonitor", "PROGRAM"], ["config", "diff.submodule", "diff"]],
    ],
    ids=lambda commands: commands[0][-2],
)
def test_what_a_repository_names_as_a_program_is_not_run(runs, unstarted, repository, recorded, commands, tmp_path):
    """It may be out of an archive that somebody sent."""
    program, trace = tmp_path / "program", tmp_path / "ran"
    program.write_text(f"#!/bin/sh\ntouch '{trace}'\nexec cat\n")
    program.chmod(0o755)
    git(repository, "-c", "protocol.file.allow=always", "submodule", "add", str(repository), "submodule")
    git(repository, "commit", "-m", "second")
    git(repository / "submodule", "commit", "--allow-empty", "-m", "ahead")
    (repository / ".gitattributes").write_text("* filter=any diff=any\n")
    for command in commands:
        git(repository, *(str(program) if word == "PROGRAM" else word for word in command))
    found = recorded(runs.script("pass"))["git"]
    assert "+model.py has changed" in found["diff"]
    assert not trace.exists()
    subprocess.run(["git", "-C", str(repository), "diff", "HEAD", "--submodule"], check=False, capture_output=True)
    subprocess.run(["git", "-C", str(repository), "status"], check=False, capture_output=True)
    assert trace.exists()  # it would have been


def test_a_hook_in_a_repository_s_configuration_is_not_run(repository, tmp_path):
    """Git has them since 2.54, and runs one when it writes the index: of a file that was only touched, at a look."""
    trace, stored, index = tmp_path / "ran", tmp_path / "run" / "snapshot", repository / ".git" / "index"
    stored.mkdir(parents=True)
    shutil.copy(repository / "model.py", stored)
    git(repository, "checkout", "notes.txt")
    git(repository, "config", "hook.any.command", f"touch '{trace}' #")
    git(repository, "config", "hook.any.event", "post-index-change")
    git(repository, "config", "hook.jobs", "1")
    git(repository, "status")
    trace.unlink(missing_ok=True)
    os.utime(repository / "notes.txt", (1, 1))
    before = index.read_bytes()
    found = recorder_script.git_of(str(stored.parent), str(repository), {"kind": "script"})
    assert "+model.py has changed" in found["diff"]
    assert index.read_bytes() == before
    assert not trace.exists()
    assert "hook.any.enabled=false" in recorder_script._git_command(str(repository))
    git(repository, "diff", "HEAD")
    assert index.read_bytes() != before  # git would have written it
    version = subprocess.check_output(["git", "--version"], text=True).split()[2].split(".")
    assert trace.exists() or (int(version[0]), int(version[1])) < (2, 54)  # and would have run the hook


def test_what_a_partial_clone_lacks_is_not_fetched(repository, tmp_path):
    trace, stored = tmp_path / "ran", tmp_path / "run" / "snapshot"
    stored.mkdir(parents=True)
    shutil.copy(repository / "model.py", stored)
    lost = subprocess.check_output(["git", "-C", str(repository), "rev-parse", "HEAD:model.py"], text=True).strip()
    (repository / ".git/objects" / lost[:2] / lost[2:]).unlink()
    git(repository, "config", "core.repositoryformatversion", "1")
    git(repository, "config", "extensions.partialClone", "origin")
    git(repository, "config", "remote.origin.promisor", "true")
    git(repository, "config", "remote.origin.url", "ssh://example.org/ada")
    git(repository, "config", "core.sshCommand", f"touch '{trace}'; false")
    with suppress(OSError):  # git may have no answer
        recorder_script.git_of(str(stored.parent), str(repository), {"kind": "script"})
    assert not trace.exists()
    subprocess.run(["git", "-C", str(repository), "diff", "HEAD"], check=False, capture_output=True)
    assert trace.exists()  # it would have been


def test_a_filter_that_cannot_be_turned_off_leaves_git_unasked(repository, tmp_path):
    git(repository, "config", "filter.a=b.clean", f"touch '{tmp_path / 'ran'}'; cat")
    (repository / ".gitattributes").write_text("* filter=a=b\n")
    with pytest.raises(OSError, match="filter"):
        recorder_script.git_of(str(tmp_path), str(repository), {"kind": "script"})
    assert not (tmp_path / "ran").exists()


def test_a_long_diff_is_cut(runs, unstarted, repository, recorded):
    (repository / "notes.txt").write_text("x" * 79 + "\n" * DIFF_BYTES)
    found = recorded(runs.script("pass"))["git"]
    assert len(found["diff"]) == DIFF_BYTES
    assert found["diff_truncated"] is True


def test_beside_a_notebook_only_what_went_along_is_told(ws, runs, repository, recorded, monkeypatch):
    """Nothing of an interactive run's folder does; of a cell's, the files in its snapshot."""
    monkeypatch.chdir(repository)
    run = Experiment(ws, "digits").start_logging()
    found = recorded(run.layout)["git"]
    assert (found["files_changed"], found["diff"]) == (4, "")
    run.complete()
    (repository / "lib").mkdir()
    (repository / "lib" / "notes.txt").write_text("another file\n")

    class CellCode(RunCode):
        def copy_to(self, draft):
            (draft.snapshot / "cell.py").write_text("import model")
            for name in ("model.py", "lib/notes.txt"):
                (draft.snapshot / name).parent.mkdir(exist_ok=True)
                shutil.copy(repository / name, draft.snapshot / name)

    cell = {"source": "import model", "notebook": str(repository / "lesson.ipynb")}
    request = RunRequest("cell", "cell.py", code=CellCode(), cell=cell)
    layout = runs.config(SimpleNamespace(request=lambda: request))
    found = recorded(layout)["git"]
    assert re.findall(r"^\+\+\+ b/(.*)", found["diff"], re.MULTILINE) == ["model.py"]


def test_what_did_not_go_along_is_in_no_diff(runs, unstarted, repository, recorded):
    """A file that the ignore rules leave out, one that was deleted, one that is secret by its name."""
    (repository / "prod.key").write_text("hush-hush")
    (repository / "gone.py").write_text("password = 'hush-hush'")
    git(repository, "add", "-f", ".")
    git(repository, "commit", "-m", "second")
    (repository / "prod.key").write_text("hush-hush too")
    (repository / "gone.py").unlink()
    (repository / "keys.yaml").write_text("hush-hush again")
    (repository / "model.py").write_text("rate = 3")
    with pytest.warns(UserWarning, match=r"prod\.key left out"):
        layout = runs.script("pass")
    found = recorded(layout)["git"]
    told = re.findall(r"^diff --git a/(.*) b/", found["diff"], re.MULTILINE)
    assert sorted(told) == ["model.py"]
    assert found["files_changed"] == 4
    assert "hush-hush" not in layout.environment.read_text()


def test_a_repository_without_a_commit(runs, unstarted, recorded):
    git(runs.source, "init")
    found = recorded(runs.script("pass"))["git"]
    nothing = {"remote": None, "head": None, "files_changed": 0, "diff": "", "diff_truncated": False}
    assert found == {**nothing, "branch": "main", "untracked": 1}


def test_the_run_s_own_interpreter_is_asked(runs, recorded, tmp_path):
    other = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(other)], check=True)
    python = other / "bin" / "python"
    (site,) = other.glob("lib/python*/site-packages")
    (site / "lonely-1.5.dist-info").mkdir()
    (site / "lonely-1.5.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: lonely\nVersion: 1.5\n")
    found = recorded(runs.command("true", environment=python))
    assert found["python"]["executable"] == str(python)
    assert found["packages"] == {"lonely": "1.5"}


def test_packages_are_those_that_importlib_metadata_finds(tmp_path):
    """In this environment; and in each Python's with all forms that a distribution has had."""
    for place, text in DISTRIBUTIONS.items():
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(text, newline="")
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as packed:
        packed.writestr("zipped-1.dist-info/METADATA", "Name: zipped\nVersion: 1\n")
    (tmp_path / "broken.zip").write_text("no archive")
    path = [str(tmp_path / name) for name in ("first", "second", "old.egg", "no.folder", "packed.zip", "broken.zip")]
    made = {"Exact.Name", "twice", "older", "legacy", "oldest", "egg", "zipped", "latin"}
    for python in (sys.executable, *other_pythons()):
        command = [python, "-c", COMPARE, str(Path(recorder_script.__file__).parent), *path]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
        found, expected = json.loads(done.stdout)
        assert found == expected, python
        assert made <= set(found), python
        assert found["twice"] == "1", python
        assert python != sys.executable or found["pytest"] == pytest.__version__


def test_a_broken_tool_costs_its_own_part_alone(runs, unstarted, recorded, tmp_path, monkeypatch):
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, text in {"nvidia-smi": "echo 'no driver' >&2; exit 9", "git": "exit 1"}.items():
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    found = recorded(runs.script("pass"))
    assert found["problems"] == ["gpus: OSError: no driver"]
    assert "gpus" not in found
    assert found["packages"]


def test_gpus_are_told_by_nvidia_s_tool(runs, unstarted, recorded, tmp_path, monkeypatch):
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "nvidia-smi").write_text("#!/bin/sh\n" + "echo 'NVIDIA A100, 40536, 550.54'\n" * 2)
    (tools / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    gpu = {"name": "NVIDIA A100", "memory_bytes": 40536 << 20, "driver": "550.54"}
    assert recorded(runs.script("pass"))["gpus"] == [gpu, gpu]


def test_the_log_and_the_run_s_end_know_nothing_of_it(runs, recorded):
    layout = runs.script("print('mine')")
    end = runs.end(layout)
    recorded(layout)
    assert layout.log.read_text() == "mine\n"
    assert "notes" not in end.fields
    assert not list(layout.folder.glob(".environment*"))


def test_details_have_it_with_the_diff(runs, unstarted, repository, recorded):
    layout = runs.script("pass")
    recorded(layout)
    told = Run.get(runs.workspace, layout.run_id).get_details()["environment"]
    assert told["git"]["files_changed"] == 4
    assert "-rate = 1" in told["git"]["diff"]


@pytest.mark.parametrize(
    ("remote", "told"),
    [
        ("", None),
        ("https://token@example.org/a.git", "https://example.org/a.git"),
        ("https://ada:hush@example.org:8080/a.git?token=hush#x", "https://example.org:8080/a.git"),
        ("ssh://git:hush@example.org/a.git", "ssh://example.org/a.git"),
        ("ssh://git@example.org/a.git", "ssh://git@example.org/a.git"),
        ("git@example.org:ada/a.git", "git@example.org:ada/a.git"),
        ("ada:hush@example.org:ada/a.git", "example.org:ada/a.git"),
        ("https://ada:hu@sh@example.org/a.git", "https://example.org/a.git"),
        ("https://ada:hu/sh@example.org/a.git", "https://example.org/a.git"),
        ("HTTPS://ada:hush@example.org/a.git", "HTTPS://example.org/a.git"),
        ("https:/ada:hush@example.org/a.git", "https:/example.org/a.git"),
        ("https://example.org/a.git;token=hush", "https://example.org/a.git"),
        ("git+https://ada:hush@example.org/a.git", "git+https://example.org/a.git"),
        ("mirror::https://ada:hush@example.org/a.git", "mirror::https://example.org/a.git"),
        ("s3://KEY:hush@bucket/a", "s3://bucket/a"),
        ("codecommit::us-east-1://hush@repo", "codecommit::us-east-1://repo"),
        ('ext::sh -c "echo hush@example.org"', 'example.org"'),
        ("ssh://git@hush@example.org/a.git", "ssh://example.org/a.git"),
        ("https://ada:hush\n@example.org/a.git", "https://example.org/a.git"),
        ("/srv/git/a@b.git", "/srv/git/a@b.git"),
        ("/srv/git/a.git", "/srv/git/a.git"),
    ],
)
def test_a_remote_is_told_without_what_opens_it(remote, told):
    assert without_credentials(remote) == told


@pytest.mark.parametrize("remote", ["x" + ":/" * 10_000_000, "x" + ":" * 20_000_000])
def test_a_remote_that_is_no_address_takes_no_time(remote):
    assert without_credentials(remote) is None  # by a square of its length it would never end


def test_where_the_code_came_from():
    def record(**fields):
        return RunRecord(experiment="e", kind="cell", **fields)

    assert source_folder(record(source_directory="/src")) == "/src"
    assert source_folder(record(cell={"notebook": "/nb/lesson.ipynb"})) == "/nb"
    assert source_folder(record(cell={"notebook": None})) is None
    assert source_folder(record()) is None


@pytest.mark.parametrize("kind", ["pipe", "link to a device", "folder", "too large"])
def test_the_recorder_of_a_damaged_run_ends(layout, kind):
    put(layout, "run.json", kind)
    command = recorder_command(layout, sys.executable, None)
    assert subprocess.run(command, capture_output=True, timeout=60, check=False).returncode != 0
    assert not layout.environment.exists()


def test_a_disk_that_takes_no_record_keeps_no_draft_of_it(layout):
    command = ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh", *recorder_command(layout, sys.executable, None)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "File too large" in done.stderr
    assert list(layout.folder.glob(".*")) == []
    assert not layout.environment.exists()


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="only Linux has files without a name")
def test_a_recorder_that_is_killed_before_its_record_has_a_name_leaves_nothing(layout, monkeypatch):
    before = sorted(layout.folder.iterdir())

    def killed(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(recorder_script.os, "link", killed)
    with pytest.raises(KeyboardInterrupt):
        recorder_script.write(str(layout.folder), "{}")
    assert sorted(layout.folder.iterdir()) == before


def test_a_file_system_without_files_without_a_name_gets_its_record_too(layout, monkeypatch):
    monkeypatch.delattr(recorder_script.os, "O_TMPFILE", raising=False)
    recorder_script.write(str(layout.folder), "{}")
    assert layout.environment.read_text() == "{}"
    assert list(layout.folder.glob(".environment*")) == []
