"""An image on its way into a run: a file, a plot that is drawn into one, or a plotly figure as its JSON."""

from __future__ import annotations

import os
import time
import weakref
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from cellrun.core import names
from cellrun.core.errors import InvalidMetricError, UserErrorException, shown
from cellrun.core.resources import limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from cellrun.core.runs.files import FileSource

_BEGINNINGS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*")
"""How PNG, JPEG, GIF, BMP and both kinds of TIFF begin; WebP has its name after a length."""
_LONGEST_BEGINNING = 12
PLOTLY_SUFFIX = ".plotly.json"
"""How the name of a plotly figure ends, which views draw."""
logged_figures: weakref.WeakSet[Any] = weakref.WeakSet()
"""Plots that this process has logged: a cell doesn't show them once more at its end."""


@dataclass(frozen=True)
class LoggedImage:
    """The name that an image's file is to have in the run, and where its bytes are."""

    file_name: str
    source: FileSource

    @classmethod
    def of(cls, metric: str, path: str | os.PathLike[str] | None, plot: Any) -> LoggedImage:
        """Take an image file by its path, or a plot: drawn as PNG (pyplot, whatever has `savefig`), or plotly's.

        A file keeps its path as its name, a plot is `<metric>_<unixtime>.png`, as with Azure ML; a plotly figure, which
        needs a browser to be drawn, is kept as its JSON, `<metric>_<unixtime>.plotly.json`.
        Raises UserErrorException unless exactly one of the two is given and is an image; InvalidMetricError for one
        that is too large.
        """
        if path is not None and plot is None and not isinstance(path, (str, os.PathLike)):  # the second argument
            path, plot = None, path
        if (path is None) == (plot is None):
            given = "neither" if path is None else "both"
            raise UserErrorException(f"log_image {shown(metric)} takes either path= or plot=; got {given}")
        return cls._of_file(metric, Path(path)) if path is not None else cls._of_plot(metric, plot)

    def renamed(self, is_taken: Callable[[str], bool]) -> LoggedImage:
        """Return it with a number in its name if another image has that name already."""
        free, suffix = self.file_name, PLOTLY_SUFFIX
        if not free.endswith(suffix):
            suffix = PurePosixPath(free).suffix
        stem = free.removesuffix(suffix)
        number = 0
        while is_taken(free):
            number += 1
            free = f"{stem}-{number}{suffix}"
        return LoggedImage(free, self.source)

    @classmethod
    def _of_file(cls, metric: str, path: Path) -> LoggedImage:
        if not path.is_file():
            raise UserErrorException(f"log_image {shown(metric)}: there is no file {str(path)!r}")
        with path.open("rb") as file:
            beginning = file.read(_LONGEST_BEGINNING)
        if not beginning.startswith(_BEGINNINGS) and not (beginning[:4] == b"RIFF" and beginning[8:] == b"WEBP"):
            raise UserErrorException(
                f"log_image {shown(metric)}: {str(path)!r} is no PNG, JPEG, GIF, WebP, BMP or TIFF image"
            )
        _check_size(metric, path.stat().st_size)
        below = Path(os.path.relpath(path))
        return cls(path.name if os.pardir in below.parts else below.as_posix(), path)

    @classmethod
    def _of_plot(cls, metric: str, plot: Any) -> LoggedImage:
        name = f"{names.slug(metric) or 'image'}_{int(time.time())}"
        if hasattr(plot, "to_plotly_json"):
            data = plot.to_json().encode()
            _check_size(metric, len(data))
            return cls(f"{name}{PLOTLY_SUFFIX}", BytesIO(data))
        if not hasattr(plot, "savefig"):
            raise UserErrorException(
                f"log_image {shown(metric)}: plot= takes matplotlib.pyplot, a figure of matplotlib (something with "
                f"savefig) or one of plotly; got {type(plot).__name__}"
            )
        drawn = BytesIO()
        plot.savefig(drawn, format="png")
        _check_size(metric, drawn.tell())
        with suppress(TypeError):  # something of the user's that can't be in a set
            logged_figures.add(_figure(plot))
        drawn.seek(0)
        return cls(f"{name}.png", drawn)


def _figure(plot: Any) -> Any:
    """Return the figure that pyplot, or one of seaborn's grids, stands for."""
    return plot.gcf() if hasattr(plot, "gcf") else getattr(plot, "figure", plot)


def _check_size(metric: str, size_bytes: int) -> None:
    most = limits().image_bytes
    if size_bytes > most:
        raise InvalidMetricError(
            metric,
            f"the image has {size_bytes / 1e6:.1f} MB, the limit is {most / 1e6:.1f} MB (CELLRUN_IMAGE_BYTES); "
            "run.upload_file keeps files of any size",
        )
