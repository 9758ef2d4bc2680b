"""Every address that the extension serves, and who answers."""

from __future__ import annotations

from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import FileFindHandler
from tornado.web import GZipContentEncoding, RequestHandler

from cellrun.server.figure_page import FigurePage
from cellrun.server.handlers.compare import CompareHandler
from cellrun.server.handlers.delete import DeleteHandler
from cellrun.server.handlers.files import (
    ArchiveHandler,
    OutputHandler,
    OutputsHandler,
    SnapshotFileHandler,
    SnapshotHandler,
)
from cellrun.server.handlers.frames import FramesHandler
from cellrun.server.handlers.log import LogHandler, LogSearchHandler
from cellrun.server.handlers.metrics import MetricHandler, MetricsHandler
from cellrun.server.handlers.root import OpenApiHandler, RootHandler
from cellrun.server.handlers.run import AgainHandler, CancelHandler, RunDetailsHandler
from cellrun.server.handlers.runs import RunsHandler
from cellrun.server.handlers.target_kinds import TargetKindsHandler
from cellrun.server.handlers.targets import CheckTargetHandler, DoctorHandler, TargetHandler, TargetsHandler
from cellrun.server.handlers.workspaces import ExperimentsHandler, WorkspacesHandler
from cellrun.server.pages import ComparePageHandler, PageHandler, RunPageHandler, TargetsPageHandler
from cellrun.server.stream.stream import StreamHandler

_WORKSPACE = r"cellrun/api/workspaces/([^/]+)"
_RUN = rf"{_WORKSPACE}/runs/([^/]+)"


class StaticHandler(FileFindHandler):
    """The portal's scripts and styles: the same for everyone, so they need no log-in. They go out zipped."""

    async def prepare(self) -> None:  # type: ignore[override]  # Jupyter's takes a flag of its own
        """Zip the answer, as tornado does it for a whole application that asks for it."""
        await super().prepare()
        if "Range" not in self.request.headers:
            self._transforms = [*(self._transforms or []), GZipContentEncoding(self.request)]


def _plotly() -> list[str]:
    """Return the folder of the whole plotly.js, which the Python package brings; none without it."""
    found = find_spec("plotly")
    return [str(Path(found.origin).parent / "package_data")] if found and found.origin else []


Route = tuple[str, type[RequestHandler]] | tuple[str, type[RequestHandler], dict[str, Any]]


def routes() -> list[Route]:
    """Return all routes, without the server's base URL before them."""
    return [
        (r"cellrun/?", PageHandler),
        (r"cellrun/workspaces/([^/]+)/runs/([^/]+)", RunPageHandler),
        (r"cellrun/workspaces/([^/]+)/compare", ComparePageHandler),
        (r"cellrun/workspaces/([^/]+)/targets", TargetsPageHandler),
        (r"cellrun/figure", FigurePage),
        (r"cellrun/static/(plotly\.min\.js)", StaticHandler, {"path": _plotly()}),
        (r"cellrun/static/(.+)", StaticHandler, {"path": [str(files("cellrun.server") / "static")]}),
        (r"cellrun/api/?", RootHandler),
        (r"cellrun/api/openapi.yaml", OpenApiHandler),
        (r"cellrun/api/stream", StreamHandler),
        (r"cellrun/api/workspaces", WorkspacesHandler),
        (r"cellrun/api/target_kinds", TargetKindsHandler),
        (rf"{_WORKSPACE}/experiments", ExperimentsHandler),
        (rf"{_WORKSPACE}/runs", RunsHandler),
        (rf"{_WORKSPACE}/delete", DeleteHandler),
        (rf"{_WORKSPACE}/compare", CompareHandler),
        (rf"{_WORKSPACE}/targets", TargetsHandler),
        (rf"{_WORKSPACE}/check_target", CheckTargetHandler),
        (rf"{_WORKSPACE}/targets/([^/]+)", TargetHandler),
        (rf"{_WORKSPACE}/targets/([^/]+)/doctor", DoctorHandler),
        (_RUN, RunDetailsHandler),
        (rf"{_RUN}/cancel", CancelHandler),
        (rf"{_RUN}/again", AgainHandler),
        (rf"{_RUN}/metrics", MetricsHandler),
        (rf"{_RUN}/metric", MetricHandler),
        (rf"{_RUN}/log", LogHandler),
        (rf"{_RUN}/log/search", LogSearchHandler),
        (rf"{_RUN}/outputs", OutputsHandler),
        (rf"{_RUN}/outputs/(.+)", OutputHandler),
        (rf"{_RUN}/snapshot", SnapshotHandler),
        (rf"{_RUN}/snapshot/(.+)", SnapshotFileHandler),
        (rf"{_RUN}/archive", ArchiveHandler),
        (rf"{_RUN}/frames", FramesHandler),
    ]
