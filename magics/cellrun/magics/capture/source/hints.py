"""Names that only a text gives away: `eval("x")`, `df.query("@x")`, `globals()["x"]`, magics and shell lines.

Magics and shell lines are calls into IPython here: its own transformation of a cell has written them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cellrun.magics.capture.source.analysis import Certainty, MagicUse, Reach, Text
from cellrun.magics.capture.source.bindings import Bindings
from cellrun.magics.capture.source.code_reads import evaluated_names, expansions, queried_names

_EVALUATORS = frozenset({"eval", "exec"})
_MAIN = "__main__"
_SETTERS = frozenset({"update", "setdefault"})  # of a namespace: they give names their values, and read none
_QUERIES = frozenset({"query", "eval"})  # methods of a frame; @name is a variable, a plain name a column
_NAMESPACES = frozenset({"globals", "locals", "vars", "dir"})
_OF_SHELL = frozenset({"user_ns", "user_global_ns"})  # attributes of IPython's shell: the same namespace
_SHELL_EVALUATORS = frozenset({"ev", "ex", "run_cell", "run_line_magic", "run_cell_magic"})
_HISTORY = frozenset({"Out", "_oh", "In", "_ih"})  # IPython's own; whole, they would bring everything along
_CODE_LINES = frozenset({"time", "timeit", "prun", "lprun", "mprun", "memit"})
_CODE_CELLS = frozenset({"time", "timeit", "capture", "prun", "memit", "mprun"})
_IN_PLACE = frozenset({"time", "capture"})
_OPTIONS = re.compile(r"(?:-{1,2}[A-Za-z]\w*(?:[ =]?\d+)?\s*)*")  # -n 10 -r3 -q, before the code
_NOTEBOOK = ".ipynb"  # `%run` runs its cells in the namespace
_SCRIPTS = (".py", ".ipy", _NOTEBOOK)
_LISTS_NAMES = frozenset({"who", "who_ls", "whos"})
_NO_PYTHON = frozenset({"bash", "sh", "script", "html", "HTML", "javascript", "js", "latex", "markdown", "svg", "SVG"})


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


class Hints:
    """Notes such names in the bindings of the walk that comes upon them."""

    def __init__(self, bindings: Bindings) -> None:
        self._now = bindings
        self._seen: set[int] = set()  # namespaces of which one known item is used

    def attribute(self, node: ast.Attribute) -> None:
        """Note `__main__.x`, and `globals().update(…)`."""
        if isinstance(node.value, ast.Name) and node.value.id == _MAIN and isinstance(node.ctx, ast.Load):
            self._now.read(node.attr, node.lineno, Certainty.LIKELY)
        elif _is_namespace(node.value) and node.attr in _SETTERS:
            self._seen.add(id(node.value))
            self._now.is_open = True
        elif _is_namespace(node) and id(node) not in self._seen:
            self._reach_all(node.lineno)

    def annotation(self, text: str, line: int) -> None:
        """Note the names in an annotation that is kept as a text: typing, pydantic and others evaluate it."""
        for name in evaluated_names(text):
            self._now.read(name, line, Certainty.POSSIBLE)

    def subscript(self, node: ast.Subscript) -> bool:
        """Note `globals()["x"]`, and `Out[3]` as the one item that it is; True if that is all there is to it."""
        if _is_main(node):
            self._reach_all(node.lineno)
        if not isinstance(node.slice, ast.Constant):
            if _is_namespace(node.value) and not isinstance(node.ctx, ast.Load):
                self._seen.add(id(node.value))
                self._now.is_open = True
            return False
        key = node.slice.value
        if isinstance(node.value, ast.Name) and node.value.id in _HISTORY and isinstance(node.ctx, ast.Load):
            self._now.read(node.value.id, node.lineno, key=key)
            return True
        if _is_namespace(node.value) and isinstance(key, str):
            self._seen.add(id(node.value))
            if isinstance(node.ctx, ast.Store):
                self._now.writes.add(key)
            else:
                self._now.read(key, node.lineno, Certainty.LIKELY)
        return False

    def compare(self, node: ast.Compare) -> None:
        """Note `"x" in globals()`."""
        left = node.left.value if isinstance(node.left, ast.Constant) else None
        if isinstance(left, str) and any(_is_namespace(each) for each in node.comparators):
            self._now.read(left, node.lineno, Certainty.POSSIBLE)
            self._seen.update(map(id, node.comparators))

    def call(self, node: ast.Call) -> None:
        """Note what is evaluated, `globals().get("x")`, and `globals()` of which anything may be used."""
        function, first = node.func, node.args[0] if node.args else None
        text = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None
        names: Sequence[str] = ()
        if isinstance(function, ast.Name) and function.id in _EVALUATORS and first is not None:
            names = evaluated_names(text or "")
            self._now.is_open |= text is None or function.id == "exec"
            if text is None:
                self._reach_all(node.lineno)
                self._scripts(first)
        elif isinstance(function, ast.Attribute):
            names = self._named_by_method(function, text)
        if _is_namespace(node) and id(node) not in self._seen:
            self._reach_all(node.lineno)
        for name in names:
            self._now.read(name, node.lineno, Certainty.POSSIBLE)

    def _named_by_method(self, method: ast.Attribute, text: str | None) -> Sequence[str]:
        """Return the names in the text that a method is called with, None if it isn't a constant."""
        if text is None:
            if method.attr in _SHELL_EVALUATORS and (_is_get_ipython(method.value) or method.attr == "run_cell"):
                self._reach_all(method.lineno)
        elif method.attr in _SHELL_EVALUATORS:
            return evaluated_names(text)
        elif method.attr in _QUERIES:
            return queried_names(text)
        elif _is_namespace(method.value):
            self._seen.add(id(method.value))
            return [text]
        return ()

    def words(self, parts: MagicParts) -> None:
        """Note the names that a magic or a shell line expands, and its words: names or paths."""
        for expression in parts.expressions:
            for name in evaluated_names(expression):
                self._now.read(name, 1, Certainty.POSSIBLE)
        for name in evaluated_names(parts.evaluated):
            self._now.read(name, 1, Certainty.POSSIBLE)
        for word in parts.words:
            self._now.text(word.strip("'\""), 1)
        for name in filter(str.isidentifier, parts.names):
            self._now.read(name, 1, Certainty.POSSIBLE)
        for path in parts.scripts:
            self._now.scripts.append(Text(path, 1 + self._now.line_offset))
        self._now.is_open |= parts.is_open
        if parts.lists_names:
            self._reach_all(1)
        if parts.called is not None:
            self._now.magics.append(MagicUse(*parts.called, 1 + self._now.line_offset, words=parts.words))

    def _reach_all(self, line: int) -> None:
        self._now.reach(Reach.ALL, line)
        self._now.is_open = True

    def _scripts(self, expression: ast.expr) -> None:
        """Note the files whose text is run: `exec(open("settings.py").read())`."""
        for node in ast.walk(expression):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.endswith(".py"):
                self._now.scripts.append(Text(node.value, node.lineno + self._now.line_offset))


def _is_namespace(node: ast.expr) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in _OF_SHELL
    return (
        isinstance(node, ast.Call) and not node.args and isinstance(node.func, ast.Name) and node.func.id in _NAMESPACES
    )


def _is_main(node: ast.Subscript) -> bool:
    """Whether it is `sys.modules["__main__"]` or `sys.modules[__name__]`: the notebook's own module."""
    if not (isinstance(node.value, ast.Attribute) and node.value.attr == "modules"):
        return False
    key = node.slice
    return (isinstance(key, ast.Constant) and key.value == _MAIN) or (
        isinstance(key, ast.Name) and key.id == "__name__"
    )


def magic_parts(call: ast.Call) -> MagicParts | None:
    """Return what a call holds if it is one of those that IPython writes for a magic or a shell line, else None."""
    function = call.func
    if not isinstance(function, ast.Attribute):
        return None
    arguments = [each.value for each in call.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    if len(arguments) != len(call.args):
        return None
    is_shell = _is_get_ipython(function.value)
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


def _is_get_ipython(node: ast.expr) -> bool:
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
