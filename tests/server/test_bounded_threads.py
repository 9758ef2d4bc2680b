"""What may take a minute: in threads of its own, so many at once."""

import asyncio
import threading

import pytest

from cellrun.server.bounded_threads import BoundedThreads
from cellrun.server.errors import BusyError, status_of


def test_so_much_is_done_at_once_and_what_fails_is_told():
    async def tried():
        threads, go_on = BoundedThreads(2), threading.Event()
        first, second = (asyncio.ensure_future(threads.run(go_on.wait, 60)) for _ in range(2))
        await asyncio.sleep(0)
        with pytest.raises(BusyError, match="2 targets are being asked already") as refused:
            await threads.run(int)
        assert status_of(refused.value) == 429
        go_on.set()
        assert [await first, await second] == [True, True]
        with pytest.raises(ZeroDivisionError):
            await threads.run(lambda: 1 / 0)
        return await threads.run(int, "7")

    assert asyncio.run(tried()) == 7


def test_an_end_waits_for_nothing():
    go_on = threading.Event()

    async def given_up():
        waiting = asyncio.ensure_future(BoundedThreads(1).run(go_on.wait, 60))
        await asyncio.sleep(0)
        waiting.cancel()

    asyncio.run(given_up())
    go_on.set()
