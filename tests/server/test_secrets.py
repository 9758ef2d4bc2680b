"""F11: neither the server's token nor a run's is found in logs, folders, addresses or the list of processes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from cellrun.core import Experiment, ScriptRunConfig, Workspace
from cellrun.core.mirror.run_token import new_token
from tests.server.jupyter_process import BASE, JupyterProcess, jupyter_process

SERVER_TOKEN = "5f0e-the-secret-of-the-server"


@pytest.fixture
def guarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[JupyterProcess]:
    """A server whose token is in a file, as it should be, and which logs all that it can."""
    (tmp_path / "jupyter").mkdir()
    token_file = tmp_path / "token"
    token_file.write_text(SERVER_TOKEN)
    with jupyter_process(tmp_path / "jupyter", "jupyter-server", "--debug", token_file=token_file) as made:
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        yield made


def test_tokens_are_found_nowhere(guarded: JupyterProcess, tmp_path: Path) -> None:
    workspace = Workspace.create("mine", tmp_path / "workspace")
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "train.py").write_text("import os\nprint(dict(os.environ))\n")
    run = Experiment(workspace, "digits").submit(ScriptRunConfig(tmp_path / "source", "train.py"))
    run_token = new_token(run.layout)
    header = {"Authorization": f"token {SERVER_TOKEN}"}
    at = f"{guarded.api}workspaces/{workspace.id}/runs/{run.id}"
    referer = {"Referer": f"{guarded.url}lab?token={SERVER_TOKEN}"}
    frames = f"{guarded.api}workspaces/{workspace.id}/runs/{run.id}/frames?have=true"
    opened = {"Authorization": f"Bearer {run_token}", "Content-Type": "application/octet-stream"}
    requests.post(frames, data=b"", headers=opened, timeout=30)
    requests.post(frames, data=b"", headers={**opened, "Content-Type": "text/plain"}, timeout=30)
    requests.post(f"{frames}&token={run_token}", data=b"", headers=opened, timeout=30)
    again = requests.post(f"{at}/again", json={}, headers=header, timeout=30).json()
    for address, headers in (
        (at, header),
        (f"{at}/metric?name=nix", {**header, **referer}),
        (f"{at}?token={SERVER_TOKEN}", referer),
        (f"{guarded.api}stream?token={SERVER_TOKEN}", referer),
        (f"{guarded.api}workspaces?text={SERVER_TOKEN[:0]}", {**header, **referer}),
        (f"{guarded.url}cellrun/?token={SERVER_TOKEN}", referer),
        (f"{guarded.url}cellrun/workspaces/w/runs/r?token=wrong", referer),
    ):
        answer = requests.get(address, headers=headers, allow_redirects=False, timeout=30)
        assert SERVER_TOKEN not in answer.text
        assert SERVER_TOKEN not in answer.headers.get("Location", "")
    for each in (run, workspace.get_run(again["id"])):
        each.wait_for_completion(raise_on_error=False)
    listed = subprocess.run(["ps", "axeww"], capture_output=True, text=True, check=True).stdout
    of_jupyter = (tmp_path / "token", tmp_path / "jupyter" / "runtime")  # its own files with its token
    places = [
        path
        for path in tmp_path.rglob("*")
        if path.is_file() and not any(path.is_relative_to(each) for each in of_jupyter)
    ]
    assert guarded.log in places
    assert any(run.id in str(path) for path in places)
    for secret in (SERVER_TOKEN, run_token):
        assert secret not in listed
        assert [path for path in places if holds(path, secret)] == []
    assert BASE in guarded.log.read_text()  # it did log


def holds(path: Path, secret: str) -> bool:
    """Whether a file holds a text; one that has gone meanwhile doesn't."""
    try:
        return secret.encode() in path.read_bytes()
    except FileNotFoundError:
        return False
