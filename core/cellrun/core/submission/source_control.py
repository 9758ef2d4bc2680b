"""What git knows about a source folder, read from its files: starting git costs more than a whole submission.

The repository may be one that somebody else put above the folder, in /tmp: nothing of it is waited for or read without
end, and what is no commit isn't taken for one.
"""

from __future__ import annotations

import re
from pathlib import Path

from cellrun.core.disk.control_file import open_regular

_MOST_BYTES = 64_000_000
"""Of packed references, 100,000 have 8 MB."""
_BRANCH_CHARACTERS = 1000
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


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
                return _read_head(place / _text(mark).partition("gitdir:")[2].strip())
        except (OSError, UnicodeDecodeError):
            return {}
    return {}


def _read_head(git: Path) -> dict[str, str]:
    head = _text(git / "HEAD").strip()
    if not head.startswith("ref:"):
        return {"head": head} if _COMMIT.fullmatch(head) else {}
    reference = head.removeprefix("ref:").strip()
    if len(reference) > _BRANCH_CHARACTERS or not reference.startswith("refs/") or ".." in reference:
        return {}
    branch = {"branch": reference.removeprefix("refs/heads/")}
    commit = _commit(git, reference)
    return {"head": commit, **branch} if commit and _COMMIT.fullmatch(commit) else branch


def _commit(git: Path, reference: str) -> str | None:
    shared = git / "commondir"  # in a worktree the branches are the main repository's
    common = git / _text(shared).strip() if shared.is_file() else git
    loose = common / reference
    if loose.is_file():
        return _text(loose).strip()
    packed = common / "packed-refs"
    for line in _text(packed).splitlines() if packed.is_file() else ():
        commit, _, name = line.partition(" ")
        if name == reference:
            return commit
    return None


def _text(file: Path) -> str:
    """Return what is in a regular file, as far as a repository's may be long. Raises OSError, UnicodeDecodeError."""
    with open_regular(file) as opened:
        return opened.read(_MOST_BYTES).decode()
