"""What is said once in a process: that something of old code has no meaning here."""

from __future__ import annotations

import sys
import warnings

_OURS = "cellrun."
_said: set[str] = set()


def say_once(text: str) -> None:
    """Warn of something at the user's own line, unless this process has warned of it before."""
    if text in _said:
        return
    _said.add(text)
    level, frame = 1, sys._getframe()  # noqa: SLF001  # what `warnings` does for `skip_file_prefixes`, since 3.12
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).startswith(_OURS):
        level, frame = level + 1, frame.f_back
    warnings.warn(text, stacklevel=level)
