"""Print the routes below `cellrun/` of a real Jupyter Server with the extension: pattern, handler, methods."""

import json

from jupyter_server.serverapp import ServerApp
from tornado.web import RequestHandler
from traitlets.config import Config

METHODS = ("GET", "HEAD", "POST", "DELETE", "PATCH", "PUT", "OPTIONS")


def walk(rules):
    """Yield all rules of a router and of the routers in it."""
    for rule in rules:
        if hasattr(rule.target, "rules"):
            yield from walk(rule.target.rules)
        else:
            yield rule


def answered(handler):
    """Return the methods that a handler has of its own."""
    return [name for name in METHODS if getattr(handler, name.lower()) is not getattr(RequestHandler, name.lower())]


config = Config()
config.ServerApp.update(port=0, allow_root=True, open_browser=False, jpserver_extensions={"cellrun.server": True})
app = ServerApp(config=config)
app.initialize(argv=[], find_extensions=False)
print(
    json.dumps(
        [
            {
                "pattern": rule.matcher.regex.pattern,
                "handler": rule.target.__name__,
                "methods": answered(rule.target),
            }
            for rule in walk(app.web_app.default_router.rules)
            if "cellrun" in getattr(getattr(rule.matcher, "regex", None), "pattern", "")
        ]
    )
)
