"""State of the interpreter and its standard library: limits, locale, filters of warnings, loggers and handlers."""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Collection, Iterator
from types import ModuleType
from typing import Any
from weakref import WeakSet

from cellrun.core.context.state.kind import StateKind

_FRESH_RECURSION_LIMIT = 1000
_FRESH_FIELD_LIMIT = 131_072  # characters
_DIALECTS = frozenset({"excel", "excel-tab", "unix"})
_DIALECT_FIELDS = (
    *("delimiter", "quotechar", "escapechar", "lineterminator"),
    *("quoting", "doublequote", "skipinitialspace", "strict"),
)
_NETWORK = frozenset({"socket", "urllib", "http", "ftplib", "smtplib", "imaplib", "poplib", "ssl", "xmlrpc"})
_PROCESSES = frozenset({"multiprocessing", "concurrent"})
_DECIMAL_FIELDS = ("prec", "rounding", "Emin", "Emax", "capitals", "clamp")
_LOCALE_CATEGORIES = ("LC_COLLATE", "LC_MONETARY", "LC_NUMERIC", "LC_TIME", "LC_MESSAGES")  # LC_CTYPE is set at start


def _read_recursion_limit(sys: ModuleType, _: Collection[str]) -> Any:
    limit = sys.getrecursionlimit()
    return limit if limit != _FRESH_RECURSION_LIMIT else None


def _write_recursion_limit(sys: ModuleType, limit: Any) -> None:
    sys.setrecursionlimit(limit)


def _read_decimal(decimal: ModuleType, _: Collection[str]) -> Any:
    now, fresh = (_decimal_fields(each) for each in (decimal.getcontext(), decimal.Context()))
    return now if now != fresh else None


def _decimal_fields(context: Any) -> dict[str, Any]:
    traps = sorted(signal.__name__ for signal, is_set in context.traps.items() if is_set)
    return {**{name: getattr(context, name) for name in _DECIMAL_FIELDS}, "traps": traps}


def _write_decimal(decimal: ModuleType, fields: Any) -> None:
    traps = [getattr(decimal, name) for name in fields["traps"]]
    decimal.setcontext(decimal.Context(**{**fields, "traps": traps}))


def _read_locale(locale: ModuleType, _: Collection[str]) -> Any:
    now = {name: locale.setlocale(getattr(locale, name)) for name in _LOCALE_CATEGORIES if hasattr(locale, name)}
    return {name: value for name, value in now.items() if value != "C"} or None


def _write_locale(locale: ModuleType, categories: Any) -> None:
    for name, value in categories.items():
        locale.setlocale(getattr(locale, name), value)


def _read_digits(sys: ModuleType, _: Collection[str]) -> Any:
    limit = sys.get_int_max_str_digits()
    return limit if limit != sys.int_info.default_max_str_digits else None


def _write_digits(sys: ModuleType, limit: Any) -> None:
    sys.set_int_max_str_digits(limit)


def _read_csv(csv: ModuleType, _: Collection[str]) -> Any:
    dialects = {name: _dialect_fields(csv.get_dialect(name)) for name in csv.list_dialects() if name not in _DIALECTS}
    limit = csv.field_size_limit()
    return {"limit": limit, "dialects": dialects} if dialects or limit != _FRESH_FIELD_LIMIT else None


def _dialect_fields(dialect: Any) -> dict[str, Any]:
    return {name: getattr(dialect, name) for name in _DIALECT_FIELDS}


def _write_csv(csv: ModuleType, settings: Any) -> None:
    csv.field_size_limit(settings["limit"])
    for name, fields in settings["dialects"].items():
        csv.register_dialect(name, **fields)


def _read_timeout(socket: ModuleType, _: Collection[str]) -> Any:
    return socket.getdefaulttimeout()


def _write_timeout(socket: ModuleType, seconds: Any) -> None:
    socket.setdefaulttimeout(seconds)


def _read_start_method(multiprocessing: ModuleType, _: Collection[str]) -> Any:
    method = multiprocessing.get_start_method(allow_none=True)
    return method if method != multiprocessing.get_all_start_methods()[0] else None


def _write_start_method(multiprocessing: ModuleType, method: Any) -> None:
    multiprocessing.set_start_method(method, force=True)


INTERPRETER = (
    StateKind("sys", "recursion limit", _read_recursion_limit, _write_recursion_limit),
    StateKind("sys", "limit of digits", _read_digits, _write_digits),
    StateKind("csv", "dialects and limit", _read_csv, _write_csv, frozenset({"csv"})),
    StateKind("socket", "timeout in seconds", _read_timeout, _write_timeout, _NETWORK, of_packages=True),
    StateKind("multiprocessing", "start method", _read_start_method, _write_start_method, _PROCESSES, of_packages=True),
    StateKind("locale", "locale", _read_locale, _write_locale),
    StateKind("decimal", "decimal context", _read_decimal, _write_decimal, frozenset({"decimal"})),
)


