"""A JupyterLab of one's own: folders, settings and port that no other has."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SETTINGS = {
    # No question about news, no look-up of updates: both would need a network.
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
}
TOKEN = "of-the-browser-tests"  # it guards nothing: the server is on loopback and ends with the tests


@dataclass(frozen=True)
class LabServer:
    """A running JupyterLab: its address, the folder it serves, the home of the runs made in it."""

    url: str
    folder: Path
    home: Path


@contextmanager
def lab_server(root: Path) -> Iterator[LabServer]:
    """Run JupyterLab below `root` on a free port."""
    folder = root / "notebooks"
    config = root / "config" / "labconfig"
    for new in (folder, config):
        new.mkdir(parents=True)
    (config / "default_setting_overrides.json").write_text(json.dumps(SETTINGS))
    port = _free_port()
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--expose-app-in-browser"),
        *(f"--port={port}", "--port-retries=0", f"--IdentityProvider.token={TOKEN}", f"--notebook-dir={folder}"),
    ]
    server = LabServer(f"http://127.0.0.1:{port}", folder, root / "runs")
    log = root / "lab.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=_environment(root), stdout=output, stderr=output)
    try:
        _wait_until_up(server, process, log)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=30)


def _environment(root: Path) -> dict[str, str]:
    """Return an environment in which nothing of this machine's Jupyter, or of another test, is seen."""
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
        "CELLRUN_HOME": str(root / "runs"),
        "CELLRUN_RUNTIME_DIR": str(root / "cellrun-runtime"),
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_up(server: LabServer, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{server.url}/api/status?token={TOKEN}", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise TimeoutError(f"JupyterLab did not start:\n{log.read_text()[-4000:]}")
