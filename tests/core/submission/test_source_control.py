"""The commit that a folder is at, as git itself says it."""

import shutil
import subprocess

import pytest

from cellrun.core.submission.source_control import git_head

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
