"""Error texts for a remote machine that can't do what it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cellrun.core.front_end import plain_line

_QUOTED_CHARS = 300
_MOST_CHARS = 2000
NONSENSE = (ValueError, KeyError, TypeError, AttributeError, IndexError, ArithmeticError, RecursionError)
"""What an answer may raise that isn't as it should be, where it is read."""
DISK_FULL, FOLDER, INCOMPLETE, ORDER = "disk_full", "folder", "incomplete", "order"


def quoted(said: object) -> str:
    """Return what a machine said as it may stand in a line of ours, however long it is."""
    text = str(said)
    return plain_line(text if len(text) <= _MOST_CHARS else f"{text[:_MOST_CHARS]} …")


def refused(name: str, facts: Mapping[str, Any]) -> str:
    """Return why a machine refused, from its answer: `error`, and maybe `kind` and `path`."""
    error, path = quoted(facts["error"]), quoted(facts.get("path", ""))
    if facts.get("kind") == DISK_FULL:
        return f"{name}: its disk is full: {path or error}; free some room there"
    if facts.get("kind") == FOLDER:
        return f"{name}: {path} can't be used ({error.lower()}); attach it with another folder"
    return f"{name}: {error}"


def no_python(name: str, python: str, found: str, last_words: str) -> str:
    """Return what is said where no Python will do.

    `python` is the one that was asked for; `found` what it said, after `uv` where that is there and has brought none,
    which has said why in its `last_words`.
    """
    if python:
        return f"{name}: {python} can't be used ({plain_line(found)}); give the path of a Python 3.10 or newer there"
    version = found.removeprefix("uv").strip()
    said = f" (its python3: {plain_line(version)})" if version.startswith("Python ") else ""
    if found.startswith("uv"):
        why = quoted(last_words.splitlines()[-1] if last_words else "nothing")
        return f"{name} has no Python 3.10 or newer{said}, and its uv brings none ({why}); install one there"
    return (
        f"{name} has no Python 3.10 or newer{said}, and no uv; install one of them there, or attach with python='/path'"
    )


def banner_words(name: str, banner: bytes, *, is_long: bool) -> str:
    """Return what is said of a machine that prints something else than our program's answer."""
    said = plain_line(" ".join(banner[: 4 * _QUOTED_CHARS].decode("utf-8", "replace").split()))[:_QUOTED_CHARS]
    if is_long:
        return (
            f"{name} prints {len(banner) >> 10} kB where an answer was expected; its login scripts must print nothing "
            f"where there is no terminal: {said}"
        )
    return f"{name} didn't start our program; it said: {said}"
