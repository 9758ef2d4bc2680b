"""The portal's pages, and `jupyter cellrun`."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from cellrun.core import Experiment
from tests.server.jupyter_process import BASE, TOKEN, Client, JupyterProcess, jupyter_process


@pytest.fixture
def logged_in(api: Client) -> requests.Session:
    """A browser that came by the address which Jupyter prints, with its token."""
    session = requests.Session()
    answer = session.get(f"{api.jupyter.url}cellrun/?token={TOKEN}", allow_redirects=False, timeout=30)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{BASE}cellrun/"  # the token has left the address
    return session


def test_a_page_tells_its_script_what_to_show(logged_in: requests.Session, api: Client, exp: Experiment) -> None:
    run = exp.start_logging()
    page = logged_in.get(f"{api.jupyter.url}cellrun/workspaces/{exp.workspace.id}/runs/{run.id}", timeout=30)
    assert page.status_code == 200, page.text
    told = dict(re.findall(r'data-([a-z-]+)="([^"]*)"', page.text))
    assert told["base-url"] == BASE
    assert (told["page"], told["workspace"], told["run"]) == ("run", exp.workspace.id, run.id)
    assert f'src="{BASE}cellrun/static/portal.js"' in page.text
    assert TOKEN not in page.text
    assert "_xsrf" in logged_in.cookies
    script = requests.get(f"{api.jupyter.url}cellrun/static/portal.js", timeout=30)
    assert script.status_code == 200
    assert "javascript" in script.headers["Content-Type"]
    assert script.headers["Content-Encoding"] == "gzip"
    plain = requests.get(script.url, headers={"Accept-Encoding": "identity"}, timeout=30)
    assert (plain.content, "Content-Encoding" in plain.headers) == (script.content, False)


def test_a_page_runs_no_script_but_ours(logged_in: requests.Session, api: Client) -> None:
    """F8: names from the address stand in the page as text alone."""
    odd = "%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E"
    for path in (f"workspaces/{odd}/runs/{odd}", f"workspaces/{odd}/compare?run={odd}&run=b"):
        page = logged_in.get(f"{api.jupyter.url}cellrun/{path}", timeout=30)
        assert "<script>" not in page.text
        policy = page.headers["Content-Security-Policy"]
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["Cache-Control"] == "no-store"


def test_the_page_that_draws_figures_is_of_no_origin_and_has_the_whole_plotly(jupyter: JupyterProcess) -> None:
    page = requests.get(f"{jupyter.url}cellrun/figure", timeout=30)
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-scripts; default-src 'none'; script-src 'self'")
    assert "connect-src" not in policy
    assert "Set-Cookie" not in page.headers
    scripts = re.findall(r'<script src="([^"]+)">', page.text)
    assert scripts == [f"{BASE}cellrun/static/plotly.min.js", f"{BASE}cellrun/static/figure.js"]
    for script in scripts:
        answer = requests.get(f"{jupyter.url}{script.removeprefix(BASE)}", timeout=60)
        assert answer.status_code == 200, script
        assert "plotly" in answer.text.lower()


def test_a_stranger_is_sent_to_log_in(jupyter: JupyterProcess) -> None:
    answer = requests.get(f"{jupyter.url}cellrun/workspaces/w/runs/r", allow_redirects=False, timeout=30)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"{BASE}login?next=")


def test_jupyter_cellrun_with_a_word_that_is_no_command_says_so(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("jupyter-cellrun")
    done = subprocess.run([program, "doctor"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("jupyter cellrun has no command 'doctor': it opens the portal")


def test_jupyter_cellrun_opens_the_portal_without_lab(tmp_path: Path) -> None:
    with jupyter_process(tmp_path, "jupyter-cellrun") as alone:
        session = requests.Session()
        page = session.get(f"{alone.url}?token={TOKEN}", timeout=30)
        assert page.url.partition("?")[0] == f"{alone.url}cellrun/"
        assert 'data-page="list"' in page.text
        assert session.get(f"{alone.url}lab", timeout=30).status_code == 404
    assert not list((tmp_path / "cellrun-runtime").glob("servers/*/*.json"))  # nobody looks for it any more