_Filter = tuple[str, Any, type[Warning], Any, int]
_FRESH: tuple[_Filter, ...] = (
    ("default", None, DeprecationWarning, "__main__", 0),
    ("ignore", None, DeprecationWarning, None, 0),
    ("ignore", None, PendingDeprecationWarning, None, 0),
    ("ignore", None, ImportWarning, None, 0),
    ("ignore", None, ResourceWarning, None, 0),
)
# What a kernel and numpy set by themselves: no reason to say that the notebook has filters.
_BY_THEMSELVES = re.compile(r"numpy\.|\.\*Trio's")
_OWN_CATEGORIES = ("IPython", "numpy")


def _read_filters(warnings: ModuleType, needed: Collection[str]) -> Any:
    filters: list[_Filter] = list(warnings.filters)
    if not any(_is_of_the_notebook(each) for each in filters) and [each for each in filters if each in _FRESH] == [
        *_FRESH
    ]:
        return None
    written = [_written(each) for each in filters]
    categories = {str(each[2]).rpartition(".")[0] for each in written}
    loaded = ["IPython", *(top for top in sorted(needed) if top in sys.modules and top not in sys.stdlib_module_names)]
    return {"filters": written, "imports": sorted((categories | set(loaded)) - {"builtins", "__main__"})}


def _is_of_the_notebook(each: _Filter) -> bool:
    _, message, category, _, _ = each
    if each in _FRESH or _is_of_ipython(each):
        return False
    return not (
        _BY_THEMSELVES.match(_pattern(message) or "") or category.__module__.partition(".")[0] in _OWN_CATEGORIES
    )


def _is_of_ipython(each: _Filter) -> bool:
    """Whether a shell sets it when it starts, which it did long ago in the notebook."""
    action, message, category, module, _ = each
    return (action, message, category, _pattern(module)) == ("default", None, DeprecationWarning, "__main__")


def _pattern(text: re.Pattern[str] | str | None) -> str | None:
    return str(text.pattern) if isinstance(text, re.Pattern) else text


def _written(each: _Filter) -> list[Any]:
    action, message, category, module, line = each
    return [action, _text(message), f"{category.__module__}.{category.__qualname__}", _text(module), line]


def _text(text: Any) -> Any:
    return [text.pattern, text.flags] if isinstance(text, re.Pattern) else text


def _write_filters(warnings: ModuleType, value: Any) -> None:
    _set(warnings, _known(value))


def _write_filters_again(warnings: ModuleType, value: Any) -> None:
    """Put the filters of the notebook back into its order: what was imported has set some of them anew, in front.

    Those that the cell has set since then stay before them.
    """
    known = _known(value)
    _set(warnings, [*(each for each in warnings.filters if each not in known and not _is_of_ipython(each)), *known])


def _set(warnings: ModuleType, filters: list[_Filter]) -> None:
    warnings.filters[:] = filters
    with warnings.catch_warnings():  # tells Python that the list has changed
        pass


def _known(value: Any) -> list[_Filter]:
    """Return the filters whose categories are loaded: of the others no warning can come yet."""
    found: list[_Filter] = []
    for action, message, category, module, line in value["filters"]:
        place, _, name = category.rpartition(".")
        loaded = importlib.import_module(place) if place == "builtins" else sys.modules.get(place)
        kind = getattr(loaded, name, None)
        if isinstance(kind, type) and issubclass(kind, Warning):
            found.append((action, _matcher(message), kind, _matcher(module), line))
    return found


def _matcher(text: Any) -> Any:
    return re.compile(*text) if isinstance(text, list) else text


WARNING_FILTERS = StateKind("warnings", "filters", _read_filters, _write_filters, write_again=_write_filters_again)


_OF_THE_KERNEL = frozenset({"IPKernelApp", "tornado", "traitlets", "asyncio", "parso", "jedi", "comm", "cellrun"})

RESTORED: WeakSet[Any] = WeakSet()
"""Handlers that were loaded from pickles: no module that was imported has set them."""


def _read_logging(logging: ModuleType, _: Collection[str]) -> Any:
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


def _write_logging(logging: ModuleType, value: Any) -> None:
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


LOG_SETTINGS = StateKind(
    "logging", "levels and handlers", _read_logging, _write_logging, frozenset({"logging"}), of_packages=True
)
