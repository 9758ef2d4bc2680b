"""The keeper's service: one thread answers many connections, none of which holds up another."""

from __future__ import annotations

import os
import selectors
import socket
import time
from contextlib import suppress

from cellrun.core.targets.keeper.keeper import Answer, Keeper, Pending
from cellrun.core.targets.keeper.protocol import MOST_BYTES, line_of, parsed

_BLOCK = 1 << 16
_PATIENCE_S = 5.0
"""So long a connection may take to ask, or to take its answer."""

_FULL_S = 0.02


class Client:
    """One connection: its question comes, then its answer goes."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(0)
        self.connection = connection
        self.question = b""
        self.answer = b""
        self.pending: Pending | None = None
        self.until = time.monotonic() + _PATIENCE_S


class Service:
    """Takes questions from a listening socket to a keeper and its answers back. `wake` may be called by any thread."""

    def __init__(self, listening: socket.socket) -> None:
        listening.settimeout(0)
        self._listening = listening
        self._selector = selectors.DefaultSelector()
        self._clients: set[Client] = set()
        self._woken, self._waker = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(self._waker, False)
        self._selector.register(listening, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)

    @property
    def is_busy(self) -> bool:
        """Whether somebody waits for an answer."""
        return bool(self._clients)

    def wake(self) -> None:
        """Have those answered whose answer is there by now."""
        with suppress(BlockingIOError):
            os.write(self._waker, b"\0")

    def serve(self, keeper: Keeper, timeout_s: float) -> None:
        """Answer what can be answered; returns after so many seconds at most."""
        for key, _ in self._selector.select(self._patience_s(timeout_s)):
            if key.fileobj is self._listening:
                self._accept()
            elif key.fileobj == self._woken:
                with suppress(BlockingIOError):
                    os.read(self._woken, _BLOCK)
            else:
                self._go_on(key.data, keeper)
        now = time.monotonic()
        for client in list(self._clients):
            if client.pending:
                self._settle(client, client.pending, now)
            elif now > client.until:
                self._drop(client)

    def close(self) -> None:
        """Let everybody go."""
        for client in list(self._clients):
            self._drop(client)
        self._listening.close()
        self._selector.close()

    def _patience_s(self, timeout_s: float) -> float:
        ends = [client.pending.until if client.pending else client.until for client in self._clients]
        return max(min([timeout_s, *(end - time.monotonic() for end in ends)]), 0.0)

    def _accept(self) -> None:
        try:
            client = Client(self._listening.accept()[0])
        except OSError:  # it has gone already, or no file is left for it: it waits until another one's is given back
            time.sleep(_FULL_S)
            return
        self._clients.add(client)
        self._selector.register(client.connection, selectors.EVENT_READ, client)

    def _go_on(self, client: Client, keeper: Keeper) -> None:
        try:
            if client.answer:
                client.answer = client.answer[client.connection.send(client.answer) :]
                if not client.answer:
                    self._drop(client)
                return
            block = client.connection.recv(_BLOCK)
        except BlockingIOError:
            return
        except OSError:
            self._drop(client)
            return
        client.question += block
        if not block or len(client.question) > MOST_BYTES:
            self._drop(client)
        elif client.question.endswith(b"\n") and not client.pending:
            self._ask(client, keeper)

    def _ask(self, client: Client, keeper: Keeper) -> None:
        try:
            answer = keeper.answer(parsed(client.question))
        except (ValueError, RecursionError) as error:
            answer = {"error": str(error)}
        if isinstance(answer, Pending):
            client.pending = answer
        else:
            self._reply(client, answer)

    def _settle(self, client: Client, pending: Pending, now: float) -> None:
        try:
            answer = pending.ready()
        except Exception as error:  # noqa: BLE001  # a run's folder that was deleted meanwhile: the others wait on
            answer = {"error": f"{type(error).__name__}: {error}"}
        if answer is not None or now >= pending.until:
            self._reply(client, pending.otherwise if answer is None else answer)

    def _reply(self, client: Client, answer: Answer) -> None:
        client.pending = None
        client.answer = line_of(answer)
        client.until = time.monotonic() + _PATIENCE_S
        self._selector.modify(client.connection, selectors.EVENT_WRITE, client)

    def _drop(self, client: Client) -> None:
        self._clients.discard(client)
        self._selector.unregister(client.connection)
        client.connection.close()
