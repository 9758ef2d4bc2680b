"""Every control file, and anything in its place: whoever reads says what is wrong, and nobody else is held up."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cellrun.core import Experiment, Run, Workspace
from cellrun.core.context.trusted import TrustedRun
from cellrun.core.errors import CellrunError
from cellrun.core.layout import RunLayout
from cellrun.core.places import registered, registered_as
from cellrun.core.portal.servers import ServerFile, running
from cellrun.core.run_request import RunRequest
from cellrun.core.runs.deletion import delete_runs
from cellrun.core.store.ending import cancel_requests
from cellrun.core.store.environment import read_environment
from cellrun.core.store.lists.index import Index
from cellrun.core.store.notes import added_notes
from cellrun.core.store.record import RunRecord, RunTarget
from cellrun.core.store.run_store import RunStore
from cellrun.core.supervision.launch_spec import LaunchSpec
from cellrun.core.supervision.process_file import ProcessFile
from cellrun.core.supervision.start import ProcessLimitError
from cellrun.core.targets.local import admission, recovery
from cellrun.core.targets.local.queue import LocalQueue
from cellrun.core.targets.workspace_targets import WorkspaceTargets
from tests.core.runs.test_damaged import READERS, touch
from tests.damage import FILES
from tests.fuzz.any_json import CHANGES, JSON_EDITS, VALUES, Change, almost
from tests.fuzz.effort import effort
from tests.magics.notebook_shell import NotebookShell

OF_A_RUN: dict[str, Callable[[RunLayout], Path]] = {
    **{name: find for name, find in FILES.items() if not name.startswith("kept")},
    "signed.json": lambda run: run.signed,
}
VERBS = {name: reader for name, reader in READERS.items() if name != "again"}
"""What is done with a run, but for what would start one."""
INSIDE: dict[str, Callable[[RunLayout], object]] = {
    "launch": LaunchSpec.read,
    "processes": lambda run: ProcessFile(run).read(),
    "target": RunTarget.read,
    "notes": added_notes,
    "environment": read_environment,
    "cancel requests": cancel_requests,
    "signed": lambda run: TrustedRun(run).record(),
    "trusted record": lambda run: TrustedRun(run, trust=True).record(),
    "trusted context": lambda run: TrustedRun(run, trust=True).context(),
    "deletion": lambda run: delete_runs(run.workspace, [run.run_id], dry=True),
    "recovery": recovery.recover,
}


@contextmanager
def as_it_was(run: RunLayout) -> Iterator[None]:
    """Let a run's folder be after this block what it was before."""
    kept = run.workspace.folder.parent / "kept"
    shutil.copytree(run.folder, kept, symlinks=True)
    try:
        yield
    finally:
        shutil.rmtree(run.folder)
        kept.rename(run.folder)
        touch(run)


def ask(what: str, call: Callable[[], object]) -> None:
    """Call something that may refuse in words, and not otherwise."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it is said that something is damaged
            call()
    except CellrunError:
        pass
    except Exception as error:
        raise AssertionError(f"{what} raised {error!r}") from error


@pytest.fixture
def victim(notebook: NotebookShell) -> RunLayout:
    """A submitted cell's run, which has all files that a run can have."""
    notebook.run("k = [1]")
    run = notebook.submit("run.log('loss', 1.0)\nrun.log_row('r', a=k[0])\nrun.tag('a', 'b')").layout
    run.notes.write_text('{"at": 1.0, "note": "a note"}\n')
    run.cancel_request.parent.mkdir(exist_ok=True)
    run.cancel_request.write_text('{"by": {}}\n')
    if not run.environment.exists():
        run.environment.write_text('{"packages": {"numpy": "2"}, "gpus": [], "problems": []}')
    return run


@pytest.fixture
def healthy(victim: RunLayout) -> Run:
    """Another run, newer than the victim."""
    run = Experiment(Workspace.from_config(), "digits").start_logging()
    run.log("loss", 1.0)
    run.complete()
    return run


@given(
    name=st.sampled_from(sorted(OF_A_RUN)),
    change=CHANGES,
    asked=st.sets(st.sampled_from([*VERBS, *INSIDE]), min_size=1, max_size=3),
)
@effort(50)
def test_any_file_of_a_run(victim: RunLayout, healthy: Run, name: str, change: Change, asked: set[str]) -> None:
    exp = Experiment(Workspace.from_config(), "digits")
    before = Index(victim.workspace).find(healthy.id).to_json()
    with as_it_was(victim):
        path = OF_A_RUN[name](victim)
        path.write_bytes(change(path.read_bytes()))
        touch(victim)
        rows = {row.id: row for row in Index(victim.workspace).runs()}
        assert set(rows) == {victim.run_id, healthy.id}
        assert rows[healthy.id].to_json() == before
        json.dumps(rows[victim.run_id].to_json(), allow_nan=False)
        for verb in sorted(asked):
            if verb in VERBS:
                ask(verb, partial(VERBS[verb], exp, victim, healthy.layout))
            else:
                ask(verb, partial(INSIDE[verb], victim))


OURS = {"cellrun_workspace": "other", "folder": "there"}
AZURES = {"subscription_id": "s", "resource_group": "g", "workspace_name": "w"}


