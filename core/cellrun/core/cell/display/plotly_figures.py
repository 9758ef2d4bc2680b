"""plotly in a submitted cell: a figure is kept as a page that needs no network, and no browser opens."""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any

from cellrun.core.cell.display import shown

_NAME = "cellrun"


def keep_figures(renderers: ModuleType) -> None:
    """Keep a page of each figure that is shown or displayed; `renderers` is the module plotly.io._renderers."""
    from plotly.io._base_renderers import (  # type: ignore[import-untyped]  # noqa: PLC0415  # loaded by plotly
        ExternalRenderer,
    )

    class Renderer(ExternalRenderer):  # type: ignore[misc]  # plotly has no types
        """Keeps figures with the run."""

        def render(self, fig_dict: dict[str, Any]) -> None:
            from plotly.io import to_html  # type: ignore[import-untyped]  # noqa: PLC0415  # loaded by then

            # The library is in the page (5 MB): a page is opened by itself, often far from the run's folder.
            page = to_html(fig_dict, include_plotlyjs=True, full_html=True, validate=False)
            shown.show({"text/html": page}, shown.Label("figure"))

    renderers.renderers[_NAME] = Renderer()
    if "PLOTLY_RENDERER" not in os.environ:
        renderers.renderers.default = _NAME
