"""What stays out of a snapshot: git's own rules for an ignore file, after a few that hold anyway."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from cellrun.core.disk.control_file import open_regular
from cellrun.core.layout import RUN_FOLDERS
from cellrun.core.likely_secrets import is_secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from pathspec import GitIgnoreSpec

_OF_SUBMISSIONS = (".cellrunignore", ".amlignore")
GIT_FILE = ".gitignore"
NAMES = (*_OF_SUBMISSIONS, GIT_FILE)  # the first one found at the root counts, an empty one too
_ALWAYS_OUT = frozenset({".git", ".hg", ".svn"})
_CACHES = frozenset(
    {
        *("__pycache__", ".ipynb_checkpoints", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".tox", ".nox"),
        *("node_modules", ".venv", ".DS_Store", ".virtual_documents"),
    }
)
_AT_THE_ROOT = RUN_FOLDERS | {".cellrun", ".azureml"}
_MOST_BYTES = 4_000_000
# What pathspec makes of `**/`, `/**/` and `*`, and of nothing else; beside each, what takes as little as it can.
_LEAST = {"(?:.+/)?": "(?:.+?/)??", "(?:/.+)?/": "(?:/.+?)??/", "[^/]*": "[^/]*?"}
_FOLDERS, _STAR = (re.compile("|".join(map(re.escape, cards))) for cards in (list(_LEAST)[:2], list(_LEAST)[2:]))
_ENVIRONMENT_MARKS = ("pyvenv.cfg", "conda-meta")


class IgnoreRules:
    """The rules of one source folder. Paths are relative to it, with slashes.

    Out by default: version control, virtual and conda environments, caches, what is secret by its name
    (`likely_secrets`), and `outputs` and `logs` at the root. Then
    the ignore file's lines count as git reads them, `!outputs/` included, with files of that name in folders below. One
    difference: a line that takes a folder back in (`!a`) also takes in what a line before it left out below (`a/b`).
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.file_name = next((name for name in NAMES if (root / name).is_file()), None)

    def leaves_out(self, path: str, *, is_folder: bool) -> bool:
        """Whether a file or a folder (with all that is in it) stays out."""
        name = path.rpartition("/")[2]
        if name in _ALWAYS_OUT:
            return True
        said = self._said(path + "/" if is_folder else path)
        return said if said is not None else self._is_out_by_default(path, name, is_folder=is_folder)

    def is_held_back(self, path: str, *, is_folder: bool) -> bool:
        """Whether what stays out is a secret that the code may read where it is.

        Not if an ignore file that is there for cellrun (or Azure ML) names it: others, git's, say nothing of that.
        """
        if not is_secret(path.rpartition("/")[2], is_folder=is_folder):
            return False
        return self.file_name not in _OF_SUBMISSIONS or not self._said(path + "/" if is_folder else path)

    def _said(self, path: str) -> bool | None:
        """Return what the ignore files say: the one nearest to the path that says anything."""
        if self.file_name is None:
            return None
        folder = path.rstrip("/").rpartition("/")[0]
        while True:
            spec = _spec(self._root / folder / self.file_name)
            if spec is not None:
                said: bool | None = spec.check_file(path[len(folder) + 1 :] if folder else path).include
                if said is not None:
                    return said
            if not folder:
                return None
            folder = folder.rpartition("/")[0]

    def _is_out_by_default(self, path: str, name: str, *, is_folder: bool) -> bool:
        if name in _CACHES or path in _AT_THE_ROOT or is_secret(name, is_folder=is_folder):
            return True
        return is_folder and any((self._root / path / mark).exists() for mark in _ENVIRONMENT_MARKS)


def _spec(file: Path) -> GitIgnoreSpec | None:
    try:
        with open_regular(file) as opened:  # a pipe of that name is waited for by nobody
            return _parsed(opened.read(_MOST_BYTES))
    except OSError:
        return None


@lru_cache(maxsize=64)
def _parsed(text: bytes) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec  # noqa: PLC0415  # most source folders have no ignore file

    spec = GitIgnoreSpec.from_lines(text.decode("utf-8", "surrogateescape").splitlines())
    for pattern in spec.patterns:
        if pattern.regex is not None and pattern.regex.pattern != (regex := _settled(pattern.regex.pattern)):
            pattern.regex = re.compile(regex)
    return spec


def _settled(regex: str) -> str:
    """Return the regex of a line as one that finds the same, and tries no star again: `*a*a*a*b` takes days otherwise.

    What stands between two stars, or two `**`, is settled where it is found first: what may follow it further on may
    follow it there, as a star takes anything. (An atomic group: before Python 3.11, a look ahead at a group, and then
    that group.)
    """
    names = map("settled{}".format, count())

    def settled(text: str, wild: re.Pattern[str], follows: str, of_piece: Callable[[str], str]) -> str:
        begin, *pieces = map(of_piece, wild.split(text))
        cards = wild.findall(text)
        done = [begin]
        for card, piece, name in zip(cards[:-1], pieces, names):  # noqa: B905  # there is one piece more
            done.append(f"(?=(?P<{name}>{_LEAST[card]}{piece}){follows})(?P={name})")
        return "".join([*done, *cards[-1:], *pieces[-1:]])

    return settled(regex, _FOLDERS, "/", lambda text: settled(text, _STAR, "", str))
