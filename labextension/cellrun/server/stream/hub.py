"""Shares readers among the server's viewers: one for each watched run, one for each list."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import TypeVar

from cellrun.core.layout import RunLayout
from cellrun.server.stream.list_watch import WatchedList
from cellrun.server.stream.watched_run import WatchedRun
from cellrun.server.workspaces import Workspaces

T = TypeVar("T")


class Hub:
    """Finds what is watched already, or begins to. Used from the event loop alone; files are looked at in the pool."""

    def __init__(self, workspaces: Workspaces, pool: Executor) -> None:
        self._workspaces = workspaces
        self._pool = pool
        self._runs: dict[Path, WatchedRun] = {}
        self._lists: dict[Path, WatchedList] = {}
        self.open_count = 0
        """How many connections are open: a server that ends when idle isn't idle then."""

    async def watch_run(self, workspace: str, run: str) -> WatchedRun:
        """Return a run to watch. Raises CellrunError if there is none of that id or name."""
        layout = await self._in_pool(lambda: self._find(workspace, run))
        folder = layout.folder
        if folder not in self._runs:
            self._runs[folder] = WatchedRun(layout, self._pool, lambda: self._forget(self._runs, folder))
        return self._runs[folder]

    async def watch_list(self, workspace: str) -> WatchedList:
        """Return a workspace's list to watch. Raises CellrunError if there is no workspace of that id."""
        opened = await self._in_pool(lambda: self._workspaces.open(workspace))
        folder = opened.layout.folder
        if folder not in self._lists:
            self._lists[folder] = WatchedList(opened, self._pool, lambda: self._forget(self._lists, folder))
        return self._lists[folder]

    async def close(self) -> None:
        """End all readers."""
        for run in list(self._runs.values()):
            run.close()
        for watched in list(self._lists.values()):
            watched.close()

    def _find(self, workspace: str, run: str) -> RunLayout:
        return self._workspaces.open(workspace).run(run)

    def _forget(self, watched: dict[Path, T], folder: Path) -> None:
        watched.pop(folder, None)

    async def _in_pool(self, task: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, task)
