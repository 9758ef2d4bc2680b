"""Threads for what may take a minute, as a question to another machine: so many at once, nothing else waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from cellrun.server.errors import BusyError

T = TypeVar("T")


class BoundedThreads:
    """Runs so many things at once at the most. Used from one event loop; its end waits for none of them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._going = 0

    async def run(self, task: Callable[..., T], *arguments: Any) -> T:
        """Run something in a thread, and return its result. Raises BusyError where too many are running."""
        if self._going >= self._most:
            raise BusyError(self._most)
        self._going += 1
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()

        def end(result: T | None, error: Exception | None) -> None:
            self._going -= 1
            if done.cancelled():  # nobody waits any more
                return
            if error is None:
                done.set_result(result)  # type: ignore[arg-type]  # it is one
            else:
                done.set_exception(error)

        def work() -> None:
            result, failed = None, None
            try:
                result = task(*arguments)
            except Exception as error:  # noqa: BLE001  # raised again for who waits
                failed = error
            with suppress(RuntimeError):  # the server has ended meanwhile
                loop.call_soon_threadsafe(end, result, failed)

        threading.Thread(target=work, name="cellrun asks a target", daemon=True).start()
        return await done
