"""The server extension: runs over HTTP and a live stream, for the side bar panel, the portal and jobs elsewhere."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

__version__ = version("cellrun")
"""What `jupyter server extension list` shows."""


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """Tell a Jupyter Server what to load."""
    from cellrun.server.app import CellrunApp  # noqa: PLC0415  # Lab asks this package for translations too

    return [{"module": "cellrun.server", "app": CellrunApp}]
