"""What may be shown of a file in the page: a fixed list of images, and text as nothing but text."""

from __future__ import annotations

import mimetypes
from pathlib import PurePosixPath
from typing import Literal

TEXT_BYTES = 256 * 1024
"""Of a text, its begin is shown."""
IMAGE_BYTES = 20_000_000
"""A larger image is downloaded."""

_IMAGES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".bmp": "image/bmp",
}
# No HTML, SVG or PDF: a browser would run what is in them.
_TEXTS = frozenset(
    {
        *(".c", ".cc", ".cfg", ".cpp", ".csv", ".cu", ".diff", ".env", ".h", ".hpp", ".ini", ".ipynb", ".java", ".jl"),
        *(".js", ".json", ".jsonl", ".log", ".md", ".py", ".pyi", ".r", ".rs", ".rst", ".sh", ".sql", ".toml", ".ts"),
        *(".tsv", ".txt", ".yaml", ".yml"),
    }
)
_TEXT_NAMES = frozenset({"dockerfile", "makefile", "license", "readme", ".amlignore", ".cellrunignore", ".gitignore"})


def mime_of(name: str) -> str:
    """Return a file's MIME type by its name."""
    return _IMAGES.get(_ending(name)) or mimetypes.guess_type(name)[0] or "application/octet-stream"


def preview_of(name: str, size_bytes: int = 0) -> Literal["image", "text"] | None:
    """Return what a file can be shown as; None for a download alone."""
    if _ending(name) in _IMAGES:
        return "image" if size_bytes <= IMAGE_BYTES else None
    return "text" if _ending(name) in _TEXTS or PurePosixPath(name).name.lower() in _TEXT_NAMES else None


def _ending(name: str) -> str:
    return PurePosixPath(name).suffix.lower()
