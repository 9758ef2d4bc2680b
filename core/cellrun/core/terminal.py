r"""What may reach a terminal of a text that somebody else wrote: names, logs, errors.

A terminal acts on control characters: `\x1b]52;…` writes to the clipboard, `\x1b[2J` clears what stood there, a link
leads elsewhere than it says. Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import re

_CONTROL = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # \x80 to \x9f are what ESC and a letter are, in one character
_CODE = re.compile(
    r"(?P<colour>\x1b\[[0-9;:]*m)"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: moves the cursor, clears, asks
    # Title, clipboard, link, device. No beginning is inside one: each would be looked at to the end again.
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\r\n\x80-\x9f]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-Z\\^_`-~]"
    rf"|[{_CONTROL}]"
)
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[ -/]*)\Z")
_SHOWN = re.compile(rf"[{_CONTROL}\r\ud800-\udfff]")  # a lone surrogate, of a name that is no text, can't be written
_SHOWN_IN_LINE = re.compile(rf"[{_CONTROL}\t\r\n\u2028\u2029\ud800-\udfff]")


def plain(text: str) -> str:
    r"""Return a text of some lines with its control characters written out: `\x1b[2J`."""
    return _SHOWN.sub(_written, text)


def plain_line(text: str) -> str:
    """Return a name, or what else stands on one line, with its control characters and line breaks written out."""
    return _SHOWN_IN_LINE.sub(_written, text)


def without_codes(text: str) -> str:
    r"""Return the text of a log without what a terminal acts on, but for tabs, `\n`, and `\r`."""
    return _CODE.sub("", text)


def coloured(text: str) -> str:
    r"""Return the text of a log with its colours, and without all else that `without_codes` leaves out.

    Of a text in pieces each is to end where `unfinished` begins.
    """
    return _CODE.sub(lambda found: found["colour"] or "", text)


def unfinished(text: str) -> int:
    """Return where a code begins whose end hasn't come yet; the length of the text if there is none."""
    found = _UNFINISHED.search(text)
    return found.start() if found else len(text)


def _written(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")
