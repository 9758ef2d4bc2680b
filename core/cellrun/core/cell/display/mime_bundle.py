"""The forms of an object besides its text, by MIME type, where there is no IPython to ask for them: by its methods."""

from __future__ import annotations

import sys
from typing import Any

_METHODS = {
    "_repr_html_": "text/html",
    "_repr_markdown_": "text/markdown",
    "_repr_latex_": "text/latex",
    "_repr_svg_": "image/svg+xml",
    "_repr_png_": "image/png",
    "_repr_jpeg_": "image/jpeg",
    "_repr_pdf_": "application/pdf",
}


def forms_of(value: object) -> dict[str, Any]:
    """Return what an object shows besides its text; what one of its methods raises is said as in a notebook."""
    if isinstance(value, type):  # its methods are for its objects
        return {}
    found = {mime: _told(value, method) for method, mime in _METHODS.items()}
    bundle = _told(value, "_repr_mimebundle_", include=None, exclude=None)
    if isinstance(bundle, tuple):  # with metadata
        bundle = bundle[0]
    found |= bundle if isinstance(bundle, dict) else {}
    return {mime: _without_metadata(form) for mime, form in found.items() if form is not None}


def _told(value: object, method: str, **arguments: None) -> Any:
    try:
        ask = getattr(value, method, None)
        return ask(**arguments) if callable(ask) else None
    except Exception:  # noqa: BLE001  # whatever the user's method raises: the cell goes on
        sys.excepthook(*sys.exc_info())
        return None


def _without_metadata(form: Any) -> Any:
    return form[0] if isinstance(form, tuple) else form
