"""A job of a second that tells what jobs find: which Python, and whether they reach our server and a datastore."""

from __future__ import annotations

import json
import os
import shlex
import time
from collections.abc import Mapping
from typing import Any

from cellrun.core.errors import ComputeTargetException
from cellrun.core.remote.messages import NONSENSE, quoted
from cellrun.core.targets.contract import Finding
from cellrun.core.targets.ray.client import RayClient
from cellrun.core.targets.ray.jobs import RayJob
from cellrun.core.targets.ray.whole_log import text_of

_MOST_S, _LOOK_S = 60.0, 0.5
_MARK = "cellrun-probe:"
_LEAST_PYTHON = (3, 10)
_PROGRAM = """
import json, sys, urllib.request, urllib.error
server, mark, store, why, lacks = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), "", ""
try:
    if server:
        urllib.request.urlopen(server, timeout=5).close()
except urllib.error.HTTPError:
    pass
except Exception as error:
    why = str(getattr(error, "reason", error))
try:
    if store:
        with open(store["path"]) if "path" in store else urllib.request.urlopen(store["url"], timeout=5) as file:
            file.read()
except Exception as error:
    lacks = str(getattr(error, "reason", error))
told = {"python": list(sys.version_info[:3]), "executable": sys.executable, "why": why, "lacks": lacks}
print("\\n" + mark + json.dumps(told))
"""


def probed(client: RayClient, server: str, store: str, where: Mapping[str, str]) -> list[Finding]:
    """Run it; return what it found. `store` is what the datastore is called, and `where` a file of it is for nodes.

    Raises ComputeTargetException.
    """
    job = f"cellrun-doctor-{os.urandom(6).hex()}"
    client.submit({"submission_id": job, "entrypoint": _entry(server, where), "entrypoint_num_cpus": 0})
    try:
        ended = _wait(client, job)
        told = _told(client, job)
    finally:
        client.stop(job)
    if told is None:
        return [Finding("jobs", is_well=False, text=f"a job that prints a line printed none ({ended.words})")]
    return [_python(told), _server(told, server), *([_store(told, store)] if where else [])]


def _entry(server: str, where: Mapping[str, str]) -> str:
    program = f"-c {shlex.quote(_PROGRAM)} {shlex.quote(server)} {_MARK} {shlex.quote(json.dumps(dict(where)))}"
    return f"if command -v python >/dev/null 2>&1; then exec python {program}; else exec python3 {program}; fi"


def _wait(client: RayClient, job: str) -> RayJob:
    until = time.monotonic() + _MOST_S
    while time.monotonic() < until:
        found = client.job(job)
        if found is None:
            raise ComputeTargetException("it doesn't know a job that was just handed over")
        if found.has_ended:
            return found
        time.sleep(_LOOK_S)
    raise ComputeTargetException(f"a job that takes a second hasn't ended in {_MOST_S:g} s: is there room?")


def _told(client: RayClient, job: str) -> dict[str, Any] | None:
    with client.log(job) as blocks:
        lines = b"".join(text_of(blocks)).decode("utf-8", "replace").splitlines()
    try:
        line = next(line for line in reversed(lines) if line.startswith(_MARK))
        told = json.loads(line.removeprefix(_MARK))
        return {
            "python": tuple(map(int, told["python"])),
            "where": quoted(told["executable"]),
            "why": quoted(told["why"]),
            "lacks": quoted(told["lacks"]),
        }
    except (StopIteration, *NONSENSE):
        return None


def _python(told: dict[str, Any]) -> Finding:
    version = ".".join(map(str, told["python"]))
    if told["python"] < _LEAST_PYTHON:
        text = f"jobs get {told['where']}, {version}: runs need 3.10 or newer; give one by --environment /path"
        return Finding("python", is_well=False, text=text)
    return Finding("python", is_well=True, text=f"jobs get {told['where']}, {version}")


def _server(told: dict[str, Any], server: str) -> Finding:
    if not server:
        text = "none is known: what runs write comes home by their jobs' logs, and files over 5 MB stay there"
        return Finding("server", is_well=True, text=text)
    if told["why"]:
        text = (
            f"jobs can't reach {server} ({told['why']}): what runs write comes home by their jobs' logs; attach with "
            "server= an address of your server that the cluster reaches"
        )
        return Finding("server", is_well=False, text=text)
    return Finding("server", is_well=True, text=f"jobs reach {server}: what runs write comes home by it")


def _store(told: dict[str, Any], store: str) -> Finding:
    if told["lacks"]:
        text = (
            f"jobs can't read {store} ({told['lacks']}): a folder is to be the same on each node, a store to be reached"
        )
        return Finding("datastore", is_well=False, text=text)
    return Finding("datastore", is_well=True, text=f"jobs read {store}: values too large for the Jobs API go by it")
