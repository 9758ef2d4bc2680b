"""Where a run's page is, in a browser: at a public address, at a server that runs, or at one that is started for it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

from cellrun.core import front_end, places
from cellrun.core.errors import CellrunError, PortalError, UserErrorException
from cellrun.core.identity import own_run
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.portal import servers
from cellrun.core.portal.servers import ServerFile
from cellrun.core.supervision.launch_spec import PUBLIC_URL_OF_HUB

if TYPE_CHECKING:
    from cellrun.core.portal.private_server import Codes

PUBLIC_URL = "CELLRUN_PUBLIC_URL"
"""Environment variable: the server's address from outside, with its base: https://hub.example.org/user/ada/."""

WITHOUT_LINK = "the command `jupyter cellrun` shows it"
"""What stands in a link's place where nobody sits before it for whom a server would be started."""

_SERVER_OF_KERNEL = "JPY_PARENT_PID"
_printed: dict[str, str] = {}
"""The codes of links that this process has printed, by run."""


def run_url(run: RunLayout, workspace_id: str) -> str:
    """Return the address of a run's page. Raises PortalError where there is no server and none can be started."""
    return _url(run.workspace, _run_page(workspace_id, run.run_id), run)


def experiment_url(workspace: WorkspaceLayout, workspace_id: str, experiment: str) -> str:
    """Return the address of the list of an experiment's runs. Raises PortalError as `run_url` does."""
    return _url(workspace, f"?{urlencode({'workspace': workspace_id, 'experiment': experiment})}", None)


def public_run_url(workspace_id: str, run_id: str, environ: Mapping[str, str] = os.environ) -> str | None:
    """Return the address of a run's page where that is known without asking anybody, else None."""
    try:
        base = _public_base(environ)
    except UserErrorException:  # said by whoever is asked for the address
        return None
    return base and f"{base}cellrun/{_run_page(workspace_id, run_id)}"


def known_run_url(run: RunLayout, workspace_id: str) -> str | None:
    """Return the address of a run's page where there is one without starting anything, to be printed; else None."""
    if public := public_run_url(workspace_id, run.run_id):
        return public
    try:
        return _printed_url(_running_server(), run, workspace_id)
    except (CellrunError, OSError):  # a runtime folder of somebody else's: what asks for a link says so
        return None


def web_view(run: RunLayout, workspace_id: str) -> str:
    """Return what is printed of where a run's page is: its address, of a server that is started in the background too.

    Nothing is waited for, and nothing raised. A server is started for a front end or a terminal alone.
    """
    if known := known_run_url(run, workspace_id):
        return known
    try:
        if front_end.is_there() and own_run() is None:
            places.register(run.workspace)  # servers serve what is registered
            from cellrun.core.portal import private_server  # noqa: PLC0415  # rarely needed

            return _printed_url(private_server.start(), run, workspace_id) or WITHOUT_LINK
    except (CellrunError, OSError, ValueError, subprocess.SubprocessError):
        pass  # `get_portal_url` says why
    return WITHOUT_LINK


def _run_page(workspace_id: str, run_id: str) -> str:
    return f"workspaces/{quote(workspace_id, safe='')}/runs/{quote(run_id, safe='')}"


def _url(workspace: WorkspaceLayout, page: str, run: RunLayout | None) -> str:
    """Return the address of a page below `cellrun/`, of one run or of several."""
    if base := _public_base(os.environ):
        return f"{base}cellrun/{page}"
    places.register(workspace)  # servers serve what is registered
    server = _running_server()
    if server is None and own_run() is not None:
        raise PortalError(
            "no server of this user shows this run, and a run starts none: call get_portal_url() in the notebook, "
            f"or set {PUBLIC_URL} to the address of your Jupyter server"
        )
    if server is None or server.is_private:
        from cellrun.core.portal import private_server  # noqa: PLC0415  # rarely needed

        server = server or private_server.start()
        private_server.wait_for_answer(server)
        if own_run() is None:  # what a run prints is kept in its log: there the address is without a code
            return _entrance(server, page, _codes().give(run))
    return f"{server.url}cellrun/{page}"


def _running_server() -> ServerFile | None:
    """Return the best server that runs: that of this kernel, else the latest, the private one last."""
    parent = os.environ.get(_SERVER_OF_KERNEL, "")
    found = sorted(
        servers.running(), key=lambda server: (server.is_private, str(server.process.pid) != parent)
    )  # stable: of equals the newest stays first
    return found[0] if found else None


def _printed_url(server: ServerFile | None, run: RunLayout, workspace_id: str) -> str | None:
    """Return the address at a server, with the same code as long as that is valid; None where it would need one."""
    page = _run_page(workspace_id, run.run_id)
    if server is None or not server.is_private:
        return server and f"{server.url}cellrun/{page}"
    if own_run() is not None or not front_end.is_there():
        return None
    codes = _codes()
    if not codes.is_valid(_printed.get(run.run_id, "")):
        _printed[run.run_id] = codes.give(run)
    return _entrance(server, page, _printed[run.run_id])


def _codes() -> Codes:
    from cellrun.core.portal.private_server import Codes  # noqa: PLC0415  # for links to the private server alone

    return Codes(servers.private_codes())


def _entrance(server: ServerFile, page: str, code: str) -> str:
    """Return the address of a private server's page with a code that lets one browser in, once."""
    target = quote(f"{server.base_url}cellrun/{page}", safe="/")
    return f"{server.url}cellrun/enter?code={quote(code, safe='')}&next={target}"


def _public_base(environ: Mapping[str, str]) -> str | None:
    """Return the address that is given for the server, with a slash at its end; None if none is.

    Raises UserErrorException for one that can't be, without showing it: there may be a token in it.
    """
    for variable in (PUBLIC_URL, PUBLIC_URL_OF_HUB):
        given = environ.get(variable, "").strip()
        if not given:
            continue
        parts = urlsplit(given)
        is_plain = re.fullmatch(r"[\x21-\x7e]+", given) and not (parts.query or parts.fragment or "@" in parts.netloc)
        if parts.scheme not in {"http", "https"} or not parts.netloc or not is_plain:
            raise UserErrorException(
                f"the environment variable {variable} is an address such as https://hub.example.org/user/ada/, "
                "without a user, a token or anything after a '?'"
            )
        return given.rstrip("/") + "/"
    return None
