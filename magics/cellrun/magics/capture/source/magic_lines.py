"""The names inside magics and shell lines, as IPython hands them over after its own transformation of a cell."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass, replace

_CODE_LINES = frozenset({"time", "timeit", "prun", "lprun", "mprun", "memit"})
_CODE_CELLS = frozenset({"time", "timeit", "capture", "prun", "memit", "mprun"})
_IN_PLACE = frozenset({"time", "capture"})
_OPTIONS = re.compile(r"(?:-{1,2}[A-Za-z]\w*(?:[ =]?\d+)?\s*)*")  # -n 10 -r3 -q, before the code
_NOTEBOOK = ".ipynb"  # `%run` runs its cells in the namespace
_SCRIPTS = (".py", ".ipy", _NOTEBOOK)
_LISTS_NAMES = frozenset({"who", "who_ls", "whos"})
_NO_PYTHON = frozenset({"bash", "sh", "script", "html", "HTML", "javascript", "js", "latex", "markdown", "svg", "SVG"})
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
    scripts: tuple[str, ...] = ()
    """Files whose code runs in the notebook's namespace."""
    is_open: bool = False
    """Whether it runs code that can't be seen here."""
    lists_names: bool = False
    """Whether it tells which names there are."""
    evaluated: str = ""
    """A text that may be run as Python."""
    called: tuple[str, str] | None = None
    """The name of the magic, and its kind: `line` or `cell`."""


def magic_parts(call: ast.Call) -> MagicParts | None:
    """Return what a call holds if it is one of those that IPython writes for a magic or a shell line, else None."""
    function = call.func
    if not isinstance(function, ast.Attribute):
        return None
    arguments = [each.value for each in call.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    if len(arguments) != len(call.args):
        return None
    is_shell = is_get_ipython(function.value)
    parts = None
    match function.attr, arguments:
        case "run_line_magic", [magic, line]:
            parts = replace(_line(magic, line), called=(magic, "line"))
        case "run_cell_magic", [magic, line, body]:
            parts = replace(_cell(magic, line, body), called=(magic, "cell"))
        case "run_cell", [code, *_]:
            parts = MagicParts(code, runs_apart=not is_shell)
        case "ev" | "ex", [code] if is_shell:
            parts = MagicParts(code)
        case "system" | "getoutput", [line] if is_shell:
            parts = MagicParts(expressions=tuple(expansions(line)), words=tuple(line.split()))
    return parts


def _line(magic: str, line: str) -> MagicParts:
    expressions = tuple(expansions(line))
    if magic in _CODE_LINES:
        options, code = _split_options(line)
        return MagicParts(code, magic not in _IN_PLACE, (*expressions, *options))  # `%lprun -f f f(3)`
    words = tuple(line.split())
    if magic != "run":
        options, evaluated = _split_options(line)  # an extension's magic may run it
        return MagicParts(
            expressions=(*expressions, *options),
            names=words,
            words=words,
            lists_names=magic in _LISTS_NAMES,
            evaluated=evaluated,
        )
    without_suffix = [each for each in words if not each.startswith("-") and not each.endswith(_SCRIPTS)]
    files = (*words, *(f"{each if '/' in each else each.replace('.', '/')}.py" for each in without_suffix))  # `-m a.b`
    scripts = files if "-i" in words else tuple(each for each in words if each.endswith(_NOTEBOOK))
    return MagicParts(expressions=expressions, names=words, words=files, scripts=scripts, is_open=True)


def _cell(magic: str, line: str, body: str) -> MagicParts:
    expressions = tuple(expansions(line))
    if magic in _CODE_CELLS:
        options, code = _split_options(line)
        setup = code if magic == "timeit" else ""
        expressions = (*expressions, *options)
        return MagicParts(f"{setup}\n{body}", magic not in _IN_PLACE, expressions)
    names = tuple(line.split())
    evaluated = "" if magic in _NO_PYTHON else body  # the notebook's own magics may run it
    return MagicParts(expressions=expressions, names=names, words=(*names, *body.split()), evaluated=evaluated)


def is_get_ipython(node: ast.expr) -> bool:
    """Whether an expression is a call of `get_ipython`."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "get_ipython"


def _split_options(line: str) -> tuple[list[str], str]:
    """Return the words that are given to options at the beginning of a line, and what stands behind the options."""
    found = _OPTIONS.match(line)
    code = line[found.end() :] if found else line
    given: list[str] = []
    if code == line:
        return given, line
    rest = code
    while rest and not rest.startswith(("!", "%")) and not _is_python(rest):
        word, _, rest = rest.partition(" ")
        given.append(word)
        rest = rest.lstrip()
    return ([each for each in given if not each.startswith("-")], rest) if rest else ([], code)


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def expansions(text: str) -> Iterator[str]:
    """Iterate over the expressions in a text that IPython replaces by values: `{name}`, `$name`."""
    yield from _DOLLAR.findall(text)
    try:
        for _literal, field, _format, _conversion in string.Formatter().parse(text):
            if field:
                yield field
    except ValueError:  # a lone brace: IPython leaves such a text as it is
        return
