"""The queue of this user and machine: a ticket for each run that waits or runs, over all workspaces.

Standard library only: an ending supervisor shares it.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cellrun.core.disk import replace_file
from cellrun.core.identity import boot_id, host_name
from cellrun.core.layout import RunLayout
from cellrun.core.places import private_folder, runtime_folder
from cellrun.core.resources import Resources

_WAITING = ".waiting"
_RUNNING = ".running"
_NAME = re.compile(r"(?P<number>\d{12})-(?P<run_id>.+)\.(?:waiting|running)")


@dataclass(frozen=True)
class Ticket:
    """A run's place in the queue."""

    number: int
    layout: RunLayout
    resources: Resources
    devices: tuple[str, ...] = ()
    """The GPUs that the run may be given; once it runs, those that it has."""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The variables that its config gave, by value: kept here, never in the run folder, and only while it waits."""
    boot: str = ""
    launch: str = ""
    """The hash of the run's launch spec: it is started only as it was submitted. Empty in tickets of cellrun 0.1."""

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
            "launch": self.launch,
        }

    @classmethod
    def from_json(cls, number: int, data: dict[str, Any]) -> Ticket:
        """Read what `to_json` gave."""
        layout, resources = RunLayout(data["folder"]), Resources.from_json(data["resources"])
        devices, environment, boot = tuple(data["devices"]), data["environment"], data["boot"]
        return cls(number, layout, resources, devices, environment, boot, data.get("launch", ""))


class LocalQueue:
    """The tickets of this user and machine. All methods but `locked` and `length` belong inside `locked`."""

    def __init__(self, folder: str | None = None) -> None:
        # A home, and with it this folder, may be shared by machines; a queue isn't.
        self.folder = Path(folder) if folder else private_folder() / "queue" / host_name()
        if not self.folder.is_dir():
            self.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _take_over(runtime_folder() / "queue" / host_name(), self.folder)
            self.folder.mkdir(mode=0o700, exist_ok=True)

    @contextmanager
    def locked(self, *, wait: bool = True) -> Iterator[bool]:
        """Hold the queue; gives False, without holding it, if somebody else does and `wait` is False."""
        fd = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
                return
            yield True
        finally:
            os.close(fd)

    def add(
        self, layout: RunLayout, resources: Resources, devices: list[str], given: Mapping[str, str], launch: str = ""
    ) -> Ticket:
        """Put a run at the end of the queue."""
        last = max((int(found["number"]) for found in self._names()), default=0)
        ticket = Ticket(last + 1, layout, resources, tuple(devices), given, boot_id(), launch)
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
        if not any(found["run_id"] == layout.run_id for found in self._names()):
            return False
        return any(ticket.layout.is_same(layout) for ticket in (*self._tickets(_WAITING), *self._tickets(_RUNNING)))

    def mark_running(self, ticket: Ticket, devices: list[str]) -> Ticket:
        """Note that a run is being started and holds these GPUs. It keeps its place until `confirm`."""
        running = replace(ticket, devices=tuple(devices), environment={})
        self._write(running, _RUNNING)
        return running

    def confirm(self, ticket: Ticket) -> None:
        """Take the place away of a run that was started."""
        self._path(ticket, _WAITING).unlink(missing_ok=True)

    def send_back(self, ticket: Ticket) -> None:
        """Let a run wait again whose start went no further than `mark_running`."""
        self._path(ticket, _RUNNING).unlink(missing_ok=True)

    def remove(self, ticket: Ticket) -> None:
        """Forget a run."""
        self.confirm(ticket)
        self.send_back(ticket)

    def _names(self) -> list[re.Match[str]]:
        names = sorted(path.name for path in self.folder.iterdir())
        return [found for name in names if (found := _NAME.fullmatch(name))]

    def _tickets(self, kind: str) -> list[Ticket]:
        tickets = []
        for found in self._names():
            if found[0].endswith(kind):
                path = self.folder / found[0]
                try:
                    tickets.append(Ticket.from_json(int(found["number"]), json.loads(path.read_bytes())))
                except (ValueError, KeyError, TypeError):  # damaged: it must not hold up everybody else
                    path.replace(f"{path}.bad")
        return tickets

    def _path(self, ticket: Ticket, kind: str) -> Path:
        return self.folder / f"{ticket.stem}{kind}"

    def _write(self, ticket: Ticket, kind: str) -> None:
        replace_file(self._path(ticket, kind), json.dumps(ticket.to_json()), mode=0o600)


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
