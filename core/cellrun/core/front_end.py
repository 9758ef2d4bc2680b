"""Who sees what this process shows (a front end, a terminal, a later reader), and text made safe for them.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import re
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


_CONTROL = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # \x80 to \x9f are what ESC and a letter are, in one character
# Compiled by `re` when first used: a supervisor, which imports them with its errors, seldom shows anything.
_CODE = (
    r"(?P<colour>\x1b\[[0-9;:]*m)"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: moves the cursor, clears, asks
    # Title, clipboard, link, device. No beginning is inside one: each would be looked at to the end again.
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\r\n\x80-\x9f]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-Z\\^_`-~]"
    rf"|[{_CONTROL}]"
)
_UNFINISHED = r"\x1b(?:\[[0-?]*[ -/]*|[ -/]*)\Z"
_SHOWN = rf"[{_CONTROL}\r\ud800-\udfff]"  # a lone surrogate, of a name that is no text, can't be written
_SHOWN_IN_LINE = rf"[{_CONTROL}\t\r\n\u2028\u2029\ud800-\udfff]"


def plain(text: str) -> str:
    r"""Return a text of some lines with its control characters written out: `\x1b[2J`."""
    return re.sub(_SHOWN, _written, text)


def plain_line(text: str) -> str:
    """Return a name, or what else stands on one line, with its control characters and line breaks written out."""
    return re.sub(_SHOWN_IN_LINE, _written, text)


def without_codes(text: str) -> str:
    r"""Return the text of a log without what a terminal acts on, but for tabs, `\n`, and `\r`."""
    if text.replace("\n", "").isprintable():
        return text
    return re.sub(_CODE, "", text)


def coloured(text: str) -> str:
    r"""Return the text of a log with its colours, and without all else that `without_codes` leaves out.

    Of a text in pieces each is to end where `unfinished` begins.
    """
    return re.sub(_CODE, lambda found: found["colour"] or "", text)


def unfinished(text: str) -> int:
    """Return where a code begins whose end hasn't come yet; the length of the text if there is none."""
    found = re.search(_UNFINISHED, text)
    return found.start() if found else len(text)


def _written(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")
