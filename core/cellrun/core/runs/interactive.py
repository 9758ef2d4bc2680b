"""Interactive runs: the process that opens one is its writer and its owner, from `start_logging` to `complete`."""

from __future__ import annotations

import atexit
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellrun.core import names
from cellrun.core.disk.whole_files import is_full, remove_tree
from cellrun.core.errors import EventNotKeptError, RunClosedError, SnapshotException, UserErrorException, shown
from cellrun.core.front_end import plain
from cellrun.core.identity import ProcessIdentity, own_run
from cellrun.core.layout import RunLayout
from cellrun.core.places import cannot_write
from cellrun.core.runs import open_runs
from cellrun.core.runs.cell_code import CellCode
from cellrun.core.runs.control import PartControl, RunControl
from cellrun.core.runs.end_verbs import failure_fields
from cellrun.core.runs.interactive_heartbeat import HEARTBEAT
from cellrun.core.runs.job_end import JobEnd, job_end
from cellrun.core.runs.output_tee import OutputTee
from cellrun.core.runs.outputs_folder import OutputsFolder
from cellrun.core.runs.run import Run
from cellrun.core.runs.writer import RunWriter, plain_tags
from cellrun.core.store.ending import set_canceled
from cellrun.core.store.notes import DISK_WAS_FULL
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.submission.recorded import git_head
from cellrun.core.supervision.recorder import start_recorder

if TYPE_CHECKING:
    from cellrun.core.experiment import Experiment

    OutputFolders = bool | str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None


def start(  # noqa: PLR0913  # one for each thing to choose
    experiment: Experiment,
    *,
    display_name: str | None,
    tags: Mapping[str, object],
    snapshot_directory: str | os.PathLike[str] | None,
    cell: Mapping[str, Any] | None,
    run_id: str | None = None,
    outputs: OutputFolders = None,
    code: bool = True,
) -> Run:
    """Open a run that this process owns, Running at once. Raises WorkspaceException where the disk doesn't take it."""
    layout = make(
        experiment,
        display_name=display_name,
        tags=tags,
        snapshot_directory=snapshot_directory,
        cell=cell,
        run_id=run_id,
    )
    run = _opened(experiment, layout, _output_folders(outputs), code=code)
    start_recorder(layout, sys.executable, str(Path.cwd()), os.environ)
    return run


def start_child(
    experiment: Experiment,
    parent: str,
    *,
    display_name: str | None = None,
    run_id: str | None = None,
    outputs: str | os.PathLike[str] | None = None,
) -> Run:
    """Open a child of a run as `start` does. Its parent tells of the environment and the code that both have."""
    layout = make(experiment, display_name=display_name, tags={}, parent=parent, run_id=run_id)
    return _opened(experiment, layout, [outputs] if outputs else ())


def take_over(run: Run, outputs: str | os.PathLike[str] | None) -> RunControl:
    """Own a child that waits to be started, from now on; return the control that its owner has.

    Raises UserErrorException for a run that isn't such a one: somebody else has it.
    """
    layout = run.layout
    control = _owned(layout, run._writer, [outputs] if outputs else ())  # noqa: SLF001  # what a run's control is made with
    try:
        is_begun = _begun(layout)
    except OSError as error:
        raise cannot_write(layout.workspace.folder, error) from error
    if not is_begun:
        status = StatusFile(layout).read().status
        if status.is_terminal:
            raise RunClosedError(layout.run_id, status)
        raise UserErrorException(
            f"run {layout.run_id} is {status.word}: only a run that create_children made is started, and only once"
        )
    _add(run)
    return control


def _add(run: Run) -> None:
    open_runs.add(run, RunRecord.read(run.layout).parent)
    if (own := own_run()) is not None:
        _end_with_job(own)


@cache
def _end_with_job(job: RunLayout) -> None:
    """Let the children of a job that are open here when its script ends, end as that does."""
    atexit.register(_end_children_of_job, job, job_end(job), os.getpid())


def _end_children_of_job(job: RunLayout, end: JobEnd, process: int) -> None:
    code = end.code()
    if code is None or os.getpid() != process:  # whoever looks finds them without their process
        return
    for child in open_runs.children_of(job.run_id):
        if code:
            with suppress(RunClosedError):
                child.fail(getattr(sys, "last_value", None) or f"exit code {code}")
        else:
            end_as(child, Status.COMPLETED, None)


