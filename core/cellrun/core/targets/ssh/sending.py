"""Sends a run's folder and values to another machine: piece by piece, each by content or offset, once."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cellrun.core.context.signature import order_of
from cellrun.core.layout import RunLayout
from cellrun.core.places import WorkspaceRecord
from cellrun.core.remote.link import Answer, Link
from cellrun.core.targets.payload import Payload
from cellrun.core.targets.pending_launch import Order

_FIRST_PIECE_BYTES, _SMALLEST_PIECE_BYTES = 1 << 18, 1 << 16
_LARGEST_PIECE_BYTES = 8 << 20
_PIECE_S = 0.5
"""About so long one piece takes: other runs, and a request to cancel, come between."""
_MOST_FILES_A_PIECE = 1000
_SMALL_BYTES = 1 << 19
"""What a run and its values have at most that go along with the order to start it: one round trip for all."""


class Sent(NamedTuple):
    """How far a run is on its way."""

    sent_bytes: int
    size_bytes: int
    is_whole: bool


class Sending:
    """One run on its way there. It may be made anew at any time: the other machine knows what it has."""

    def __init__(self, run: RunLayout) -> None:
        """Raise OSError, ContextException for what of the run can't be read."""
        record = WorkspaceRecord.read(run.workspace)
        self._run = run
        self._of_run: dict[str, Any] = {"workspace": record.id, "run": run.run_id}
        self._workspace_name = record.name
        self._payload = Payload.of(run)
        self._left: dict[str, int] | None = None
        """What isn't there yet, by name (a file's path, a value's hash), with how much of it is; None: unknown."""
        self._along: list[str] | None = (
            None if self._bytes(self._payload.files) > _SMALL_BYTES else [*self._payload.files]
        )
        """What goes along with the order to start it."""
        self._size_bytes = 0
        self._piece_bytes = _FIRST_PIECE_BYTES

    @property
    def size_bytes(self) -> int:
        """How many bytes are to be sent at most."""
        return self._size_bytes or self._bytes((*self._payload.files, *self._payload.values))

    def go_on(self, link: Link, is_over: Callable[[], bool]) -> Sent:
        """Send until all is there, or `is_over` says so after a piece. Raises OrderError, LinkError, OSError."""
        if self._along:  # whether something else of it isn't there, the order's answer tells
            return Sent(0, self.size_bytes, is_whole=not is_over())
        left = self._what_is_left(link) if self._left is None else self._left
        self._left = left
        while left and not is_over():
            began = time.monotonic()
            if name := next((name for name in left if name in self._payload.values), None):
                self._send_value(link, name, left)
            else:
                self._send_files(link, left)
            self._learn(time.monotonic() - began)
        return Sent(self._size_bytes - self._unsent(left), self._size_bytes, not left)

    def launch(self, link: Link, order: Order, key: bytes) -> Answer:
        """Have the run started that is there, or goes along, whole, with its key; one that is started already stays so.

        Raises OrderError, of kind `incomplete` if something of it isn't there (any more), LinkError, OSError.
        """
        signed = self._run.signed
        given, put, data = self._whole(self._along or [])
        return link.ask(
            "launch",
            data,
            given=given,
            put=put,
            key=key.hex(),
            **self._of_run,
            workspace_name=self._workspace_name,
            experiment=order.experiment,
            request=dict(order.request),
            variables=dict(order.variables),
            signed=order_of(signed.read_bytes()) if signed.exists() else "",
            files=self._payload.file_sizes(),
            values=sorted(self._payload.values),
        )

    def lacks(self, names: Sequence[str]) -> None:
        """Go on when the order to start it was refused, as these files and values of it aren't there (any more).

        They go along with the next one, if they are small and haven't. Otherwise it is asked again what is there.
        """
        known = [name for name in names if name in self._payload.values or name in self._payload.files]
        is_new = self._along is not None and known and not {*known} & {*self._along}
        self._along = known if is_new and self._bytes(known) <= _SMALL_BYTES else None
        self._left = None

    def _what_is_left(self, link: Link) -> dict[str, int]:
        there = link.ask("draft", **self._of_run).facts
        values = link.ask("lacks", **self._of_run, hashes=sorted(self._payload.values)).facts["lacks"]
        left = {str(name): 0 for name in values}
        if not there["is_there"]:
            has, sizes = there["has"], self._payload.file_sizes()
            left |= {name: has.get(name, 0) for name, size in sizes.items() if has.get(name) != size}
        self._size_bytes = max(self._size_bytes, self._unsent(left))
        return left

    def _unsent(self, left: Mapping[str, int]) -> int:
        return sum(self._path(name).stat().st_size - has for name, has in left.items())

    def _bytes(self, names: Iterable[str]) -> int:
        return sum(self._path(name).stat().st_size for name in names)

    def _whole(self, names: Iterable[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]], bytes]:
        """Return values and files, as the order to start a run has them, and their bytes."""
        given, put, values, files = list[dict[str, Any]](), list[dict[str, Any]](), bytearray(), bytearray()
        for name in names:
            path = self._path(name)
            about, data = path.stat(), path.read_bytes()
            if name in self._payload.values:
                given.append({"name": name, "size": len(data)})
                values += data
            else:
                put.append(_about(name, 0, len(data), len(data), about))
                files += data
        return given, put, bytes(values + files)

    def _path(self, name: str) -> Path:
        return self._payload.values.get(name) or self._payload.files[name]

    def _send_value(self, link: Link, name: str, left: dict[str, int]) -> None:
        size, data = _piece(self._path(name), left[name], self._piece_bytes)
        told = link.ask("value", data, **self._of_run, name=name, offset=left[name], size=size).facts
        if told["is_whole"]:
            del left[name]
        else:
            left[name] = int(told["has"])

    def _send_files(self, link: Link, left: dict[str, int]) -> None:
        """Send pieces of several files at once: a snapshot may have thousands of small ones."""
        pieces, files, room = [], [], self._piece_bytes
        for name, offset in itertools.islice(left.items(), _MOST_FILES_A_PIECE):
            about = self._payload.files[name].stat()
            size, data = _piece(self._payload.files[name], offset, max(room, 0))
            files.append(_about(name, offset, len(data), size, about))
            pieces.append(data)
            room -= len(data)
            if room <= 0:
                break
        told = link.ask("put", b"".join(pieces), **self._of_run, files=files).facts
        for file in files:
            name, has = str(file["path"]), int(told["has"][file["path"]])
            if has == file["size"]:
                del left[name]
            else:
                left[name] = has

    def _learn(self, took_s: float) -> None:
        factor = 2.0 if took_s < _PIECE_S / 2 else 0.5 if took_s > 2 * _PIECE_S else 1.0
        self._piece_bytes = int(min(max(self._piece_bytes * factor, _SMALLEST_PIECE_BYTES), _LARGEST_PIECE_BYTES))


def _about(name: str, offset: int, length: int, size: int, about: os.stat_result) -> dict[str, Any]:
    """Return what is told of a piece of a file."""
    mode = {"mode": about.st_mode & 0o777, "mtime_ns": about.st_mtime_ns}
    return {"path": name, "offset": offset, "length": length, "size": size, **mode}


def _piece(path: Path, offset: int, most_bytes: int) -> tuple[int, bytes]:
    """Return a file's size, and bytes of it from an offset on."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        file.seek(offset)
        return size, file.read(most_bytes)
