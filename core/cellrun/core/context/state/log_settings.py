"""Settings of logging: levels, and handlers that write to the notebook's own output."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator
from types import ModuleType
from typing import Any
from weakref import WeakSet

from cellrun.core.context.state.kind import StateKind

_OF_THE_KERNEL = frozenset({"IPKernelApp", "tornado", "traitlets", "asyncio", "parso", "jedi", "comm", "cellrun"})

RESTORED: WeakSet[Any] = WeakSet()
"""Handlers that were loaded from pickles: no module that was imported has set them."""


def _read(logging: ModuleType, _: Collection[str]) -> Any:
    found: dict[str, dict[str, Any]] = {}
    for name, logger in _loggers(logging):
        settings: dict[str, Any] = {
            "level": logger.level,
            "propagate": logger.propagate,
            "disabled": logger.disabled,
            "handlers": [plain for each in logger.handlers if (plain := _handler(logging, each))],
        }
        fresh: dict[str, Any] = {
            "level": 0 if name else logging.WARNING,
            "propagate": True,
            "disabled": False,
            "handlers": [],
        }
        if settings != fresh:
            found[name] = settings
    disabled = logging.root.manager.disable
    return {"loggers": found, "disabled": disabled} if found or disabled else None


def _write(logging: ModuleType, value: Any) -> None:
    logging.disable(value["disabled"])
    for name, settings in value["loggers"].items():
        logger = logging.getLogger(name or None)
        logger.setLevel(settings["level"])
        logger.propagate, logger.disabled = settings["propagate"], settings["disabled"]
        if all(each in RESTORED for each in logger.handlers):
            for each in settings["handlers"]:
                handler = logging.StreamHandler(getattr(sys, each["stream"]))
                handler.setLevel(each["level"])
                if each["format"] is not None:
                    handler.setFormatter(logging.Formatter(*each["format"]))
                logger.addHandler(handler)


def is_plain(handler: Any) -> bool:
    """Whether a handler writes to the process's own output, with nothing of the user's in between."""
    return _handler(sys.modules["logging"], handler) is not None


def own_handlers(logging: ModuleType, needed: Collection[str]) -> dict[str, list[Any]]:
    """Return the notebook's own handlers, and those with a formatter or filter of its own, by their loggers' names.

    Of loggers that code in the needed top-level modules may write to.
    """
    found = {
        name: [each for each in logger.handlers if _is_own(logging, each)]
        for name, logger in _loggers(logging)
        if "logging" in needed or name.partition(".")[0] in needed
    }
    return {name: handlers for name, handlers in found.items() if handlers}


def _is_own(logging: ModuleType, handler: Any) -> bool:
    if type(handler) is logging.StreamHandler:
        return not is_plain(handler)
    return type(handler).__module__ == "__main__" and not isinstance(handler, logging.FileHandler)


def foreign_handlers(logging: ModuleType) -> list[str]:
    """Return the classes of packages that the notebook's loggers have handlers of, the packages' own loggers aside."""
    found = {
        type(handler).__name__: None
        for name, logger in _loggers(logging)
        if name.partition(".")[0] not in sys.modules
        for handler in logger.handlers
        if type(handler).__module__ not in {"__main__", "logging"} and not isinstance(handler, logging.FileHandler)
    }
    return list(found)


def log_files(logging: ModuleType) -> list[str]:
    """Return the files that the notebook's loggers write to."""
    return [
        path
        for _, logger in _loggers(logging)
        for handler in logger.handlers
        if (path := getattr(handler, "baseFilename", None)) and path != os.devnull
    ]


def _loggers(logging: ModuleType) -> Iterator[tuple[str, Any]]:
    """Iterate over the root logger, whose name is empty here, and those that somebody has asked for."""
    yield "", logging.root
    for name, logger in sorted(logging.root.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger) and name.partition(".")[0] not in _OF_THE_KERNEL:
            yield name, logger


def _handler(logging: ModuleType, handler: Any) -> dict[str, Any] | None:
    """Return what makes a handler again, None for one that isn't plain."""
    if type(handler) is not logging.StreamHandler or handler.filters:
        return None
    stream = stream_name(handler.stream)
    made = handler.formatter
    if stream is None or (made is not None and type(made) is not logging.Formatter):
        return None
    return {"stream": stream, "level": handler.level, "format": None if made is None else _format(logging, made)}


def _format(logging: ModuleType, made: Any) -> list[Any]:
    """Return the arguments that make a formatter again: it keeps them, for itself."""
    kept = vars(made)
    style = next(key for key, (kind, _) in vars(logging)["_STYLES"].items() if type(kept["_style"]) is kind)
    return [kept["_fmt"], made.datefmt, style]


def stream_name(stream: object) -> str | None:
    """Return which of the process's outputs a stream is. A kernel's tell it by their name."""
    for name in ("stdout", "stderr"):
        if stream in {getattr(sys, name), getattr(sys, f"__{name}__")}:
            return name
        if getattr(stream, "name", None) in {name, f"<{name}>"}:
            return name
    return None


LOG_SETTINGS = StateKind("logging", "levels and handlers", _read, _write, frozenset({"logging"}), of_packages=True)
