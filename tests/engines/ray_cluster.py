"""A real Ray of a head and a second node on this machine, each in namespaces of its own.

A node has its own processes, host name, address and `/tmp`; folders of this side are empty there, so that nothing
passes because "there" is here. Its Python, which `make` puts into `.venv/ray`, has Ray and numpy and no cellrun. A node
ends with its machine, never by `ray stop`, which would end every Ray of this one.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.engines import machine
from tests.engines.machine import Machine, free_port, wait
from tests.engines.wire import Wire

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv" / "ray" / "bin" / "python"
NODES = {"head": "127.0.0.2", "second": "127.0.0.3"}
"""The names of its hosts, and the addresses by which they know each other."""
CPUS, GPUS, MEMORY_BYTES = 4, 2, 4 << 30
"""What each node says it has."""
_NAMESPACES = ("--mount", "--uts", "--pid")

_BOOT = """
mount --make-rprivate /
mount --bind "$2" /mnt
for own in /root /tmp /var/tmp /run /home /dev/shm; do mount -t tmpfs -o mode=1777 own "$own"; done
mount -t proc proc /proc
hostname "$1"
shift 2
for hidden; do [ ! -d "$hidden" ] || mount -t tmpfs -o mode=755 hidden "$hidden"; done
"""


def why_not() -> str:
    """Return why there can be no Ray here; "" if there can be one."""
    if not PYTHON.exists():
        return f"{PYTHON} isn't there: `make .venv/.ray` makes it"
    return machine.why_not(_NAMESPACES)


class RayCluster:
    """One such cluster. It is up when it is made, and `close` ends it and all that runs there.

    Responsibilities:
    - its head: gone, and there again without any memory of its jobs
    - its second node: killed at once with all that runs there, there again
    - a run's job whose processes are all killed; a wire to it (`wire`), as it may be far away
    - with a token: whoever doesn't send it is turned away
    - a look from outside: its Jobs API, commands on a node
    """

    def __init__(self, folder: Path, hidden: Sequence[Path] = (), token: str = "") -> None:
        """Keep its logs in a folder; `hidden` are this side's folders; with a token, it wants that."""
        self._folder, self._hidden, self.token = folder, hidden, token
        self._ports = {name: free_port() for name in ("head", "dashboard")}
        self.nodes = {name: Machine(_NAMESPACES, _BOOT) for name in NODES}
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}
        self.wire = Wire(self._ports["dashboard"])
        """Between whoever uses `address` and the cluster."""
        self.start_head()
        self.start_node()

    @property
    def address(self) -> str:
        """The address of its Jobs API."""
        return f"http://127.0.0.1:{self.wire.port}"

    def close(self) -> None:
        """End it."""
        for name in NODES:
            self._kill(name)
        self.wire.close()

    def lose(self, run_id: str) -> None:
        """Kill all processes of a run's job at once, its supervisor too, as a node that runs out of memory does."""
        found = [
            pid
            for node in self.nodes.values()
            for pid, line in node.everything().items()
            if not line.startswith("ray::") and run_id.encode() in line.encode() + _variables(pid)
        ]
        assert found, f"no node runs {run_id}"
        for number in (signal.SIGSTOP, signal.SIGKILL):  # so that nobody notices another one's end meanwhile
            for pid in found:
                os.kill(pid, number)

    def start_head(self) -> None:
        """Start the head, and wait until its Jobs API answers."""
        dashboard = [f"--dashboard-port={self._ports['dashboard']}", "--dashboard-host=127.0.0.1"]
        self._start("head", "--head", f"--port={self._ports['head']}", *dashboard)
        wait(lambda: self.ask("GET", "/api/jobs/") == [], "Ray's Jobs API")

    def stop_head(self) -> None:
        """Take its power away: jobs are lost, and the second node ends by and by."""
        self._kill("head")

    def start_node(self) -> None:
        """Start the second node, and wait until the head has it."""
        self._start("second", f"--address={NODES['head']}:{self._ports['head']}")
        wait(lambda: len(self._alive()) == len(NODES), "Ray's second node")

    def kill_node(self) -> None:
        """Take the second node's power away."""
        self._kill("second")

    @contextmanager
    def without_token(self) -> Iterator[None]:
        """Ask meanwhile as somebody who has no token."""
        token, self.token = self.token, ""
        yield
        self.token = token

    def ask(self, method: str, path: str, body: object = None) -> object:
        """Ask its API; None if it doesn't answer, or not with 200."""
        connection = http.client.HTTPConnection("127.0.0.1", self._ports["dashboard"], timeout=30)
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            return json.loads(answer.read()) if answer.status == http.client.OK else None
        except OSError:
            return None
        finally:
            connection.close()

    def log(self) -> str:
        """Return what its daemons have written, for a test that fails."""
        return "\n".join(f"== {path.name}\n{path.read_text()}" for path in sorted(self._folder.glob("*.log")))

    def _alive(self) -> list[object]:
        told = self.ask("GET", "/api/v0/nodes?filter_keys=state&filter_predicates=%3D&filter_values=ALIVE")
        return told["data"]["result"]["result"] if isinstance(told, dict) else []

    def _start(self, name: str, *options: str) -> None:
        node = self.nodes[name]
        node.turn_on(name, str(PYTHON.parents[1]), *map(str, self._hidden))
        variables = {
            "PATH": "/mnt/bin:/usr/bin:/bin",
            "HOME": "/root",
            "LANG": "C.UTF-8",
            "RAY_USAGE_STATS_ENABLED": "0",
        }
        if self.token:
            variables |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": self.token}
        ports = [f"--dashboard-agent-listen-port={free_port()}", f"--ray-client-server-port={free_port()}"]
        has = [
            f"--num-cpus={CPUS}",
            f"--num-gpus={GPUS}",
            "--object-store-memory=100000000",
            f"--memory={MEMORY_BYTES}",
        ]
        ray = ["/mnt/bin/python", "-m", "ray.scripts.scripts", "start", "--block", f"--node-ip-address={NODES[name]}"]
        given = [f"{key}={text}" for key, text in variables.items()]
        command = [*node.inside, "env", "-i", "-C", "/root", *given, *ray, *ports, *has, *options]
        with (self._folder / f"{name}.log").open("ab") as out:
            self._daemons[name] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def _kill(self, name: str) -> None:
        self.nodes[name].turn_off()
        if daemon := self._daemons.pop(name, None):
            daemon.wait()


def _variables(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""
