"""The files by which running servers are found by the same user's kernels."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from cellrun.core import places
from cellrun.core.digest import digest
from cellrun.core.disk.whole_files import make_private_folder, replace_file
from cellrun.core.identity import ProcessIdentity, host_name


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
