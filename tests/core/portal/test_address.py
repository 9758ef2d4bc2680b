"""Where a run's page is: which server is taken or started for it, and what is printed of it."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from cellrun.core import PortalError, Run, ScriptRunConfig, UserErrorException, front_end, places
from cellrun.core.identity import ProcessIdentity
from cellrun.core.portal import private_server, servers
from cellrun.core.portal.address import web_view
from cellrun.core.portal.servers import ServerFile
from tests.core.submitted_runs import wait_for
from tests.files_below import files_below

SECRETS = ("https://ada:pw@hub.example.org/", "https://hub.example.org/?token=pw", "https://hub.example.org/#pw")


@pytest.fixture
def run(exp):
    """A run that is open."""
    return exp.start_logging()


@pytest.fixture
def page(run):
    """What its address ends with."""
    return f"cellrun/workspaces/{run.experiment.workspace.id}/runs/{run.id}"


@pytest.fixture(autouse=True)
def no_server_left(monkeypatch):
    """No address from the tests' own surroundings, and no private server that outlives its test."""
    for name in ("CELLRUN_PUBLIC_URL", "JUPYTERHUB_PUBLIC_URL", "JPY_PARENT_PID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CELLRUN_PORTAL_IDLE_S", "60")
    yield
    for server in servers.running():
        if server.is_private and server.process.pid != os.getpid():
            os.kill(server.process.pid, signal.SIGTERM)
            wait_for(lambda process=server.process: not process.is_alive(), "the private server to end")


