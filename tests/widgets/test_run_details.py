"""`RunDetails(run).show()` in a kernel, in a terminal, in plain Python."""

import gzip
import subprocess
import sys

import pytest

from cellrun.widgets import bundle
from tests.core.live.view_model import ViewModel
from tests.widgets.kernel_page import KernelPage, custom

BEGIN = """
import time
from cellrun.core import Experiment, Workspace
from cellrun.widgets import RunDetails
run = Experiment(Workspace.from_config(), 'example').start_logging()
"""
SHOW = BEGIN + "RunDetails(run).show()"
UNTIL_TOLD = """
import itertools, os
for x in itertools.count():
    {}
    if os.path.exists('told'):
        break
    time.sleep(0.05)
"""
HELLO = {"type": "hello", "protocol": 1, "frame": -1}
MIME_TYPES = {
    "application/vnd.jupyter.widget-view+json",
    "application/vnd.cellrun.run.v1+json",
    "text/html",
    "text/plain",
}


@pytest.fixture
def page(kernels, tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    kernel = KernelPage(tmp_path, kernels)
    yield kernel
    kernel.close()


def tell_it_to_end(folder):
    (folder / "told").touch()


def displayed(messages):
    return [message["content"]["data"] for message in messages if message["msg_type"] == "display_data"]


def has_rows_from(name, rows):
    return lambda content: any(m["name"] == name and m["rows"] >= rows for m in content["metrics"])


def has_rows(name, rows):
    return lambda content: any(m["name"] == name and m["rows"] == rows for m in content["metrics"])


def test_it_is_displayed_once_with_its_types_and_no_secret(page):
    (data,) = displayed(page.run(SHOW))
    assert set(data) == MIME_TYPES
    run_id = data["application/vnd.cellrun.run.v1+json"]["run_id"]
    assert data["application/vnd.cellrun.run.v1+json"] == {
        "version": 1,
        "workspace_id": page_value(page, "Workspace.from_config().id"),
        "run_id": run_id,
    }
    assert run_id == page_value(page, "run.id")
    assert data["text/plain"].startswith("● Running  example-1")


def test_as_the_last_line_of_a_cell_it_is_shown(page):
    messages = page.run(BEGIN + "RunDetails(run)")
    (data,) = displayed(messages)
    assert set(data) == MIME_TYPES
    assert not [message for message in messages if message["msg_type"] == "execute_result"]


def page_value(page, expression):
    messages = page.run(f"print({expression})")
    return "".join(m["content"]["text"] for m in messages if m["msg_type"] == "stream").strip()


def test_points_arrive_while_the_cell_that_logs_them_runs(page, tmp_path):
    subshell = page.open_subshell()
    sent = page.start(SHOW + UNTIL_TOLD.format("run.log_row('sine', x=x, y=x / 2)"))
    page.wait_for(lambda _message: page.comms)
    page.ask(HELLO, subshell)
    view, seen = ViewModel(), []
    while len(set(seen)) <= 5:
        view.apply(*page.wait_for_frame())
        seen.append(view.metrics.get("sine", {}).get("rows", 0))
    assert not any(page.is_end(message, sent) for message in page.messages)
    assert seen == sorted(seen)
    tell_it_to_end(tmp_path)
    page.wait_for_end(sent)


def test_a_front_end_that_cannot_be_heard_while_a_cell_runs_is_fed_all_the_same(page, tmp_path):
    sent = page.start(SHOW + UNTIL_TOLD.format("run.log('x', x)"))
    page.wait_for_frame(has_rows_from("x", 10))
    assert not any(page.is_end(message, sent) for message in page.messages)
    tell_it_to_end(tmp_path)
    page.wait_for_end(sent)


def test_a_page_that_has_the_run_from_its_server_is_sent_nothing_until_it_asks(page):
    subshell = page.open_subshell()
    longer = "from cellrun.widgets import view_feed\nview_feed.GRACE_S = 60\n"  # a busy machine hears it late
    sent = page.start(longer + SHOW + "\nfor x in range(100): run.log('x', x); time.sleep(0.05)")
    page.wait_for(lambda _message: page.comms)
    page.ask({"type": "leave"}, subshell)
    page.wait_for_end(sent)
    assert not any(custom(message, "frame") for message in page.messages)
    waiting = "type(t).__name__ == 'Timer' and not t.finished.is_set()"
    timers = f"[t for t in __import__('threading').enumerate() if {waiting}]"
    page.run(f"for _ in range(600):\n    if not {timers}: break\n    time.sleep(0.05)")
    assert page_value(page, timers) == "[]"  # it was heard
    page.ask(HELLO)
    content, _ = page.wait_for_frame()
    assert content["reset"]
    assert has_rows("x", 100)(content)


def test_the_feed_ends_with_the_run(page):
    page.run(SHOW + "\nrun.log('a', 1.5)\nrun.complete()")
    content, _ = page.wait_for_frame(lambda content: content.get("header", {}).get("status") == "Completed")
    assert content["metrics"][0]["columns"][1]["last"] == 1.5
    threads = "[t.name for t in __import__('threading').enumerate() if t.name.startswith('cellrun view')]"
    page.run(f"for _ in range(100):\n    if not {threads}: break\n    time.sleep(0.05)")
    assert page_value(page, threads) == "[]"


def test_a_closed_widget_feeds_nobody_and_a_new_one_takes_its_place(page):
    page.run(SHOW)
    page.run("__import__('ipywidgets').Widget.close_all()")
    threads = "[t.name for t in __import__('threading').enumerate() if t.name.startswith('cellrun view')]"
    page.run(f"for _ in range(100):\n    if not {threads}: break\n    time.sleep(0.05)")
    assert page_value(page, threads) == "[]"
    page.run("RunDetails(run).show()")
    assert len(page.comms) == 2
    page.wait_for_frame(lambda content: content["reset"])


def test_a_run_shown_twice_is_one_widget(page):
    page.run(SHOW)
    again = displayed(page.run("RunDetails(run).show()"))
    other = displayed(page.run("RunDetails(Workspace.from_config().get_run(run.id)).show()"))
    assert again[0]["application/vnd.jupyter.widget-view+json"] == other[0]["application/vnd.jupyter.widget-view+json"]
    assert len(page.comms) == 1


def test_a_second_run_sends_little_more_than_a_loader(page):
    page.run(SHOW)
    begin = len(page.messages)
    page.run(SHOW.replace("run =", "other =").replace("(run)", "(other)"))
    opened = [message["content"] for message in page.messages[begin:] if message["msg_type"] == "comm_open"]
    assert sum(len(str(content)) for content in opened) < 10_000


def test_hello_brings_everything_after_the_end_too(page):
    page.run(SHOW + "\nfor x in range(5): run.log('loss', x)\nrun.complete()")
    page.wait_for_frame(lambda content: content.get("header", {}).get("status") == "Completed")
    page.ask(HELLO)
    content, buffers = page.wait_for_frame(lambda content: content["reset"])
    view = ViewModel()
    view.apply(content, buffers)
    assert view.columns["loss"]["loss"].tolist() == [0, 1, 2, 3, 4]


def test_it_answers_while_the_cell_runs_where_the_front_end_has_a_subshell(page):
    subshell = page.open_subshell()
    page.run(SHOW)
    sent = page.start(
        "try:\n    for x in range(1000): run.log('x', x); time.sleep(0.1)\nexcept Exception as e: print(e)"
    )
    page.wait_for_frame(has_rows_from("x", 3))
    page.ask({"type": "hello", "protocol": 1, "frame": 1}, subshell)
    page.wait_for_frame(lambda content: content["reset"])
    page.ask({"type": "cancel"}, subshell)
    page.wait_for_frame(lambda content: content.get("header", {}).get("status") == "Canceled")
    page.wait_for_end(sent)


def test_the_code_of_the_view_is_sent_when_asked_for(page):
    page.run(SHOW)
    page.ask({"type": "bundle", "version": "0"})
    content, (script,) = page.wait_for_answer("bundle")
    assert (content["version"], content["encoding"]) == (bundle.cellrun_version(), "gzip")
    assert gzip.decompress(script) == (bundle.STATIC / "view.js").read_bytes()


def test_older_parts_of_the_log_are_sent_when_asked_for(page):
    page.run(BEGIN + "run.layout.log.write_bytes(b'0123456789' * 20_000)\nRunDetails(run).show()")
    page.ask({"type": "log", "start": 10, "end": 25})
    content, (data,) = page.wait_for_answer("log")
    assert (content["start"], content["end"], data) == (10, 25, b"012345678901234")


def test_what_another_process_of_a_run_prints_is_sent_when_asked_for(page):
    page.run(BEGIN + "run.layout.rank_log(3).write_bytes(b'0123456789')\nRunDetails(run).show()")
    page.ask({"type": "rank_log", "rank": 3, "start": None})
    content, (data,) = page.wait_for_answer("rank_log")
    assert (content["rank"], content["start"], content["size"], data) == (3, 0, 10, b"0123456789")
    page.ask({"type": "rank_log", "rank": 3, "start": 7})
    assert page.wait_for_answer("rank_log")[1] == [b"789"]


@pytest.mark.parametrize("content", [{"type": "log"}, {"type": "log", "start": "x", "end": 1}])
def test_a_wrong_question_gets_an_error(page, content):
    page.run(SHOW)
    page.ask(content)
    page.wait_for_answer("error")


def test_its_data_has_the_names_of_azure_ml(page):
    page.run(SHOW + "\nrun.log('a', 2)")
    assert page_value(page, "RunDetails(run).get_widget_data()['run_metrics']") == "{'a': 2}"
    assert page_value(page, "RunDetails(run).get_widget_data()['status']") == "Running"


@pytest.mark.parametrize("program", [[], ["-m", "IPython", "--quick"]], ids=["python", "ipython"])
def test_a_terminal_gets_text_and_its_prompt_back(tmp_path, monkeypatch, program):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    code = BEGIN + "run.log('loss', 0.25)\nrun.complete()\nRunDetails(run).show()"
    command = [sys.executable, *program, "-c", code]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert printed.stdout.startswith("✓ Completed  example-1  example")
    assert "loss 0.25" in printed.stdout


def test_code_outside_a_run_is_told_that_there_is_nothing_to_see(page):
    messages = page.run(
        "from cellrun.core import Run\nfrom cellrun.widgets import RunDetails\nRunDetails(Run.get_context()).show()"
    )
    assert displayed(messages) == []
    printed = "".join(m["content"]["text"] for m in messages if m["msg_type"] == "stream")
    assert "is offline: this code is part of no run" in printed