def make(  # noqa: PLR0913  # a run has so many sides
    experiment: Experiment,
    *,
    display_name: str | None = None,
    tags: Mapping[str, object],
    snapshot_directory: str | os.PathLike[str] | None = None,
    cell: Mapping[str, Any] | None = None,
    parent: str | None = None,
    run_id: str | None = None,
) -> RunLayout:
    """Make a run that is NotStarted until a process opens it. Raises WorkspaceException as `start` does."""
    here = Path.cwd()
    fill = _snapshot_of(Path(snapshot_directory), experiment.workspace.folder) if snapshot_directory else _nothing
    record = RunRecord(
        id=run_id or "",
        parent=parent,
        experiment=experiment.name,
        kind="interactive",
        workspace_id=experiment.workspace.id,
        display_name=None if display_name is None else names.display_name(display_name),
        argv=list(sys.argv),
        git=git_head(here),
        python=f"{sys.version.split()[0]} {sys.executable}",
        cell=None if cell is None else dict(cell),
        tags=plain_tags(tags),
    )
    return RunStore(experiment.workspace.layout).create(record, fill)


def _opened(
    experiment: Experiment, layout: RunLayout, outputs: Sequence[str | os.PathLike[str]], *, code: bool = False
) -> Run:
    """Return a run that was just made, Running and this process's own."""
    try:
        _begun(layout)
    except OSError as error:  # the disk has become full since: nobody would end this run
        remove_tree(RunStore(experiment.workspace.layout).take_out(layout.run_id))
        raise cannot_write(experiment.workspace.folder, error) from error
    run = Run(experiment, layout.run_id, control=lambda layout, writer: _owned(layout, writer, outputs, code=code))
    _add(run)
    return run


def _begun(layout: RunLayout) -> bool:
    """Let a run that is NotStarted be Running, and this process's own; False for one that isn't. Raises OSError."""
    me = ProcessIdentity.current().to_json()
    if StatusFile(layout).change(Status.RUNNING, expected={Status.NOT_STARTED}, owner=me) is None:
        return False
    HEARTBEAT.begin(layout)
    return True


def _owned(
    layout: RunLayout, writer: RunWriter, outputs: Sequence[str | os.PathLike[str]], *, code: bool = False
) -> InteractiveControl:
    folders = [OutputsFolder(Path(folder).absolute()) for folder in outputs]
    return InteractiveControl(layout, writer, folders, code=code)


