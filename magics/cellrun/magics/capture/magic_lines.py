"""The names inside magics and shell lines, as IPython hands them over after its own transformation of a cell."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass

_CODE_LINES = frozenset({"time", "timeit", "prun", "lprun", "mprun", "memit"})
_CODE_CELLS = frozenset({"time", "timeit", "capture", "prun", "memit", "mprun"})
_IN_PLACE = frozenset({"time", "capture"})
_OPTIONS = re.compile(r"(?:-{1,2}[A-Za-z]\w*(?:[ =]?\d+)?\s*)*")  # -n 10 -r3 -q, before the code
_DOLLAR = re.compile(r"\$\$?([A-Za-z_]\w*)")


@dataclass(frozen=True)
class MagicParts:
    """What a call into IPython holds for the analysis."""

    code: str = ""
    """Python that runs in the notebook's namespace."""
    runs_apart: bool = False
    """Whether what that code assigns stays in the magic, as in `%timeit`."""
    expressions: tuple[str, ...] = ()
    """Python expressions that IPython expands: `{name}`, `$name`."""
    names: tuple[str, ...] = ()
    """Words that may be names, if the magic takes some."""
    words: tuple[str, ...] = ()
    """Words that may be paths."""
    is_open: bool = False
    """Whether it runs code that can't be seen here."""


def magic_parts(call: ast.Call) -> MagicParts | None:
    """Return what a call holds if it is one of those that IPython writes for a magic or a shell line, else None."""
    function = call.func
    if not isinstance(function, ast.Attribute) or not _is_get_ipython(function.value):
        return None
    arguments = [each.value for each in call.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    if len(arguments) != len(call.args):
        return None
    if function.attr == "run_line_magic" and len(arguments) == 2:
        return _line(*arguments)
    if function.attr == "run_cell_magic" and len(arguments) == 3:
        return _cell(*arguments)
    if function.attr in {"system", "getoutput"} and len(arguments) == 1:
        return MagicParts(expressions=tuple(_expansions(arguments[0])), words=tuple(arguments[0].split()))
    return None


def _line(magic: str, line: str) -> MagicParts:
    expressions = tuple(_expansions(line))
    if magic in _CODE_LINES:
        return MagicParts(_without_options(line), magic not in _IN_PLACE, expressions)
    words = tuple(line.split())
    return MagicParts(expressions=expressions, names=words, words=words, is_open=magic == "run")


def _cell(magic: str, line: str, body: str) -> MagicParts:
    expressions = tuple(_expansions(line))
    if magic in _CODE_CELLS:
        setup = _without_options(line) if magic == "timeit" else ""
        return MagicParts(f"{setup}\n{body}", magic not in _IN_PLACE, expressions)
    names = tuple(line.split())
    return MagicParts(expressions=expressions, names=names, words=(*names, *body.split()))


def _is_get_ipython(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "get_ipython"


def _without_options(line: str) -> str:
    found = _OPTIONS.match(line)
    return line[found.end() :] if found else line


def _expansions(text: str) -> Iterator[str]:
    yield from _DOLLAR.findall(text)
    try:
        for _literal, field, _format, _conversion in string.Formatter().parse(text):
            if field:
                yield field
    except ValueError:  # a lone brace: IPython leaves such a text as it is
        return
