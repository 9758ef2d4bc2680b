"""The program that answers on a machine elsewhere: orders on its stdin, answers on its stdout, one after another.

Whoever is here has come as this user (by ssh): it may do what that user may. It ends with its stdin, or when nothing
was asked for long: the other end may be a laptop that was closed. Runs don't depend on it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from typing import BinaryIO

from cellrun.core.environments.building.uv_program import DOWNLOADS
from cellrun.core.remote.engines import Engines
from cellrun.core.remote.launch_order import LaunchOrder
from cellrun.core.remote.machine_orders import MachineOrders
from cellrun.core.remote.protocol import Message, read_message
from cellrun.core.remote.pruning import prune_now_and_then
from cellrun.core.remote.refusal import BadOrderError, refusal
from cellrun.core.remote.run_orders import RunOrders
from cellrun.core.remote.sync_order import SyncOrder
from cellrun.core.remote.upload_orders import UploadOrders

IDLE_S = 900
_OF_SESSION = ("SSH_", "XDG_SESSION_")
_DIES_WITH_SESSION = frozenset({"XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"})
_Order = Callable[[Message], Message]


class Agent:
    """The orders of one connection, by their names."""

    def __init__(self) -> None:
        engines = Engines()
        incoming, launching, watching = UploadOrders(), LaunchOrder(engines), RunOrders(engines)
        machine = MachineOrders(engines)
        self._orders: Mapping[str, _Order] = {
            "hello": machine.hello,
            "clock": machine.clock,
            "describe": machine.describe,
            "doctor": machine.doctor,
            "python": machine.python,
            "lacks": incoming.lacks,
            "value": incoming.value,
            "put": incoming.put,
            "draft": incoming.draft,
            "drop": incoming.drop,
            "launch": launching.launch,
            "observe": watching.observe,
            "sync": SyncOrder().sync,
            "deliver": watching.deliver,
            "home": watching.home,
        }

    def _order(self, name: object) -> _Order:
        if name not in self._orders:
            raise BadOrderError(f"no order is called {name!r:.80}; this agent knows {', '.join(self._orders)}")
        return self._orders[str(name)]

    def answer(self, order: Message) -> Message:
        """Carry an order out; what goes wrong is its answer."""
        name, number = order.facts.get("order"), order.facts.get("id")
        try:
            told = self._order(name)(order)
        except (KeyError, TypeError, AttributeError) as error:  # facts that are missing, or of another type
            traceback.print_exc()
            told = Message({"error": f"order {name!r:.80}: {type(error).__name__}: {error}", "kind": "order"})
        except Exception as error:  # noqa: BLE001  # whatever it is, the next order is to be answered
            if (why := refusal(error))["kind"] == "internal":
                traceback.print_exc()
            told = Message(why)
        return told._replace(facts={"id": number, **told.facts})


def serve(orders: BinaryIO, answers: int) -> None:
    """Answer orders until there are none."""
    agent = Agent()
    while True:
        signal.alarm(IDLE_S)  # nobody is there any more, or the line is dead
        order = read_message(orders)
        signal.alarm(0)
        if order is None:
            return
        rest = memoryview(agent.answer(order).encoded())
        while rest:
            rest = rest[os.write(answers, rest) :]


def main() -> None:
    """Be the agent of this process's stdin and stdout."""
    orders, answers = os.fdopen(os.dup(0), "rb"), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)  # an order is no child's to read
    os.close(nothing)
    os.dup2(2, 1)  # what a library may print is no answer
    for name in [*os.environ]:
        if name.startswith(_OF_SESSION) or name in _DIES_WITH_SESSION:
            del os.environ[name]
    os.environ.setdefault(DOWNLOADS, "automatic")  # nobody is here who could install one
    os.chdir("/")
    threading.Thread(target=prune_now_and_then, name="cellrun pruning", daemon=True).start()
    try:
        serve(orders, answers)
    except (EOFError, BrokenPipeError, ValueError) as error:
        sys.exit(f"cellrun: the other end has gone: {error}")
