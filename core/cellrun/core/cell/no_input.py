"""Replaces `input` in a run, where nobody can answer: it raises EOFError."""

from __future__ import annotations

from typing import Any, NoReturn


def refuse_input(prompt: Any = "") -> NoReturn:
    """Raise EOFError that says what to do instead: nobody can answer there."""
    raise EOFError(
        f"input({prompt!r}) in a run: nobody can answer there; give the value as an argument, "
        "as in `%%submit -- --name value`, or in a variable of the notebook"
    )