@given(config=st.sampled_from([OURS, AZURES]), change=CHANGES)
@example(config=AZURES, change=lambda _: json.dumps({**AZURES, "workspace_name": "\0"}).encode())
@example(config=AZURES, change=lambda _: json.dumps({**AZURES, "workspace_name": "\ud800"}).encode())
@example(config=OURS, change=lambda _: json.dumps({**OURS, "folder": "\0"}).encode())
@example(config=OURS, change=lambda _: json.dumps({**OURS, "folder": "\ud800"}).encode())
@effort(50)
def test_any_config_of_a_workspace(here: Path, config: dict[str, str], change: Change) -> None:
    (here / ".cellrun").mkdir(exist_ok=True)
    for path in (here / "config.json", here / ".cellrun" / "config.json"):
        path.write_bytes(change(json.dumps(config).encode()))
        ask("layout", Workspace.layout_of_config)
        if config is AZURES or "/" not in path.read_text("latin-1"):  # one that is elsewhere may be somebody's
            ask("open", Workspace.from_config)
        path.unlink()


@pytest.fixture
def files_of_workspace(ws: Workspace, exp: Experiment) -> dict[str, Path]:
    """All control files around the runs of a workspace with one run, digits-1."""
    run = RunStore(ws.layout).create(RunRecord("digits", "script"), lambda _: None)
    ws.layout.targets.mkdir()
    target = ws.layout.targets / "far.json"
    target.write_text('{"version": 1, "kind": "fake", "settings": {"folder": "far"}}')
    (registry,) = (ws.folder.parents[1] / "registry").iterdir()
    return {
        "record": ws.layout.record,
        "registry": registry,
        "target": target,
        "number": ws.layout.experiment("digits") / "1",
        "server": ServerFile.of_this_process("http://127.0.0.1:1/", "/", "1").write(),
        "changes": run.workspace.changes,
    }


@given(name=st.sampled_from(["record", "registry", "target", "number", "server", "changes"]), change=CHANGES)
@effort(40)
def test_any_file_of_a_workspace(
    ws: Workspace, exp: Experiment, files_of_workspace: dict[str, Path], name: str, change: Change
) -> None:
    path = files_of_workspace[name]
    before = path.read_bytes()
    path.write_bytes(change(before))
    ask("registered", lambda: list(registered()))
    ask("registered as", lambda: registered_as(ws.id))
    ask("open", Workspace.from_config)
    ask("get", lambda: Workspace.get(ws.name))
    ask("targets", lambda: WorkspaceTargets(ws.layout).all())
    ask("target", lambda: WorkspaceTargets(ws.layout).get("far").problems(RunRequest("script", "x")))
    ask("find", lambda: ws.get_run("digits-1"))
    ask("servers", running)
    ask("list", lambda: list(exp.get_runs()))
    ask("create", lambda: RunStore(ws.layout).create(RunRecord("more", "script"), lambda _: None))
    path.write_bytes(before)


def _ticket(folder: str) -> dict[str, Any]:
    resources = {"cpus": 1, "gpus": 0, "memory_bytes": 0}
    known = {"version": 1, "folder": folder, "resources": resources, "devices": ["0"]}
    return {**known, "environment": {"A": "b"}, "boot": "", "launch": ""}


@given(
    folder=st.sampled_from(["run", "outside", "none", "x\0y", "\ud800", ""]),
    change=st.one_of(
        JSON_EDITS.map(lambda edits: lambda ticket: almost(ticket, edits)), VALUES.map(lambda value: lambda _: value)
    ),
    kind=st.sampled_from(["waiting", "running"]),
    name=st.sampled_from(["run", "other"]),
)
@effort(50)
def test_any_ticket_of_the_queue(
    layout: RunLayout,
    monkeypatch: pytest.MonkeyPatch,
    here: Path,
    folder: str,
    change: Callable[[Any], Any],
    kind: str,
    name: str,
) -> None:
    def refuse(*_: object) -> None:
        raise ProcessLimitError("nothing is started here")

    monkeypatch.setattr(admission, "SupervisorStart", refuse)
    outside = here / "outside"
    outside.mkdir(exist_ok=True)
    queue = LocalQueue()
    folder = {"run": str(layout.folder), "outside": str(outside), "none": f"{outside}/none"}.get(folder, folder)
    ticket = change(_ticket(folder))
    if isinstance(ticket, dict) and isinstance(ticket.get("folder"), str):
        ticket["folder"] = folder  # no other one: this machine has folders that matter
    run_id = layout.run_id if name == "run" else name
    (queue.folder / f"000000000001-{run_id}.{kind}").write_text(json.dumps(ticket))
    with queue.locked():
        for call in (queue.waiting, queue.running, queue.length):
            ask("tickets", call)
        ask("holds", lambda: queue.holds(layout))
        ask("reasons", lambda: admission.reasons(queue))
        ask("cancel", lambda: admission.cancel_waiting(queue, run_id))
        ask("look after", lambda: admission.look_after(queue))
        ask("admit", lambda: admission.admit(queue))
    assert list(outside.iterdir()) == []
    for path in queue.folder.iterdir():
        if path.name != "lock":
            path.unlink()
