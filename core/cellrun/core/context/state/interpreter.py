"""State of the interpreter itself and of its standard library."""

from __future__ import annotations

from collections.abc import Collection
from types import ModuleType
from typing import Any

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
