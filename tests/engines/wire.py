"""The network between here and a machine elsewhere: a TCP proxy that is cut, hangs, is far away or slow.

A process of its own, so that what goes through it doesn't wait for whoever measures or asserts:
`Wire(port)` starts `python wire.py PORT`, which takes settings as JSON lines and answers with what it has counted.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

_CHUNK_BYTES = 65536


class Wire:
    """What connects to `port` is connected to a port of this machine.

    Responsibilities:
    - cut (all connections end, new ones are refused) and mended; a wire that hangs loses nothing, it only waits
    - a delay each way, and a rate
    - how many bytes went up (there) and down (here), in how many connections
    """

    def __init__(self, to_port: int) -> None:
        command = [sys.executable, "-I", "-S", str(Path(__file__)), str(to_port)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port: int = self._ask()["port"]

    def cut(self) -> None:
        """End all connections and refuse new ones."""
        self._ask(open=False)

    def mend(self) -> None:
        """Let connections come again."""
        self._ask(open=True)

    def hang(self) -> None:
        """Carry nothing; connections stay, and new ones seem to succeed."""
        self._ask(hangs=True)

    def go_on(self) -> None:
        """Carry what has waited meanwhile, and all else."""
        self._ask(hangs=False)

    def delay(self, one_way_s: float) -> None:
        """Let each byte be on its way for so long, up and down."""
        self._ask(delay_s=one_way_s)

    def limit(self, bytes_per_s: float | None) -> None:
        """Carry no more than so many bytes a second, each way and connection; None: as many as come."""
        self._ask(bytes_per_s=bytes_per_s)

    def counted(self) -> dict[str, int]:
        """Return how much it has carried: bytes `up` and `down`, `connections` accepted, those that are `alive`."""
        found = self._ask()
        return {name: int(found[name]) for name in ("up", "down", "connections", "alive")}

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

    def _ask(self, **settings: Any) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(settings) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


class _Carrier:
    """The proxy itself, in its own process."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._server: asyncio.Server | None = None
        self._port = 0
        self._alive: dict[asyncio.Task[None], tuple[asyncio.StreamWriter, ...]] = {}
        self._delay_s = 0.0
        self._bytes_per_s: float | None = None
        self._goes = asyncio.Event()
        self._goes.set()
        self._counted = {"up": 0, "down": 0, "connections": 0}

    async def run(self) -> None:
        """Take orders until there are no more."""
        orders = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
        await self._set(open=True)
        while line := await orders.readline():
            await self._set(**json.loads(line))
            print(json.dumps({**self._counted, "port": self._port, "alive": len(self._alive)}), flush=True)

    async def _set(self, **settings: Any) -> None:
        self._delay_s = settings.get("delay_s", self._delay_s)
        self._bytes_per_s = settings.get("bytes_per_s", self._bytes_per_s)
        if "hangs" in settings:
            (self._goes.clear if settings["hangs"] else self._goes.set)()
        if settings.get("open") and self._server is None:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port, backlog=1024)
            self._port = self._server.sockets[0].getsockname()[1]
        elif settings.get("open") is False and self._server is not None:
            self._server.close()
            self._server = None
            for task, writers in list(self._alive.items()):
                for writer in writers:
                    writer.transport.abort()
                task.cancel()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._counted["connections"] += 1
        task = asyncio.current_task()
        assert task
        self._alive[task] = (writer,)
        try:
            there, to_there = await asyncio.open_connection("127.0.0.1", self._to_port)
            self._alive[task] = (writer, to_there)
            await asyncio.gather(self._carry("up", reader, to_there), self._carry("down", there, writer))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            for each in self._alive.pop(task):
                each.transport.abort()

    async def _carry(self, way: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one way's bytes: each when its time on the wire is over."""
        on_its_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=1024)
        clock = asyncio.get_running_loop().time

        async def deliver() -> None:
            while True:
                due, data = await on_its_way.get()
                if (early_s := due - clock()) > 0:
                    await asyncio.sleep(early_s)
                await self._goes.wait()
                if not data:
                    writer.write_eof()
                    return
                writer.write(data)
                await writer.drain()
                self._counted[way] += len(data)
                if self._bytes_per_s:
                    await asyncio.sleep(len(data) / self._bytes_per_s)

        delivery = asyncio.ensure_future(deliver())
        try:
            while data := await reader.read(min(_CHUNK_BYTES, int((self._bytes_per_s or 1e9) / 20) or 1)):
                await on_its_way.put((clock() + self._delay_s, data))
            await on_its_way.put((clock() + self._delay_s, b""))
            await delivery
        finally:
            delivery.cancel()


if __name__ == "__main__":
    asyncio.run(_Carrier(int(sys.argv[1])).run())
