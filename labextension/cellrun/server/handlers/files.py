"""A run's files: lists, downloads, previews, and all of them as one archive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, ClassVar, Literal

from cellrun.core.layout import RunLayout
from cellrun.core.store.files.archive import zip_stream
from cellrun.core.store.files.run_files import OpenFile, OutputFiles, SnapshotFiles
from cellrun.server.downloads import as_attachment, send_file, send_pieces
from cellrun.server.errors import NotFoundError, WrongTypeError
from cellrun.server.handlers.run_handler import RunHandler
from cellrun.server.previews import TEXT_BYTES, WHOLE_BYTES, Preview, ending_of, mime_of, preview_of
from cellrun.server.query import Parameter, flag, one_of
from cellrun.server.tables import read_tables

Kind = Literal["outputs", "snapshot"]

_VIEWS = {"outputs": OutputFiles, "snapshot": SnapshotFiles}


class OutputsHandler(RunHandler):
    """The list of a run's outputs."""

    kind: ClassVar[Kind] = "outputs"

    async def get(self, workspace_id: str, run: str) -> None:
        """List them, and what isn't offered."""
        self.asked()
        await self.answer(await self.of_run((workspace_id, run), _listed, self.kind))


class SnapshotHandler(OutputsHandler):
    """The list of a run's snapshot."""

    kind: ClassVar[Kind] = "snapshot"


class OutputHandler(RunHandler):
    """One of a run's outputs."""

    kind: ClassVar[Kind] = "outputs"
    query_known: ClassVar[Mapping[str, Parameter]] = {"preview": flag()}

    async def get(self, workspace_id: str, run: str, name: str) -> None:
        """Answer with the file as a download, or with what can be shown of it."""
        is_preview = self.asked()["preview"]
        if is_preview and preview_of(name) is None:
            raise WrongTypeError(f"files like {name.rsplit('/', 1)[-1]!r} aren't shown; download it, without preview")
        opened = await self.of_run((workspace_id, run), _opened, self.kind, name)
        if not is_preview:
            await send_file(self, opened.file, name)
            return
        with opened.file as file:
            data = await self.work(_shown, file, name, preview_of(name, opened.size_bytes), opened.size_bytes)
        mime = _shown_as(name)
        if mime == "application/octet-stream":
            as_attachment(self, name)
        else:
            self.set_header("Content-Type", mime)
            self.set_header("Content-Disposition", "inline")
        await self.answer_bytes(data)


class SnapshotFileHandler(OutputHandler):
    """One file of a run's snapshot."""

    kind: ClassVar[Kind] = "snapshot"


class ArchiveHandler(RunHandler):
    """All of a run's outputs, or its snapshot, as one zip file."""

    query_known: ClassVar[Mapping[str, Parameter]] = {"of": one_of("outputs", "snapshot", needed=True)}

    async def get(self, workspace_id: str, run: str) -> None:
        """Send the archive as it is made."""
        kind: Kind = self.asked()["of"]
        run_id, pieces = await self.of_run((workspace_id, run), _archive, kind)
        as_attachment(self, f"{run_id}-{kind}.zip")
        await send_pieces(self, pieces)


def _listed(layout: RunLayout, kind: Kind) -> dict[str, Any]:
    listing = _VIEWS[kind](layout).listing()
    return {
        "files": [
            {**one._asdict(), "mime": mime_of(one.name), "preview": preview_of(one.name, one.size_bytes)}
            for one in listing.files
        ],
        "skipped": [one._asdict() for one in listing.skipped],
    }


def _shown(file: BinaryIO, name: str, preview: Preview | None, size_bytes: int) -> bytes:
    """Return what is shown of an open file: the whole of it, its beginning, or the first rows as JSON."""
    if preview is None:
        most = next(most for kind, most in WHOLE_BYTES.items() if kind == preview_of(name))
        raise WrongTypeError(
            f"the file has {size_bytes:,} bytes, of its kind {most:,} are shown at most; download it, without preview"
        )
    if preview == "table":
        return read_tables(file, ending_of(name))
    return file.read(WHOLE_BYTES.get(preview, TEXT_BYTES))


def _shown_as(name: str) -> str:
    """Return the MIME type that what is shown goes out with: none under which a browser would run it."""
    preview = preview_of(name)
    if preview == "image":
        return mime_of(name)
    if preview == "table":
        return "application/json"
    return "application/octet-stream" if preview in ("svg", "page", "pdf") else "text/plain; charset=utf-8"


def _opened(layout: RunLayout, kind: Kind, name: str) -> OpenFile:
    try:
        return _VIEWS[kind](layout).open(name)
    except FileNotFoundError:
        raise NotFoundError(f"run {layout.run_id} has no file {name!r}; …/{kind} lists what it has") from None


def _archive(layout: RunLayout, kind: Kind) -> tuple[str, Iterator[bytes]]:
    return layout.run_id, zip_stream(_VIEWS[kind](layout))
