"""What is said once in a process: that something of old code has no meaning here."""

from __future__ import annotations

import warnings

_said: set[str] = set()


def say_once(text: str) -> None:
    """Warn of something, unless this process has warned of it before."""
    if text not in _said:
        _said.add(text)
        warnings.warn(text, stacklevel=3)
