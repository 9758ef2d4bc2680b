"""A damaged run, maybe made to do harm: it is shown as such with the reason, and costs nobody else anything."""

import shutil
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from types import FrameType

import pytest

from cellrun.core import Experiment, Run, Workspace
from cellrun.core.comparison.comparison import compare_layouts
from cellrun.core.errors import CellrunError, DamagedRunError
from cellrun.core.layout import RunLayout
from cellrun.core.live.run_poller import RunPoller
from cellrun.core.store.events import event_tail
from cellrun.core.store.lists.index import Index, RunRow
from cellrun.core.store.status import Status
from tests.core.submitted_runs import wait_for
from tests.damage import FILES, KINDS, put, wrong_values

DAMAGES = [
    (name, kind)
    for name in FILES
    for kind in KINDS
    if not name.startswith("kept ") or kind not in {"no JSON", "not UTF-8", "nested", "list", "object", "number"}
]
"""Where a folder is to be, a file is wrong whatever it holds."""
LONGEST_S = 200  # on the busiest machine nothing takes so long but what never ends


@contextmanager
def without_hanging() -> Iterator[None]:
    """Fail what waits for the other end of a pipe, or reads a device without an end."""

    def fail(_: int, __: FrameType | None) -> None:
        raise AssertionError("it hangs")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(LONGEST_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(autouse=True)
def no_line_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a file without a line be given up sooner: to read 512 MB takes seconds."""
    monkeypatch.setattr(event_tail, "LONGEST_LINE_BYTES", 1 << 22)


@pytest.fixture(scope="session")
def home_of_two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose default workspace has two runs that have ended; each test has a copy."""
    home = tmp_path_factory.mktemp("two runs") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CELLRUN_HOME", str(home))
        exp = Experiment(Workspace.from_config(), "digits")
        runs = [logged(exp).layout for _ in range(2)]
    wait_for(lambda: all(run.environment.exists() for run in runs), "what they are run by")
    return home


@pytest.fixture
def ws(here: Path, home: Path, home_of_two: Path) -> Workspace:
    """The default workspace, with two runs."""
    shutil.copytree(home_of_two, home, symlinks=True)
    return Workspace.from_config()


@pytest.fixture
def healthy(exp: Experiment) -> Run:
    """A run that has nothing to do with the other."""
    return exp.run(min(path.name for path in exp.workspace.layout.runs.iterdir()))


@pytest.fixture
def victim(exp: Experiment) -> Run:
    """The run that is damaged: ended, with all that it has logged."""
    run = exp.run(max(path.name for path in exp.workspace.layout.runs.iterdir()))
    run.layout.launch.write_text("{}")
    run.layout.notes.write_text('{"note": "a note"}\n')
    run.layout.environment.write_text(
        '{"git": {"branch": "main"}, "packages": {"numpy": "2"}, "gpus": [], "problems": []}'
    )
    return run


def logged(exp: Experiment) -> Run:
    run = exp.start_logging(tags={"why": "test"}, cell={"source": "1 + 1", "id": "c1"})
    run.log("loss", 1.0)
    run.log("loss", 0.5)
    run.log_row("rows", a=1, b=2.5)
    run.complete()
    return run


READERS: dict[str, Callable[[Experiment, RunLayout, RunLayout], object]] = {
    "metrics": lambda exp, run, _: opened(exp, run).get_metrics(),
    "details": lambda exp, run, _: opened(exp, run).get_details(),
    "tags": lambda exp, run, _: opened(exp, run).get_tags(),
    "name": lambda exp, run, _: opened(exp, run).display_name,
    "files": lambda exp, run, _: opened(exp, run).get_file_names(),
    "cancel": lambda exp, run, _: opened(exp, run).cancel(),
    "tag": lambda exp, run, _: opened(exp, run).tag("a", "b"),
    "again": lambda exp, run, _: opened(exp, run).submit_again(),
    "view": lambda exp, run, _: RunPoller(run).poll(),
    "get_run": lambda exp, run, _: exp.workspace.get_run(run.run_id),
    "compare": lambda exp, run, other: compare_layouts([run, other]),
}


def opened(exp: Experiment, run: RunLayout) -> Run:
    return Run(exp, run.run_id)


def check_readers(
    exp: Experiment, victim: RunLayout, healthy: RunRow, readers: Iterable[str] = tuple(READERS)
) -> RunRow:
    """Let those read who read runs, and lists always; return the row of the damaged one."""
    index, other = Index(exp.workspace.layout), opened(exp, exp.workspace.layout.run(healthy.id))
    rows = {row.id: row for row in index.runs()}
    assert rows.keys() == {victim.run_id, healthy.id}
    assert rows[healthy.id].to_json() == healthy.to_json()
    row = rows[victim.run_id]
    assert row.reason or row.status is not Status.DAMAGED
    again = {each.id: each.to_json() for each in Index(exp.workspace.layout).runs()}
    assert again == {each.id: each.to_json() for each in rows.values()}, "also when it is asked again"
    assert healthy.experiment in {each.name for each in index.experiments()}
    for run in exp.get_runs():
        assert run.id in repr(run)
        assert run._repr_html_()
        assert run.get_status()
    for name in readers:
        try:
            READERS[name](exp, victim, other.layout)
        except CellrunError:  # it says what is wrong
            continue
        except Exception as error:
            raise AssertionError(f"{name} raised {error!r}") from error
    assert other.get_metrics()["loss"] == [1.0, 0.5]
    return row


@pytest.mark.parametrize(("name", "kind"), DAMAGES)
@pytest.mark.filterwarnings("ignore:run .*:RuntimeWarning")
def test_a_damaged_file_hides_and_holds_up_nobody(
    exp: Experiment, healthy: Run, victim: Run, name: str, kind: str
) -> None:
    before = Index(exp.workspace.layout).find(healthy.id)
    put(victim.layout, name, kind)
    touch(victim.layout)
    with without_hanging():
        row = check_readers(exp, victim.layout, before)
        if name == "run.json":
            assert row.status is Status.DAMAGED
            assert row.reason
            assert row.reason.startswith("run.json ")
            with pytest.raises(DamagedRunError, match=r"run\.json"):
                opened(exp, victim.layout).get_metrics()
        deletion = exp.workspace.delete_runs([victim.id])
        assert [run.refused for run in deletion.runs] == [None]
    assert not victim.layout.folder.exists()
    assert [run.id for run in exp.get_runs()] == [healthy.id]


@pytest.mark.parametrize("name", ["run.json", "status", "summary", "environment.json"])
@pytest.mark.filterwarnings("ignore:run .*:RuntimeWarning")
def test_a_value_of_a_wrong_type_hides_and_holds_up_nobody(
    exp: Experiment, healthy: Run, victim: Run, name: str
) -> None:
    before = Index(exp.workspace.layout).find(healthy.id)
    path = FILES[name](victim.layout)
    in_turn = cycle(READERS)
    for what, text in list(wrong_values(path))[::5]:  # every fifth: of 14 values of a place, other ones at the next
        whole = path.read_text()
        path.write_text(text)
        touch(victim.layout)
        try:
            with without_hanging():
                check_readers(exp, victim.layout, before, [next(in_turn)])
        except Exception as error:
            raise AssertionError(f"{name} {what}: {error!r}") from error
        restore(path, whole)


def touch(run: RunLayout) -> None:
    """Let the index look again, as whoever changes a run does."""
    with run.workspace.changes.open("a") as changes:
        changes.write(f"{run.run_id}\n")


def restore(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.write_text(text)


def test_a_damaged_run_that_was_mended_is_whole_again(exp: Experiment, victim: Run) -> None:
    record = victim.layout.record.read_text()
    put(victim.layout, "run.json", "pipe")
    touch(victim.layout)
    index = Index(exp.workspace.layout)
    damaged = index.find(victim.id)
    assert (damaged.status, damaged.reason) == (Status.DAMAGED, "run.json is a pipe, not a regular file")
    assert damaged.experiment == exp.name
    assert index.counts() == {Status.COMPLETED: 1, Status.DAMAGED: 1}
    restore(victim.layout.record, record)
    assert index.find(victim.id).status is Status.COMPLETED


def test_a_copy_under_another_name_is_told_from_the_run(exp: Experiment, victim: Run) -> None:
    copy = victim.layout.folder.with_name("a-copy")
    shutil.copytree(victim.layout.folder, copy)
    rows = {row.id: row for row in Index(exp.workspace.layout).runs()}
    assert rows[victim.id].status is Status.COMPLETED
    assert (rows["a-copy"].status, rows["a-copy"].reason) == (
        Status.DAMAGED,
        f"run.json is the record of another run, {victim.id!r}",
    )


@pytest.mark.parametrize("where", ["status", "events", "summary"])
def test_a_folder_of_control_files_is_no_link(exp: Experiment, victim: Run, tmp_path: Path, where: str) -> None:
    (victim.layout.folder / where).rename(tmp_path / "elsewhere")
    (victim.layout.folder / where).symlink_to(tmp_path / "elsewhere")
    touch(victim.layout)
    row = Index(exp.workspace.layout).find(victim.id)
    assert (row.status, row.reason) == (Status.DAMAGED, f"{where} is a link or a file, not a folder")


def test_a_run_folder_is_no_link(ws: Workspace, exp: Experiment, victim: Run, tmp_path: Path) -> None:
    victim.layout.folder.rename(tmp_path / victim.id)
    victim.layout.folder.symlink_to(tmp_path / victim.id)
    touch(victim.layout)
    assert Index(ws.layout).find(victim.id).status is Status.DAMAGED
    assert [run.refused for run in ws.delete_runs([victim.id]).runs] == [None]
    assert (tmp_path / victim.id / "run.json").exists(), "what the link leads to stays"
    assert not list(exp.get_runs(status="Damaged"))


def test_a_damaged_run_that_goes_on_is_not_deleted(exp: Experiment, ws: Workspace) -> None:
    run = exp.start_logging()
    record = run.layout.record.read_text()
    put(run.layout, "run.json", "empty")
    (judged,) = ws.delete_runs([run.id]).runs
    assert judged.refused
    assert "go on" in judged.refused
    restore(run.layout.record, record)
