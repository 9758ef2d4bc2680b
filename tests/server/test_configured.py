"""What the configuration of a Jupyter Server says of users and origins holds for our routes, too."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cellrun.core import Experiment, Workspace
from cellrun.core.runs.run import Run
from tests.server.jupyter_process import Client, JupyterProcess, jupyter_process

READERS_ONLY = """
from jupyter_server.auth import Authorizer

class ReadersOnly(Authorizer):
    def is_authorized(self, handler, user, action, resource):
        return resource != "cellrun" or action == "read"
"""


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[JupyterProcess]:
    """A server for readers alone, which a front end of another origin may use."""
    (tmp_path / "readers_only.py").write_text(READERS_ONLY)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "jupyter").mkdir()
    options = (
        "--ServerApp.authorizer_class=readers_only.ReadersOnly",
        r"--ServerApp.allow_origin_pat=https://(lab|hub)\.example\.org",
    )
    with jupyter_process(tmp_path / "jupyter", "jupyter-server", *options) as made:
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        yield made


@pytest.fixture
def run(configured: JupyterProcess, tmp_path: Path) -> Run:
    """A run that has ended."""
    made = Experiment(Workspace.create("mine", tmp_path / "mine"), "digits").start_logging()
    made.complete()
    return made


def test_users_and_origins_are_jupyters_matter(configured: JupyterProcess, run: Run) -> None:
    client = Client(configured)
    at = f"workspaces/{run.experiment.workspace.id}/runs/{run.id}"
    assert client.get(at)["row"]["status"] == "Completed"
    for method, route in (("PATCH", at), ("DELETE", at), ("POST", f"{at}/cancel"), ("POST", f"{at}/again")):
        answer = client.ask(method, route, json={"display_name": "x"}, expect=403)
        assert "may not write runs" in answer.json()["message"]
    targets = at.partition("/runs/")[0]
    assert client.get(f"{targets}/targets")["may_change"] is False
    for method, route in (
        ("POST", "targets"),
        ("POST", "check_target"),
        ("POST", "targets/local/doctor"),
        ("DELETE", "targets/x"),
    ):
        answer = client.ask(method, f"{targets}/{route}", json={"name": "x", "kind": "local"}, expect=403)
        assert "may not write runs" in answer.json()["message"]
    for origin, status in (
        ("https://hub.example.org", 200),
        ("https://lab.example.org", 200),
        ("https://hub.example.org.evil.com", 403),
        ("https://evil.com/https://hub.example.org", 403),
        ("https://hubxexample.org", 403),
    ):
        headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
        client.ask("GET", at, headers=headers, expect=status)
    client.ask("GET", at, headers={"Sec-Fetch-Site": "cross-site"}, expect=403)


def test_the_default_workspace_is_served_before_it_exists(configured: JupyterProcess, tmp_path: Path) -> None:
    client = Client(configured)
    folder = configured.home / "workspaces" / "default"
    about = {"id": "default", "name": "default", "folder": str(folder), "runs": 0, "latest_at": None}
    assert client.get("workspaces")["workspaces"] == [about]
    assert client.get("workspaces/default/runs") == {"runs": [], "total": 0, "is_complete": True}
    assert client.get("workspaces/default/experiments") == {"experiments": []}
    assert not folder.exists()  # whoever only looks makes nothing
    (tmp_path / "here").mkdir()
    made = Workspace.from_config(tmp_path / "here")
    assert [one["id"] for one in client.get("workspaces")["workspaces"]] == [made.id]
    assert client.get("workspaces/default/runs")["total"] == 0  # who knows it by its other name goes on


def test_the_package_is_cheap_to_import() -> None:
    """Lab imports it for its translations, whether or not a run is ever looked at."""
    code = (
        "import sys, cellrun.server; print(*{'numpy', 'tornado', 'jupyter_server', 'cellrun.core'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_server_that_starts_loads_no_numpy() -> None:
    """Every Jupyter Server of whoever has cellrun installed loads the extension."""
    code = "import sys, cellrun.server.app; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
