"""A JupyterLab of one's own: folders, settings and port that no other has."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.jupyter_environment import jupyter_environment
from tests.keepers import end_keepers

SETTINGS = {
    # No question about news, no look-up of updates: both would need a network.
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
}
PAGE = {"buildCheck": False, "buildAvailable": False}  # four commands of node at each load of a page
TOKEN = "of-the-browser-tests"  # it guards nothing: the server is on loopback and ends with the tests


class LabServer:
    """A JupyterLab of one's own: its address, the folder it serves, the home of the runs made in it."""

    def __init__(self, root: Path, *, has_extension: bool = True) -> None:
        self.folder = root / "notebooks"
        self.home = root / "runs"
        self._root = root
        self._port = _free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None
        config = root / "config" / "labconfig"
        for new in (self.folder, config):
            new.mkdir(parents=True)
        (config / "default_setting_overrides.json").write_text(json.dumps(SETTINGS))
        (config / "page_config.json").write_text(json.dumps(PAGE))
        server = {
            # What `jupyter server extension disable cellrun.server` writes.
            "ServerApp": {"jpserver_extensions": {"cellrun.server": has_extension}},
            "LanguageServerManager": {"autodetect": False},  # it asks two package managers of Node where those are
        }
        (root / "config" / "jupyter_server_config.json").write_text(json.dumps(server))

    @property
    def environment(self) -> dict[str, str]:
        """What makes a process of the test share the server's home."""
        return {"CELLRUN_HOME": str(self.home), "CELLRUN_RUNTIME_DIR": str(self._root / "cellrun-runtime")}

    def start(self) -> None:
        """Start it, on the same port each time, and wait until it answers."""
        command = [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--expose-app-in-browser"),
            *(f"--port={self._port}", "--port-retries=0", f"--IdentityProvider.token={TOKEN}"),
            f"--notebook-dir={self.folder}",
        ]
        log = self._root / "lab.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command, env=jupyter_environment(self._root, self._root / "runs"), stdout=output, stderr=output
            )
        _wait_until_up(self.url, self._process, log)

    def stop(self) -> None:
        """End it as a user does who presses Ctrl-C twice; its kernels end with it, runs don't."""
        if self._process:
            self._process.terminate()
            self._process.wait(timeout=30)
            self._process = None

    def kill(self) -> None:
        """End it as a crash does."""
        if self._process:
            self._process.kill()
            self._process.wait(timeout=30)
            self._process = None


@contextmanager
def lab_server(root: Path, *, has_extension: bool = True) -> Iterator[LabServer]:
    """Run JupyterLab below `root` on a free port; without cellrun's server extension if it is to have none."""
    server = LabServer(root, has_extension=has_extension)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        end_keepers(root / "cellrun-runtime")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_up(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/api/status?token={TOKEN}", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise TimeoutError(f"JupyterLab did not start:\n{log.read_text()[-4000:]}")
