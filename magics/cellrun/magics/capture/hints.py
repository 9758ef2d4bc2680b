"""Names that only a text gives away: `eval("x")`, `df.query("@x")`, `globals()["x"]`, the words of a magic."""

from __future__ import annotations

import ast
import re

from cellrun.magics.capture.analysis import Certainty
from cellrun.magics.capture.bindings import Bindings
from cellrun.magics.capture.code_reads import evaluated_names
from cellrun.magics.capture.magic_lines import MagicParts

_EVALUATORS = frozenset({"eval", "exec"})
_QUERIES = frozenset({"query", "eval"})  # methods of a frame; @name is a variable, a plain name a column
_QUERIED = re.compile(r"@([A-Za-z_]\w*)")
_NAMESPACES = frozenset({"globals", "locals", "vars", "dir"})
_HISTORY = frozenset({"Out", "_oh", "In", "_ih"})  # IPython's own; whole, they would bring everything along


class Hints:
    """Notes such names in the bindings of the walk that comes upon them."""

    def __init__(self, bindings: Bindings) -> None:
        self._now = bindings

    def subscript(self, node: ast.Subscript) -> bool:
        """Note `globals()["x"]`, and `Out[3]` as the one item that it is; True if that is all there is to it."""
        if not isinstance(node.slice, ast.Constant):
            return False
        key = node.slice.value
        if isinstance(node.value, ast.Name) and node.value.id in _HISTORY and isinstance(node.ctx, ast.Load):
            self._now.read(node.value.id, node.lineno, key=key)
            return True
        if _is_namespace(node.value) and isinstance(key, str):
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

    def call(self, node: ast.Call) -> None:
        """Note what is evaluated, and `globals().get("x")`."""
        function, first = node.func, node.args[0] if node.args else None
        text = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None
        names: list[str] = []
        if isinstance(function, ast.Name) and function.id in _EVALUATORS and first is not None:
            names = evaluated_names(text or "")
            self._now.is_open |= text is None
        elif isinstance(function, ast.Attribute) and text is not None:
            if function.attr in _QUERIES:
                names = _QUERIED.findall(text)
            elif _is_namespace(function.value):
                names = [text]
        for name in names:
            self._now.read(name, node.lineno, Certainty.POSSIBLE)

    def words(self, parts: MagicParts) -> None:
        """Note the names that a magic or a shell line expands, and its words: names or paths."""
        for expression in parts.expressions:
            for name in evaluated_names(expression):
                self._now.read(name, 1, Certainty.POSSIBLE)
        for word in parts.words:
            self._now.text(word.strip("'\""), 1)
        for name in filter(str.isidentifier, parts.names):
            self._now.read(name, 1, Certainty.POSSIBLE)
        self._now.is_open |= parts.is_open


def _is_namespace(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call) and not node.args and isinstance(node.func, ast.Name) and node.func.id in _NAMESPACES
    )
