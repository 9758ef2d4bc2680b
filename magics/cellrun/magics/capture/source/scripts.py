"""What a file does whose code runs in the cell's namespace: a script, or another notebook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from cellrun.magics.capture.source.analysis import Analysis
from cellrun.magics.capture.source.flow import analyse

_WITH_MAGICS = frozenset({".ipynb", ".ipy"})


def analyse_script(file: Path) -> Analysis | None:
    """Return the analysis of a script's code, or of all code cells of a notebook; None if it is none: the run says it.

    As with `%run`, magics are those of notebooks and of `.ipy` files alone.
    """
    try:
        text = file.read_text(encoding="utf-8")
        if file.suffix not in _WITH_MAGICS:
            return analyse(text)
        transform = TransformerManager().transform_cell  # type: ignore[no-untyped-call]
        cells = _code_cells(json.loads(text)) if file.suffix == ".ipynb" else [text]
        return analyse("\n".join(map(transform, cells)), transform=transform)
    except (OSError, ValueError, SyntaxError, KeyError, TypeError):  # the last two: JSON of another form
        return None


def _code_cells(notebook: Any) -> list[str]:
    """Return the sources of code cells, which a notebook's file has as a text or as a list of lines."""
    cells = [each for each in notebook["cells"] if each["cell_type"] == "code"]
    return ["".join(each["source"]) for each in cells]
