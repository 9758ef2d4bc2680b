"""The line of a magic: its options, and the arguments after `--`."""

from __future__ import annotations

import argparse
import inspect
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

from IPython.core.error import UsageError
from IPython.core.magic_arguments import MagicArgumentParser

_SEPARATOR = re.compile(r"(?:^|\s)--(?:\s+|$)")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}

_Magic = TypeVar("_Magic", bound=Callable[..., Any])


class MagicParser(MagicArgumentParser):
    """The options of one magic; `sample` is a cell that is right, shown with what is wrong."""

    def __init__(self, name: str, sample: str) -> None:
        super().__init__(name)  # type: ignore[no-untyped-call]
        self.allow_abbrev = False
        self._sample = sample

    def explains(self, magic: _Magic) -> _Magic:
        """Decorate the magic: its documentation, which `%magic?` shows, explains the options below its own text."""
        self.description = inspect.cleandoc(magic.__doc__ or "")
        magic.__doc__ = self.format_help()
        return magic

    def parse_line(self, line: str) -> argparse.Namespace:
        """Parse options. Raises UsageError that says what is wrong and shows a sample."""
        return self.parse_args(words(line))

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with a sample: what argparse calls."""
        raise UsageError(f"{message}; for example:\n\n{self._sample}")


def split_line(line: str) -> tuple[str, str | None]:
    """Return the part of a magic's line before ` -- ` and the part after it, None if there is no `--`."""
    found = _SEPARATOR.search(line)
    return (line[: found.start()], line[found.end() :]) if found else (line, None)


def words(text: str) -> list[str]:
    """Split a text as a shell does, without expanding anything. Raises UsageError for a quote that isn't closed."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise UsageError(f"{error} in: {text}") from error


def seconds(text: str) -> float:
    """Read a duration: `90`, `90s`, `10m`, `2h`, `1d`; as argparse's `type`."""
    found = _DURATION.fullmatch(text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; give seconds, or 90s, 10m, 2h, 1d")
    return float(found[1]) * _SECONDS[found[2]]


def variable(text: str) -> tuple[str, str | None]:
    """Read `NAME=VALUE`, or `NAME` alone for the notebook's own value of it; as argparse's `type`."""
    name, equals, value = text.partition("=")
    if not name.isidentifier():
        raise argparse.ArgumentTypeError(f"{text!r} is no variable; give NAME=VALUE, or NAME to pass on the notebook's")
    return name, value if equals else None


def variables(given: list[tuple[str, str | None]], environ: Mapping[str, str]) -> dict[str, str]:
    """Return variables with their values. Raises UsageError for one without a value that the notebook doesn't have."""
    for name, value in given:
        if value is None and name not in environ:
            raise UsageError(f"--env {name}: the notebook has no such environment variable; give --env {name}=VALUE")
    return {name: environ[name] if value is None else value for name, value in given}
