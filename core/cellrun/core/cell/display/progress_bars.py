"""tqdm's notebook bars in a submitted cell: bars of text, as a log has no widgets."""

from __future__ import annotations

from types import ModuleType
from typing import Any


def use_text_bars(notebook: ModuleType) -> None:
    """Put bars of text in the place of those with widgets; `notebook` is the module tqdm.notebook."""
    from tqdm.std import tqdm  # type: ignore[import-untyped]  # noqa: PLC0415  # loaded by tqdm.notebook

    class TextBar(tqdm):  # type: ignore[misc]  # tqdm has no types
        """A bar that takes what the one of widgets takes."""

        def __init__(self, *args: Any, display: bool = True, **options: Any) -> None:  # noqa: ARG002
            if isinstance(options.get("ncols"), str):  # "100%", "500px": widths of widgets
                options["ncols"] = None
            super().__init__(*args, **options)

    def text_range(*args: Any, **options: Any) -> TextBar:
        """Return a bar over a range."""
        return TextBar(range(*args), **options)

    notebook.tqdm = notebook.tqdm_notebook = TextBar  # type: ignore[attr-defined]
    notebook.trange = notebook.tnrange = text_range  # type: ignore[attr-defined]
