"""The servers that show runs: what those that run leave for kernels to find, and where a page is at one of them.

A page is at a public address, at a server that runs, or at one that is started for it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from cellrun.core import front_end, places
from cellrun.core.digest import digest
from cellrun.core.disk.whole_files import make_private_folder, replace_file
from cellrun.core.errors import CellrunError, PortalError, UserErrorException
from cellrun.core.identity import ProcessIdentity, host_name, own_run
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.supervision.launch_spec import PUBLIC_URL_OF_HUB

if TYPE_CHECKING:
    from cellrun.core.portal.private_server import Codes


class ServerFile(NamedTuple):
    """A server that serves the workspaces of this user's registry, as its file says it. There is no secret in it."""

    url: str
    """Where it answers on this machine, with its base: `http://127.0.0.1:8888/user/ada/`."""
    base_url: str
    """`/user/ada/`."""
    version: str
    """The cellrun that it has; empty while it starts."""
    is_private: bool
    """Whether it was started for its pages alone and lets in who has a code; else it has its own login."""
    home: str
    """The home of cellrun whose registry it serves."""
    process: ProcessIdentity
    started_at: float
    """Epoch seconds."""

    @classmethod
    def of_this_process(cls, url: str, base_url: str, version: str, *, is_private: bool = False) -> ServerFile:
        """Return what this process has to say of itself; `write` says it."""
        identity = ProcessIdentity.current()
        return cls(url, base_url, version, is_private, str(places.home()), identity, time.time())

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ServerFile:
        """Read what `to_json` gave, now or in another version."""
        known = {name: data[name] for name in cls._fields}
        return cls(**{**known, "process": ProcessIdentity.from_json(data["process"])})

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {**self._asdict(), "process": self.process.to_json()}

    def write(self) -> Path:
        """Let it be found, from now until `remove`: to be called once the server listens. Returns the file."""
        path = servers_folder() / f"{self.process.pid}.json"
        replace_file(path, json.dumps(self.to_json()), mode=0o600)
        return path

    def remove(self) -> None:
        """Let it be found no more."""
        (servers_folder() / f"{self.process.pid}.json").unlink(missing_ok=True)


def servers_folder() -> Path:
    """Return the folder of this machine's server files: a home, and with it this folder, may be shared by machines."""
    folder = places.runtime_folder() / "servers" / host_name()
    make_private_folder(folder)
    return folder


def private_lock() -> Path:
    """Return the file that the one private server of this home holds a lock on."""
    return servers_folder() / f"{_private_name()}.lock"


def private_codes() -> Path:
    """Return the folder of the codes by which browsers are let in by the private server of this home."""
    return servers_folder() / f"{_private_name()}.codes"


def _private_name() -> str:
    """Return what tells private servers of other homes from this one's."""
    return f"private-{digest(os.fsencode(places.home()), 16)}"


def private() -> ServerFile | None:
    """Return the private server of this home, if it runs."""
    return next((server for server in running() if server.is_private), None)


def running() -> list[ServerFile]:
    """Return the servers that run now and serve this home, the newest first. What others left behind is removed."""
    found = [server for path in servers_folder().glob("*.json") if (server := _living(path))]
    mine = [server for server in found if server.home == str(places.home())]
    return sorted(mine, key=lambda server: server.started_at, reverse=True)


def _living(path: Path) -> ServerFile | None:
    """Return the server that a file tells of, unless its process is gone or the file is damaged: then the file goes."""
    server = None
    with suppress(ValueError, KeyError, TypeError, FileNotFoundError):
        server = ServerFile.from_json(json.loads(path.read_bytes()))
    if server is not None and server.process.is_alive():
        return server
    # Its pid may be a new server's by now, which replaces the file: what isn't the one that was read stays.
    with suppress(OSError, ValueError, KeyError, TypeError):
        if server is None or ServerFile.from_json(json.loads(path.read_bytes())) == server:
            path.unlink()
    return None


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
        running(), key=lambda server: (server.is_private, str(server.process.pid) != parent)
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

    return Codes(private_codes())


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
