"""What is recorded of a request: the parameters among its arguments, the commit of its folder as git itself says it."""

import os
import shutil
import subprocess

import pytest

from cellrun.core.submission.recorded import git_head, parameters

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is the oracle")


def git(folder, *arguments):
    identity = ["-c", "user.name=n", "-c", "user.email=e", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repository"
    (folder / "deep" / "down").mkdir(parents=True)
    git(folder, "init", "-q")
    return folder


def commit(folder):
    git(folder, "commit", "-q", "--allow-empty", "-m", "m")
    return git(folder, "rev-parse", "HEAD")


def test_outside_a_repository_there_is_none(tmp_path):
    assert git_head(tmp_path) == {}


def test_a_new_repository_has_a_branch_and_no_commit(repository):
    assert git_head(repository) == {"branch": "main"}


def test_the_commit_and_branch_from_anywhere_inside(repository):
    head = commit(repository)
    assert git_head(repository / "deep" / "down") == {"head": head, "branch": "main"}
    git(repository, "checkout", "-q", "-b", "feature/x")
    assert git_head(repository) == {"head": head, "branch": "feature/x"}


def test_packed_references(repository):
    head = commit(repository)
    git(repository, "pack-refs", "--all")
    assert not (repository / ".git" / "refs" / "heads" / "main").exists()
    assert git_head(repository) == {"head": head, "branch": "main"}


def test_a_detached_head(repository):
    head = commit(repository)
    git(repository, "checkout", "-q", "--detach")
    assert git_head(repository) == {"head": head}


def test_a_worktree(repository, tmp_path):
    head = commit(repository)
    git(repository, "worktree", "add", "-q", "-b", "side", tmp_path / "side")
    assert git_head(tmp_path / "side") == {"head": head, "branch": "side"}
    git(repository, "pack-refs", "--all")
    assert git_head(tmp_path / "side") == {"head": head, "branch": "side"}


def test_files_that_say_something_unknown(tmp_path):
    (tmp_path / ".git").write_text("gitdir: /not/there")
    assert git_head(tmp_path) == {}


@pytest.mark.parametrize("name", ["HEAD", "commondir", "refs/heads/main", "packed-refs"])
def test_a_pipe_or_a_device_in_a_repository_that_somebody_put_there_holds_nobody_up(repository, name):
    (repository / ".git" / "HEAD").write_text("ref: refs/heads/main")
    file = repository / ".git" / name
    for put in (os.mkfifo, lambda path: path.symlink_to("/dev/zero"), lambda path: path.symlink_to(path.name)):
        file.unlink(missing_ok=True)
        put(file)
        assert "head" not in git_head(repository)


@pytest.mark.parametrize(
    "head", ["ref: ../secret", "ref: refs/../../secret", "ref: refs/secret", f"ref: refs/{'x' * 9999}", "hello"]
)
def test_what_is_no_commit_is_not_taken_for_one(repository, head):
    (repository / "secret").write_text("secret")
    (repository / ".git" / "refs" / "secret").write_text("secret")
    (repository / ".git" / "HEAD").write_text(head)
    assert "secret" not in git_head(repository).get("head", "")
    assert "head" not in git_head(repository)
    assert len(str(git_head(repository))) < 100


def test_parameters_are_the_pairs():
    texts = ["train", "--lr", "0.1", "--momentum=0.9", "--verbose", "--offset", "-1", "--lr", "0.2", "x", "--", "--e="]
    assert parameters(texts) == {"lr": "0.2", "momentum": "0.9", "offset": "-1", "e": ""}
