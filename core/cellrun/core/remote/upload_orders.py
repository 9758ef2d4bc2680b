"""The orders by which a run's files and values come in: each is there once, whole, however often the line is cut."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from cellrun.core.context.value_store import hash_of
from cellrun.core.disk.whole_files import make_private_folder, remove_tree
from cellrun.core.layout import RunLayout
from cellrun.core.remote.partial_files import add_piece, finish, parts_of, sizes_below
from cellrun.core.remote.protocol import Message
from cellrun.core.remote.refusal import BadOrderError
from cellrun.core.remote.remote_workspace import INCOMING, RemoteWorkspace, plain_name
from cellrun.core.store.status import StatusFile

_OURS = frozenset({"run.json", "signed.json", "snapshot", "context"})
"""What of a run's folder comes from whoever submits it."""


class UploadOrders:
    """What comes in. A place's free room is for the disk to tell."""

    def lacks(self, order: Message) -> Message:
        """`workspace`, `hashes` → `lacks`: those values that aren't there. The others count as used just now."""
        there = _made(order)
        return Message({"lacks": lacking(there, order.facts["hashes"])})

    def value(self, order: Message) -> Message:
        """`workspace`, `name`, `offset`, `size`, bytes → `has`, `is_whole`.

        Without bytes it only tells. `has` may be less than was expected, or more: the sender goes on from there.
        """
        has, is_whole = take_value(_made(order), order.facts, order.data)
        return Message({"has": has, "is_whole": is_whole})

    def put(self, order: Message) -> Message:
        """`workspace`, `run`, `files`, bytes → `has`: bytes by path. Files of a run that isn't there yet.

        Of `files` each is `{path, offset, length, size, mode, mtime_ns}`; their bytes follow one another.
        """
        draft = _made(order).draft(order.facts["run"])
        is_new, has = not draft.folder.exists(), take_files(draft, order.facts["files"], order.data)
        if is_new:
            prepare(draft)
        return Message({"has": has})

    def draft(self, order: Message) -> Message:
        """`workspace`, `run` → `has`: bytes by path of what has come of a run; `is_there`: it is more than that."""
        there = RemoteWorkspace(order.facts["workspace"])
        is_there, found = there.run(order.facts["run"]).folder.exists(), there.draft(order.facts["run"]).folder
        has = {path: size for path, size in sizes_below(found).items() if path.partition("/")[0] in _OURS}
        return Message({"has": has, "is_there": is_there})

    def drop(self, order: Message) -> Message:
        """`workspace`, `run`: forget what has come of a run that isn't to be started."""
        draft = RemoteWorkspace(order.facts["workspace"]).draft(order.facts["run"])
        if draft.folder.exists():
            remove_tree(draft.folder)
        return Message({})


def take_value(there: RemoteWorkspace, about: Mapping[str, Any], data: bytes) -> tuple[int, bool]:
    """Take a piece of a value: `name`, `offset`, `size`. Returns how much of it is there, and whether that is all."""
    name, size = plain_name("value", about["name"]), _count(about, "size")
    path = there.layout.values / name[:2] / name
    if _is_there(path, size):
        return size, True
    incoming = there.layout.values / INCOMING
    make_private_folder(incoming)
    has = add_piece(incoming, [name], _count(about, "offset"), data)
    if has < size:
        return has, False
    if has > size or hash_of(incoming / name, like=name) not in {name, None}:
        (incoming / name).unlink()
        return 0, False
    make_private_folder(path.parent)
    (incoming / name).replace(path)
    os.utime(path)
    return size, True


def take_files(draft: RunLayout, files: Sequence[Mapping[str, Any]], data: bytes) -> dict[str, int]:
    """Take pieces of files, whose bytes follow one another, as `put` has them. Returns how much is there, by path."""
    ours, has, at = [(file, _ours(file["path"])) for file in files], {}, 0
    make_private_folder(draft.folder)
    for file, parts in ours:
        length, size = _count(file, "length"), _count(file, "size")
        piece, at = data[at : at + length], at + length
        has[file["path"]] = add_piece(draft.folder, parts, _count(file, "offset"), piece)
        if has[file["path"]] > size:  # nobody knows what it is
            draft.folder.joinpath(*parts).unlink()
            has[file["path"]] = 0
        elif has[file["path"]] == size:
            finish(draft.folder, parts, _count(file, "mode"), _count(file, "mtime_ns"))
    os.utime(draft.folder)  # it isn't given up
    return has


def prepare(draft: RunLayout) -> None:
    """Make what any run's folder has, unless it is there: before all has come, so that no start waits for it."""
    make_private_folder(draft.folder)
    for folder in (draft.snapshot, draft.log.parent, draft.events, draft.summaries):
        folder.mkdir(parents=True, exist_ok=True)
    if StatusFile(draft).read().n < 0:
        StatusFile(draft).begin()


def lacking(there: RemoteWorkspace, hashes: Sequence[object]) -> list[str]:
    """Return the values that aren't there of some; the others count as used just now."""
    lacks = []
    now = time.time()
    for name in (plain_name("value", each) for each in hashes):
        try:
            os.utime(there.layout.values / name[:2] / name, (now, now), follow_symlinks=False)
        except FileNotFoundError:
            lacks.append(name)
    return lacks


def _ours(path: object) -> list[str]:
    """Return the parts of the path of a file that whoever submits a run writes. Raises BadOrderError for another."""
    parts = parts_of(path)
    if parts[0] not in _OURS:
        raise BadOrderError(f"{path!r:.80} isn't written by whoever submits a run")
    return parts


def _is_there(path: Path, size: int) -> bool:
    with suppress(FileNotFoundError):
        return path.lstat().st_size == size
    return False


def _count(facts: Mapping[str, Any], name: str) -> int:
    value = facts[name]
    if type(value) is not int or value < 0:
        raise BadOrderError(f"{name} is a number of bytes, got {value!r:.80}")
    return value


def _made(order: Message) -> RemoteWorkspace:
    there = RemoteWorkspace(order.facts["workspace"])
    there.make()
    return there
