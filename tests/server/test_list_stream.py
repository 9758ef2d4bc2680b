"""A page and a workspace's list of runs: what it holds is what the workspace has, whoever changed it."""

import json
import sqlite3
import subprocess
import sys
import urllib.request
from contextlib import closing

import pytest

from cellrun.core import Experiment, ScriptRunConfig, Workspace
from cellrun.core.places import cache_of
from cellrun.core.store.lists.index_file import INDEX
from cellrun.core.store.status import Status, StatusFile
from cellrun.server.stream import list_watch
from tests.server.live_server import PATIENCE_S, TOKEN, Page, wait_until

SUBMIT = """
from cellrun.core import Experiment, Workspace
run = Experiment(Workspace.from_config(), "elsewhere").start_logging(snapshot_directory=None)
run.log("loss", 0.5)
run.complete()
print(run.id)
"""


class ListPage(Page):
    """A page that keeps the rows it is told of, as a panel does."""

    def __init__(self, server):
        super().__init__(server)
        self.rows = {}
        self.resets = 0

    def receive(self):
        """Take in a message."""
        message = super().receive()
        if message.get("type") == "rows":
            assert not (message["reset"] and (message["rows"] or message["gone"]))
            self.resets += message["reset"]
            self.rows |= {row["id"]: row for row in message["rows"]}
            for run_id in message["gone"]:
                self.rows.pop(run_id, None)
        return message

    @property
    def last(self):
        """The last message of a list."""
        return [text for text in self.texts if text["type"] == "rows"][-1]


def loaded(server):
    """Return the rows of the list as a page loads them."""
    address = f"http://127.0.0.1:{server.port}/user/ada/cellrun/api/workspaces/default/runs"
    request = urllib.request.Request(address, headers={"Authorization": f"token {TOKEN}"})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return json.load(answer)["runs"]


@pytest.fixture
def page(server, workspace):
    """Return a page that listens to the list, is told to load it, and is closed at the end."""
    made = ListPage(server)
    made.list(sparks=["*"]).until(lambda: made.resets)
    yield made
    made.close()


def test_what_changes_in_this_and_other_processes_is_told(page, open_run):
    assert page.last["reset"]
    run = open_run()
    page.until(lambda: run.layout.run_id in page.rows)
    assert page.rows[run.layout.run_id]["status"] == "NotStarted"
    StatusFile(run.layout).change(Status.RUNNING)
    page.until(lambda: page.rows[run.layout.run_id]["status"] == "Running")
    done = subprocess.run([sys.executable, "-c", SUBMIT], check=True, capture_output=True, text=True)
    there = done.stdout.split()[-1]
    page.until(lambda: page.rows.get(there, {}).get("status") == "Completed")
    assert page.rows[there]["metrics"] == {"loss": 0.5}
    assert page.resets == 1


def test_a_page_that_comes_back_gets_what_it_missed_also_from_another_server(serving, open_run):
    before = open_run()
    with serving() as server:
        page = ListPage(server)
        page.list().until(lambda: page.resets)
        StatusFile(before.layout).change(Status.RUNNING)
        page.until(lambda: page.rows)
        page.close()
    missed = open_run()
    with serving() as server:
        again = ListPage(server)
        again.list(epoch=page.last["epoch"], cursor=page.last["cursor"]).until(lambda: again.rows)
        assert list(again.rows) == [missed.layout.run_id]
        assert again.resets == 0
        again.close()


@pytest.mark.parametrize(("epoch", "cursor"), [("another", 3), (None, 5), ("", 10**15)])
def test_a_cursor_that_says_nothing_here_is_answered_by_a_reset(page, epoch, cursor):
    page.list(3, epoch=page.last["epoch"] if epoch == "" else epoch, cursor=cursor).until(lambda: page.resets == 2)
    assert page.last["channel"] == 3


def test_more_changes_than_are_worth_sending_are_a_reset(page, open_run, monkeypatch):
    monkeypatch.setattr(list_watch, "MOST_ROWS", 2)
    for _ in range(4):
        open_run()
    page.until(lambda: page.resets == 2)


def test_each_listener_gets_the_courses_that_it_asked_for_of_one_question(server, open_run):
    pages = [ListPage(server).list(sparks=sparks) for sparks in ([], ["*"], ["loss"], ["*"])]
    for page in pages:
        page.until(lambda page=page: page.resets)
    run = open_run()
    run.log(1, 2, 3)
    run.events.close()
    for page, names in zip(pages, [[], ["loss"], ["loss"], ["loss"]], strict=True):
        page.until(lambda page=page: page.rows.get(run.layout.run_id, {}).get("metrics") == {"loss": 3.0})
        assert list(page.rows[run.layout.run_id]["sparks"]) == names
        assert len(server.hub._lists) == 1
        page.close()


def test_nobody_asks_when_nobody_listens(server, page):
    page.send("leave", 2)
    wait_until(lambda: not server.hub._lists)


def test_the_default_workspace_is_listened_to_before_it_exists(server, tmp_path, monkeypatch):
    page = ListPage(server)
    page.list().until(lambda: page.resets == 1)
    monkeypatch.chdir(tmp_path)
    Workspace.from_config()
    page.until(lambda: page.resets == 2)
    page.close()


def test_an_index_of_a_newer_cellrun_is_said(server, workspace, open_run):
    open_run()
    page = ListPage(server)
    page.list().until(lambda: page.resets)
    page.close()
    with closing(sqlite3.connect(cache_of(workspace.layout) / INDEX)) as base:
        base.executescript("CREATE TABLE newer (id TEXT); PRAGMA user_version = 1000;")
    again = ListPage(server)
    again.list().until(lambda: again.texts)
    assert (again.texts[0]["status"], "1000" in again.texts[0]["message"]) == (409, True)
    again.close()


def test_queued_runs_say_what_they_wait_for_as_the_queue_moves(page, server, workspace, tmp_path, monkeypatch):
    monkeypatch.setenv("CELLRUN_LOCAL_CPUS", "1")
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "wait.py").write_text("import time\ntime.sleep(600)\n")
    experiment = Experiment(Workspace.opened(workspace.layout), "queued")
    runs = [experiment.submit(ScriptRunConfig(tmp_path / "source", "wait.py")) for _ in range(4)]

    def reasons():
        return [page.rows.get(run.id, {}).get("reason") for run in runs]

    try:
        lines = ["waits for 1 core", "waits for 1 core · 1 before it", "waits for 1 core · 2 before it"]
        page.until(lambda: reasons() == [None, *lines])
        runs[1].cancel()
        page.until(lambda: reasons()[2:] == lines[:2])
        assert {run["id"]: run["reason"] for run in loaded(server)}[runs[3].id] == lines[1]
        runs[0].cancel()
        page.until(lambda: reasons()[2:] == [None, lines[0]])
    finally:
        for run in reversed(runs):
            run.cancel()
