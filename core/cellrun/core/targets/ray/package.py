"""The packages that are sent to a Ray cluster: cellrun's own code and a run's files, each a zip named by content.

The run's own is the job's working folder there:

    order.json       what the job is to start (`RunPackage.order`), no secret in it but URLs of single values
    run/<path>       the files of the run's folder
    values/<hash>    the captured values that it uses, but for those that came by a datastore (`stored_values.py`)
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from cellrun.core.context.signature import order_of
from cellrun.core.environments.job_library import LibraryArchive, library_archive
from cellrun.core.layout import RunLayout
from cellrun.core.places import WorkspaceRecord
from cellrun.core.targets.payload import Payload
from cellrun.core.targets.pending_launch import Order

_LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The time of each file in a zip: the same content makes the same zip."""
_STORED_BYTES = 1 << 20
"""Larger files aren't compressed: mostly arrays, and it takes long."""
_BLOCK_BYTES = 1 << 20
_PLAIN_FILE = 0o100644 << 16


class Package(NamedTuple):
    """A zip as it is sent."""

    name: str
    path: Path

    @property
    def uri(self) -> str:
        """Return what a job calls it."""
        return uri_of(self.name)


def uri_of(name: str) -> str:
    """Return what a job calls a package that was uploaded."""
    return f"gcs://{name}"


class RunPackage(NamedTuple):
    """A run as it is sent."""

    run: RunLayout
    payload: Payload
    order: Mapping[str, Any]
    """`request` (as `request_to_json` gives it), `experiment`, `workspace` (id), `workspace_name`, `run`, `attempt`,
    `signed` (the hash of its signed.json, or empty), `files` (each `path`, `size`, `mode`, `mtime_ns`), `values` (those
    that are elsewhere, by hash: `path` or `url`, `size`, `sha256`) and `carrier`: `way` "push" with `url` and
    `or_lines`, or "lines"."""

    @classmethod
    def of(
        cls, run: RunLayout, order: Order, attempt: int, carrier: Mapping[str, Any], elsewhere: Mapping[str, Any]
    ) -> RunPackage:
        """Return what a run takes along, without the values that are elsewhere.

        Raises OSError, ContextException for what can't be read.
        """
        payload, record = Payload.of(run), WorkspaceRecord.read(run.workspace)
        within = {name: path for name, path in payload.values.items() if name not in elsewhere}
        told = {
            "request": dict(order.request),
            "experiment": order.experiment,
            "workspace": record.id,
            "workspace_name": record.name,
            "run": run.run_id,
            "attempt": attempt,
            "signed": order_of(run.signed.read_bytes()) if run.signed.exists() else "",
            "files": [_about(path, file) for path, file in payload.files.items()],
            "values": dict(elsewhere),
            "carrier": dict(carrier),
        }
        return cls(run, payload._replace(values=within), told)

    @contextmanager
    def packed(self) -> Iterator[Package]:
        """Make the zip, for as long as it is needed. Raises OSError, ValueError for a name that no zip can hold."""
        files = [(f"run/{path}", file) for path, file in self.payload.files.items()]
        values = [(f"values/{each}", path) for each, path in self.payload.values.items()]
        with _zipped([("order.json", json.dumps(self.order).encode()), *sorted(files), *sorted(values)]) as path:
            yield Package(f"_ray_pkg_{_hash(path)}.zip", path)


class CorePackage:
    """The code of the cellrun that runs here, as a module of a job's."""

    def __init__(self) -> None:
        self._archive: LibraryArchive = library_archive()

    @property
    def name(self) -> str:
        """Return what it is called, by its content."""
        return f"_ray_pkg_{self._archive.name}.zip"

    @contextmanager
    def packed(self) -> Iterator[Package]:
        """Make the zip, for as long as it is needed. Raises OSError."""
        with _zipped(self._archive.files.items()) as path:
            yield Package(self.name, path)


@contextmanager
def _zipped(files: Iterable[tuple[str, bytes | Path]]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="cellrun-") as folder:
        path = Path(folder, "package.zip")
        with zipfile.ZipFile(path, "w") as made:
            for name, content in files:
                _add(made, name, content)
        yield path


def _add(made: zipfile.ZipFile, name: str, content: bytes | Path) -> None:
    about = zipfile.ZipInfo(name, _LONG_AGO)
    about.external_attr = _PLAIN_FILE
    size = len(content) if isinstance(content, bytes) else content.stat().st_size
    about.file_size = size
    about.compress_type = zipfile.ZIP_STORED if size > _STORED_BYTES else zipfile.ZIP_DEFLATED
    with made.open(about, "w") as to:
        if isinstance(content, bytes):
            to.write(content)
            return
        with content.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                to.write(block)


def _hash(path: Path) -> str:
    seen = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            seen.update(block)
    return seen.hexdigest()[:32]


def _about(path: str, file: Path) -> dict[str, Any]:
    found = file.stat()
    return {"path": path, "size": found.st_size, "mode": found.st_mode & 0o777, "mtime_ns": found.st_mtime_ns}
