"""A Jupyter Server of its own process, folders and port, as a user starts it; and a client that knows its token."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.jupyter_environment import jupyter_environment
from tests.keepers import end_keepers
from tests.server.described import check_answer

TOKEN = "the-servers-own-token"  # it guards nothing: the server is on loopback and ends with the tests
BASE = "/user/ada/"
DEADLINE_S = 60
OTHERS = ("jupyter_lsp", "jupyter_server_terminals", "jupyterlab", "notebook_shim")
"""Extensions of JupyterLab, half of a start: some ask Node for its packages. The JupyterLabs of tests have them."""


@dataclass(frozen=True)
class JupyterProcess:
    """A running server: where it answers, what it serves, where it logs."""

    url: str
    folder: Path
    home: Path
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def api(self) -> str:
        """The address of the REST routes."""
        return f"{self.url}cellrun/api/"

    @property
    def host(self) -> str:
        """What a browser sends as Host."""
        return urlsplit(self.url).netloc

    @property
    def environment(self) -> dict[str, str]:
        """What makes a process of the test share the server's home."""
        return {"CELLRUN_HOME": str(self.home), "CELLRUN_RUNTIME_DIR": str(self.folder / "cellrun-runtime")}


@contextmanager
def jupyter_process(
    folder: Path, command: str = "jupyter-server", *options: str, token_file: Path | None = None, port: int = 0
) -> Iterator[JupyterProcess]:
    """Run a Jupyter Server below a folder until the block ends; the extension has to be enabled by itself."""
    (folder / "notebooks").mkdir()
    (folder / "config").mkdir(exist_ok=True)
    without = {"ServerApp": {"jpserver_extensions": dict.fromkeys(OTHERS, False)}}
    (folder / "config" / "jupyter_server_config.json").write_text(json.dumps(without))
    log = folder / "server.log"
    arguments = [
        *(
            str(Path(sys.executable).with_name(command)),
            f"--port={port}",
            "--allow-root",
            "--ServerApp.open_browser=False",
        ),
        *([] if token_file else [f"--IdentityProvider.token={TOKEN}"]),
        f"--ServerApp.base_url={BASE}",
        *(f"--ServerApp.root_dir={folder / 'notebooks'}", *options),
    ]
    environment = jupyter_environment(folder, folder / "home") | (
        {"JUPYTER_TOKEN_FILE": str(token_file)} if token_file else {}
    )
    with log.open("wb") as output:
        process = subprocess.Popen(arguments, env=environment, stdout=output, stderr=output, cwd=folder)
    try:
        url = _wait_for_url(folder, process, log)
        yield JupyterProcess(url, folder, folder / "home", log, process)
    finally:
        process.terminate()
        process.wait(timeout=DEADLINE_S)
        end_keepers(Path(environment["CELLRUN_RUNTIME_DIR"]))


class Client:
    """Asks the server as a program does that has its token."""

    def __init__(self, jupyter: JupyterProcess) -> None:
        self.jupyter = jupyter
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"token {TOKEN}"

    def ask(self, method: str, path: str, *, expect: int = 200, **options: Any) -> requests.Response:
        """Send a request to a REST route; the answer has to have that status, and what openapi.yaml says of it."""
        answer = self.session.request(method, self.jupyter.api + path, timeout=DEADLINE_S, **options)
        assert answer.status_code == expect, answer.text
        check_answer(method, path, answer)
        return answer

    def get(self, path: str, *, expect: int = 200, **query: Any) -> Any:
        """Return what a GET answers, as JSON. A query's `from_` is `from`."""
        return self.ask("GET", path, expect=expect, params={name.rstrip("_"): query[name] for name in query}).json()

    def post(self, path: str, body: Any = None, *, expect: int = 200) -> Any:
        """Return what a POST answers, as JSON."""
        return self.ask("POST", path, expect=expect, json=body or {}).json()


def _wait_for_url(folder: Path, process: subprocess.Popen[bytes], log: Path) -> str:
    """Wait for the file by which kernels find the server; return the address in it."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline and process.poll() is None:
        for path in (folder / "cellrun-runtime").glob(f"servers/*/{process.pid}.json"):
            return str(json.loads(path.read_bytes())["url"])
        time.sleep(0.05)
    raise TimeoutError(f"the Jupyter server did not start:\n{log.read_text()[-4000:]}")
