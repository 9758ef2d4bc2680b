"""What a file can be previewed as, by its name and size.

What a browser would run (HTML, SVG, PDF) leaves as a download like every file; the page that asked shows the bytes in
a frame without origin or network, or as a picture.
"""

from __future__ import annotations

import mimetypes
from functools import cache
from importlib.util import find_spec
from pathlib import PurePosixPath
from typing import Literal

from cellrun.core.cell.display.kept import FOLDER as DISPLAYED
from cellrun.core.runs.logged_image import PLOTLY_SUFFIX

Preview = Literal["image", "svg", "figure", "page", "pdf", "table", "markdown", "latex", "json", "text"]

TEXT_BYTES = 256 * 1024
"""Of a text, its beginning is shown."""
WHOLE_BYTES: dict[Preview, int] = {
    "image": 20_000_000,
    "svg": 5_000_000,
    "figure": 30_000_000,
    "page": 30_000_000,
    "pdf": 50_000_000,
}
"""What is shown as a whole or not at all: a larger one is downloaded."""

_IMAGES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".bmp": "image/bmp",
}
_KINDS: dict[str, Preview] = {
    **dict.fromkeys(_IMAGES, "image"),
    **dict.fromkeys((".csv", ".npy", ".npz", ".parquet", ".tsv"), "table"),
    **dict.fromkeys((".geojson", ".ipynb", ".json"), "json"),
    **dict.fromkeys((".htm", ".html"), "page"),
    **dict.fromkeys((".markdown", ".md"), "markdown"),
    ".pdf": "pdf",
    ".svg": "svg",
}
_TEXTS = frozenset(
    {
        *(".c", ".cc", ".cfg", ".cpp", ".cu", ".diff", ".env", ".h", ".hpp", ".ini", ".java", ".jl", ".js"),
        *(".jsonl", ".log", ".py", ".pyi", ".r", ".rs", ".rst", ".sh", ".sql", ".tex", ".toml", ".ts", ".txt"),
        *(".yaml", ".yml"),
    }
)
_TEXT_NAMES = frozenset({"dockerfile", "makefile", "license", "readme", ".amlignore", ".cellrunignore", ".gitignore"})


def mime_of(name: str) -> str:
    """Return a file's MIME type by its name."""
    return _IMAGES.get(ending_of(name)) or mimetypes.guess_type(name)[0] or "application/octet-stream"


def preview_of(name: str, size_bytes: int = 0) -> Preview | None:
    """Return what a file can be shown as; None for a download alone."""
    ending = ending_of(name)
    kind = _generated(name) or _KINDS.get(ending)
    if kind is None:
        return "text" if ending in _TEXTS or PurePosixPath(name).name.lower() in _TEXT_NAMES else None
    if ending == ".parquet" and not _has_pyarrow():
        return None
    return kind if size_bytes <= WHOLE_BYTES.get(kind, size_bytes) else None


def _generated(name: str) -> Preview | None:
    """Return what a file is shown as that cellrun made of something: as in the run's view, not as its source."""
    if name.endswith(PLOTLY_SUFFIX):
        return "figure"
    return "latex" if name.startswith(f"{DISPLAYED}/") and name.endswith(".tex") else None


def ending_of(name: str) -> str:
    """Return the ending of a file's name in lower case, its dot included."""
    return PurePosixPath(name).suffix.lower()


@cache
def _has_pyarrow() -> bool:
    return find_spec("pyarrow") is not None