class InteractiveControl(PartControl):
    """An interactive run in the process that owns it.

    Responsibilities: end the run once, with its events on the disk and its outputs' files in it, and before it the
    children that are open here; copy what a `with` block prints to the run's log; keep the text of its notebook's
    cells. A forked child process isn't the owner: it is part of the run as any other process.
    """

    def __init__(self, layout: RunLayout, writer: RunWriter, outputs: Sequence[OutputsFolder], *, code: bool) -> None:
        super().__init__(layout)
        self._writer = writer
        self._process = os.getpid()
        self._outputs = outputs
        self._tee = OutputTee(layout.log)
        self._folder = Path.cwd()
        self._is_open = True
        self._code = CellCode(layout)
        if code:
            self._code.start()

    def complete(self) -> None:
        """End the run as Completed."""
        if self._is_owner:
            self._end(Status.COMPLETED)

    def fail(self, reason: str, **fields: Any) -> None:
        """End the run as Failed, with a reason."""
        if not self._is_owner:
            super().fail(reason, **fields)
            return
        self._end(Status.FAILED, reason, **fields)

    def cancel(self, reason: str | None = None) -> None:
        """End the run as Canceled; nothing happens to one that has ended."""
        if not self._is_owner:
            super().cancel(reason)
            return
        with suppress(RunClosedError):
            self._end(Status.CANCELED, reason or "canceled in its own notebook")
        self._cancel_children(reason)

    def refuse_own_wait(self) -> None:
        """Refuse to wait for a run that is open here: it goes on until this process ends it."""
        if self._is_open and self._is_owner and not self.status().status.is_terminal:
            raise UserErrorException(
                f"run {self._layout.run_id} is open in this process and goes on until it is ended here, so waiting for "
                "it would never end; run.complete() ends it"
            )

    def enter(self) -> None:
        """Begin to copy what is printed to the run's log."""
        self._folder = Path.cwd()
        if self._is_open:
            self._tee.start()

    def leave(self, error: BaseException | None) -> bool:
        """End the run by how its block ended, and put the current folder back, as Azure ML does."""
        if not self._is_owner:
            return False
        if error is not None and not _is_orderly_exit(error):
            self._tee.write("".join(traceback.format_exception(error)))
        self._tee.stop()
        with suppress(OSError):  # removed meanwhile
            os.chdir(self._folder)
        with suppress(RunClosedError):  # ended in the block, or from outside
            if error is None or _is_orderly_exit(error):
                self._end(Status.COMPLETED)
            else:
                self._end(Status.FAILED, **failure_fields(error))
        return error is not None and _is_orderly_exit(error)

    @property
    def _is_owner(self) -> bool:
        return os.getpid() == self._process

    def _end(self, to: Status, reason: str | None = None, **fields: Any) -> None:
        if not self._is_open:
            self._refuse_to_end(to)
            return
        for child in open_runs.children_of(self._layout.run_id):
            end_as(child, to, reason)
        if is_full(self._layout.folder):
            fields["notes"] = [DISK_WAS_FULL]
        was_copying = self._tee.is_open
        self._tee.stop()
        if self._layout.record.exists():  # else it was deleted, which is said below
            for folder in self._outputs:
                folder.copy_to(self._layout.outputs)
            try:
                self._writer.close()
                if to is Status.CANCELED:
                    set_canceled(self._layout, reason or "", **fields)
                else:
                    StatusFile(self._layout).change(to, reason=reason, **fields)
            except OSError as error:  # a read-only disk; the run goes on, and its user may end it again
                with suppress(OSError):
                    self._tee.start() if was_copying else None
                raise EventNotKeptError(self._layout.run_id, to.word, error) from error
        self._writer.close()  # once more: the run's reserve is free now, and so there is room to say what was dropped
        self._is_open = False
        self._code.stop()
        HEARTBEAT.end(self._layout)
        open_runs.remove(self._layout.run_id)
        self._refuse_to_end(to)  # somebody else may have ended it otherwise


def end_as(run: Run, to: Status, reason: str | None) -> None:
    """End a run that is open here as another has ended that it belongs to; one that ended otherwise stays so."""
    with suppress(RunClosedError):
        if to is Status.COMPLETED:
            run.complete()
        elif to is Status.CANCELED:
            run.cancel(reason)
        else:
            run.fail(reason)


def _output_folders(given: OutputFolders) -> Sequence[str | os.PathLike[str]]:
    """Return the folders whose new files go into the run's `outputs/`: `./outputs`, and what else was given."""
    if given is False:
        return ()
    own = ("outputs",)
    if given is None or given is True:
        return own
    return (*own, given) if isinstance(given, (str, os.PathLike)) else (*own, *given)


def _is_orderly_exit(error: BaseException) -> bool:
    return isinstance(error, SystemExit) and error.code in (None, 0)


def _snapshot_of(folder: Path, workspace: Path) -> Callable[[RunLayout], None]:
    """Return what copies a folder into a new run. Raises SnapshotException if it is too large."""
    from cellrun.core.submission.snapshot import Snapshot  # noqa: PLC0415  # rarely asked for

    if not folder.is_dir():
        raise UserErrorException(f"snapshot_directory {shown(str(folder))} is no folder")
    snapshot = Snapshot(folder.absolute(), out=(workspace,))
    if problems := snapshot.problems():
        raise SnapshotException("; ".join([*problems, "or leave snapshot_directory out"]))
    for warning in filter(None, [*snapshot.warnings, snapshot.secret_words()]):
        warnings.warn(plain(f"snapshot of {folder}: {warning}"), stacklevel=4)
    return lambda draft: snapshot.copy_to(draft.snapshot)


def _nothing(_: RunLayout) -> None:
    pass
