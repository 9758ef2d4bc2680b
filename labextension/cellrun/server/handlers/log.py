"""A run's log: raw bytes by offset, its tail, a search in it, or all of it as a download."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from cellrun.core.errors import UserErrorException
from cellrun.core.layout import RunLayout
from cellrun.core.store.files.log_search import Found, search_log
from cellrun.core.store.files.log_tail import LogBytes, LogReader
from cellrun.core.store.files.run_files import OfferedFiles
from cellrun.server.downloads import send_file
from cellrun.server.handlers.run_handler import RunHandler
from cellrun.server.query import Parameter, flag, text, whole

SEARCH_CHARACTERS = 1000
TAIL_BYTES = 64 * 1024
MOST_BYTES = 8_000_000
"""In one answer: a longer log is read part by part, or downloaded."""
RANK = whole(0, 2**31 - 1, 0)
"""Whose log of a distributed run's processes; that of the first is the run's."""


class LogHandler(RunHandler):
    """A run's log. `X-Log-Start` says where in it the answer begins, `X-Log-Size` how long it is."""

    query_known: ClassVar[Mapping[str, Parameter]] = {
        "offset": whole(0, 2**53),
        "length": whole(0, MOST_BYTES, MOST_BYTES),
        "tail": whole(0, MOST_BYTES),
        "download": flag(),
        "rank": RANK,
    }

    async def get(self, workspace_id: str, run: str) -> None:
        """Answer with a part of it: of `length` bytes from `offset` on, or else its end, `tail` bytes at most."""
        asked = self.asked()
        address = (workspace_id, run)
        if asked["download"]:
            file, name, beginning = await self.of_run(address, _download, asked["rank"])
            await send_file(self, file, name, beginning)
            return
        part, size = await self.of_run(address, _part, asked)
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("X-Log-Start", str(part.offset))
        self.set_header("X-Log-Size", str(size))
        await self.answer_bytes(part.data)


class LogSearchHandler(RunHandler):
    """Where in a run's log a text is: the whole log, by parts of 64 MB."""

    query_known: ClassVar[Mapping[str, Parameter]] = {
        "text": text(SEARCH_CHARACTERS, needed=True),
        "case": flag(),
        "start": whole(0, 2**53, 0),
        "end": whole(0, 2**53),
        "rank": RANK,
    }

    async def get(self, workspace_id: str, run: str) -> None:
        """Answer with how many lines hold the text, where the last of them begin, and where to go on."""
        asked = self.asked()
        if not asked["text"]:
            raise UserErrorException("parameter 'text' is the text to find; got an empty one")
        await self.answer(asdict(await self.of_run((workspace_id, run), _found, asked)))


def _found(layout: RunLayout, asked: Mapping[str, Any]) -> Found:
    log = LogReader.of_run(layout, asked["rank"])
    return search_log(log, asked["text"], start=asked["start"], end=asked["end"], is_case_kept=asked["case"])


def _part(layout: RunLayout, asked: Mapping[str, Any]) -> tuple[LogBytes, int]:
    log = LogReader.of_run(layout, asked["rank"])
    if asked["offset"] is None:
        return log.tail(TAIL_BYTES if asked["tail"] is None else asked["tail"]), log.size
    return LogBytes(asked["offset"], log.read(asked["offset"], asked["length"])), log.size


def _download(layout: RunLayout, rank: int) -> tuple[BinaryIO, str, bytes]:
    """Return a whole log, its name as a file, and what comes before it."""
    if rank:
        return _opened(layout, layout.rank_log(rank)), f"{layout.run_id}_{rank}.log", b""
    return _opened(layout, layout.log), f"{layout.run_id}.log", _beginning(layout)


def _beginning(layout: RunLayout) -> bytes:
    """Return what was printed while things were made ready for a run: a few lines, as a rule none."""
    return LogReader(layout.preparation_log).read(0, MOST_BYTES)


def _opened(layout: RunLayout, log: Path) -> BinaryIO:
    """Open a log of a run's, which is empty before it is there. Raises NotOfferedError for a link in its place."""
    try:
        return OfferedFiles(layout, {"": log.parent}).open(log.name).file
    except FileNotFoundError:
        return Path(os.devnull).open("rb")
