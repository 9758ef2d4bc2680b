"""The server that a link is for where none runs: on loopback, for one user, ending when nobody needs it any more."""

from __future__ import annotations

import logging
import os
import socket
import time
from importlib.metadata import version
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.serverapp import ServerApp
from tornado.httpserver import HTTPServer
from tornado.ioloop import PeriodicCallback
from traitlets.config import Config

from cellrun.core.portal import servers
from cellrun.core.portal.private_server import HOST, Codes
from cellrun.core.portal.servers import ServerFile
from cellrun.server.app import CellrunApp
from cellrun.server.private.private_pages import NoSignInHandler, PrivateIdentity, SignInHandler
from cellrun.server.stream.hub import Hub

IDLE_S = 600.0
IDLE_VARIABLE = "CELLRUN_PORTAL_IDLE_S"
"""Environment variable: after so many seconds without a request, and without a page that watches, a link that is still
to be used or one for a run that goes on, the server ends."""


class PrivateApp(CellrunApp):
    """The extension in the private server, which says itself where it is."""

    is_announced = False


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """Tell the private server what to load."""
    return [{"module": "cellrun.server.private.private_server", "app": PrivateApp}]


class PrivateServer(ServerApp):
    """A Jupyter Server of cellrun's pages alone: no kernels, files or terminals, nothing that the user configured."""

    name = "cellrun-private"
    default_services = ()  # type: ignore[assignment]  # none of all that a Jupyter Server offers

    def load_config_file(self, *_args: Any, **_options: Any) -> None:
        """Load nothing: what a user configures is meant for servers that he starts."""

    listens_on: socket.socket
    """Set by whoever makes the server: its socket, which connections may wait at already."""

    def initialize(self, *_args: Any, **_options: Any) -> None:
        """Make everything, up to serving."""
        self._asked_at = time.monotonic()
        self._idle_s = float(os.environ.get(IDLE_VARIABLE, IDLE_S))
        self._file = ServerFile.of_this_process("", "/", version("cellrun"), is_private=True)
        self.ip = HOST
        self.allow_root = True  # it only serves its own user's files
        self.open_browser = False
        self.default_url = "/cellrun/"
        self.no_browser_open_file = True
        self.cookie_secret = os.urandom(32)
        self.identity_provider_class = PrivateIdentity
        self.jpserver_extensions = {"cellrun.server.private.private_server": True}
        self.log_level = logging.WARNING
        self.tornado_settings = {
            "cellrun_codes": Codes(servers.private_codes()),
            "log_function": self._log_request,
        }
        self.update_config(_config())
        super().initialize(argv=[], find_extensions=False)
        self.web_app.add_handlers(".*", [(r"/cellrun/enter", SignInHandler)])  # type: ignore[no-untyped-call]  # Jupyter's

    def init_httpserver(self) -> None:
        """Serve the socket."""
        self.listens_on.setblocking(False)  # noqa: FBT003  # the library's
        self.port = self.listens_on.getsockname()[1]
        self._http_server = HTTPServer(self.web_app, max_body_size=self.max_body_size)
        self.io_loop.add_callback(self._http_server.add_sockets, [self.listens_on])

    def start_app(self) -> None:
        """Begin to serve, and to watch whether anybody is there."""
        super().start_app()
        self._idle_watch = PeriodicCallback(self._end_if_idle, min(self._idle_s / 4, 10) * 1000)
        self._idle_watch.start()

    def write_server_info_file(self) -> None:
        """Let kernels of this user find the server. Jupyter's own list of servers is for those that users start."""
        self._file = self._file._replace(url=f"http://{HOST}:{self.port}/")
        self.io_loop.add_callback(self._file.write)  # once it listens

    def remove_server_info_file(self) -> None:
        """Let it be found no more."""
        self._file.remove()

    def _end_if_idle(self) -> None:
        hub: Hub = self.web_app.settings["cellrun_hub"]
        codes: Codes = self.web_app.settings["cellrun_codes"]
        if codes.renew() or hub.open_count:
            self._asked_at = time.monotonic()
        elif time.monotonic() - self._asked_at > self._idle_s:
            self._file.remove()  # nobody finds it any more
            if codes.renew():  # somebody found it in the last moment
                self._file.write()
            else:
                self._idle_watch.stop()
                self.stop()

    def _log_request(self, handler: JupyterHandler) -> None:
        """Note that somebody is there; log what went wrong, without the query: it may hold a code."""
        self._asked_at = time.monotonic()
        if handler.get_status() >= 500:
            self.log.error("%s %s %s", handler.get_status(), handler.request.method, handler.request.path)


def _config() -> Config:
    config = Config()
    config.IdentityProvider.update(
        token="",  # none is taken
        login_handler_class=NoSignInHandler,
        cookie_options={"samesite": "Lax", "expires_days": None},
    )
    config.ContentsManager.files_handler_class = None
    return config
