"""The queue of this user and machine: a ticket for each run that waits or runs, over all workspaces.

Standard library only: an ending supervisor shares it.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from cellrun.core.disk import control_file
from cellrun.core.disk.control_file import are_texts, is_count, is_mapping_of, is_system_text, is_text
from cellrun.core.disk.lock import hold_lock
from cellrun.core.disk.ownership import is_mine
from cellrun.core.disk.whole_files import make_private_folder, replace_file
from cellrun.core.errors import ComputeTargetException, DamagedRunError
from cellrun.core.identity import ProcessIdentity, boot_id, boot_time, host_name, pid_namespace
from cellrun.core.layout import RunLayout
from cellrun.core.places import private_folder, private_path, runtime_folder
from cellrun.core.resources import Resources
from cellrun.core.store.liveness import is_old
from cellrun.core.store.record import RunTarget
from cellrun.core.targets.local import queue_lock

_WAITING = ".waiting"
_RUNNING = ".running"
_RESOURCES = {"cpus", "gpus", "memory_bytes"}
_SHAPE: control_file.Shape = {
    "folder": lambda value: is_system_text(value) and Path(value).is_absolute(),
    "resources": lambda value: is_mapping_of(is_count)(value) and value.keys() >= _RESOURCES,
    "devices": are_texts,
    "environment": lambda value: is_mapping_of(is_system_text)(value) and all(map(_is_variable, value)),
    "boot": is_text,
    "pid_namespace": is_text,
    "launch": is_text,
    "share": lambda value: value is None or _is_share(value),
}
_SINCE_0_1 = {"pid_namespace", "launch", "share"}
_NAME = re.compile(r"(?P<number>\d{12})-(?P<run_id>.+)\.(?:waiting|running)")


class Share(NamedTuple):
    """What a run takes of a part of the machine that has so many places, whatever else there is room for."""

    of: str
    """What tells that part from others."""
    places: int
    taken: int = 1


class Ticket(NamedTuple):  # an ending supervisor loads it, and to load `dataclasses` costs 6 ms
    """A run's place in the queue."""

    number: int
    layout: RunLayout
    resources: Resources
    devices: tuple[str, ...] = ()
    """The GPUs that the run may be given; once it runs, those that it has."""
    environment: Mapping[str, str] = MappingProxyType({})
    """The variables that its config gave, by value: kept here, never in the run folder, and only while it waits."""
    boot: str = ""
    pid_namespace: str = ""
    """With `boot`, whose process wrote the ticket: who is in another container can't see what becomes of the run."""
    written_at: float = 0.0
    """When its file was written, epoch seconds."""
    launch: str = ""
    """The hash of the run's launch spec: it is started only as it was submitted. Empty in tickets of cellrun 0.1."""
    share: Share | None = None
    """Of a run of a cluster, what it takes of it."""
    above: tuple[str, ...] = ()
    """The ids of the runs that it is a child of, of any degree."""

    def __repr__(self) -> str:
        """Say which it is: its variables aren't shown."""
        return f"<{type(self).__name__} {self.stem}>"

    @property
    def stem(self) -> str:
        """The name of its file, by which tickets sort as they came."""
        return f"{self.number:012d}-{self.layout.run_id}"

    def to_json(self) -> dict[str, Any]:
        """Return the ticket as plain values."""
        return {
            "version": 1,
            "folder": str(self.layout.folder),
            "resources": self.resources.to_json(),
            "devices": self.devices,
            "environment": dict(self.environment),
            "boot": self.boot,
            "pid_namespace": self.pid_namespace,
            "launch": self.launch,
            "share": self.share,
            "above": self.above,
        }

    @classmethod
    def from_json(cls, number: int, data: dict[str, Any], written_at: float) -> Ticket:
        """Read what `to_json` gave."""
        layout, resources = RunLayout(data["folder"]), Resources.from_json(data["resources"])
        devices, environment, boot = tuple(data["devices"]), data["environment"], data["boot"]
        namespace, launch = data.get("pid_namespace", ""), data.get("launch", "")
        share = Share(*data["share"]) if data.get("share") else None
        above = tuple(data.get("above", ()))
        return cls(number, layout, resources, devices, environment, boot, namespace, written_at, launch, share, above)

    @property
    def is_of_here(self) -> bool:
        """Whether whoever wrote it would see this process, and this process whom that one has started.

        Of an earlier boot nobody is left, in whichever container.
        """
        if self.boot == boot_id():
            return self.pid_namespace in {"", pid_namespace()}
        return self.is_of_earlier_boot

    @property
    def is_of_earlier_boot(self) -> bool:
        """Whether this machine was restarted since; else another one of its name, with the same home, wrote it."""
        return self.boot != boot_id() and self.written_at <= boot_time()

    @property
    def place(self) -> tuple[str, str]:
        """The machine and container of whoever wrote it."""
        return self.boot, self.pid_namespace


