"""What is said once in a process, however often it is true."""

from __future__ import annotations

import inspect
import warnings
from pathlib import Path

_OURS = str(Path(__file__).parent)
_said: set[str] = set()


def warn_once(text: str) -> None:
    """Warn at the line of the user's that this comes from, unless the same was said before."""
    if text in _said:
        return
    _said.add(text)
    frames = inspect.stack(context=0)[1:]
    level = next((level for level, frame in enumerate(frames, 1) if not frame.filename.startswith(_OURS)), 1)
    warnings.warn(text, stacklevel=level + 1)
