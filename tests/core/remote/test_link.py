import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cellrun.core.remote.command import REMOTE_COMMAND
from cellrun.core.remote.link import Link, LinkError, OrderError
from cellrun.core.remote.protocol import MARKER, Message
from tests.core.remote.boxes import Box

BANNERS = {
    "a line": "echo Welcome to box",
    "no end of line": "printf 'last login: today '",
    "what looks like JSON": 'echo \'{"error": "no"}\'',
    "bytes": "printf '\\001\\377\\000\\n'",
    "many lines": "seq 1 10000",
}


def after(script: str) -> Callable[[list[str]], list[str]]:
    """Let a login script print something before our command."""
    return lambda command: ["sh", "-c", f"{script}; exec {shlex.join(command)}"]


def test_what_a_machine_is_and_has_comes_with_the_first_answer(any_box: Box):
    told = any_box.link().ask("hello").facts
    assert told["home"] == str(any_box.home)
    assert told["executable"] == any_box.python
    assert told["cpus"] >= 1
    assert told["disk_free_bytes"] > 0
    assert isinstance(told["packages"], dict)


def test_the_library_is_sent_once(new_box: Callable[..., Box]):
    box = new_box(has_library=False)
    first, second = box.link(), box.link()
    assert [link.ask("clock") and link.there["has"] for link in (first, second)] == [False, True]


def test_a_library_that_is_not_what_its_name_says_is_sent_again(new_box: Callable[..., Box]):
    box = new_box(has_library=False)  # the one that all have is to stay whole
    box.link().ask("clock")
    [library] = (box.home / "library").glob("[0-9a-f]*")
    (library / "cellrun" / "core" / "layout.py").write_text("raise SystemExit('not ours')\n")
    link = box.link()
    link.ask("clock")
    assert link.there["has"] is False
    assert "not ours" not in (library / "cellrun" / "core" / "layout.py").read_text()


def test_a_library_that_others_can_write_to_is_not_run(box: Box):
    box.link().ask("clock")
    (box.home / "library").chmod(0o777)
    with pytest.raises(LinkError, match=r"box: .*/library can't be used \(others can write to it"):
        box.link().ask("clock")


@pytest.mark.parametrize("banner", BANNERS.values(), ids=BANNERS)
def test_what_a_login_script_prints_is_skipped(box: Box, banner: str):
    box.wrapped = after(banner)
    assert box.link().ask("hello").facts["home"] == str(box.home)


def test_a_login_script_that_prints_without_end_is_quoted(box: Box):
    box.wrapped = after("yes hello world")
    with pytest.raises(LinkError, match=r"box prints \d+ kB where an answer was expected.*hello world hello world"):
        box.link().ask("hello")


def test_a_machine_that_lets_nobody_start_anything_is_quoted(box: Box):
    box.wrapped = lambda _: ["sh", "-c", "echo This account is currently not available.; exit 1"]
    with pytest.raises(LinkError, match=r"box didn't start our program; it said: This account is currently") as told:
        box.link().ask("hello")
    assert told.value.exit_code == 1


def test_the_last_words_of_what_leads_there_are_kept(box: Box):
    box.wrapped = lambda _: ["sh", "-c", "echo 'ssh: connect to host box: No route to host' >&2; exit 255"]
    link = box.link()
    for _ in range(2):  # a link that broke says the same again
        with pytest.raises(LinkError, match=r"the link to box broke at its start: ssh: connect to .* No route") as told:
            link.ask("hello")
        assert (told.value.exit_code, told.value.last_words[:4]) == (255, "ssh:")
    assert link.is_broken


def test_a_program_that_is_not_there_is_said():
    with pytest.raises(LinkError, match=r"/nowhere/ssh can't be started: No such file"):
        Link(["/nowhere/ssh"], name="box").ask("hello")