def test_an_address_that_is_given_is_taken_and_nothing_is_started(run, page, monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_PUBLIC_URL", "https://hub.example.org/user/ada/")
    assert run.get_portal_url() == f"https://hub.example.org/user/ada/{page}"
    monkeypatch.setenv("CELLRUN_PUBLIC_URL", "http://proxy.example.org/x")
    assert run.get_portal_url() == f"http://proxy.example.org/x/{page}"
    assert f'<a href="http://proxy.example.org/x/{page}"' in run._repr_html_()
    experiment = run.experiment
    query = f"workspace={experiment.workspace.id}&experiment=digits"
    assert experiment.get_portal_url() == f"http://proxy.example.org/x/cellrun/?{query}"
    assert servers.running() == []


@pytest.mark.parametrize("given", [*SECRETS, "hub.example.org", "ftp://x/", "https://", "https://a b/"])
def test_an_address_that_cannot_be_is_refused_without_being_shown(run, given, monkeypatch):
    monkeypatch.setenv("CELLRUN_PUBLIC_URL", given)
    with pytest.raises(UserErrorException, match="CELLRUN_PUBLIC_URL") as refused:
        run.get_portal_url()
    assert "pw" not in str(refused.value)
    assert "href" not in run._repr_html_()


def test_a_server_that_runs_is_taken_and_this_kernel_s_own_before_others(run, page, monkeypatch):
    mine = ServerFile.of_this_process("http://127.0.0.1:8888/", "/", "1")
    other = mine._replace(
        url="http://127.0.0.1:9999/user/ada/",
        base_url="/user/ada/",
        process=ProcessIdentity.of(os.getppid()),
        started_at=mine.started_at + 1,
    )
    mine.write()
    other.write()
    assert run.get_portal_url() == f"http://127.0.0.1:9999/user/ada/{page}"
    monkeypatch.setenv("JPY_PARENT_PID", str(os.getpid()))
    assert run.get_portal_url() == f"http://127.0.0.1:8888/{page}"
    assert "href" not in run._repr_html_()  # an address on this machine alone isn't for a notebook that is kept
    other.remove()
    mine.remove()


def test_a_workspace_that_is_asked_for_is_registered(run):
    server = ServerFile.of_this_process("http://127.0.0.1:8888/", "/", "1")
    server.write()
    for path in (places.home() / "registry").iterdir():
        path.unlink()
    run.get_portal_url()
    assert [entry.id for entry in places.registered()] == [run.experiment.workspace.id]
    server.remove()


def test_a_server_is_started_and_lets_one_browser_in_once(run, page, tmp_path):
    run.log("loss", 0.5)
    urls: list[str] = []
    threads = [threading.Thread(target=lambda: urls.append(run.get_portal_url())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (server,) = servers.running()  # one for both
    assert server.is_private
    codes = set()
    for url in urls:
        parts = urlsplit(url)
        assert (parts.hostname, parts.path) == ("127.0.0.1", "/cellrun/enter")
        query = parse_qs(parts.query)
        assert query["next"] == [f"/{page}"]
        codes |= {*query["code"]}
    assert len(codes) == 2
    browser = requests.Session()
    shown = browser.get(urls[0])
    assert (shown.status_code, urlsplit(shown.url).path) == (200, f"/{page}")
    assert requests.get(urls[0]).status_code == 403  # used up
    api = f"{server.url}cellrun/api/workspaces/{run.experiment.workspace.id}/runs/{run.id}"
    wait_for(lambda: browser.get(api).json()["row"]["metrics"] == {"loss": 0.5}, "its row, as of a second ago")
    assert requests.get(api).status_code == 401
    listed = subprocess.run(["ps", "eww", "-p", str(server.process.pid)], capture_output=True, text=True, check=True)
    told = listed.stdout + "".join(f"{path}{content!r}" for path, content in files_below(tmp_path).items())
    assert not [secret for secret in codes if secret in told]


def test_without_the_server_s_package_it_says_what_to_install(run, monkeypatch):
    monkeypatch.setattr(private_server, "MODULE", "cellrun.nowhere")
    with pytest.raises(PortalError, match="pip install cellrun"):
        run.get_portal_url()


def test_a_server_that_cannot_start_says_why(run, monkeypatch):
    monkeypatch.setattr(private_server, "MODULE", "tabnanny")  # finds no file of that name, and says so
    with pytest.raises(PortalError, match=r"didn't start: .*: I/O Error"):
        run.get_portal_url()
    wait_for(lambda: servers.running() == [], "its process to be gone")


def test_a_private_server_that_does_not_answer_is_no_portal(run):
    server = ServerFile.of_this_process("http://127.0.0.1:1/", "/", "1", is_private=True)
    server.write()
    with pytest.raises(PortalError, match="didn't start"):
        run.get_portal_url()
    server.remove()


@pytest.fixture
def terminal(monkeypatch):
    """Somebody sits before what is printed."""
    monkeypatch.setattr(front_end, "is_there", lambda: True)


@pytest.mark.usefixtures("terminal")
def test_the_link_of_a_server_that_starts_is_printed_at_once_and_waits(run, page, monkeypatch):
    """Nothing waits for the server; who follows the link does, and comes in."""
    assert str(run) == repr(run)  # it starts nothing
    assert servers.running() == []
    url = web_view(run.layout, run.experiment.workspace.id)
    (server,) = servers.running()
    assert url.startswith(f"{server.url}cellrun/enter?code=")
    assert web_view(run.layout, run.experiment.workspace.id) == url
    assert str(run) == f"{repr(run)[:-1]},\nWeb View: {url})"
    shown = requests.get(url, timeout=60)
    assert (shown.status_code, urlsplit(shown.url).path) == (200, f"/{page}")
    assert web_view(run.layout, run.experiment.workspace.id) != url  # that one is used up
    assert "href" not in run._repr_html_()


@pytest.mark.usefixtures("terminal")
def test_a_log_waits_for_no_server(exp, here, capsys, monkeypatch):
    """A server that never serves: its log is there, and its link."""
    (here / "train.py").write_text("print('one')")
    (here / "hangs").mkdir()
    (here / "hangs" / "never_serves.py").write_text("import time\ntime.sleep(600)")
    monkeypatch.syspath_prepend(here / "hangs")
    monkeypatch.setenv("PYTHONPATH", str(here / "hangs"))
    monkeypatch.setattr(private_server, "MODULE", "never_serves")
    run = exp.submit(ScriptRunConfig(here, "train.py"))
    run.wait_for_completion(show_output=True)
    (server,) = servers.running()
    printed = capsys.readouterr().out
    (url,) = {line.removeprefix("Web View: ") for line in printed.splitlines() if line.startswith("Web View: ")}
    assert printed.startswith(f"RunId: {run.id}\nWeb View: {url}\n\nStreaming ")
    assert printed.endswith(f"RunId: {run.id}\nWeb View: {url}\n")
    assert url.startswith(server.url)


def test_where_nobody_sits_no_server_is_started(run, capsys):
    run.complete()
    run.wait_for_completion(show_output=True)
    assert capsys.readouterr().out.count("Web View: the command `jupyter cellrun` shows it\n") == 2
    assert servers.running() == []


@pytest.mark.usefixtures("terminal")
def test_a_link_that_cannot_be_made_hinders_nobody(run, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    with monkeypatch.context() as patch:
        patch.setenv("CELLRUN_RUNTIME_DIR", str(tmp_path / "file"))
        assert web_view(run.layout, run.experiment.workspace.id) == "the command `jupyter cellrun` shows it"
        assert str(run) == repr(run)


def test_the_link_of_a_server_that_runs_is_printed_everywhere(run, page, capsys):
    server = ServerFile.of_this_process("http://127.0.0.1:8888/", "/", "1")
    server.write()
    assert str(run) == f"{repr(run)[:-1]},\nWeb View: http://127.0.0.1:8888/{page})"
    run.complete()
    run.wait_for_completion(show_output=True)
    assert capsys.readouterr().out.count(f"Web View: http://127.0.0.1:8888/{page}\n") == 2
    server.remove()


def test_a_run_starts_no_server_and_prints_no_code_of_one_that_outlives_its_kernel(runs, run):
    ask = "from cellrun.core import Run\nprint('at', Run.get_context().get_portal_url())"
    assert "a run starts none" in runs.end(runs.script(ask)).reason
    code = (
        "import sys\nfrom cellrun.core import Workspace\nWorkspace.from_config().get_run(sys.argv[1]).get_portal_url()"
    )
    command = [sys.executable, "-W", "error", "-c", code, run.id]
    with subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE, text=True) as kernel:
        assert kernel.communicate()[1] == ""
    (server,) = servers.running()
    assert os.getsid(server.process.pid) != kernel.pid
    assert requests.get(f"{server.url}cellrun/").status_code == 403
    layout = runs.script(ask)
    runs.end(layout)
    page = f"{server.url}cellrun/workspaces/{runs.workspace.id}/runs/{layout.run_id}"
    assert layout.log.read_text() == f"at {page}\n"


def test_an_offline_run_has_no_page(here: Path):
    assert Run.get_context().get_portal_url() == ""


def test_a_deleted_run_has_no_page_any_more(run, page, monkeypatch):
    monkeypatch.setenv("CELLRUN_PUBLIC_URL", "http://proxy.example.org/")
    assert str(run).endswith(f",\nWeb View: http://proxy.example.org/{page})")
    run.complete()
    seen = Run.get(run.experiment.workspace, run.id)
    run.delete()
    assert str(seen) == repr(seen)
    assert "Status: deleted" in str(seen)
    assert "href" not in seen._repr_html_()


def test_where_there_are_no_file_locks_a_server_is_refused_with_what_to_set(monkeypatch):
    def flock(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(private_server.fcntl, "flock", flock)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(PortalError, match=r"has no file locks.*set CELLRUN_RUNTIME_DIR"):
        private_server.take_lock()
    assert len(os.listdir("/proc/self/fd")) == before
