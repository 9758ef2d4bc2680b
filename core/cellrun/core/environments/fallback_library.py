"""The library of a copy of cellrun: packages that a job falls back to where its Python hasn't got them."""

from __future__ import annotations

import sys
from pathlib import Path

FALLBACK_LIBRARY = "cellrun-last"


def use_fallback_library() -> None:
    """Let modules be found in the copy's own library after all others; nothing happens where cellrun is no copy."""
    folder = Path(__file__).parents[3] / FALLBACK_LIBRARY
    if folder.is_dir() and str(folder) not in sys.path:
        sys.path.append(str(folder))
