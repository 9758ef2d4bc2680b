"""What watching one live run costs the server: twenty viewers against one.

A run logs two metrics ten times a second; its viewers are websockets of another process than the server's. Counted is
the server's processor time (/proc) over so many seconds, and by the row's own clock how long each took to a viewer. One
viewer and twenty take turns on one server; `none` is what it needs while nobody watches. Then as many pages of the
portal show the run in one Chromium, without a GPU; counted is the processor time of all of its processes.

    python -m bench.viewers --seconds 60 --rounds 2
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it ships no types
import requests
from playwright.sync_api import expect
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from bench import kit
from cellrun.core.layout import RunLayout
from cellrun.core.portal import servers
from cellrun.core.portal.private_server import Codes
from cellrun.core.portal.servers import ServerFile
from tests.browser.chromium import chromium

ROWS_PER_S = 10
WARM_UP_S = 3.0
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def job(folder: str) -> dict[str, object]:
    """Log rows, each with the time of its call, and print lines, until stopped."""
    run = kit.new_run(Path(folder))
    print("ready", flush=True)
    number = 0
    while True:
        run.log_row("clock", x=number, at=time.time())
        run.log("loss", 1 / (1 + number))
        number += 1
        time.sleep(1 / ROWS_PER_S)


@contextmanager
def started(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """Start a process, and end it afterwards."""
    environment = kit.child_environment()
    with subprocess.Popen(command, env=environment, cwd=kit.ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def link(server: ServerFile, path: str = "") -> str:
    """Return an address that lets somebody in once, to a page of the portal."""
    code = Codes(servers.private_codes()).give()
    return f"{server.url}cellrun/enter?code={code}&next=/cellrun/{path}"


def log_in() -> tuple[ServerFile, str]:
    """Wait for the server; return its file and the cookie that it gave."""
    while not (found := servers.running()):
        time.sleep(0.05)
    entered = requests.get(link(found[0]), allow_redirects=False, timeout=10)
    return found[0], "; ".join(f"{name}={text}" for name, text in entered.cookies.items())


def used_s(pid: int) -> float:
    """Return the seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


class Viewer:
    """Watches the run and notes how old each row was when it came."""

    def __init__(self, socket: WebSocketClientConnection) -> None:
        self._socket = socket
        self.ages_ms: list[float] = []
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def of(cls, server: ServerFile, cookie: str, layout: RunLayout) -> Viewer:
        """Connect and follow."""
        address = f"{server.url.replace('http', 'ws')}cellrun/api/stream"
        socket = await websocket_connect(HTTPRequest(address, headers={"Cookie": cookie}))
        run = {"workspace": "default", "run": layout.run_id, "protocol": 1, "frame": -1}
        await socket.write_message(json.dumps({"type": "follow", "channel": 1, **run}))
        return cls(socket)

    def leave(self) -> None:
        """Close the connection."""
        self._socket.close()

    async def _listen(self) -> None:
        while isinstance(message := await self._socket.read_message(), bytes):
            now = time.time()
            end = 4 + struct.unpack_from("<I", message)[0]
            content = json.loads(message[4:end])
            for metric in content["metrics"]:
                if metric["name"] == "clock" and not content["reset"]:
                    self.ages_ms.append(1000 * (now - metric["columns"][1]["last"]))


async def measure(
    server: ServerFile, cookie: str, layout: RunLayout, count: int, seconds: float
) -> tuple[float, list[float]]:
    """Return the share of a core that the server needs for so many viewers, and how old rows were when they came."""
    viewers = [await Viewer.of(server, cookie, layout) for _ in range(count)]
    await asyncio.sleep(WARM_UP_S)
    before, began = used_s(server.process.pid), time.monotonic()
    await asyncio.sleep(seconds)
    share = (used_s(server.process.pid) - before) / (time.monotonic() - began)
    for viewer in viewers:
        viewer.leave()
    await asyncio.sleep(WARM_UP_S)
    return share, [age for viewer in viewers for age in viewer.ages_ms]


def in_browser(server: ServerFile, layout: RunLayout, count: int, seconds: float) -> dict[str, float]:
    """Return the shares of a core that the server and a browser need for so many pages, and the browser's memory."""
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 1200, "height": 800})
        path = f"workspaces/default/runs/{layout.run_id}"
        for number in range(count):
            page = context.new_page()
            page.goto(f"{server.url}cellrun/{path}" if number else link(server, path))
            expect(page.locator(".cellrun-card .js-plotly-plot").first).to_be_visible()
        processes = [child for child in psutil.Process().children(recursive=True) if "chrom" in child.name()]

        def used() -> tuple[float, float]:
            return used_s(server.process.pid), sum(sum(process.cpu_times()[:2]) for process in processes)

        before = used()
        page.wait_for_timeout(1000 * seconds)
        after = used()
        memory = sum(process.memory_full_info().uss for process in processes)
    names = ("server", "browser")
    shares = {name: (now - then) / seconds for name, now, then in zip(names, after, before, strict=True)}
    return {**shares, "browser_mb": memory / 1e6}


def main() -> None:
    """Let one and many viewers take turns."""
    parser = kit.parser(__doc__, rounds=2)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--viewers", type=int, default=20)
    options = parser.parse_args()
    with kit.working_folder() as folder, started(kit.child_command(__file__, folder)) as run:
        assert run.stdout
        run.stdout.readline()
        with started([sys.executable, "-m", "cellrun.server"]):
            server, cookie = log_in()

            def one(name: str, _: int) -> tuple[float, list[float]]:
                count = {"none": 0, "one": 1, "many": options.viewers}[name]
                return asyncio.run(measure(server, cookie, kit.the_run(folder), count, options.seconds))

            one("one", 0)
            took = kit.take_turns(("none", "one", "many"), options.rounds, one)
            pages = {
                count: in_browser(server, kit.the_run(folder), count, options.seconds) for count in (1, options.viewers)
            }
    shares = {name: [share for share, _ in found] for name, found in took.items()}
    none = statistics.median(shares["none"])
    kit.emit_pairs(shares["many"], shares["one"], what="share of a core", viewers=options.viewers, none=none)
    for name in ("one", "many"):
        ages = [age for _, found in took[name] for age in found]
        p50, p95 = kit.percentile(ages, 0.5), kit.percentile(ages, 0.95)
        kit.emit(what="log_row to the viewer", viewers=name, p50_ms=p50, p95_ms=p95, rows=len(ages))
    for count, found in pages.items():
        kit.emit(what="pages in one browser", pages=count, **found)


if __name__ == "__main__":
    kit.start(main, job)