def test_an_answer_that_does_not_come_breaks_the_link(box: Box):
    link = Link(["sh", "-c", f"echo '{MARKER.decode()}{{\"has\": true}}'; sleep 60"], name="box")
    box.links.append(link)
    with pytest.raises(LinkError, match=r"box gave no answer to the order 'hello' in 0 s"):
        link.ask("hello", timeout_s=0.3)
    assert link.is_broken


def test_nonsense_in_place_of_an_answer_breaks_the_link(box: Box):
    link = Link(["sh", "-c", f"echo '{MARKER.decode()}{{\"has\": true}}'; echo hello; cat >/dev/null"], name="box")
    box.links.append(link)
    with pytest.raises(LinkError, match=r"box answered the order 'hello' with nonsense"):
        link.ask("hello")


@pytest.mark.parametrize("second", ['{"id": 1, "now": 2}', '{"id": 3, "now": 2}', '{"now": 2}'])
def test_an_answer_to_another_order_breaks_the_link(box: Box, second: str):
    answers = [f'{MARKER.decode()}{{"has": true}}', '{"id": 1, "now": 1}', second, '{"id": 3, "now": 3}']
    link = Link(["sh", "-c", f"printf '%s\\n' {shlex.join(answers)}; cat >/dev/null"], name="box")
    box.links.append(link)
    assert link.ask("clock").facts["now"] == 1
    for _ in range(2):  # the next one would be right
        with pytest.raises(LinkError, match=r"box answered the order 'clock' with nonsense: an answer to another"):
            link.ask("clock")
    assert link.is_broken


def test_an_order_that_cannot_be_carried_out_leaves_the_link_as_it_is(box: Box):
    link = box.link()
    with pytest.raises(OrderError, match=r"box: no order is called 'dance'") as told:
        link.ask("dance")
    assert told.value.kind == "order"
    with pytest.raises(OrderError, match=r"KeyError: 'workspace'"):
        link.ask("lacks")
    for bad in ("../..", ".", "", "a/b", 3, None):
        with pytest.raises(OrderError, match=r"no workspace can be called"):
            link.ask("lacks", workspace=bad, hashes=[])
    assert link.ask("clock").facts["now"] > 0


def test_an_agent_that_is_killed_breaks_the_link_and_not_the_next_one(box: Box):
    link = box.link()
    pid = link.ask("hello").facts["pid"]
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(LinkError, match=r"the link to box broke at the order 'clock'"):
        link.ask("clock")
    assert box.link().ask("clock").facts["now"] > 0


def test_a_link_that_was_closed_says_so(box: Box):
    link = box.link()
    link.ask("clock")
    link.close()
    link.close()
    with pytest.raises(LinkError, match=r"the link to box was closed"):
        link.ask("clock")


def test_the_offset_of_a_wrong_clock_is_measured(box: Box, monkeypatch: pytest.MonkeyPatch):
    link, true_time = box.link(), time.time
    monkeypatch.setattr(time, "time", lambda: true_time() - 3600)
    asked = time.monotonic()
    offset_s = link.clock_offset_s()
    assert abs(offset_s - 3600) <= time.monotonic() - asked


def test_orders_of_several_threads_come_in_turn(box: Box):
    link, told = box.link(), []

    def ask(number: int) -> None:
        told.extend(link.ask("lacks", workspace=f"w{number}", hashes=[f"h{number}"]).facts["lacks"] for _ in range(50))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == sorted([f"h{number}"] for number in range(4) for _ in range(50))


def test_what_a_library_prints_over_there_is_no_answer(box: Box, tmp_path: Path):
    """Stdout of the agent is its stderr: a child that prints doesn't come between."""
    noisy = tmp_path / "python"
    noisy.write_text(f'#!/bin/sh\necho noise >&2\nexec {sys.executable} "$@"\n')
    noisy.chmod(0o755)
    box.python = str(noisy)
    link = box.link()
    assert link.ask("clock").facts["now"] > 0


def test_an_order_and_its_bytes_are_one_message():
    encoded = Message({"order": "put"}, b"a\nb").encoded()
    assert encoded == b'{"order":"put","bytes":3}\na\nb'
    assert "\n" not in REMOTE_COMMAND
