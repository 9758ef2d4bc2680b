"""Takes what libraries display in a submitted cell, and hands it to the run that keeps it."""

from __future__ import annotations

import sys
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from cellrun.core.layout import RunLayout

if TYPE_CHECKING:
    from cellrun.core.cell.display.kept import Kept

LABEL = "cellrun"
"""The key of a `Label` in the metadata of what is shown, which IPython hands through."""


class Label(NamedTuple):
    """What is known of something that is shown: its kind, as `figure` or `dataframe`, and its name if it has one.

    What one line of the cell shows again and again, as a loop does, has one name. `part` tells apart what a line shows
    at once.
    """

    kind: str = ""
    name: str = ""
    part: Hashable = None


class Show:
    """The show of one process: nothing is kept where it hasn't begun, as in an exported cell."""

    def __init__(self) -> None:
        self._of: tuple[RunLayout, str] | None = None
        self._kept: Kept | None = None

    def begin(self, layout: RunLayout, cell: str) -> None:
        """From now on, what this process shows belongs to the cell of a run; `cell` is its file name."""
        self._of = layout, cell
        self._kept = None

    def show(self, bundle: Mapping[str, Any], label: Label) -> None:
        """Show an object, given by MIME type, as `display` does: IPython's shell, if there is one, may capture it."""
        ipython = sys.modules.get("IPython")
        shell = ipython.get_ipython() if ipython and hasattr(ipython, "get_ipython") else None
        if shell is None:
            self.keep(bundle, {LABEL: label})
        else:
            shell.display_pub.publish(dict(bundle), {LABEL: label})

    def keep(
        self, bundle: Mapping[str, Any], metadata: Mapping[str, Any] | None, display_id: str | None = None
    ) -> str | None:
        """Keep what was shown, with its label among its metadata if it has one; return the file that shows it best."""
        if self._of is None or not any(mime != "text/plain" for mime in bundle):
            return None
        if self._kept is None:
            from cellrun.core.cell.display.kept import Kept  # noqa: PLC0415  # it brings along what writes to a run

            self._kept = Kept(*self._of)
        label = (metadata or {}).get(LABEL)
        return self._kept.keep(bundle, label if isinstance(label, Label) else Label(), display_id)

    def tell_rest(self) -> None:
        """Tell views of what they weren't told yet, at the cell's end."""
        if self._kept is not None:
            self._kept.tell_rest()


_show = Show()
begin, show, keep, tell_rest = _show.begin, _show.show, _show.keep, _show.tell_rest
