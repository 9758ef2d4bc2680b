import hashlib
import json
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from cellrun.core.identity import ProcessIdentity
from cellrun.core.layout import RunLayout
from cellrun.core.remote.link import LinkError, OrderError
from cellrun.core.run_request import request_to_json
from cellrun.core.store.run_store import RunStore
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.targets.fake.engine import isolated, why_not_isolated
from tests.core.remote.boxes import Box, Made, wait_for
from tests.files_below import files_with

pytestmark = pytest.mark.usefixtures("warm_agents")

APPEND = "import os, sys; open(sys.argv[1], 'a').write(os.environ['CELLRUN_RUN_FOLDER'] + '\\n')"


def test_a_script_runs_to_its_end_on_a_python_that_has_nothing(any_box: Box, make_run: Callable[..., Made]):
    run = make_run("import sys; print('from', sys.version_info[:2], sys.argv[1:])", "--epochs", 3)
    assert run.launch(any_box.link()).facts["status"] != "Failed"
    assert any_box.ended(run.layout).status is Status.COMPLETED
    assert "['--epochs', '3']" in any_box.there(run.layout).log.read_text()


def test_a_job_finds_its_folders_for_outputs_and_logs(box: Box, make_run: Callable[..., Made]):
    run = make_run("open('outputs/model', 'w').write('m'); open('logs/l', 'w')")
    run.launch(box.link())
    assert box.ended(run.layout).status is Status.COMPLETED
    assert (box.there(run.layout).outputs / "model").read_text() == "m"


def test_a_script_logs_its_metrics_there(any_box: Box, make_run: Callable[..., Made]):
    run = make_run("from cellrun.core import Run\nRun.get_context().log('loss', 0.5)\nprint('logged')")
    run.launch(any_box.link())
    there = any_box.there(run.layout)
    assert any_box.ended(run.layout).status is Status.COMPLETED, there.log.read_text()
    assert '"loss"' in "".join(path.read_text() for path in there.events.glob("*.jsonl"))


def test_a_run_is_started_once_however_often_it_is_ordered(box: Box, make_run: Callable[..., Made], tmp_path: Path):
    run = make_run(APPEND, tmp_path / "ran")
    run.launch(box.link())
    assert run.order(box.link()).facts["status"] != "Failed"
    box.ended(run.layout)
    assert run.order(box.link()).facts == {"id": 1, "status": "Completed", "reason": None, "n": 4}
    assert len((tmp_path / "ran").read_text().splitlines()) == 1


