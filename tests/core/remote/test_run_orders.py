import json
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from cellrun.core.identity import boot_time
from cellrun.core.mirror.frame import Frame, FrameReader
from cellrun.core.mirror.receiver import Receiver
from cellrun.core.remote.link import Link, OrderError
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.supervision.process_file import ProcessFile
from tests.core.remote.boxes import KEY, Box, Made, wait_for

pytestmark = pytest.mark.usefixtures("warm_agents")

WAITS = "import os, sys, time\nprint('began', flush=True)\nwhile not os.path.exists(sys.argv[1]): time.sleep(0.01)"


def observed(link: Link, *runs: Made) -> list[tuple[str, str]]:
    ids = [run.layout.run_id for run in runs]
    told = link.ask("observe", workspace=runs[0].of_run["workspace"], runs=ids).facts["runs"]
    return [(told[run]["state"], told[run]["reason"]) for run in ids]


def frames(link: Link, run: Made, have: object, *final: str, **facts: object) -> list[Frame]:
    asked = {"runs": {run.layout.run_id: have}, "final": list(final), **facts}
    answer = link.ask("sync", workspace=run.of_run["workspace"], **asked)
    assert not answer.facts["unknown"]
    return list(FrameReader(lambda _: KEY).feed(answer.data))


def deliver(link: Link, run: Made, request: bytes = b"{}\n") -> str:
    return str(link.ask("deliver", request, **run.of_run).facts["status"])


@pytest.fixture
def one_core(new_box: Callable[..., Box]) -> Box:
    """A machine that runs one thing after another."""
    return new_box(variables={"CELLRUN_LOCAL_CPUS": "1"})


def test_it_is_told_who_runs_who_waits_and_why(one_core: Box, make_run: Callable[..., Made], tmp_path: Path):
    link, runs = one_core.link(), [make_run(WAITS, tmp_path / "go") for _ in range(3)]
    for run in runs[:2]:
        run.launch(link)
    assert observed(link, *runs) == [("running", ""), ("waiting", "waits for 1 core"), ("unknown", "")]
    (tmp_path / "go").touch()
    wait_for(lambda: observed(link, *runs)[1][0] == "ended", "the end of both")
    assert observed(link, *runs)[0] == ("ended", "")


def test_a_run_that_waits_is_canceled_at_once(one_core: Box, make_run: Callable[..., Made], tmp_path: Path):
    link, runs = one_core.link(), [make_run(WAITS, tmp_path / "go") for _ in range(2)]
    for run in runs:
        run.launch(link)
    assert [deliver(link, runs[1]) for _ in range(2)] == ["Canceled"] * 2
    (tmp_path / "go").touch()
    assert [one_core.ended(run.layout).status for run in runs] == [Status.COMPLETED, Status.CANCELED]


def test_a_run_that_goes_on_is_asked_to_stop(box: Box, make_run: Callable[..., Made], tmp_path: Path):
    link, run = box.link(), make_run(WAITS, tmp_path / "never")
    run.launch(link)
    wait_for(lambda: "began" in box.there(run.layout).log.read_text(), "its first line")
    deliver(link, run)
    assert box.ended(run.layout).status is Status.CANCELED
    assert deliver(link, run) == "Canceled"


def test_a_run_that_is_not_there_takes_no_request(box: Box, make_run: Callable[..., Made]):
    with pytest.raises(OrderError, match=r"isn't there"):
        deliver(box.link(), make_run("print(1)"))


def test_a_run_whose_supervisor_was_killed_is_taken_over(box: Box, make_run: Callable[..., Made], tmp_path: Path):
    link, run = box.link(), make_run(WAITS, tmp_path / "go")
    run.launch(link)
    processes = ProcessFile(box.there(run.layout))
    wait_for(lambda: (found := processes.read()) and found.job, "its job")
    found = processes.read()
    assert found
    os.kill(found.supervisor.pid, signal.SIGKILL)
    wait_for(
        lambda: observed(link, run) and (now := processes.read()) and now.supervisor != found.supervisor, "another"
    )
    (tmp_path / "go").touch()
    assert box.ended(run.layout).status is Status.COMPLETED


def test_a_run_whose_processes_were_all_killed_is_failed(box: Box, make_run: Callable[..., Made], tmp_path: Path):
    link, run = box.link(), make_run(WAITS, tmp_path / "never")
    run.launch(link)
    processes = ProcessFile(box.there(run.layout))
    wait_for(lambda: (found := processes.read()) and found.job, "its job")
    found = processes.read()
    assert found
    assert found.job
    for process in (found.supervisor, found.job):
        os.kill(process.pid, signal.SIGKILL)
    wait_for(lambda: observed(link, run) == [("ended", "")], "its end")
    assert box.ended(run.layout).reason == "supervisor and job disappeared"


