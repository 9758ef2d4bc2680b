"""Finds captured values that an earlier run of the workspace has already: they aren't written again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from cellrun.core.context.manifest import Blob, Context, Group, Need
from cellrun.core.context.value_store import Memory, blob_of
from cellrun.core.errors import ContextException
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.store.record import RunRecord

_MOST_RUNS = 20  # the newest
_WORTH_SAYING_BYTES = 4 << 10


class HashingStore:
    """Tells what bytes would be found by if they were kept; nothing is written."""

    def __init__(self, *, pickles_like: str = "") -> None:
        self._pickles_like = pickles_like

    def put(self, memory: Memory, wrote: Callable[[int], object] = lambda _: None, *, like: str = "") -> Blob:
        """Return what would find some bytes again."""
        blob = blob_of(memory, like)
        wrote(blob.bytes)
        return blob

    def put_pickle(self, payload: Memory, wrote: Callable[[int], object] = lambda _: None) -> Blob:
        """Return what would find a pickle again."""
        return self.put(payload, wrote, like=self._pickles_like)


class SentBefore:
    """The values of a workspace's newest runs: of those on a target of that name alone, as another has others."""

    def __init__(self, workspace: WorkspaceLayout, target: str = "") -> None:
        self._workspace = workspace
        self._target = target

    def noted(self, needs: Sequence[Need], groups: Iterable[Group]) -> list[Need]:
        """Return the account with a note at each value that one of these runs has, if it is worth saying."""
        found = {need.name: need for need in needs if need.kind == "value" and need.bytes >= _WORTH_SAYING_BYTES}
        wanted = [group for group in groups if not found.keys().isdisjoint(group.names)]
        notes = dict(self._notes(wanted))
        said = found.keys() & notes.keys()
        return [replace(need, note=notes[need.name]) if need.name in said else need for need in needs]

    def _notes(self, wanted: list[Group]) -> Iterator[tuple[str, str]]:
        for layout in self._newest() if wanted else ():
            try:
                known = {_content(group) for group in Context.read(layout.context).groups}
                record = RunRecord.read(layout)
            except (
                ContextException,
                OSError,
                ValueError,
                KeyError,
                TypeError,
            ):  # a script's; gone or damaged meanwhile
                continue
            if self._target not in {"", record.target}:
                continue
            for group in [each for each in wanted if _content(each) in known]:
                wanted.remove(group)
                yield from ((name, f"same as {record.name}: not sent again") for name in group.names)
            if not wanted:
                return

    def _newest(self) -> list[RunLayout]:
        try:
            names = os.listdir(self._workspace.runs)  # noqa: PTH208  # names alone: there may be 100,000
        except FileNotFoundError:
            return []
        ids = sorted((name for name in names if _made_at(name)), key=_made_at, reverse=True)
        return [self._workspace.run(run_id) for run_id in ids[:_MOST_RUNS]]


def is_sent_before(need: Need) -> bool:
    """Whether an earlier run has it, as `noted` says."""
    return need.note.startswith("same as ")


def _content(group: Group) -> tuple[Blob, ...]:
    return (group.payload, *group.buffers)


def _made_at(run_id: str) -> int:
    """Return the time in a run's id, `<slug>_<unix time>_<8 hex>`; 0 for what is no run, or is being made."""
    parts = run_id.rsplit("_", 2)
    return int(parts[1]) if len(parts) == 3 and parts[1].isdecimal() and not run_id.startswith(".") else 0
