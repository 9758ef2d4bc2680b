"""The runs of a workspace: made whole or not at all, opened, found by id or name."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cellrun.core import names
from cellrun.core.disk.control_file import UNREADABLE, read_control_file
from cellrun.core.disk.ownership import is_mine, refuse_foreign
from cellrun.core.disk.whole_files import DRAFT, NO_ROOM, is_abandoned, make_private_folder, remove_tree, sync_folder
from cellrun.core.errors import DamagedRunError, RunNotFoundError, UserErrorException
from cellrun.core.identity import ProcessIdentity
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.places import cannot_write
from cellrun.core.store.changes import note_change, note_orphans, using_values
from cellrun.core.store.record import RunRecord, refuse_elsewhere
from cellrun.core.store.status import StatusFile

ANOTHER_WORKSPACE = "take a workspace in a folder of yours: Workspace.create(name, folder)"
DELETED = ".deleted-"
"""How the folder of a run begins that is being removed."""
_LONGEST_ID_BYTES = 1000
_REMOVING_S = 60.0
_NAMELESS_S = 3600.0
"""How long a draft may be without a whole record, which is the first thing that is written into it."""


def is_there(layout: RunLayout) -> bool:
    """Return whether there is such a run; one whose folder is closed to this user is there."""
    try:
        os.lstat(layout.record)
    except PermissionError:
        return True
    except (OSError, ValueError):  # ValueError: no file has such a name
        return False
    return True


def check_is_there(layout: RunLayout) -> None:
    """Raise RunNotFoundError for a run that was there, and is deleted."""
    if not is_there(layout):
        raise RunNotFoundError(layout.run_id, str(layout.workspace.folder), is_deleted=True)


def has_run(workspace: WorkspaceLayout, run_id: str) -> bool:
    """Return whether a workspace has a run of an id."""
    return names.is_plain(run_id) and is_there(workspace.run(run_id))


def ancestors(workspace: WorkspaceLayout, parent: str | None) -> tuple[str, ...]:
    """Return the ids of the runs that a run of such a parent is a child of, the nearest one first."""
    found: list[str] = []
    with suppress(*UNREADABLE):  # whatever is above one that is gone
        while parent and parent not in found:
            found.append(parent)
            parent = RunRecord.read(workspace.run(parent)).parent
    return tuple(found)


class RunStore:
    """The run folders of one workspace."""

    def __init__(self, workspace: WorkspaceLayout) -> None:
        self.workspace = workspace

    def create(self, record: RunRecord, fill: Callable[[RunLayout], None]) -> RunLayout:
        """Make a run: its folder with record, status NotStarted, and what `fill` puts into it.

        `fill` gets the layout of a folder that isn't a run yet; it becomes one by a single rename, so that a kill at
        any moment leaves a whole run or none. Id (unless given), number, name and creation are filled into the record.
        Raises WorkspaceException where nothing can be written or others own the runs or can write to them,
        InvalidNameError or UserErrorException for an id that can't be or is taken, WorkspaceElsewhereError where this
        is the code of a run that was sent to another machine than its workspace is on; whatever `fill` raises leaves
        nothing behind.
        """
        refuse_elsewhere(self.workspace, "runs")
        run_id = names.run_id(record.id) if record.id else names.new_run_id(record.experiment)
        experiment = names.experiment_name(record.experiment)
        self._make_room(experiment)
        self._sweep_values()
        with using_values(self.workspace):
            return self._create(record, fill, run_id, experiment)

    def _create(self, record: RunRecord, fill: Callable[[RunLayout], None], run_id: str, experiment: str) -> RunLayout:
        final, draft = self.workspace.run(run_id), self.workspace.run(DRAFT + run_id)
        try:
            draft.folder.mkdir(mode=0o700)
        except FileExistsError:
            raise _taken(run_id) from None
        except OSError as error:  # no inodes are left
            raise cannot_write(self.workspace.folder, error) from error
        claim: Path | None = None
        try:
            if final.folder.exists():
                raise _taken(run_id)  # noqa: TRY301  # the draft has to go
            claim = self._claim_number(experiment, run_id)
            self._build(draft, _completed(record, run_id, int(claim.name)), fill)
            draft.folder.rename(final.folder)
        except BaseException as error:  # Ctrl-C included: half a run must not stay
            shutil.rmtree(draft.folder, ignore_errors=True)
            if claim:
                claim.unlink(missing_ok=True)
            if isinstance(error, OSError) and error.errno in NO_ROOM:
                raise cannot_write(self.workspace.folder, error) from error
            raise
        sync_folder(self.workspace.runs)
        note_change(final)
        return final

    def open(self, run_id: str) -> RunLayout:
        """Return the layout of a run; RunNotFoundError if there is none of that id."""
        if not has_run(self.workspace, run_id):
            raise RunNotFoundError(run_id, str(self.workspace.folder))
        return self.workspace.run(run_id)

    def find(self, id_or_name: str) -> RunLayout:
        """Return the layout of a run by its id or its name (`digits-3`); RunNotFoundError if there is none."""
        experiment, _, number = id_or_name.rpartition("-")
        if names.is_plain(experiment) and number.isdecimal():
            with suppress(FileNotFoundError, RunNotFoundError, DamagedRunError):
                return self.open(_claimant(self.workspace.experiment(experiment) / number))
        return self.open(id_or_name)

    def take_out(self, run_id: str) -> Path:
        """Take a run out of the workspace by one rename; return its folder, which is no run's any more.

        Its number isn't given again. Raises RunNotFoundError if there is none of that id, WorkspaceException in a
        workspace that others can write to.
        """
        layout = self.open(run_id)
        refuse_foreign(self.workspace.runs, ANOTHER_WORKSPACE)
        taken_out = self.workspace.runs / f"{DELETED}{os.urandom(8).hex()}"
        try:
            layout.folder.rename(taken_out)
        except FileNotFoundError:
            raise RunNotFoundError(run_id, str(self.workspace.folder)) from None
        note_change(layout)
        return taken_out

    def ids(self) -> list[str]:
        """Return the ids of all runs, and sweep what killed submissions left in a workspace of one's own.

        Nothing is swept behind a link: there it may be anybody's.
        """
        try:
            found = os.listdir(self.workspace.runs)  # noqa: PTH208  # names alone: there may be 100,000
        except FileNotFoundError:
            return []
        leftovers = [name for name in found if name.startswith((DRAFT, DELETED))]
        may_sweep = leftovers and is_mine(self.workspace.runs) and not self.workspace.runs.is_symlink()
        for name in leftovers if may_sweep else ():
            if name.startswith(DRAFT):
                self._sweep(self.workspace.run(name))
            elif is_abandoned_removal(self.workspace.runs / name):
                with suppress(OSError):
                    remove_tree(self.workspace.runs / name)
        self._sweep_values()
        return [name for name in found if not name.startswith(".")]

    def _make_room(self, experiment: str) -> None:
        refuse_foreign(self.workspace.folder, ANOTHER_WORKSPACE)  # nothing is made in it, nor where its links lead
        try:
            make_private_folder(self.workspace.runs)
            make_private_folder(self.workspace.experiments)
            self.workspace.experiment(experiment).mkdir(exist_ok=True)
            make_private_folder(self.workspace.values)
            self.workspace.changes.touch(mode=0o600)
            for folder in (self.workspace.runs, self.workspace.experiments, self.workspace.values):
                refuse_foreign(folder, ANOTHER_WORKSPACE, is_there=True)  # and with it what leads to it
        except OSError as error:
            raise cannot_write(self.workspace.folder, error) from error

    def _claim_number(self, experiment: str, run_id: str) -> Path:
        """Take the next free number of an experiment: a file of that name, which holds the run's id."""
        folder = self.workspace.experiment(experiment)
        number = _first_free(folder)
        while True:
            with suppress(FileExistsError), (folder / str(number)).open("x") as file:
                file.write(run_id)
                return folder / str(number)
            number += 1

    @staticmethod
    def _build(draft: RunLayout, record: RunRecord, fill: Callable[[RunLayout], None]) -> None:
        record.write(draft)
        for folder in (draft.outputs, draft.logs, draft.log.parent, draft.events, draft.summaries):
            folder.mkdir(parents=True)
        fill(draft)
        StatusFile(draft).begin()

    def _sweep(self, draft: RunLayout) -> None:
        """Remove a draft if nobody goes on with it."""
        if is_abandoned_run(draft):
            with suppress(OSError):
                remove_tree(draft.folder)
            note_orphans(self.workspace)

    def _sweep_values(self) -> None:
        """Remove what processes left that were killed while they wrote a value, in a workspace of one's own."""
        drafts = abandoned_values(self.workspace)
        for path in drafts if drafts and is_mine(self.workspace.values) else ():
            with suppress(OSError):
                path.unlink()
            note_orphans(self.workspace)


