"""Cleaning a workspace: what killed processes and deleted runs have left, what that takes, and removing it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from cellrun.core.context.loaded_copies import abandoned_copies, remove_copy
from cellrun.core.context.used_values import orphans
from cellrun.core.disk.control_file import UNREADABLE, read_object
from cellrun.core.disk.ownership import refuse_foreign
from cellrun.core.disk.whole_files import DRAFT, drafts_of_run, is_abandoned, remove_tree, size_on_disk
from cellrun.core.environments.building.built_environments import CachedEnvironment, cached_environments
from cellrun.core.errors import UserErrorException, shown
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.places import cache_of
from cellrun.core.resources import size_text
from cellrun.core.runs import printing
from cellrun.core.store.changes import are_linked, freeing_values
from cellrun.core.store.run_store import (
    ANOTHER_WORKSPACE,
    DELETED,
    abandoned_values,
    is_abandoned_removal,
    is_abandoned_run,
)
from cellrun.core.store.status import StatusFile

_DRAFT_S = 3600.0
"""So long nobody writes a file of the cache."""
_BUSY = (
    "values were left alone: a run is being submitted, one can't be read, a link stands in the place of their folder "
    "or the runs', or the disk has no locks"
)


@dataclass(frozen=True)
class Leftovers:
    """What was left of one kind."""

    kind: str
    count: int
    size_bytes: int
    """What they take on the disk."""


@dataclass(frozen=True)
class Cleaning:
    """What cleaning a workspace frees, or freed."""

    leftovers: tuple[Leftovers, ...]
    """By kind; a kind of which there is nothing isn't in it."""
    freed_bytes: int
    note: str | None
    """What was left alone though it may be of no use, and why."""
    is_dry: bool
    """Whether nothing was removed."""

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)

    def __str__(self) -> str:
        return printing.cleaning_text(self._rows(), self._freed(), self.note)

    def _repr_html_(self) -> str:
        return printing.cleaning_html(self._rows(), self._freed(), self.note)

    def _freed(self) -> str:
        return f"{'would free' if self.is_dry else 'freed'} {size_text(self.freed_bytes)}"

    def _rows(self) -> list[tuple[str, int, int]]:
        return [(each.kind, each.count, each.size_bytes) for each in self.leftovers]


class _Kind(NamedTuple):
    name: str
    paths: list[Path]
    remove: Callable[[Path], object] = remove_tree


def clean(workspace: WorkspaceLayout, older_than: timedelta | float | None = None, *, dry: bool = False) -> Cleaning:
    """Remove what is of no use to anybody, or with `dry` only say what that would free; see `Workspace.clean`.

    No run in a list is touched, none that is being made, and nothing that a living process has.
    """
    least_s = _seconds(older_than)
    for folder in () if dry else (workspace.runs, workspace.values, workspace.datasets, workspace.models):
        refuse_foreign(folder, ANOTHER_WORKSPACE)
    kinds = (
        *_of_runs(workspace),
        _of_datasets(workspace),
        _of_models(workspace),
        _of_steps(workspace),
        *_of_cache(workspace),
        *_of_home(),
        *_of_environments(),
    )
    cleaned = [_cleaned(kind, least_s, dry=dry) for kind in kinds]
    if older_than is not None:
        unused = [kept.folder for kept in cached_environments() if _may_go(kept, least_s)]
        cleaned.append(_cleaned(_Kind("environments that nobody used since", unused, _remove_environment), 0, dry=dry))
    with nullcontext(not are_linked(workspace)) if dry else freeing_values(workspace) as may_free:
        found = orphans(workspace) if may_free else None
        if found:
            cleaned.append(_cleaned(_Kind("values that no run has", found.old, Path.unlink), least_s, dry=dry))
    leftovers = tuple(each for each in cleaned if each.count)
    note = None if found or not workspace.values.exists() else _BUSY
    return Cleaning(leftovers, sum(each.size_bytes for each in leftovers), note, dry)


def _of_runs(workspace: WorkspaceLayout) -> Iterator[_Kind]:
    names = [] if workspace.runs.is_symlink() else _names(workspace.runs)  # else they may be another workspace's
    drafts = [workspace.run(name) for name in names if name.startswith(DRAFT)]
    yield _Kind("runs that were never whole", [each.folder for each in drafts if is_abandoned_run(each)])
    removals = [workspace.runs / name for name in names if name.startswith(DELETED)]
    yield _Kind("remains of deleted runs", [each for each in removals if is_abandoned_removal(each)])
    yield _Kind("drafts in runs that have ended", list(_drafts_of_ended(workspace, names)), Path.unlink)
    yield _Kind("values that were never whole", abandoned_values(workspace), Path.unlink)


def _of_datasets(workspace: WorkspaceLayout) -> _Kind:
    folder = workspace.datasets
    found = [] if folder.is_symlink() else [path for path in _paths(folder) if path.name.startswith(".")]
    return _Kind("remains of unregistered datasets", [each for each in found if is_abandoned_removal(each)])


