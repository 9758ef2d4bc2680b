"""Reducers for the user's own log handlers: the run has them on the same loggers."""

from __future__ import annotations

import logging
import sys
from typing import Any

from cellrun.core.context.pickles.references import Reduced
from cellrun.core.context.state.interpreter import RESTORED, is_plain, stream_name


class OwnHandlers:
    """Pickles as the handlers that loggers have and that aren't plain, by the loggers' names; "" is the root's.

    Loaded, it is the manager of the run's loggers, which have the handlers then.
    """

    __slots__ = ("_handlers",)

    def __init__(self, handlers: dict[str, list[logging.Handler]]) -> None:
        self._handlers = handlers

    def __reduce__(self) -> Reduced:
        return manager, (), self._handlers, None, None, add_handlers


def reduced_handler(value: logging.Handler) -> Reduced | None:
    """Reduce a handler without its lock; None for a plain one, which is state, and for those of files and servers."""
    kind = type(value)
    if is_plain(value) or any(
        base.__module__ == "logging.handlers" or base is logging.FileHandler for base in kind.__mro__
    ):
        return None
    state = {name: each for name, each in vars(value).items() if name != "lock"}
    stream = stream_name(state.get("stream")) or ""
    if stream:
        del state["stream"]
    return made_handler, (kind,), (state, stream), None, None, set_handler_state


def made_handler(kind: type[logging.Handler]) -> logging.Handler:
    """Make a handler that has nothing yet."""
    return kind.__new__(kind)


def set_handler_state(handler: logging.Handler, state: tuple[dict[str, Any], str]) -> None:
    """Give a handler what it had, and a lock of its own."""
    attributes, stream = state
    handler.createLock()
    vars(handler).update(attributes)
    if stream:
        vars(handler)["stream"] = getattr(sys, stream)
    vars(logging)["_addHandlerRef"](handler)  # so that it is flushed at the end


def manager() -> logging.Manager:
    """Return what has all loggers."""
    return logging.root.manager


def add_handlers(_: logging.Manager, handlers: dict[str, list[logging.Handler]]) -> None:
    """Add handlers to loggers, unless a module that was imported has added such ones."""
    for name, own in handlers.items():
        logger = logging.getLogger(name or None)
        before = {type(each) for each in logger.handlers}
        for handler in own:
            if type(handler) not in before:
                logger.addHandler(handler)
                RESTORED.add(handler)
