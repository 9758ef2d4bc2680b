"""The environment of a Jupyter that is a test's own."""

from __future__ import annotations

import os
from pathlib import Path


def jupyter_environment(root: Path, home: Path) -> dict[str, str]:
    """Return variables with which nothing of this machine's Jupyter, or of another test, is seen."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "JPY_", "CELLRUN_"))}
    return {
        **kept,
        "HOME": str(root),
        "JUPYTER_CONFIG_DIR": str(root / "config"),
        "JUPYTER_DATA_DIR": str(root / "data"),
        "JUPYTER_RUNTIME_DIR": str(root / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(root / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(root / "workspaces"),
        "IPYTHONDIR": str(root / "ipython"),
        "CELLRUN_HOME": str(home),
        "CELLRUN_RUNTIME_DIR": str(root / "cellrun-runtime"),
    }