def _of_models(workspace: WorkspaceLayout) -> _Kind:
    folder = workspace.models
    found = [] if folder.is_symlink() else [path for path in _paths(folder) if path.name.startswith(DRAFT)]
    return _Kind("remains of models", [each for each in found if is_abandoned(each)])


def _of_steps(workspace: WorkspaceLayout) -> _Kind:
    found = [] if workspace.step_runs.is_symlink() else _paths(workspace.step_runs)
    return _Kind(
        "hashes of steps whose runs are gone", [each for each in found if _is_of_none(each, workspace)], Path.unlink
    )


def _is_of_none(note: Path, workspace: WorkspaceLayout) -> bool:
    """Whether the run is gone that did a pipeline's step; what can't be read is of none."""
    with suppress(*UNREADABLE):
        return not workspace.run(str(read_object(workspace.folder, note).get("run", ""))).record.exists()
    return True


def _drafts_of_ended(workspace: WorkspaceLayout, names: list[str]) -> Iterator[Path]:
    for layout in (workspace.run(name) for name in names if not name.startswith(".")):
        if drafts := drafts_of_run(layout.folder):
            with suppress(*UNREADABLE):
                yield from drafts if StatusFile(layout).read().status.is_terminal else ()


def _of_cache(workspace: WorkspaceLayout) -> Iterator[_Kind]:
    cache = cache_of(workspace)
    yield _Kind("damaged lists", list(cache.glob("index.db.bad-*")), Path.unlink)
    runs = set(_names(workspace.runs))
    columns = [path for path in _paths(cache / "columns") if path.name not in runs and path.name[0] != "."]
    yield _Kind("metrics kept of runs that are gone", columns, Path.unlink)
    drafts = [*cache.glob(".index.db.*"), *(cache / "columns").glob(".*")]
    yield _Kind("files that were never whole", [path for path in drafts if _age_s(path) > _DRAFT_S], Path.unlink)
    yield _Kind("copies for %load_run of kernels that are gone", abandoned_copies(workspace), remove_copy)


def _of_home() -> Iterator[_Kind]:
    """Return what the runs of all workspaces of this user share."""
    from cellrun.core.data.in_run.cache import remove_entry, unused_entries  # noqa: PLC0415  # nothing else here needs data
    from cellrun.core.data.in_run.run_views import abandoned_views, remove_view  # noqa: PLC0415  # as above

    yield _Kind("mounts of runs that have ended", abandoned_views(), remove_view)
    yield _Kind("data brought for runs that have ended", unused_entries(), remove_entry)


def _of_environments() -> Iterator[_Kind]:
    remains, lost = list[Path](), list[Path]()
    for kept in cached_environments():
        if kept.is_being_built or not _is_of_old(kept.folder):
            continue
        remains += kept.remains() if kept.is_whole else []
        lost += [] if kept.is_whole or kept.users() else [kept.folder]
    yield _Kind("remains of environments that were built", remains)
    yield _Kind("environments that were never whole", lost, _remove_environment)


def _is_of_old(folder: Path) -> bool:
    """Whether nobody is about to build what was ordered in a folder."""
    return _age_s(folder) > _DRAFT_S


def _may_go(kept: CachedEnvironment, least_s: float) -> bool:
    return kept.is_whole and time.time() - kept.last_used >= least_s and not kept.is_being_built and not kept.users()


def _remove_environment(folder: Path) -> None:
    with suppress(UserErrorException):  # somebody has come to use it
        CachedEnvironment(folder).remove()


def _cleaned(kind: _Kind, least_s: float, *, dry: bool) -> Leftovers:
    """Remove what is old enough of a kind; return what is gone, or would be."""
    gone, size_bytes = 0, 0
    for path in kind.paths:
        if _age_s(path) < least_s:
            continue
        size = _size(path)
        with suppress(OSError):  # what can't be removed, or somebody else removed
            if not dry:
                kind.remove(path)
            if dry or not os.path.lexists(path):
                gone, size_bytes = gone + 1, size_bytes + size
    return Leftovers(kind.name, gone, size_bytes)


def _seconds(older_than: timedelta | float | None) -> float:
    """Return an age in seconds. Raises UserErrorException for what is none."""
    if older_than is None:
        return 0.0
    if isinstance(older_than, timedelta):
        seconds = older_than.total_seconds()
    elif isinstance(older_than, (int, float)) and not isinstance(older_than, bool):
        seconds = older_than * 86_400.0
    else:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise UserErrorException(
            f"older_than is a number of days or a datetime.timedelta, from 0 on; got {shown(older_than)}"
        )
    return seconds


def _size(path: Path) -> int:
    with suppress(OSError):
        return size_on_disk(path) + path.lstat().st_blocks * 512
    return 0


def _age_s(path: Path) -> float:
    """Return how long ago a file was written, in seconds; 0 if it is gone."""
    with suppress(OSError):
        return time.time() - path.lstat().st_mtime
    return 0.0


def _names(folder: Path) -> list[str]:
    with suppress(OSError):
        return os.listdir(folder)  # noqa: PTH208  # names alone: there may be 100,000
    return []


def _paths(folder: Path) -> list[Path]:
    return [folder / name for name in _names(folder)]
