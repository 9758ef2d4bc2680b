"""The front end's files, built from `labextension/src`."""

from __future__ import annotations

import gzip
from functools import cache
from importlib.metadata import version
from pathlib import Path

STATIC = Path(__file__).parent / "static"


@cache
def cellrun_version() -> str:
    """Return the version that front end and kernel compare."""
    return version("cellrun")


@cache
def loader() -> str:
    """Return the few kB that every widget brings along: they find the view or ask for it."""
    return (STATIC / "loader.js").read_text(encoding="utf-8")


@cache
def view() -> bytes:
    """Return the view itself, chart library included, gzipped: a page gets it once."""
    return gzip.compress((STATIC / "view.js").read_bytes(), mtime=0)