def test_a_run_that_waited_when_its_machine_was_restarted_says_so(
    one_core: Box, make_run: Callable[..., Made], tmp_path: Path
):
    link, runs = one_core.link(), [make_run(WAITS, tmp_path / "go") for _ in range(2)]
    for run in runs:
        run.launch(link)
    [ticket] = one_core.home.glob("private/queue/*/*.waiting")
    ticket.write_text(json.dumps({**json.loads(ticket.read_text()), "boot": "of-before"}))
    os.utime(ticket, (boot_time() - 60, boot_time() - 60))
    (tmp_path / "go").touch()
    wait_for(lambda: observed(one_core.link(), runs[1]) == [("ended", "")], "its end")
    assert str(one_core.ended(runs[1].layout).reason).startswith("machine restarted at")


def test_what_a_run_writes_comes_home(any_box: Box, make_run: Callable[..., Made]):
    link, run = (
        any_box.link(),
        make_run("from cellrun.core import Run; Run.get_context().log('loss', 1); print('hello')"),
    )
    run.launch(link)
    any_box.ended(run.layout)
    receiver = Receiver(run.layout)

    def is_home() -> bool:  # what the run was run by ends a little after it
        receiver.take(frames(link, run, receiver.have()))
        return receiver.is_whole

    wait_for(is_home, "all of it")
    assert run.layout.log.read_text() == "hello\n"
    assert StatusFile(run.layout).read().status is Status.COMPLETED


def test_a_sync_goes_on_where_the_last_one_was(box: Box, make_run: Callable[..., Made], tmp_path: Path):
    link, run = box.link(), make_run(WAITS, tmp_path / "go")
    run.launch(link)
    wait_for(lambda: "began" in box.there(run.layout).log.read_text(), "its first line")
    sent = [frame for frame in frames(link, run, {}) if frame.file.startswith("user_logs/")]
    assert b"".join(frame.data for frame in sent) == b"began\n"
    assert [frame for frame in frames(link, run, None) if frame.file.startswith("user_logs/")] == []
    assert [frame.data for frame in frames(link, run, {}) if frame.file.startswith("user_logs/")] == [b"began\n"]
    (tmp_path / "go").touch()


def test_another_connection_is_to_be_told_what_is_at_home(box: Box, make_run: Callable[..., Made]):
    run = make_run("print(1)")
    run.launch(box.link())
    asked = {"runs": {run.layout.run_id: None, "other": {}}, "final": []}
    told = box.link().ask("sync", workspace=run.of_run["workspace"], **asked).facts
    assert (told["anew"], told["unknown"]) == ([run.layout.run_id], ["other"])


def test_a_large_run_lets_others_come(box: Box, make_run: Callable[..., Made]):
    large = "print('x' * 300_000)"
    link, runs = box.link(), [make_run(large), make_run(large), make_run("print('small')")]
    for run in runs:
        run.launch(link)
    for run in runs:
        box.ended(run.layout)
    receivers = {run.layout.run_id: Receiver(run.layout) for run in runs}
    have: dict[str, object] = {run: {} for run in receivers}
    passes = 0
    while have:
        asked = {"runs": have, "final": list(have), "most_bytes": 1 << 16}
        answer = link.ask("sync", workspace=runs[0].of_run["workspace"], **asked)
        for frame in FrameReader(lambda _: KEY).feed(answer.data):
            receivers[frame.run].take([frame])
        assert len(answer.data) < 1 << 18
        assert answer.facts["more"] or set(answer.facts["whole"]) == set(have)
        begun = receivers if passes >= len(receivers) else ()  # each has been told what is here by now
        have = {run: None if run in begun else told for run, told in have.items() if run not in answer.facts["whole"]}
        passes += 1
        assert passes < 100
    assert [run.layout.log.stat().st_size for run in runs] == [300_001, 300_001, 6]


def test_passes_come_between_the_pieces_of_a_long_upload(box: Box, make_run: Callable[..., Made], tmp_path: Path):
    link, run = box.link(), make_run(WAITS, tmp_path / "go")
    pieces, between = list[int](), list[int]()
    run.launch(link)
    about = {"path": "snapshot/large", "length": 1 << 20, "size": 64 << 20, "mode": 0o644, "mtime_ns": 1}

    def upload() -> None:
        for number in range(64):
            files = [{**about, "offset": number << 20}]
            link.ask("put", bytes(1 << 20), run="large", workspace=run.of_run["workspace"], files=files)
            pieces.append(number)

    sending = threading.Thread(target=upload)
    sending.start()
    while sending.is_alive():
        before = len(pieces)
        observed(link, run)
        between.append(len(pieces) - before)
    (tmp_path / "go").touch()
    assert max(between) < 16, between  # one, and what a busy machine lets by before it asks
