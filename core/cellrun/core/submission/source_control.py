"""What git knows about a source folder, read from its files: starting git costs more than a whole submission."""

from __future__ import annotations

from pathlib import Path


def git_head(folder: Path) -> dict[str, str]:
    """Return the commit ("head") and, unless it is detached, the branch ("branch") that a folder's repository is at.

    Empty outside a repository, or if its files say something unknown; a new repository has a branch and no commit.
    """
    for place in (folder, *folder.parents):
        mark = place / ".git"
        try:
            if mark.is_dir():
                return _read_head(mark)
            if mark.is_file():  # a worktree or a submodule: the file names the folder
                return _read_head(place / mark.read_text().partition("gitdir:")[2].strip())
        except (OSError, UnicodeDecodeError):
            return {}
    return {}


def _read_head(git: Path) -> dict[str, str]:
    head = (git / "HEAD").read_text().strip()
    if not head.startswith("ref:"):
        return {"head": head}
    reference = head.removeprefix("ref:").strip()
    branch = {"branch": reference.removeprefix("refs/heads/")}
    commit = _commit(git, reference)
    return {"head": commit, **branch} if commit else branch


def _commit(git: Path, reference: str) -> str | None:
    shared = git / "commondir"  # in a worktree the branches are the main repository's
    common = git / shared.read_text().strip() if shared.is_file() else git
    loose = common / reference
    if loose.is_file():
        return loose.read_text().strip()
    packed = common / "packed-refs"
    for line in packed.read_text().splitlines() if packed.is_file() else ():
        commit, _, name = line.partition(" ")
        if name == reference:
            return commit
    return None
