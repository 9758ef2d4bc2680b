"""matplotlib's backend in a submitted cell: figures become images of the run, as a notebook shows them inline.

`plt.show()` shows all figures and closes them; what is open at the cell's end is shown then. `savefig` works as ever.
matplotlib loads this module by its name, so nothing else may import it before matplotlib is there.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any
from weakref import WeakKeyDictionary

import matplotlib as mpl
from matplotlib._pylab_helpers import Gcf
from matplotlib.backend_bases import FigureCanvasBase, FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from cellrun.core.cell.display import shown
from cellrun.core.runs.logged_image import logged_figures

_drawn: WeakKeyDictionary[Figure, bytes] = WeakKeyDictionary()
"""How each figure looked when it was shown last."""


class FigureManager(FigureManagerBase):
    """A window that is none: what it shows, the run keeps."""

    is_any_new = False
    """Whether a figure was opened since the last `show`, for the cell's end to show."""
    title = ""

    def __init__(self, canvas: FigureCanvasBase, num: int | str) -> None:
        super().__init__(canvas, num)
        self.title = ""  # not what every window is called
        if mpl.is_interactive():  # after plt.ioff() the cell itself says when
            FigureManager.is_any_new = True

    def show(self) -> None:
        """Show the figure: `fig.show()`."""
        _show(self.canvas.figure)

    def get_window_title(self) -> str:
        """Return the title that was given."""
        return self.title

    def set_window_title(self, title: str) -> None:
        """Give the window a title, which is the image's name."""
        self.title = title


class FigureCanvas(FigureCanvasAgg):
    """matplotlib's own canvas without a screen."""

    manager_class = FigureManager

    def draw_idle(self, *_: Any, **__: Any) -> None:
        """Do nothing: a figure is drawn when it is shown; while a context is loaded, it isn't whole yet."""


def show(close: bool | None = None, block: bool | None = None) -> None:  # noqa: ARG001, FBT001  # as matplotlib calls it
    """Show all open figures, and close them unless `close` is False: `plt.show()`."""
    from matplotlib import pyplot as plt  # noqa: PLC0415  # it loads this module

    FigureManager.is_any_new = False
    for manager in Gcf.get_all_fig_managers():
        manager.show()
    if close is not False and Gcf.get_all_fig_managers():
        plt.close("all")


def show_rest() -> None:
    """Show at the cell's end what it opened and neither closed, nor showed as it is, nor logged itself."""
    if not FigureManager.is_any_new:
        return
    FigureManager.is_any_new = False
    for manager in Gcf.get_all_fig_managers():
        figure = manager.canvas.figure
        if figure not in logged_figures:
            _show(figure, before=_drawn.get(figure))


def flush() -> None:
    """Show at the end of a cell within the cell what is open, and close it."""
    from matplotlib import pyplot as plt  # noqa: PLC0415  # as above

    if FigureManager.is_any_new:
        show_rest()
        plt.close("all")


def _show(figure: Figure, before: bytes | None = None) -> None:
    drawn = png(figure)
    if drawn and drawn != before:
        shown.show({"image/png": drawn}, label(figure))


def png(figure: Figure) -> bytes | None:
    """Return a figure as a notebook shows it inline: cut to what is drawn, and nothing of an empty one."""
    if not (figure.axes or figure.lines):
        return None
    if figure.canvas is None:
        FigureCanvasBase(figure)
    content = BytesIO()
    figure.canvas.print_figure(
        content,
        format="png",
        dpi=figure.dpi,
        facecolor=figure.get_facecolor(),
        edgecolor=figure.get_edgecolor(),
        bbox_inches="tight",
    )
    _drawn[figure] = content.getvalue()
    return content.getvalue()


def label(figure: Figure) -> shown.Label:
    """Return how a figure is called in the run: `plt.figure('loss')` is loss."""
    manager: Any = figure.canvas.manager
    title = str(getattr(manager, "title", ""))
    return shown.Label("figure", str(figure.get_label()) or title, getattr(manager, "num", None))
