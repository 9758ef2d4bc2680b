"""How a pickle makes a value again, as `__reduce__` tells it."""

from __future__ import annotations

from typing import Any

Reduced = tuple[Any, ...]
"""What is called, with what arguments, and then what of `object.__reduce__` may follow."""