def is_abandoned_run(draft: RunLayout) -> bool:
    """Whether the process that was building a run is gone, or was killed before it could say who it is."""
    try:
        creator = ProcessIdentity.from_json(RunRecord.read(draft).created_by)
        return creator.is_proven_dead(draft.record.stat().st_mtime)
    except (ValueError, KeyError, OSError):
        with suppress(FileNotFoundError):  # it has become a run, or somebody else swept it
            return time.time() - draft.folder.stat().st_mtime > _NAMELESS_S
    return False


def abandoned_values(workspace: WorkspaceLayout) -> list[Path]:
    """Return the drafts of values with which nobody goes on; none behind a link, where they are another's."""
    if workspace.values.is_symlink():
        return []
    try:
        names = os.listdir(workspace.values)  # noqa: PTH208  # names alone
    except OSError:  # no values yet
        return []
    return [path for name in names if name.startswith(DRAFT) and is_abandoned(path := workspace.values / name)]


def _completed(record: RunRecord, run_id: str, number: int) -> RunRecord:
    return record._replace(
        id=run_id,
        number=number,
        name=f"{record.experiment}-{number}",
        created_at=record.created_at or time.time(),
        created_by=ProcessIdentity.current().to_json(),
    )


def _claimant(claim: Path) -> str:
    """Return the id of the run that has a number. Raises FileNotFoundError, DamagedRunError."""
    return read_control_file(claim.parent, claim, _LONGEST_ID_BYTES).decode("utf-8", "replace")


def _first_free(folder: Path) -> int:
    """Return a number that is free and whose predecessor is taken, in a few looks: listing 10,000 names costs more."""
    high = 1
    while (folder / str(high)).exists():
        high *= 2
    low = high // 2  # taken, or 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if (folder / str(middle)).exists() else (low, middle)
    return high


def is_abandoned_removal(folder: Path) -> bool:
    """Whether nobody has been at a run's folder for a while that is being removed: whoever began was killed."""
    with suppress(OSError):
        return time.time() - folder.stat().st_ctime > _REMOVING_S
    return False


def _taken(run_id: str) -> UserErrorException:
    return UserErrorException(f"run id {run_id!r} is taken; leave run_id out for a new one")
