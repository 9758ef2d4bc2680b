"""Connections that can be cut from outside: a timeout of a socket says nothing of who sends one byte at a time."""

from __future__ import annotations

import socket
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from requests.adapters import HTTPAdapter
from requests.exceptions import RequestException, Timeout
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class DeadlineAdapter(HTTPAdapter):
    """Opens connections for `requests`, and cuts them when their time is over. For one thread at a time."""

    def __init__(self) -> None:
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make what opens them."""
        super().init_poolmanager(*arguments, **options)
        pools = {"http": HTTPConnectionPool, "https": HTTPSConnectionPool}
        made: Any = self.poolmanager
        made.pool_classes_by_scheme = {scheme: _noting(pool, self._sockets.add) for scheme, pool in pools.items()}

    @contextmanager
    def at_most(self, limit_s: float) -> Iterator[None]:
        """Cut what is open when so long is over. Raises Timeout of `requests` then."""
        is_over = threading.Event()

        def end() -> None:
            is_over.set()
            cut(*self._sockets)

        timer = threading.Timer(limit_s, end)
        timer.daemon = True
        timer.start()
        try:
            yield
        except RequestException:
            if not is_over.is_set():
                raise
        finally:
            timer.cancel()
        if is_over.is_set():  # an answer that was cut may look whole
            raise Timeout


def cut(*sockets: socket.socket) -> None:
    """End connections that another thread reads."""
    for each in sockets:
        with suppress(OSError):
            socket.socket.shutdown(each, socket.SHUT_RDWR)  # TLS's own would talk to the other side first


def _noting(pool: Any, opened: Callable[[socket.socket], None]) -> Any:
    """Return a class of pools whose connections' sockets are told when they are open."""

    class Noted(pool.ConnectionCls):  # type: ignore[misc]  # the class is given
        def connect(self) -> None:
            super().connect()
            opened(self.sock)

    return type(f"Noting{pool.__name__}", (pool,), {"ConnectionCls": Noted})