class LocalQueue:
    """The tickets of this user and machine. All methods but `locked` and `length` belong inside `locked`."""

    def __init__(self, folder: str | None = None) -> None:
        """Take a queue that is there; without a folder this user's and machine's, made if needed."""
        self.folder = Path(folder).resolve() if folder else _own_folder(private_folder())  # 0.1 knows it by a link
        if not folder and not self.folder.is_dir():
            make_private_folder(self.folder.parent)
            _take_over(runtime_folder() / "queue" / host_name(), self.folder)
            make_private_folder(self.folder)

    @classmethod
    def elsewhere(cls, layout: RunLayout) -> LocalQueue | None:
        """Return the queue that a run's folder names, only to be read: another home's, or whatever came with a copy.

        None if it isn't there, is another machine's, or others' too.
        """
        named = _named_by(layout)
        return cls(str(named)) if named and _is_usable(named) else None

    @classmethod
    def existing(cls) -> LocalQueue | None:
        """Return this user's and machine's queue; None, and nothing is made, if it isn't there."""
        folder = _own_folder(private_path())
        if _is_usable(folder):
            return cls(str(folder))
        is_of_0_1 = private_path().parent.is_dir() and _is_usable(runtime_folder() / "queue" / host_name())
        return cls() if is_of_0_1 else None

    def locked(self, *, wait: bool = True) -> AbstractContextManager[bool]:
        """Hold the queue; gives False, without holding it, if somebody else does and `wait` is False.

        Raises ComputeTargetException where nobody can hold it, or somebody does for a minute.
        """
        path, who = self.folder / "lock", json.dumps(ProcessIdentity.current().to_json())
        pauses = partial(queue_lock.pauses, path) if wait else None
        return hold_lock(path, who, pauses, why="runs wait for one another", error=ComputeTargetException)

    def add(  # noqa: PLR0913, PLR0917  # a ticket has so many sides
        self,
        layout: RunLayout,
        resources: Resources,
        devices: list[str],
        given: Mapping[str, str],
        launch: str = "",
        share: Share | None = None,
        above: tuple[str, ...] = (),
    ) -> Ticket:
        """Put a run at the end of the queue."""
        last = max((int(found["number"]) for found in self._names()), default=0)
        made = (boot_id(), pid_namespace(), time.time())
        ticket = Ticket(last + 1, layout, resources, tuple(devices), given, *made, launch, share, above)
        self._write(ticket, _WAITING)
        return ticket

    def waiting(self) -> list[Ticket]:
        """Return who waits, in order."""
        running = {ticket.stem for ticket in self._tickets(_RUNNING)}
        return [ticket for ticket in self._tickets(_WAITING) if ticket.stem not in running]

    def running(self) -> list[Ticket]:
        """Return who runs."""
        return self._tickets(_RUNNING)

    def length(self) -> int:
        """Return how many runs wait or run."""
        return len(self._names())

    def holds(self, layout: RunLayout) -> bool:
        """Whether a run waits or runs; a copy of its folder, which has its id too, does neither."""
        tickets = (ticket for kind in (_WAITING, _RUNNING) for ticket in self._tickets(kind, layout.run_id))
        return any(ticket.layout.is_same(layout) for ticket in tickets)

    def took(self, layout: RunLayout) -> bool:
        """Whether a run was put into this queue, be it that it waits, runs or has ended."""
        named = _named_by(layout)
        with suppress(OSError):  # it isn't there
            if named is None or self.folder.samefile(named):
                return True
        return self.holds(layout)  # cellrun 0.1 kept it elsewhere

    def held(self, runs: Sequence[RunLayout]) -> list[RunLayout]:
        """Return those of some runs that wait or run, reading the tickets once."""
        tickets: dict[str, list[RunLayout]] = {}
        for ticket in (*self._tickets(_WAITING), *self._tickets(_RUNNING)):
            tickets.setdefault(ticket.layout.run_id, []).append(ticket.layout)
        return [run for run in runs if any(layout.is_same(run) for layout in tickets.get(run.run_id, ()))]

    def is_abandoned(self, ticket: Ticket) -> bool:
        """Whether nobody is left in the container where a run was queued: none of its runs holds a place.

        Whoever is there would have started it long ago.
        """
        with suppress(OSError):
            is_old_ticket = is_old(self._path(ticket, _WAITING).stat().st_mtime)
            return is_old_ticket and all(other.place != ticket.place for other in self.running())
        return False

    def mark_running(self, ticket: Ticket, devices: list[str]) -> Ticket:
        """Note that a run is being started and holds these GPUs. It keeps its place until `confirm`."""
        running = ticket._replace(devices=tuple(devices), environment={}, boot=boot_id(), pid_namespace=pid_namespace())
        self._write(running, _RUNNING)
        return running

    def confirm(self, ticket: Ticket) -> None:
        """Take the place away of a run that was started."""
        self._path(ticket, _WAITING).unlink(missing_ok=True)

    def send_back(self, ticket: Ticket) -> None:
        """Let a run wait again whose start went no further than `mark_running`."""
        self._path(ticket, _RUNNING).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove the drafts of tickets: whoever was writing one was killed, for it held the queue."""
        for draft in self.folder.glob(".[0-9]*"):
            draft.unlink(missing_ok=True)

    def remove(self, ticket: Ticket) -> None:
        """Forget a run."""
        self.confirm(ticket)
        self.send_back(ticket)

    def _names(self) -> list[re.Match[str]]:
        names = sorted(path.name for path in self.folder.iterdir())
        return [found for name in names if (found := _NAME.fullmatch(name))]

    def _tickets(self, kind: str, run_id: str | None = None) -> list[Ticket]:
        """Return the tickets that wait or run, all of them or those of a run: only these are read."""
        tickets = []
        for found in self._names():
            if found[0].endswith(kind) and run_id in (None, found["run_id"]):
                path = self.folder / found[0]
                try:
                    data = control_file.read_object(self.folder, path, _SHAPE, needed=_SHAPE.keys() - _SINCE_0_1)
                    tickets.append(Ticket.from_json(int(found["number"]), data, path.stat().st_mtime))
                except DamagedRunError:  # it must not hold up everybody else
                    if self._is_own():
                        path.replace(f"{path}.bad")
        return tickets

    def _is_own(self) -> bool:
        own = _own_folder(private_path())
        return own.is_dir() and own.samefile(self.folder)

    def _path(self, ticket: Ticket, kind: str) -> Path:
        return self.folder / f"{ticket.stem}{kind}"

    def _write(self, ticket: Ticket, kind: str) -> None:
        replace_file(self._path(ticket, kind), json.dumps(ticket.to_json()), mode=0o600)


def _is_share(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == len(Share._fields)
        and is_text(value[0])
        and all(map(is_count, value[1:]))
    )


def _is_variable(name: str) -> bool:
    return is_system_text(name) and "=" not in name


def _own_folder(private: Path) -> Path:
    # A home, and with it this folder, may be shared by machines; a queue isn't.
    return private / "queue" / host_name()


def _named_by(layout: RunLayout) -> Path | None:
    """Return where a run's folder says that its queue is. That proves nothing: it may have come from anybody."""
    target = RunTarget.read(layout)
    folder = target.handle.get("queue") if target else None
    return Path(folder) if isinstance(folder, str) and is_system_text(folder) else None


def _is_usable(folder: Path) -> bool:
    """Whether a queue is there, this machine's by its name, and nobody else can write tickets into it."""
    return folder.name == host_name() and folder.is_dir() and is_mine(folder)


def _take_over(old: Path, new: Path) -> None:
    """Move a queue from the runtime folder, where cellrun 0.1 kept it and which goes with the last login.

    A link stays in its place, for supervisors of that version, which admit the next run when theirs ends.
    """
    if old.is_symlink() or not old.is_dir():
        return
    import shutil  # noqa: PLC0415  # costs 4 ms, and this is done once

    with LocalQueue(str(old)).locked():
        if old.is_symlink():  # somebody else was as quick
            return
        draft, moved = (path.with_name(f".{path.name}.{os.urandom(4).hex()}") for path in (new, old))
        shutil.copytree(old, draft)
        draft.rename(new)
        old.rename(moved)
        old.symlink_to(new)
        shutil.rmtree(moved, ignore_errors=True)
