"""Whether a request comes from where it may: not from another site's page, not with a secret in its address."""

from __future__ import annotations

import re
from http import HTTPStatus
from urllib.parse import urlsplit

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import ensure_async
from tornado import web

RESOURCE = "cellrun"
"""What Jupyter's authorizer is asked about: `read` or `write` of it."""
FOREIGN = "access denied: this request comes from a page of another origin"

_ORIGIN = re.compile(r"https?://[^/@\s?#\\]+", re.IGNORECASE)
_OWN_SITE = frozenset({"same-origin", "none"})  # none: typed by the user, or a program that isn't a browser


def refuse_query_token(handler: JupyterHandler) -> None:
    """Raise HTTPError(401) for a token in the query: it would stand in logs and histories. Asked before the log-in."""
    if "token" in handler.request.query_arguments:
        raise web.HTTPError(401)


def refuse_forged(handler: JupyterHandler) -> None:
    """Raise HTTPError(403) for a request that another site's page sent, whatever it is authenticated by.

    A Host is as Jupyter checks it. An Origin is the address of this server itself, or one that its configuration allows
    (`allow_origin`, `allow_origin_pat`, matched whole). Where a browser says that the request crosses sites, one is
    needed.
    """
    if not handler.check_host():
        raise web.HTTPError(403, FOREIGN)
    headers = handler.request.headers
    site = headers.get("Sec-Fetch-Site", "").lower()
    origin = headers.get("Origin") or headers.get("Sec-Websocket-Origin")
    if origin is None:
        if site and site not in _OWN_SITE:
            raise web.HTTPError(403, FOREIGN)
    elif not (_is_own(origin, handler.request.host) or _is_allowed(handler, origin)):
        raise web.HTTPError(403, FOREIGN)


async def admit(handler: JupyterHandler, action: str) -> None:
    """Let Jupyter find out who asks. `action`: read or write.

    Raises HTTPError: 401 unless it is somebody whom it knows, 403 from where it may not be asked, or who may not do it.
    """
    refuse_query_token(handler)
    refuse_forged(handler)
    try:
        await JupyterHandler.prepare(handler, _redirect_to_login=False)
    except web.HTTPError as error:
        is_unknown = getattr(handler, "_jupyter_current_user", None) is None
        if error.status_code == HTTPStatus.FORBIDDEN and is_unknown:  # which is what Jupyter says to strangers
            raise web.HTTPError(401) from None
        raise
    user = handler.current_user
    if user is None:  # a server may let everyone in elsewhere, not here
        raise web.HTTPError(401)
    if not await ensure_async(handler.authorizer.is_authorized(handler, user, action, RESOURCE)):
        raise web.HTTPError(403, f"user {user.username} may not {action} runs on this server")


def _is_own(origin: str, host: str) -> bool:
    return bool(_ORIGIN.fullmatch(origin)) and urlsplit(origin).netloc.lower() == host.lower()


def _is_allowed(handler: JupyterHandler, origin: str) -> bool:
    if handler.allow_origin:
        return handler.allow_origin in ("*", origin.lower(), origin)
    pattern = handler.allow_origin_pat  # a text, or what Jupyter has compiled of it
    return bool(pattern and re.fullmatch(pattern, origin.lower()))
