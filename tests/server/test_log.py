"""C11: a log is read by ranges, however long it is, and all of it is a download that costs no memory."""

from __future__ import annotations

import pytest

from cellrun.core import Experiment, Run
from tests.server.jupyter_process import Client
from tests.server.test_frames import resident_bytes

GB = 1_000_000_000


@pytest.fixture
def run(exp: Experiment) -> Run:
    """A run with a short log."""
    made = exp.start_logging()
    made.layout.log.write_bytes(b"first line\nsecond \xff line\nthird")
    return made


def test_parts_of_a_log(api: Client, run: Run, at: str) -> None:
    log = f"{at}/runs/{run.id}/log"
    whole = api.ask("GET", log)
    assert whole.content == b"first line\nsecond \xff line\nthird"
    assert (whole.headers["X-Log-Start"], whole.headers["X-Log-Size"]) == ("0", "30")
    part = api.ask("GET", f"{log}?offset=6&length=4")
    assert (part.content, part.headers["X-Log-Start"]) == (b"line", "6")
    tail = api.ask("GET", f"{log}?tail=10")
    assert (tail.content, tail.headers["X-Log-Start"]) == (b"third", "25")  # it begins with a line
    assert api.ask("GET", f"{log}?offset=99").content == b""
    download = api.ask("GET", f"{log}?download=true")
    assert download.content == whole.content
    assert download.headers["Content-Disposition"] == f"attachment; filename*=utf-8''{run.id}.log"


def test_a_text_is_found_in_all_of_a_log(api: Client, run: Run, at: str) -> None:
    search = f"{at}/runs/{run.id}/log/search"
    told = {"count": 2, "lines": [0, 11], "numbers": [0, 1], "ends": 2, "next": None}
    assert api.ask("GET", f"{search}?text=LINE").json() == told
    assert api.ask("GET", f"{search}?text=LINE&case=true").json()["count"] == 0
    assert api.ask("GET", f"{search}?text=line&start=11").json()["lines"] == [11]
    assert api.ask("GET", f"{search}?text=line&end=11").json()["lines"] == [0]
    assert "the text to find" in api.ask("GET", f"{search}?text=", expect=400).json()["message"]


def test_the_log_of_another_process_of_a_run(api: Client, run: Run, at: str) -> None:
    run.layout.rank_log(12).write_bytes(b"of rank 12\nits second line\n")
    log = f"{at}/runs/{run.id}/log"
    whole = api.ask("GET", f"{log}?rank=12")
    assert (whole.content, whole.headers["X-Log-Size"]) == (b"of rank 12\nits second line\n", "27")
    assert api.ask("GET", f"{log}?rank=12&offset=11&length=3").content == b"its"
    assert api.ask("GET", f"{log}/search?text=line&rank=12").json()["lines"] == [11]
    download = api.ask("GET", f"{log}?rank=12&download=true")
    assert (download.content, f"{run.id}_12.log" in download.headers["Content-Disposition"]) == (whole.content, True)
    assert api.ask("GET", f"{log}?rank=0").content == api.ask("GET", log).content
    assert api.ask("GET", f"{log}?rank=7").content == api.ask("GET", f"{log}?rank=7&download=true").content == b""


def test_what_was_made_ready_for_a_run_is_the_beginning_of_its_log(api: Client, run: Run, at: str) -> None:
    run.layout.preparation_log.write_bytes(b"made ready\n")
    log = f"{at}/runs/{run.id}/log"
    whole = b"made ready\nfirst line\nsecond \xff line\nthird"
    assert api.ask("GET", log).content == api.ask("GET", f"{log}?download=true").content == whole
    assert api.ask("GET", f"{log}?offset=5&length=12").content == b"ready\nfirst "
    assert api.ask("GET", f"{log}/search?text=line").json()["lines"] == [11, 22]


def test_no_log_yet_is_an_empty_one(api: Client, exp: Experiment, at: str) -> None:
    run = exp.start_logging()
    run.layout.log.unlink(missing_ok=True)
    assert api.ask("GET", f"{at}/runs/{run.id}/log").content == b""
    assert api.ask("GET", f"{at}/runs/{run.id}/log?download=true").content == b""


def test_a_link_in_its_place_is_not_followed(api: Client, run: Run, at: str) -> None:
    """F6."""
    secret = run.layout.folder.parent / "secret.txt"
    secret.write_text("the content of a file elsewhere")
    run.layout.log.unlink()
    run.layout.log.symlink_to(secret)
    for query in ("", "?offset=0"):
        assert api.ask("GET", f"{at}/runs/{run.id}/log{query}").content == b""
    assert "link" in api.ask("GET", f"{at}/runs/{run.id}/log?download=true", expect=403).json()["message"]


def test_ten_gigabytes_cost_no_memory(api: Client, run: Run, at: str) -> None:
    with run.layout.log.open("r+b") as file:
        file.truncate(10 * GB)
        file.seek(0, 2)
        file.write(b"\nthe end\n")
    log, pid = f"{at}/runs/{run.id}/log", api.jupyter.process.pid
    before = resident_bytes(pid)
    tail = api.ask("GET", f"{log}?tail=65536")
    assert tail.content.endswith(b"the end\n")
    assert int(tail.headers["X-Log-Size"]) == 10 * GB + 9
    assert len(api.ask("GET", f"{log}?offset={5 * GB}&length=65536").content) == 65536
    address = f"{api.jupyter.api}{log}?download=true"
    peak, received = before, 0
    with api.session.get(address, stream=True, timeout=60) as answer:
        assert answer.headers["Content-Length"] == str(10 * GB + 9)
        for piece in answer.iter_content(1 << 20):  # a reader that stops after half a gigabyte
            received += len(piece)
            if received > GB // 2:
                break
            peak = max(peak, resident_bytes(pid))
    assert peak - before < 50_000_000
    assert api.get(f"{at}/runs/{run.id}")["row"]["id"] == run.id
