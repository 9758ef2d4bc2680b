"""A run's snapshot as users ask for it: what it is known by, as a zip file, taken afterwards."""

from __future__ import annotations

import hashlib
import uuid
import zipfile
from pathlib import Path

from cellrun.core.errors import SnapshotException, UserErrorException, shown
from cellrun.core.layout import RunLayout
from cellrun.core.runs.cell_code import CELLS_FILE

_CHUNK_BYTES = 1 << 20


class KeptSnapshot:
    """The snapshot of one run. Links in it aren't followed."""

    def __init__(self, layout: RunLayout) -> None:
        self._layout = layout

    @property
    def id(self) -> str | None:
        """Made of its files' names and contents, so that what didn't change has the same; None if there is none."""
        files = self._files()
        if not files:
            return None
        digest = hashlib.sha256()
        for name, path in files:
            digest.update(f"{name}\0{_hash(path)}\n".encode("utf-8", "surrogateescape"))
        return str(uuid.UUID(bytes=digest.digest()[:16], version=5))

    def restore(self, wanted: str | None, target: Path) -> Path:
        """Write it as a zip file to a path, or into a folder that is there; return where.

        Raises SnapshotException if there is none, or another one is wanted.
        """
        own = self.id
        if own is None:
            raise SnapshotException(f"run {self._layout.run_id} has no snapshot: its code was in its notebook")
        if wanted not in (None, own):
            raise SnapshotException(
                f"run {self._layout.run_id} has the snapshot {own}; got {shown(wanted)}, which another run restores"
            )
        if target.is_dir():
            target /= f"{own}.zip"
        target.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
            for name, path in self._files():
                archive.write(path, name)
        return target.absolute()

    def take(self, source: Path) -> str:
        """Copy a file or a folder into a run that has no snapshot. Raises SnapshotException if it has one."""
        from cellrun.core.submission.snapshot import Snapshot  # noqa: PLC0415  # rarely asked for

        if self._layout.snapshot.is_symlink() or any(name != CELLS_FILE for name, _ in self._files()):
            raise SnapshotException(f"run {self._layout.run_id} has a snapshot already, which never changes")
        if source.is_dir():
            snapshot = Snapshot(source.absolute(), out=(self._layout.workspace.folder,))
            if problems := snapshot.problems():
                raise SnapshotException("; ".join(problems))
            snapshot.copy_to(self._layout.snapshot)
        elif source.is_file():
            from cellrun.core.runs.files import copy_file  # noqa: PLC0415  # as above

            copy_file(source, self._layout.snapshot / source.name)
        else:
            raise UserErrorException(f"take_snapshot takes a file or a folder; there is no {str(source)!r}")
        return self.id or ""

    def _files(self) -> list[tuple[str, Path]]:
        root = self._layout.snapshot
        if root.is_symlink():  # as a run folder of somebody else may have: it leads to what isn't the run's
            return []
        found = (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
        return sorted((path.relative_to(root).as_posix(), path) for path in found)


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
