"""Where a run's page is, in a browser: at a public address, at a server that runs, or at one that is started for it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

from cellrun.core import places, server_file
from cellrun.core.errors import PortalError, UserErrorException
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.own_run import own_run
from cellrun.core.supervision.job_environment import PUBLIC_URL_OF_HUB

if TYPE_CHECKING:
    from cellrun.core.server_file import ServerFile

PUBLIC_URL = "CELLRUN_PUBLIC_URL"
"""Environment variable: the server's address from outside, with its base: https://hub.example.org/user/ada/."""

_SERVER_OF_KERNEL = "JPY_PARENT_PID"
_ANSWER_S = 10.0


def run_url(workspace: WorkspaceLayout, workspace_id: str, run_id: str) -> str:
    """Return the address of a run's page. Raises PortalError where there is no server and none can be started."""
    return _url(workspace, f"workspaces/{quote(workspace_id, safe='')}/runs/{quote(run_id, safe='')}")


def experiment_url(workspace: WorkspaceLayout, workspace_id: str, experiment: str) -> str:
    """Return the address of the list of an experiment's runs. Raises PortalError as `run_url` does."""
    return _url(workspace, f"?{urlencode({'workspace': workspace_id, 'experiment': experiment})}")


def public_run_url(workspace_id: str, run_id: str, environ: Mapping[str, str] = os.environ) -> str | None:
    """Return the address of a run's page where that is known without asking anybody, else None."""
    try:
        base = _public_base(environ)
    except UserErrorException:  # said by whoever is asked for the address
        return None
    return base and f"{base}cellrun/workspaces/{quote(workspace_id, safe='')}/runs/{quote(run_id, safe='')}"


def _url(workspace: WorkspaceLayout, page: str) -> str:
    """Return the address of a page below `cellrun/`."""
    if base := _public_base(os.environ):
        return f"{base}cellrun/{page}"
    places.register(workspace)  # servers serve what is registered
    server = _running_server()
    if server is None:
        if own_run() is not None:
            raise PortalError(
                "no server of this user shows this run, and a run starts none: call get_portal_url() in the notebook, "
                f"or set {PUBLIC_URL} to the address of your Jupyter server"
            )
        from cellrun.core import private_server  # noqa: PLC0415  # rarely needed

        server = private_server.start()
    return _entrance(server, page) if server.is_private else f"{server.url}cellrun/{page}"


def _running_server() -> ServerFile | None:
    """Return the best server that runs: that of this kernel, else the latest, a private one last."""
    parent = os.environ.get(_SERVER_OF_KERNEL, "")
    found = sorted(
        server_file.running(), key=lambda server: (server.is_private, str(server.process.pid) != parent)
    )  # stable: of equals the newest stays first
    return found[0] if found else None


def _entrance(server: ServerFile, page: str) -> str:
    """Return the address of a private server's page with a code that lets one browser in, once.

    Inside a run it is without: what a run prints is kept in its log.
    """
    if own_run() is not None:
        return f"{server.url}cellrun/{page}"
    target = quote(f"{server.base_url}cellrun/{page}", safe="/")
    return f"{server.url}cellrun/enter?code={quote(_code(server), safe='')}&next={target}"


def _code(server: ServerFile) -> str:
    """Ask a private server for a code, with its key. Raises PortalError if it gives none."""
    import requests  # noqa: PLC0415  # 100 ms, for those who ask

    key = server.key()
    if key is None:
        raise PortalError(
            f"the portal at {server.url} has no key any more; end process {server.process.pid}, ask again"
        )
    try:
        with requests.Session() as session:
            session.trust_env = False  # no proxy and no .netrc has to do with this machine's own server
            answer = session.post(
                f"{server.url}cellrun/codes", headers={"Authorization": f"token {key}"}, timeout=_ANSWER_S
            )
            answer.raise_for_status()
            return str(answer.json()["code"])
    except (requests.RequestException, ValueError, KeyError, TypeError) as error:
        why = type(error).__name__  # its text may hold what was sent
        raise PortalError(f"the portal at {server.url} gives no code ({why}): has it just ended? Ask again") from error


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
