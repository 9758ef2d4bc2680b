"""The page that draws a plotly figure within a frame of a run's view: the whole plotly.js, and nothing else."""

from __future__ import annotations

from html import escape

from tornado.web import RequestHandler

# Of no origin and without a network: what a figure names (tiles, maps, pictures elsewhere) isn't fetched, and nothing
# in it reaches the page around. Some kinds of plotly's traces make their drawing code as they draw: hence the eval.
_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>plotly figure</title>
<style>html, body, #figure {{ height: 100%; margin: 0; overflow: hidden }}</style>
</head>
<body>
<div id="figure"></div>
<script src="{base}cellrun/static/plotly.min.js"></script>
<script src="{base}cellrun/static/figure.js"></script>
</body>
</html>
"""


class FigurePage(RequestHandler):
    """An empty page that draws what the page around it hands over. It holds nothing, so it needs no log-in."""

    def set_default_headers(self) -> None:
        """Say what the page may do: run our scripts."""
        self.set_header("Content-Security-Policy", _POLICY)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "no-referrer")

    async def get(self) -> None:
        """Answer with the page."""
        await self.finish(_PAGE.format(base=escape(self.settings["base_url"])))
