"""Sets up what a submitted cell shows: each library once the cell loads it, as few cells use any."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from cellrun.core.cell.display import shown
from cellrun.core.cell.import_hooks import after_import
from cellrun.core.layout import RunLayout

_BACKEND = "module://cellrun.core.cell.display.figures"


def set_up(layout: RunLayout, cell: str, module: ModuleType) -> None:
    """Have this process keep what the cell of a run shows; `cell` is its file name, `module` its `__main__`."""

    def start(_: ModuleType) -> None:
        from cellrun.core.cell.shell import start_shell  # noqa: PLC0415  # plain Python needs no IPython

        start_shell(module, layout)

    def use_backend(matplotlib: Any) -> None:
        if os.environ.get("MPLBACKEND") == "Agg":  # what every run gets; another one is the user's choice
            matplotlib.use(_BACKEND)
            matplotlib.interactive(b=True)  # as in a notebook: open figures are shown at the cell's end

    shown.begin(layout, cell)
    after_import("IPython", start)
    after_import("matplotlib", use_backend)
    after_import("tqdm.notebook", _use_text_bars)
    after_import("fastprogress.fastprogress", _use_console_bars)
    after_import("rich.console", _print_as_to_a_log)
    after_import("plotly.io._renderers", _keep_plotly_figures)


@contextmanager
def rest_shown() -> Iterator[None]:
    """At the block's end show figures that are still open; that one can't be drawn is said, as in a notebook."""
    try:
        yield
    finally:
        figures = sys.modules.get("cellrun.core.cell.display.figures")
        if figures is not None:
            try:
                figures.show_rest()
            except Exception:  # noqa: BLE001  # whatever an artist of the user's raises when it is drawn
                sys.excepthook(*sys.exc_info())
        shown.tell_rest()


def _use_text_bars(notebook: ModuleType) -> None:
    from cellrun.core.cell.display.progress_bars import use_text_bars  # noqa: PLC0415

    use_text_bars(notebook)


def _use_console_bars(fastprogress: Any) -> None:
    """Let fastai's bars be text, as in a console: in a notebook each of their steps is a page."""
    fastprogress.master_bar, fastprogress.progress_bar = fastprogress.force_console_behavior()


def _keep_plotly_figures(renderers: ModuleType) -> None:
    from cellrun.core.cell.display.plotly_figures import keep_figures  # noqa: PLC0415

    keep_figures(renderers)


def _print_as_to_a_log(console: ModuleType) -> None:
    """Let rich take the run's log for what it is: in a notebook it displays, and redraws a bar ten times a second."""
    console._is_jupyter = lambda: False  # type: ignore[attr-defined]  # noqa: SLF001  # there is no other way
