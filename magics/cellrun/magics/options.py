"""The line of a magic: its options, and the arguments after `--`."""

from __future__ import annotations

import argparse
import difflib
import inspect
import keyword
import os
import re
import shlex
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NoReturn, TypeVar

from IPython.core.error import UsageError
from IPython.core.magic_arguments import MagicArgumentParser

from cellrun.core.likely_secrets import MASK

_SEPARATOR = re.compile(r"(?:^|\s)--(?:\s+|$)")
_COMMENT = re.compile(r"(?:^|\s)#(?:\s.*)?$")  # a blank after it: `#fff` is an argument
_QUOTED = re.compile(r'''\\.|'[^']*'|"(?:\\.|[^"\\])*"''')
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd]?)")
_BEGUN = len("--mem")
_NEAR = 0.8
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}

_Magic = TypeVar("_Magic", bound=Callable[..., Any])


class MagicParser(MagicArgumentParser):
    """The options of one magic; `sample` is a cell that is right, shown with the first thing that is wrong.

    `takes_arguments`: what follows ` -- ` is for the cell.
    """

    shown_samples: ClassVar[set[str]] = set()
    """The samples that this kernel's user has seen."""

    def __init__(self, name: str, sample: str, *, takes_arguments: bool = False) -> None:
        super().__init__(name)  # type: ignore[no-untyped-call]
        self.allow_abbrev = False
        self._sample = sample
        self._takes_arguments = takes_arguments

    def explains(self, magic: _Magic) -> _Magic:
        """Decorate the magic: its documentation, which `%magic?` shows, explains the options below its own text."""
        self.description = inspect.cleandoc(magic.__doc__ or "")
        magic.__doc__ = self.format_help()
        return magic

    def format_help(self) -> str:
        """Return what it takes; as plain text, where IPython begins it as reStructuredText."""
        return super().format_help().removeprefix("::").lstrip("\n")

    def parse_line(self, line: str) -> argparse.Namespace:
        """Parse options. Raises UsageError that says what is wrong and shows a sample."""
        words = self.words(line)
        given, unknown = self.parse_known_args(words)
        if {"-h", "--help"} & {*unknown}:
            raise UsageError(f"%{self.prog} in short:\n{self.format_help()}")
        if unknown:
            self.error(self._unknown(words, unknown))
        return given

    def words(self, text: str) -> list[str]:
        """Split a text as a shell does, without expanding anything; a comment at its end isn't part of it.

        Raises UsageError for a quote that isn't closed.
        """
        try:
            return shlex.split(without_comment(text))
        except ValueError as error:
            self.error(f"{str(error).lower()} in: {text}")

    def error(self, message: str, sample: str | None = None) -> NoReturn:
        """Raise UsageError, the first time with a sample, the magic's unless another is given: what argparse calls."""
        sample = sample or self._sample
        example = "" if sample in self.shown_samples else f"; for example:\n\n{sample}"
        self.shown_samples.add(sample)
        raise UsageError(f"{message}; %{self.prog}? explains the options{example}")

    def _unknown(self, words: Sequence[str], unknown: Sequence[str]) -> str:
        """Return what to say of words that are no options: what comes near, and where a cell's arguments go."""
        options = [word for word in unknown if word.startswith("-")]
        message = f"unrecognized: {' '.join(unknown)}"
        for option in options:
            if near := _near(option.partition("=")[0], list(self._option_string_actions)):
                message += f"; did you mean {near}?"
        if self._takes_arguments:
            first = words.index((options or unknown)[0])
            value = [word for word in words[first + 1 : first + 2] if not word.startswith("-")]
            message += f"; the cell's own arguments come after ` -- `, as in -- {shlex.join([words[first], *value])}"
        return message


def _near(option: str, known: Sequence[str]) -> str | None:
    """Return the option that was meant, if one comes near enough: a part of it, letters swapped, one more or less."""
    begun = [name for name in known if len(option) >= _BEGUN and name.startswith(option)]
    swapped = [name for name in known if sorted(name) == sorted(option)]
    near = difflib.get_close_matches(option, known, n=1, cutoff=_NEAR)
    return next(iter([*begun, *swapped, *near]), None)


def split_line(line: str) -> tuple[str, str | None]:
    """Return the part of a magic's line before the first ` -- ` that isn't quoted, and the part after it, if any."""
    masked = _masked(line)
    found, comment = _SEPARATOR.search(masked), _COMMENT.search(masked)
    if found is None or (comment and comment.start() < found.start()):
        return line, None
    return line[: found.start()], line[found.end() :]


def without_comment(text: str) -> str:
    """Return a text without the comment at its end: what follows a ` # ` that isn't quoted."""
    comment = _COMMENT.search(_masked(text))
    return text[: comment.start()] if comment else text


def unquoted(command: str) -> str:
    """Return a shell command without the quotes around the whole of it, which a shell would take for one word."""
    try:
        words = shlex.split(command)
    except ValueError:  # for the run's own shell to complain about
        return command
    return words[0] if len(words) == 1 else command


def _masked(line: str) -> str:
    """Return a line of the same length without what is quoted in it."""
    return _QUOTED.sub(lambda quoted: "_" * len(quoted[0]), line)


def seconds(text: str) -> float:
    """Read a duration: `90`, `90s`, `10m`, `2h`, `1d`; as argparse's `type`."""
    found = _DURATION.fullmatch(text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; give seconds, or 90s, 10m, 2h, 1d")
    return float(found[1]) * _SECONDS[found[2]]


def variable(text: str) -> tuple[str, str]:
    """Read `NAME=VALUE`, or `NAME` alone for the notebook's own value of it; as argparse's `type`."""
    name, equals, value = text.partition("=")
    if not name.isidentifier():
        raise argparse.ArgumentTypeError(f"{text!r} is no variable; give NAME=VALUE, or NAME to pass on the notebook's")
    if not equals and name not in os.environ:
        raise argparse.ArgumentTypeError(f"the notebook has no environment variable {name!r}; give {name}=VALUE")
    if value == MASK:
        raise argparse.ArgumentTypeError(
            f"the value of {name!r} isn't kept with a run; give it anew: --env {name}=VALUE"
        )
    return name, value if equals else os.environ[name]


def option(text: str) -> tuple[str, str]:
    """Read `NAME=VALUE`; as argparse's `type`."""
    name, equals, value = text.partition("=")
    if not name or not equals or not value:
        raise argparse.ArgumentTypeError(f"{text!r} is no option; give NAME=VALUE, as in partition=gpu")
    return name, value


def name_list(words: Sequence[str]) -> tuple[str, ...]:
    """Return the names in an option's words, of which each may be a list, `a,b`; a name may hold blanks; each once."""
    names = (name.strip() for word in words for name in word.split(","))
    return tuple(dict.fromkeys(name for name in names if name))


def python_name(text: str) -> str:
    """Read the name of a variable; as argparse's `type`."""
    if not is_python_name(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no name for a variable; give one such as trial")
    return text


def is_python_name(text: str) -> bool:
    """Whether a variable can be called so."""
    return text.isidentifier() and not keyword.iskeyword(text)
