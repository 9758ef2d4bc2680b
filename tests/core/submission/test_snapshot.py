"""What of a source folder goes along."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cellrun.core.disk.whole_files import copy_tree
from cellrun.core.errors import SnapshotException
from cellrun.core.submission.ignore_rules import IgnoreRules
from cellrun.core.submission.snapshot import Snapshot

GOLDEN = json.loads((Path(__file__).parents[2] / "data" / "azure_v1_snapshot_golden.json").read_text())["cases"]
OUT_BY_DEFAULT = (".git/", "outputs/", "logs/", "__pycache__/", ".ipynb_checkpoints/", ".azureml/")


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "source"
    made.mkdir()
    return made


def fill(folder, *paths):
    for path in paths:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(path)


def taken(folder, **options):
    return [file.path for file in Snapshot(folder, **options).files]


def test_version_control_caches_environments_and_outputs_stay_out(folder):
    fill(folder, "train.py", "sub/outputs/kept", "sub/logs/kept", ".hidden", "env/notes.txt")
    fill(folder, ".git/config", "outputs/m.pkl", "logs/l.txt", "__pycache__/t.pyc", "sub/__pycache__/t.pyc",
         ".ipynb_checkpoints/a.ipynb", ".venv/x", "myenv/pyvenv.cfg", "myenv/lib/big.so", "c/conda-meta/history",
         "node_modules/x/y.js", ".cellrun/config.json", ".azureml/config.json", ".tox/x", "sub/.git")  # fmt: skip
    assert taken(folder) == [".hidden", "env/notes.txt", "sub/logs/kept", "sub/outputs/kept", "train.py"]


SECRETS = [
    *(".env", ".env.local", "conf/.env.prod", ".netrc", ".npmrc", ".pypirc", ".git-credentials"),
    *("id_rsa", "id_rsa.old", "id_ecdsa_sk", "id_ed25519", "id_dsa", "tls/server.pem", "tls/server.key"),
    *(".aws/credentials", "sub/.azure/token", ".ssh/config"),
]
NO_SECRETS = [
    *(".env.example", ".env.sample", ".env.template", ".environment", "env", "x.env", "id_rsa.pub", "id_utils.py"),
    *("id_rsa_tools.py", "server.key.py", "ids.csv", "keys", "aws/credentials", "monkey", "id_card.png"),
]


def test_what_is_secret_by_its_name_stays_out_and_is_said(folder):
    fill(folder, "train.py", *SECRETS, *NO_SECRETS)
    snapshot = Snapshot(folder)
    assert {file.path for file in snapshot.files} == {"train.py", *NO_SECRETS}
    paths = {path if "/." not in f"/{path}" or ".env" in path else path.rpartition("/")[0] or path for path in SECRETS}
    assert snapshot.secrets == {path: str(folder / path) for path in paths}
    assert snapshot.secret_words().startswith(f".aws, .env, .env.local and {len(paths) - 3} more left out")
    assert "`!.aws` in .cellrunignore takes the first along" in snapshot.secret_words()
    assert Snapshot(folder / "aws").secret_words() == ""


@pytest.mark.parametrize("name", [".cellrunignore", ".amlignore", ".gitignore"])
def test_an_ignore_file_takes_a_secret_along_or_keeps_even_its_link_away(folder, name):
    fill(folder, "train.py", ".env", "a.pem", "b.pem")
    (folder / name).write_text("!a.pem\nb.pem\n")
    snapshot = Snapshot(folder)
    assert [file.path for file in snapshot.files] == [name, "a.pem", "train.py"]
    named_for_git_alone = {"b.pem"} if name == ".gitignore" else set()
    assert snapshot.secrets.keys() == {".env"} | named_for_git_alone
    where = ".cellrunignore, which then counts in place of .gitignore," if named_for_git_alone else name
    assert f"`!.env` in {where} takes" in snapshot.secret_words()


@pytest.mark.parametrize("case", GOLDEN, ids=[case["case"] for case in GOLDEN])
def test_beside_the_defaults_azures_users_find_the_same_files(folder, case):
    """Azure took everything without an ignore file; `data/` with `!data/keep.csv` is git's rule here, not Azure's."""
    fill(folder, *case["files"])
    for name in ("amlignore", "gitignore"):
        if case[name] is not None:
            (folder / f".{name}").write_text(case[name])
    theirs = {path for path in case["included_by_real_rules"] if not path.startswith(OUT_BY_DEFAULT)}
    if "!data/keep.csv" in (case["amlignore"] or ""):
        theirs.discard("data/keep.csv")
    assert set(taken(folder)) - {".amlignore", ".gitignore"} == theirs - {".amlignore", ".gitignore"}


def test_the_first_ignore_file_of_three_counts_and_an_empty_one_too(folder):
    fill(folder, "a", "b", "c")
    (folder / ".gitignore").write_text("a")
    assert "a" not in taken(folder)
    (folder / ".amlignore").write_text("b")
    assert [path for path in taken(folder) if path in "abc"] == ["a", "c"]
    (folder / ".cellrunignore").write_text("")
    assert [path for path in taken(folder) if path in "abc"] == ["a", "b", "c"]


def test_an_ignore_file_brings_back_what_is_out_by_default_but_never_git(folder):
    fill(folder, "outputs/m.pkl", ".git/config", "__pycache__/t.pyc")
    (folder / ".amlignore").write_text("!outputs/\n!.git/\n")
    assert taken(folder) == [".amlignore", "outputs/m.pkl"]


NAMES = st.sampled_from(["a", "b", "data", "x.log", "keep.csv", "ä b"])
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
PLAIN = "data/ /data *.log !keep.csv a/b a/** **/b data/* !data/keep.csv /* !/a #a ä* [ab] a/*/b \\!b ?"
PATTERNS = st.sampled_from([*PLAIN.split(), "", "x.log ", "# a b"])


@pytest.mark.skipif(shutil.which("git") is None, reason="git is the oracle")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    paths=st.sets(PATHS, min_size=1, max_size=12),
    rules=st.lists(PATTERNS, max_size=4),
    below=st.lists(PATTERNS, max_size=2),
    where=NAMES,
)
def test_the_rules_are_gits(tmp_path, paths, rules, below, where):
    folders = {parent.name for path in paths for parent in Path(path).parents}
    # Our one difference: a folder taken back in brings what an earlier line left out below it.
    assume(not any(rule.startswith("!") and Path(rule[1:]).name in folders for rule in [*rules, *below]))
    folder = tmp_path / "tree"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for path in sorted(paths):
        if not any((folder / parent).is_file() for parent in Path(path).parents) and not (folder / path).is_dir():
            fill(folder, path)
    (folder / ".gitignore").write_text("\n".join(rules))
    if (folder / where).is_dir():
        (folder / where / ".gitignore").write_text("\n".join(below))
    subprocess.run(["git", "init", "-q", folder], check=True)
    command = ["git", "-c", "core.quotepath=off", "ls-files", "-z", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    assert set(taken(folder)) == set(filter(None, listed.split("\0")))


def test_a4_too_big_is_refused_by_a_look_with_the_largest_files_named(folder):
    fill(folder, "train.py", "data/small.bin")
    with (folder / "data" / "x.bin").open("wb") as file:
        file.truncate(5_000_000_000)  # sparse
    [problem] = Snapshot(folder).problems()
    facts = (str(folder), "5.0 GB", "limit 1.0 GB, 20,000 files", "data/x.bin 5.0 GB", ".amlignore", ".cellrunignore")
    assert not [fact for fact in facts if fact not in problem]


def test_a4_too_many_are_refused_without_counting_all(folder, monkeypatch):
    monkeypatch.setenv("CELLRUN_SNAPSHOT_FILES", "10")
    fill(folder, *(f"{n:03}.txt" for n in range(100)))
    snapshot = Snapshot(folder)
    assert len(snapshot.files) == 51
    assert "51 files or more" in snapshot.problems()[0]
    monkeypatch.setenv("CELLRUN_SNAPSHOT_FILES", "100")
    assert Snapshot(folder).problems() == []


def test_a4_pipes_sockets_and_loops_are_left_out_with_a_warning_and_never_opened(folder, monkeypatch):
    fill(folder, "train.py", "sub/module.py")
    os.mkfifo(folder / "pipe")
    monkeypatch.chdir(folder)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        (folder / "loop").symlink_to(".")
        (folder / "sub" / "up").symlink_to("..")
        (folder / "broken").symlink_to("nowhere")
        snapshot = Snapshot(folder)
    assert [file.path for file in snapshot.files] == ["sub/module.py", "train.py"]
    assert sorted(warning.partition(":")[0] for warning in snapshot.warnings) == [
        "broken", "loop", "pipe", "socket", "sub/up",
    ]  # fmt: skip


def test_links_are_followed(folder, tmp_path):
    fill(tmp_path, "elsewhere/a.txt", "elsewhere/b/c.txt")
    fill(folder, "train.py")
    (folder / "file").symlink_to(tmp_path / "elsewhere" / "a.txt")
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    snapshot = Snapshot(folder)
    snapshot.copy_to(tmp_path / "copy")
    assert [file.path for file in snapshot.files] == ["file", "linked/a.txt", "linked/b/c.txt", "train.py"]
    assert not [path for path in (tmp_path / "copy").rglob("*") if path.is_symlink()]
    assert (tmp_path / "copy" / "linked" / "b" / "c.txt").read_text() == "elsewhere/b/c.txt"


def test_a_workspace_inside_the_source_folder_stays_out(folder):
    fill(folder, "train.py", "workspace/runs/old/run.json")
    assert taken(folder, out=(folder / "workspace", folder / "not there")) == ["train.py"]


def test_a_copy_has_content_times_permissions_and_empty_folders(folder, tmp_path):
    content = os.urandom(3_000_000)
    (folder / "big").write_bytes(content)
    (folder / "run.sh").write_text("#!/bin/sh")
    (folder / "run.sh").chmod(0o4755)
    (folder / "empty").mkdir()
    os.utime(folder / "big", ns=(1, 1_600_000_000_123_456_789))
    Snapshot(folder).copy_to(tmp_path / "one")
    copy_tree(tmp_path / "one", tmp_path / "two")
    for copy in (tmp_path / "one", tmp_path / "two"):
        assert (copy / "big").read_bytes() == content
        assert (copy / "big").stat().st_mtime_ns == 1_600_000_000_123_456_789
        assert (copy / "run.sh").stat().st_mode & 0o7777 == 0o755
        assert (copy / "empty").is_dir()
        assert (copy / "big").stat().st_nlink == 1


def test_names_of_any_bytes_go_along(folder, tmp_path):
    (folder / os.fsdecode(b"caf\xe9 \n'\"")).write_text("latin-1")
    Snapshot(folder).copy_to(tmp_path / "copy")
    assert os.listdir(os.fsencode(tmp_path / "copy")) == [b"caf\xe9 \n'\""]


def test_a_file_that_went_meanwhile_is_no_error_and_one_that_cannot_be_written_is(folder, tmp_path):
    fill(folder, "gone", "kept")
    snapshot = Snapshot(folder)
    (folder / "gone").unlink()
    snapshot.copy_to(tmp_path / "copy")
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["kept"]
    with pytest.raises(SnapshotException, match="kept can't be copied"):
        snapshot.copy_to(tmp_path / "copy")  # it is there already


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("*a*a*a*a*a*b", ["a" * 200, "a" * 50 + "b", "aab"]),
        ("**/a/**/a/**/a/**/a/**/a/b", ["a/" * 60 + "c", "x/a/y/a/a/a/z/a/b", "a/a/a/a/b"]),
        ("[!x]*[!x]*[!x]*[!x]*[!x]*[!x]*!", ["a" * 200, "abcdef!", "abc!"]),
        ("a*b/**/c*d*/e", ["ab2/ab/cd/e", "ab/x/cd/cxdx/e", "ab2/x/cd/e", "ab/cd/e/f"]),
    ],
)
def test_a_line_of_many_stars_holds_nobody_up_and_says_what_git_takes_it_for(folder, line, names):
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    (folder / ".gitignore").write_text(f"{line}\n")
    asked = subprocess.run(
        ["git", "check-ignore", "--stdin"],
        input="\n".join(names),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    ignored = [name for name in names if IgnoreRules(folder).leaves_out(name, is_folder=False)]
    assert ignored == asked.stdout.split()
    assert 0 < len(ignored) < len(names)


def test_few_links_that_cross_hold_nobody_up(folder, monkeypatch):
    """Two links a folder to the next one, thirty times: each folder is reached in as many ways, without one file."""
    monkeypatch.setenv("CELLRUN_SNAPSHOT_FILES", "100")
    for number in range(30):
        for name in "ab":
            (folder / f"{number:02}").mkdir(exist_ok=True)
            (folder / f"{number:02}" / name).symlink_to(f"../{number + 1:02}")
    (folder / "30").mkdir()
    (problem,) = Snapshot(folder).problems()
    assert "0 files and 501 folders or more" in problem


def test_a_pipe_that_is_called_an_ignore_file_holds_nobody_up(folder):
    fill(folder, "a", "sub/b")
    (folder / ".gitignore").write_text("a\n")
    os.mkfifo(folder / "sub" / ".gitignore")
    code = (
        "import sys; from pathlib import Path; from cellrun.core.submission.snapshot import Snapshot\n"
        "print(*(file.path for file in Snapshot(Path(sys.argv[1])).files))"
    )
    done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, timeout=60, check=True)
    assert "sub/b" in done.stdout
