"""The portal's pages: one small HTML page that loads the view and tells it what to show."""

from __future__ import annotations

import json
from html import escape
from importlib.metadata import version
from importlib.resources import files
from typing import ClassVar

from jupyter_server.utils import ensure_async
from tornado import web
from tornado.httputil import url_concat

from cellrun.server.checks import RESOURCE
from cellrun.server.json_errors import JsonErrors

# Plotly makes style sheets as it draws: styles alone may stand in the page, a script never. Its frames are
# frame.html and figures, in a sandbox, and PDF files.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; "
    "font-src 'self'; connect-src 'self'; frame-src 'self' blob:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>cellrun</title>
<link rel="icon" type="image/svg+xml" href="{base}cellrun/static/icon.svg">
<link rel="stylesheet" href="{base}cellrun/static/portal.css">
</head>
<body {data}>
<main id="portal"></main>
<script type="module" src="{base}cellrun/static/portal.js"></script>
</body>
</html>
"""


class PageHandler(JsonErrors):
    """A page of the portal: runs, a run, a comparison, the targets. Whoever isn't logged in is sent to log in.

    Jupyter's own error pages hold its token, ours don't.
    """

    page: ClassVar[str] = "list"

    @property
    def content_security_policy(self) -> str:
        """What the page may do: run our scripts, talk to this server, be in no frame."""
        return _POLICY

    def set_default_headers(self) -> None:
        """Set the headers of a page."""
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")

    @web.authenticated
    async def get(self, workspace: str = "", run: str = "") -> None:
        """Answer with the page."""
        if not await ensure_async(self.authorizer.is_authorized(self, self.current_user, "read", RESOURCE)):
            raise web.HTTPError(403)
        if "token" in self.request.query_arguments:  # Jupyter's own way to log in: the token leaves the address
            kept = [(name, value) for name, value in self._words() if name != "token"]
            self.redirect(url_concat(self.request.path, kept))
            return
        if not (files("cellrun.server") / "static" / "portal.js").is_file():
            raise web.HTTPError(500, "the portal isn't built: run 'jlpm build:prod' in labextension/")
        _ = self.xsrf_token  # sets the cookie that the page's own requests answer with
        data = {
            "base-url": self.base_url,
            "version": version("cellrun"),
            "page": self.page,
            "workspace": workspace,
            "run": run,
            "runs": json.dumps(self.get_query_arguments("run")),
        }
        attributes = " ".join(f'data-{name}="{escape(value)}"' for name, value in data.items())
        await self.finish(_PAGE.format(base=escape(self.base_url), data=attributes))

    def _words(self) -> list[tuple[str, str]]:
        names = self.request.query_arguments
        return [(name, value) for name in names for value in self.get_query_arguments(name)]


class RunPageHandler(PageHandler):
    """A run's page."""

    page: ClassVar[str] = "run"


class ComparePageHandler(PageHandler):
    """The page that compares runs: `?run=a&run=b`."""

    page: ClassVar[str] = "compare"


class TargetsPageHandler(PageHandler):
    """The page of a workspace's targets."""

    page: ClassVar[str] = "targets"
