"""Who sees what this process shows: a notebook's front end, a terminal, or whoever reads later what was saved."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any


def request(shell: object = None) -> Mapping[str, Any]:
    """Return the message that asked a kernel to execute the current cell; empty outside of a kernel.

    `shell` is IPython's, the process's own if left out.
    """
    if shell is None and (ipython := sys.modules.get("IPython")):  # nobody who has none waits for its import
        shell = ipython.get_ipython()
    message = getattr(shell, "parent_header", None)
    return message if isinstance(message, Mapping) else {}


def cell_id(message: Mapping[str, Any]) -> str | None:
    """Return the id of the cell that a request is for: front ends tell it.

    nbconvert, papermill and nbclient don't: they hear nothing of a cell once it has ended.
    """
    metadata = message.get("metadata", {})
    told: str | None = metadata.get("cellId") or metadata.get("colab", {}).get("cell_id")
    return told


def is_there() -> bool:
    """Whether somebody may sit before what is printed now: a front end's cell, or a terminal."""
    if message := request():
        return cell_id(message) is not None
    try:
        return bool(sys.stdout.isatty())
    except (AttributeError, ValueError):  # what took its place has no more than `write`; it is closed
        return False
