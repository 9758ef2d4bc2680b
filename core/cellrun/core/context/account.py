"""The account of what was captured for a run, for people: read from its captured context, and counted."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from cellrun.core.context.manifest import CONTEXT_FILE, Need
from cellrun.core.disk import control_file
from cellrun.core.disk.control_file import is_count, is_text

_FITS = {"bytes": is_count}


class Kind(NamedTuple):
    """A kind of things that are captured."""

    counted_as: str = ""
    """In a summary: a name of the notebook, a local module, a file; empty for nothing."""
    stays: bool = False
    """Whether the run finds it where it is."""


KINDS = {
    "function": Kind("name"),
    "class": Kind("name"),
    "value": Kind("name"),
    "import": Kind("name"),
    "module": Kind("module"),
    "file": Kind("file"),
    "state": Kind(),
    "environment": Kind(),
    "input": Kind(stays=True),
    "output": Kind(stays=True),
}
"""All that is captured, in the order of an account; docs/capture.md has a row for each."""
_UNKNOWN = Kind()


class Counts(NamedTuple):
    """What was captured, in numbers."""

    names: int
    """Names of the notebook."""
    modules: int
    """Local modules."""
    files: int
    """Files and folders, linked ones included."""
    bytes: int
    """All that is copied: what is linked stays where it is."""


def needs_of(folder: Path) -> tuple[Need, ...] | None:
    """Return the account in a context folder; None if there is none, or none that can be read here.

    Nothing of the context is loaded.
    """
    try:
        needs = control_file.read_object(folder, folder / CONTEXT_FILE)["needs"]
        are_needs = all(_FITS.get(key, is_text)(each[key]) for each in needs for key in each)
        return tuple(Need(**each) for each in needs) if are_needs else None
    except (OSError, ValueError, KeyError, TypeError):  # a script's run; damaged; of another version
        return None


def counts_of(needs: Iterable[Need]) -> Counts:
    """Count what an account lists."""
    counts = []
    size_bytes = 0
    for need in needs:
        kind = KINDS.get(need.kind, _UNKNOWN)  # a context that another version wrote
        counts.append(kind.counted_as)
        size_bytes += 0 if need.how == "link" or kind.stays else need.bytes
    return Counts(counts.count("name"), counts.count("module"), counts.count("file"), size_bytes)