def test_two_who_order_at_once_start_it_once(box: Box, make_run: Callable[..., Made], tmp_path: Path):
    run, links, told = make_run(APPEND, tmp_path / "ran"), [box.link() for _ in range(3)], []
    run.send(links[0])
    threads = [
        threading.Thread(target=lambda link=link: told.append(run.order(link).facts["status"])) for link in links
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 3
    box.ended(run.layout)
    assert len((tmp_path / "ran").read_text().splitlines()) == 1


@pytest.mark.parametrize("after_ms", [0, 10, 30, 60])
def test_an_agent_that_is_killed_while_it_starts_a_run_leaves_it_to_the_next(
    box: Box, make_run: Callable[..., Made], tmp_path: Path, after_ms: int
):
    run, link = make_run(APPEND, tmp_path / "ran"), box.link()
    run.send(link)
    pid = link.ask("hello").facts["pid"]
    killer = threading.Timer(after_ms / 1000, os.kill, (pid, signal.SIGKILL))
    killer.start()
    with suppress(LinkError):
        run.order(link)
    killer.join()
    run.order(box.link())
    assert box.ended(run.layout).status is Status.COMPLETED
    assert len((tmp_path / "ran").read_text().splitlines()) == 1


def test_what_a_killed_agent_left_of_a_start_is_made_anew(box: Box, make_run: Callable[..., Made]):
    """It had moved the folder, had written how the run is started, and half of its working copy; not its ticket."""
    run = make_run("print(open('data.txt').read()); open('outputs/a', 'w'); open('logs/b', 'w')")
    run.send(box.link())
    folder = box.home / "remote" / run.of_run["workspace"]
    there = RunLayout(folder / "runs" / run.layout.run_id)
    (folder / "incoming" / run.layout.run_id).rename(there.folder)
    there.logs.mkdir(parents=True)
    there.launch.write_text("{half")
    (there.snapshot / "data.txt").write_text("whole")
    (there.work / "data.txt").write_text("ha")
    run.order(box.link())
    assert box.ended(run.layout).status is Status.COMPLETED
    assert there.log.read_text() == "whole\n"


def test_a_run_of_which_something_has_not_come_is_not_started(box: Box, make_run: Callable[..., Made]):
    run, link = make_run("print(1)"), box.link()
    with pytest.raises(OrderError) as told:
        run.order(link)
    assert told.value.kind == "incomplete"
    assert sorted(told.value.facts["missing"]) == ["run.json", "signed.json", "snapshot/train.py"]
    run.send(link)
    with pytest.raises(OrderError) as told:
        run.order(link, values=["abcdef"])
    assert (told.value.facts["missing"], told.value.facts["lacks"]) == ([], ["abcdef"])
    with pytest.raises(OrderError) as told:
        run.order(link, files={**run.files, "snapshot/train.py": 9_999})
    assert told.value.facts["missing"] == ["snapshot/train.py"]
    assert list(box.home.glob("remote/*/runs/*")) == []


def test_what_is_small_goes_along_with_the_order(box: Box, make_run: Callable[..., Made]):
    run, link, value = make_run("print('of the run')"), box.link(), b"a value"
    name = hashlib.sha256(value).hexdigest()
    put, files = run.along()
    with pytest.raises(OrderError) as told:
        run.order(link, data=files, put=put, values=[name])
    assert (told.value.facts["missing"], told.value.facts["lacks"]) == ([], [name])
    given = [{"name": name, "size": len(value)}]
    run.order(link, data=value + files, given=given, put=put, values=[name])
    assert box.ended(run.layout).status is Status.COMPLETED
    assert box.there(run.layout).log.read_text() == "of the run\n"
    there = box.there(run.layout).workspace
    assert (there.values / name[:2] / name).read_bytes() == value
    assert run.order(link, data=files, put=put, values=[name]).facts["status"] == "Completed"
    assert list(there.folder.glob("incoming/*")) == []


def test_what_goes_along_is_judged_as_what_is_put(box: Box, make_run: Callable[..., Made]):
    run, link = make_run("print(1)"), box.link()
    put, files = run.along()
    for path in ("status/0.json", "../x", "work/x"):
        with pytest.raises(OrderError) as told:
            run.order(link, data=files, put=[*put[:-1], {**put[-1], "path": path}])
        assert told.value.kind == "order"
    assert list(box.home.glob("remote/*/incoming/*")) == []
    assert list(box.home.glob("remote/*/runs/*")) == []


def test_a_run_that_repeats_one_of_another_machine_is_started_as_it_says(box: Box, make_run: Callable[..., Made]):
    first, again = make_run("print(1)"), make_run("print(2)")
    first.launch(box.link())
    box.ended(first.layout)
    request = {**request_to_json(again.request), "repeats": first.layout.run_id}
    again.launch(box.link(), request=request)
    assert box.ended(again.layout).status is Status.COMPLETED
    assert box.there(again.layout).log.read_text() == "2\n"


def test_runs_of_one_id_of_two_workspaces_do_not_meet(box: Box, make_run: Callable[..., Made]):
    run = make_run("import os; print(os.environ['CELLRUN_RUN_FOLDER'])")
    run.launch(box.link())
    other = {"workspace": "another", "run": run.layout.run_id}
    link = box.link()
    assert link.ask("draft", **other).facts == {"id": 1, "has": {}, "is_there": False}
    for path, size in run.files.items():
        about = {"path": path, "offset": 0, "length": size, "size": size, "mode": 0o644, "mtime_ns": 1}
        link.ask("put", (run.layout.folder / path).read_bytes(), files=[about], **other)
    run.order(link, workspace="another")
    folders = sorted(box.home.glob(f"remote/*/runs/{run.layout.run_id}"))
    assert len(folders) == 2
    for folder in folders:
        status = StatusFile(RunLayout(folder))
        wait_for(lambda status=status: status.read().status.is_terminal, "its end")
        assert RunLayout(folder).log.read_text() == f"{folder}\n"


def test_a_job_has_what_a_login_has_and_what_was_given(new_box: Callable[..., Box], make_run: Callable[..., Made]):
    session = {
        "SSH_CONNECTION": "1",
        "SSH_CLIENT": "1",
        "SSH_TTY": "1",
        "SSH_AUTH_SOCK": "1",
        "XDG_RUNTIME_DIR": "/nowhere",
    }
    box = new_box(variables={**session, "EDITOR": "vi", "LC_TIME": "C"})
    run = make_run("import json, os; print(json.dumps(dict(os.environ)))")
    run.launch(box.link(), variables={"TOKEN": "s3cret-of-the-run"})
    assert box.ended(run.layout).status is Status.COMPLETED
    told = json.loads(box.there(run.layout).log.read_text())
    assert not session.keys() & told.keys()
    assert (told["EDITOR"], told["LC_TIME"], told["LANG"], told["TOKEN"]) == ("vi", "C", "C.UTF-8", "s3cret-of-the-run")
    assert told["HOME"] == str(box.home.parent)
    assert told["CELLRUN_HOME"] == str(box.home)
    assert files_with(box.home, "s3cret-of") == [box.there(run.layout).log]


def test_a_run_outlives_the_connection_that_started_it(box: Box, make_run: Callable[..., Made], tmp_path: Path):
    go_on = tmp_path / "go_on"
    run = make_run("import os, sys, time\nwhile not os.path.exists(sys.argv[1]): time.sleep(0.01)", go_on)
    link = box.link()
    run.launch(link)
    link.close()
    wait_for(box.there(run.layout).processes.exists, "its supervisor")
    go_on.touch()
    assert box.ended(run.layout).status is Status.COMPLETED


def test_a_run_starts_where_nothing_of_here_is_seen(new_box: Callable[..., Box], make_run: Callable[..., Made]):
    if why := why_not_isolated():
        pytest.skip(why)
    box = new_box(wrapped=lambda command: isolated("box", command))
    link, run = box.link(), make_run("import socket; print(socket.gethostname())")
    assert link.ask("hello").facts["host"] == "box"
    run.launch(link)
    assert box.ended(run.layout).status is Status.COMPLETED
    assert box.there(run.layout).log.read_text() == "box\n"


def test_the_submitter_of_a_run_is_there_the_agent(box: Box, make_run: Callable[..., Made]):
    """Whoever finds a run without its processes ends it only if it was submitted on that machine."""
    link, run = box.link(), make_run("print(1)")
    pid = link.ask("hello").facts["pid"]
    run.launch(link)
    record = json.loads(box.there(run.layout).record.read_text())
    assert ProcessIdentity.from_json(record["created_by"]).pid == pid
    box.ended(run.layout)
    assert RunStore(box.there(run.layout).workspace).ids() == [run.layout.run_id]


def test_the_key_of_a_run_is_kept_for_its_user_alone(box: Box, make_run: Callable[..., Made]):
    run = make_run("print(1)")
    run.launch(box.link())
    [key] = [path for path in (box.home / "private" / "run_keys").rglob("*") if path.is_file()]
    assert (key.stat().st_mode & 0o777, key.name) == (0o600, run.layout.run_id)
    box.ended(run.layout)
    box.link().ask("home", workspace=run.of_run["workspace"], runs=[run.layout.run_id])
    assert not key.exists()


def test_two_libraries_stand_beside_one_another(new_box: Callable[..., Box], make_run: Callable[..., Made]):
    from cellrun.core.environments.job_library import LibraryArchive, library_archive  # noqa: PLC0415

    box, newer = new_box(), LibraryArchive({**library_archive().files, "zz_newer.py": b"x = 1\n"})
    first, second = make_run("import sys; print(sys.path)"), make_run("import zz_newer; print(zz_newer.x)")
    older_link, newer_link = box.link(), box.link(library=newer)
    first.launch(older_link)
    second.launch(newer_link)
    assert [box.ended(run.layout).status for run in (first, second)] == [Status.COMPLETED] * 2
    assert box.there(second.layout).log.read_text() == "1\n"
    assert newer.name not in box.there(first.layout).log.read_text()
