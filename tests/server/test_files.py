"""F5, F6, F9: a run's files leave the server as downloads, and nothing else leaves it."""

from __future__ import annotations

import io
import json
import os
import socket
import threading
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest
import requests

from cellrun.core import Experiment, Run
from tests.server.jupyter_process import BASE, TOKEN, Client

SECRET = b"the content of a file elsewhere"
BAD_PATHS = json.loads((Path(__file__).parents[1] / "data" / "bad_paths.json").read_text())


@pytest.fixture
def run(exp: Experiment) -> Run:
    """A run with some outputs; elsewhere, a file that isn't for everyone."""
    made = exp.start_logging()
    made.layout.outputs.mkdir(parents=True, exist_ok=True)
    (made.layout.outputs / "model.pt").write_bytes(bytes(range(256)) * 40)
    (made.layout.folder.parent / "secret.txt").write_bytes(SECRET)
    return made


@pytest.fixture
def files(run: Run, at: str) -> str:
    """The run's outputs in the REST routes."""
    return f"{at}/runs/{run.id}/outputs"


def raw_get(api: Client, path: str) -> tuple[int, bytes]:
    """Ask for a path as it stands: no client tidies it up."""
    name, _, port = api.jupyter.host.partition(":")
    headers = f"Host: {api.jupyter.host}\r\nAuthorization: token {TOKEN}\r\nConnection: close\r\n"
    head = f"GET {path} HTTP/1.1\r\n{headers}\r\n"
    with socket.create_connection((name, int(port)), timeout=30) as connection:
        connection.sendall(head.encode("utf-8", "surrogatepass"))
        answer = connection.makefile("rb").read()
    return int(answer.split()[1]), answer.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("given", BAD_PATHS, ids=range(len(BAD_PATHS)))
def test_a_bad_path_opens_nothing(api: Client, run: Run, files: str, given: str) -> None:
    """F5: as it stands, escaped once and escaped twice; of outputs and of the snapshot."""
    safe = quote(given, safe="", errors="surrogatepass")
    for place in (files, files.replace("outputs", "snapshot")):
        for path in (given.replace(" ", "%20").replace("\r", "%0d").replace("\n", "%0a"), safe, quote(safe, safe="")):
            status, body = raw_get(api, f"{BASE}cellrun/api/{place}/{path}")
            assert status in {400, 403, 404, 302}, (path, status, body)
            assert SECRET not in body
            assert b"root:" not in body


@pytest.mark.parametrize("name", ["report.html", "drawing.svg", "paper.pdf", "book.ipynb", "page.xhtml", "x.xml"])
def test_what_a_browser_would_run_is_a_download(api: Client, run: Run, files: str, name: str) -> None:
    """F9."""
    (run.layout.outputs / name).write_text("<script>alert(1)</script>")
    listed = next(one for one in api.get(files)["files"] if one["name"] == f"outputs/{name}")
    answer = api.ask("GET", f"{files}/outputs/{name}")
    assert answer.headers["Content-Disposition"] == f"attachment; filename*=utf-8''{name}"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    if listed["preview"] is None:
        api.ask("GET", f"{files}/outputs/{name}?preview=true", expect=415)
    else:  # a notebook is JSON: shown as the text that it is; the others' bytes go into a frame without origin
        shown = api.ask("GET", f"{files}/outputs/{name}?preview=true")
        is_text = listed["preview"] == "json"
        assert shown.headers["Content-Type"] == ("text/plain; charset=utf-8" if is_text else "application/octet-stream")


def test_files_are_listed_downloaded_and_shown(api: Client, run: Run, files: str) -> None:
    (run.layout.outputs / "notes.md").write_text("é" * 200_000)
    (run.layout.outputs / "plot.png").write_bytes(b"\x89PNG\r\n")
    (run.layout.outputs / "a file é #1?.txt").write_text("odd")
    listed = {one["name"]: one for one in api.get(files)["files"]}
    assert {name: one["preview"] for name, one in listed.items()} == {
        "outputs/a file é #1?.txt": "text",
        "outputs/model.pt": None,
        "outputs/notes.md": "markdown",
        "outputs/plot.png": "image",
    }
    assert listed["outputs/model.pt"]["size_bytes"] == 10240
    assert api.ask("GET", f"{files}/outputs/model.pt").content == bytes(range(256)) * 40
    assert api.ask("GET", f"{files}/{quote('outputs/a file é #1?.txt')}").text == "odd"
    text = api.ask("GET", f"{files}/outputs/notes.md?preview=true")
    assert (text.headers["Content-Type"], len(text.content)) == ("text/plain; charset=utf-8", 256 * 1024)
    image = api.ask("GET", f"{files}/outputs/plot.png?preview=true")
    assert (image.headers["Content-Type"], image.headers["Content-Disposition"]) == ("image/png", "inline")
    assert "no file" in api.get(f"{files}/outputs/nix.txt", expect=404)["message"]


