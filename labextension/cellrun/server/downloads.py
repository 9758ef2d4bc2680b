"""Files as downloads: a browser keeps them, it never opens them as pages of this server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

from tornado.iostream import StreamClosedError

from cellrun.core.errors import CellrunError
from cellrun.server.base_handler import ApiHandler

PIECE_BYTES = 1 << 20


async def send_file(handler: ApiHandler, file: BinaryIO, name: str, before: bytes = b"") -> None:
    """Send an open file, as long as it is now, piece by piece, and close it; `before` goes first.

    A file that shrinks meanwhile breaks the connection off, so that nobody takes the piece for the whole.
    """
    with file:
        size = os.fstat(file.fileno()).st_size
        as_attachment(handler, name)
        handler.set_header("Content-Length", str(len(before) + size))
        await send_pieces(handler, chain(filter(None, [before]), _pieces(file, size)))


async def send_pieces(handler: ApiHandler, pieces: Iterator[bytes]) -> None:
    """Send pieces as they are made, each when its receiver has taken the one before.

    What goes wrong on the way breaks the connection off: what was sent looks whole otherwise.
    """
    try:
        while (piece := await handler.work(next, pieces, b"")) != b"":
            handler.write(piece)
            await handler.flush()
        await handler.finish()
    except StreamClosedError:  # its receiver went away
        return
    except (OSError, CellrunError) as error:
        handler.log.warning("a download was broken off: %s", error)
        handler.detach().close()


def as_attachment(handler: ApiHandler, name: str) -> None:
    """Set the headers of a download of that name; only its last part is told."""
    handler.set_attachment_header(name.rsplit("/", 1)[-1])
    handler.set_header("Content-Type", "application/octet-stream")


def _pieces(file: BinaryIO, left: int) -> Iterator[bytes]:
    while left > 0:
        piece = file.read(min(left, PIECE_BYTES))
        if not piece:
            raise OSError(f"{file.name} became shorter while it was sent")
        left -= len(piece)
        yield piece
