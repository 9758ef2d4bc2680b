"""The server extension as an application: what it adds to a Jupyter Server, and `jupyter cellrun`."""

from __future__ import annotations

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp

from cellrun.core.errors import CellrunError
from cellrun.core.portal.servers import ServerFile
from cellrun.core.store.events.metrics_cache import MetricsCache
from cellrun.core.targets.local.admission import tend_own
from cellrun.server.bounded_threads import BoundedThreads
from cellrun.server.rate_limit import RateLimit
from cellrun.server.routes import routes
from cellrun.server.stream.hub import Hub
from cellrun.server.workspaces import Workspaces

_THREADS = 8
_ASKED_AT_ONCE = 8
_TEND_S = 15.0
_FRAMES_PER_SECOND = 20.0
_FRAMES_BURST = 200
_WILDCARDS = frozenset({"", "*", "0.0.0.0", "::"})  # noqa: S104  # what a server may be told to listen to


class CellrunApp(ExtensionApp):
    """Runs over HTTP, beside JupyterLab or, started as `jupyter cellrun`, alone with the portal.

    Responsibilities: the routes, what all handlers share, the file by which kernels find this server.
    """

    name = "cellrun"
    description = "Open the portal of cellrun: runs, live, in a browser, without JupyterLab."
    version = version("cellrun")
    extension_url = "/cellrun/"
    load_other_extensions = False
    subcommands: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]  # jupyter_server looks into it before there is an instance

    is_announced: ClassVar[bool] = True
    """Whether the server file is written when the server starts."""

    _file: ServerFile | None = None
    _tending: asyncio.Task[None] | None = None

    def initialize_settings(self) -> None:
        """Make what all handlers share."""
        self._pool = ThreadPoolExecutor(_THREADS, "cellrun")
        workspaces = Workspaces()
        self._hub = Hub(workspaces, self._pool)
        self.settings.update(
            {
                "cellrun_workspaces": workspaces,
                "cellrun_hub": self._hub,
                "cellrun_pool": self._pool,
                "cellrun_threads": BoundedThreads(_ASKED_AT_ONCE),
                "cellrun_metrics": MetricsCache(),
                "cellrun_frames": RateLimit(_FRAMES_PER_SECOND, _FRAMES_BURST),
            }
        )

    def initialize_handlers(self) -> None:
        """Add the routes."""
        self.handlers.extend(routes())

    async def _start_jupyter_server_extension(self, serverapp: ServerApp) -> None:
        """Let kernels of this user find the server, once it listens, and runs that wait be started."""
        self._tending = asyncio.create_task(self._tend())
        if not self.is_announced or serverapp.sock:
            return
        try:
            self._file = ServerFile.of_this_process(_url(serverapp), serverapp.base_url, version("cellrun"))
            self._file.write()
        except (CellrunError, OSError) as error:  # pages are served for all that, only not found by kernels
            serverapp.log.warning("kernels won't find this server for run.get_portal_url(): %s", error)

    async def _tend(self) -> None:
        """Look after the user's queue: of those who should have, nobody may be left."""
        while True:
            await asyncio.get_running_loop().run_in_executor(self._pool, tend_own)
            await asyncio.sleep(_TEND_S)

    async def stop_extension(self) -> None:
        """Give back what was made."""
        if self._file is not None:
            self._file.remove()
        if self._tending is not None:
            self._tending.cancel()
        await self._hub.close()
        self._pool.shutdown(wait=False, cancel_futures=True)


def _url(serverapp: ServerApp) -> str:
    """Return where a server answers on this machine, with its base."""
    # By the name under which Jupyter opens browsers: its login cookie is known there.
    host = "localhost" if serverapp.ip in _WILDCARDS else serverapp.ip
    scheme = "https" if serverapp.certfile else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{serverapp.port}{serverapp.base_url}"


def main() -> None:
    """Run `jupyter cellrun`. Raises SystemExit for a word that is neither an option nor a folder to begin in."""
    first = sys.argv[1] if len(sys.argv) > 1 else "-"
    if not first.startswith("-") and not Path(first).exists():
        sys.exit(
            f"jupyter cellrun has no command {first!r}: it opens the portal, and takes `jupyter server`'s options, "
            "such as --port=8888; `jupyter cellrun --help` lists them"
        )
    CellrunApp.launch_instance()  # type: ignore[no-untyped-call]