def test_an_image_that_is_too_large_to_be_shown_is_not_read(api: Client, run: Run, files: str) -> None:
    with (run.layout.outputs / "large.png").open("wb") as file:
        file.truncate(10_000_000_000)
    listed = {one["name"]: one["preview"] for one in api.get(files)["files"]}
    assert listed["outputs/large.png"] is None
    refused = api.get(f"{files}/outputs/large.png?preview=true", expect=415)
    assert "10,000,000,000 bytes" in refused["message"]


def test_links_are_listed_as_skipped_and_not_followed(api: Client, run: Run, files: str) -> None:
    """F6."""
    secret = run.layout.folder.parent / "secret.txt"
    (run.layout.outputs / "link.txt").symlink_to(secret)
    (run.layout.outputs / "environ").symlink_to("/proc/self/environ")
    (run.layout.outputs / "folder").symlink_to(secret.parent)
    (run.layout.outputs / "hard.txt").hardlink_to(secret)
    os.mkfifo(run.layout.outputs / "pipe")
    answer = api.get(files)
    assert [one["name"] for one in answer["files"]] == ["outputs/model.pt"]
    assert {one["name"] for one in answer["skipped"]} == {
        *("outputs/link.txt", "outputs/environ", "outputs/folder", "outputs/hard.txt", "outputs/pipe")
    }
    for name in ("link.txt", "environ", "folder/secret.txt", "hard.txt", "pipe"):
        body = api.session.get(f"{api.jupyter.api}{files}/outputs/{name}", timeout=30)
        assert body.status_code in {403, 404}
        assert SECRET not in body.content
    archive = zipfile.ZipFile(io.BytesIO(api.ask("GET", files.replace("outputs", "archive?of=outputs")).content))
    assert archive.namelist() == ["outputs/model.pt"]


def test_a_folder_that_becomes_a_link_meanwhile(api: Client, run: Run, files: str) -> None:
    """F6: whoever swaps a folder for a link while it is read wins nothing."""
    inside, aside = run.layout.outputs / "deep", run.layout.outputs / "aside"
    inside.mkdir()
    (inside / "secret.txt").write_text("its own")
    is_over = threading.Event()

    def swap() -> None:
        while not is_over.is_set():
            inside.rename(aside)
            inside.symlink_to(run.layout.folder.parent)
            inside.unlink()
            aside.rename(inside)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        answers = [api.session.get(f"{api.jupyter.api}{files}/outputs/deep/secret.txt", timeout=30) for _ in range(300)]
    finally:
        is_over.set()
        thread.join()
    assert {answer.status_code for answer in answers} <= {200, 403, 404}
    assert {answer.content for answer in answers if answer.status_code == 200} <= {b"its own"}


def test_an_archive_has_all_files(api: Client, run: Run, at: str) -> None:
    answer = api.ask("GET", f"{at}/runs/{run.id}/archive?of=outputs")
    assert answer.headers["Content-Disposition"] == f"attachment; filename*=utf-8''{run.id}-outputs.zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert archive.read("outputs/model.pt") == bytes(range(256)) * 40
    assert "one of outputs, snapshot" in api.get(f"{at}/runs/{run.id}/archive", of="all", expect=400)["message"]


def test_a_file_that_shrinks_while_it_is_sent_is_no_whole_file(api: Client, run: Run, files: str) -> None:
    path = run.layout.outputs / "large.bin"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    with api.session.get(f"{api.jupyter.api}{files}/outputs/large.bin", stream=True, timeout=30) as answer:
        assert answer.headers["Content-Length"] == "200000000"
        os.truncate(path, 10_000_000)
        with pytest.raises(requests.RequestException):
            _ = answer.content
