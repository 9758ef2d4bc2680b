"""What a run needs elsewhere, brought there: what is there isn't sent, and what was cut goes on where it was."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cellrun.core.context.manifest import Blob
from cellrun.core.context.signed_files import order_of
from cellrun.core.context.used_values import values_of_run
from cellrun.core.context.value_store import ValueStore
from cellrun.core.errors import ComputeTargetException
from cellrun.core.far.link import Answer, Link
from cellrun.core.far.protocol import PIECE_BYTES
from cellrun.core.layout import RunLayout
from cellrun.core.store.workspace_record import WorkspaceRecord

_MOST_FILES = 500
_TRIES = 100

Report = Callable[[int, int], object]
"""Is told how many bytes are there of how many."""


class _File(NamedTuple):
    path: str
    size: int
    mode: int
    mtime_ns: int


class Upload:
    """The files and values of one run, on their way over a link. Raises OSError for a file that can't be read here."""

    def __init__(self, link: Link, layout: RunLayout) -> None:
        record = WorkspaceRecord.read(layout.workspace)
        self._link, self._layout = link, layout
        self._of_run: dict[str, Any] = {"workspace": record.id, "run": layout.run_id}
        self._workspace_name = record.name
        self._files = list(_files(layout))
        self._values = {blob.hash: blob for blob in values_of_run(layout)}
        self._report: Report = lambda *_: None
        self._has: dict[str, int] = {}
        """Bytes there, by path or hash; -1 of a file that isn't."""

    @property
    def total_bytes(self) -> int:
        """The bytes of all files and values, whether they are there or not."""
        return sum(file.size for file in self._files) + sum(blob.bytes for blob in self._values.values())

    def send(self, report: Report = lambda *_: None) -> None:
        """Bring what isn't there. Raises LinkError and OrderError; to be called again, on another link if need be."""
        self._report = report
        draft = self._ask("draft").facts
        if draft["is_there"]:
            return
        lacks = set(self._ask("lacks", hashes=list(self._values)).facts["lacks"])
        self._has = {name: 0 if name in lacks else blob.bytes for name, blob in self._values.items()}
        self._has |= {file.path: min(draft["has"].get(file.path, -1), file.size) for file in self._files}
        for name in sorted(lacks):
            self._send_value(self._values[name])
        for batch in _batches([file for file in self._files if self._has[file.path] < file.size], self._has):
            self._put(batch)

    def launch(self, request: Mapping[str, Any], experiment: str, variables: Mapping[str, str], key: bytes) -> Answer:
        """Order the start of what was sent, once; the answer has its `status` and `reason` there.

        `request` is what `request_to_json` gave. Raises OrderError of kind `incomplete` if it isn't all there.
        """
        signed = self._layout.signed
        return self._ask(
            "launch",
            data=key,
            workspace_name=self._workspace_name,
            experiment=experiment,
            files={file.path: file.size for file in self._files},
            values=list(self._values),
            request=dict(request),
            signed=order_of(signed.read_bytes()) if signed.exists() else "",
            variables=dict(variables),
        )

    def _ask(self, order: str, data: bytes = b"", **facts: Any) -> Answer:
        return self._link.ask(order, data, **self._of_run, **facts)

    def _send_value(self, blob: Blob) -> None:
        path = ValueStore(self._layout.workspace.values).path(blob)
        about: dict[str, Any] = {"name": blob.hash, "size": blob.bytes}
        answer = self._ask("value", offset=0, **about).facts
        for _ in range(blob.bytes // PIECE_BYTES + _TRIES):
            self._tell({blob.hash: answer["has"]})
            if answer["is_whole"]:
                return
            answer = self._ask("value", _read(path, answer["has"]), offset=answer["has"], **about).facts
        raise ComputeTargetException(f"the value {path} doesn't come whole to {self._link.name}; is it damaged?")

    def _put(self, files: list[_File]) -> None:
        """Send the next piece of each of some files, and on until they are whole: they are small, or it is one."""
        for _ in range(sum(file.size for file in files) // PIECE_BYTES + _TRIES):
            offsets = [max(self._has[file.path], 0) for file in files]
            pieces = [_read(self._layout.folder / file.path, at) for file, at in zip(files, offsets, strict=True)]
            told = [
                {**file._asdict(), "offset": at, "length": len(piece)}
                for file, at, piece in zip(files, offsets, pieces, strict=True)
            ]
            self._tell(self._ask("put", b"".join(pieces), files=told).facts["has"])
            files = [file for file in files if self._has[file.path] < file.size]
            if not files:
                return
        raise ComputeTargetException(
            f"{files[0].path} of run {self._layout.run_id} doesn't come whole; was it changed?"
        )

    def _tell(self, has: Mapping[str, int]) -> None:
        self._has |= has
        self._report(sum(max(size, 0) for size in self._has.values()), self.total_bytes)


def _files(layout: RunLayout) -> Iterator[_File]:
    """Iterate over what is sent of a run's folder; links aren't followed."""
    paths = [layout.record, layout.signed]
    for top in (layout.snapshot, layout.context):
        for folder, folders, names in os.walk(top):
            folders.sort()
            paths += [Path(folder, name) for name in sorted(names)]
    for path in paths:
        try:
            found = path.lstat()
        except FileNotFoundError:
            continue
        if stat.S_ISREG(found.st_mode):
            name = path.relative_to(layout.folder).as_posix()
            yield _File(name, found.st_size, stat.S_IMODE(found.st_mode), found.st_mtime_ns)


def _batches(files: list[_File], has: Mapping[str, int]) -> Iterator[list[_File]]:
    """Part files into lots that go in one order."""
    batch: list[_File] = []
    size = 0
    for file in files:
        left = file.size - has[file.path]
        if batch and (size + left > PIECE_BYTES or len(batch) == _MOST_FILES):
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += left
    if batch:
        yield batch


def _read(path: Path, offset: int) -> bytes:
    with path.open("rb", buffering=0) as file:
        file.seek(offset)
        return file.read(PIECE_BYTES)
