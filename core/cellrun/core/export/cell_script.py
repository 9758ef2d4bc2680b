"""The text of an exported `cell.py`: a cell as a script of its own."""

from __future__ import annotations

import ast
import inspect
import warnings
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cellrun.core.cell.execution import CELL_FLAGS, is_silenced
from cellrun.core.front_end import plain_line

_BEGINNING = """\
# The cell of run {run}, exported by cellrun: `python cell.py` runs it. README.md says what it needs.
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import cell_context

cell_context.load({load})  # variables, functions and imports of its notebook{more}
"""


class _Edit(NamedTuple):
    """Bytes of the source that another text takes the place of."""

    start: int
    end: int
    text: str


class CellScript:
    """A cell's Python, the name of its run, and the arguments that it runs with unless it is given others."""

    def __init__(self, code: str, run: str, arguments: Sequence[str]) -> None:
        self.code = code
        self._run = run
        self._load = f"globals(), {list(arguments)!r}" if arguments else "globals()"
        self._tree = _parsed(code)

    @property
    def runs_inline(self) -> bool:
        """Whether it can stand in a script as it is: no `await` outside of functions, and Python of this version."""
        if self._tree is None:
            return False
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the cell's own invalid escapes
            code = compile(self._tree, "cell.py", "exec", CELL_FLAGS, dont_inherit=True)
        return not code.co_flags & inspect.CO_COROUTINE

    def inline(self) -> str:
        """Return the script with the cell in it: its last expression is shown, `__future__` imports come first."""
        tree = self._tree
        assert tree is not None  # noqa: S101  # runs_inline
        futures = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
        edits = [_Edit(*self._span(node), "pass") for node in futures]
        edits += self._shown(tree)
        names = sorted({alias.name for node in futures for alias in node.names})
        first = f"from __future__ import {', '.join(names)}\n\n" if names else ""
        beginning = _BEGINNING.format(run=plain_line(self._run), load=self._load, more="")
        return f"{first}{beginning}\n{_edited(self.code, edits)}"

    def around(self, body: str) -> str:
        """Return the script that runs the cell from a file beside it."""
        load = f"{self._load}, body={body!r}"
        return _BEGINNING.format(run=plain_line(self._run), load=load, more="; then the cell runs")

    def _shown(self, tree: ast.Module) -> Iterator[_Edit]:
        last = tree.body[-1] if tree.body else None
        if not isinstance(last, ast.Expr) or _prints(last.value) or is_silenced(self.code):
            return
        start, end = self._span(last)
        extra = isinstance(last.value, ast.Tuple)  # its own parentheses may be missing
        yield _Edit(end, end, "))" if extra else ")")
        yield _Edit(start, start, '__import__("sys").displayhook(' + "(" * extra)

    def _span(self, node: ast.stmt) -> tuple[int, int]:
        """Return where a statement begins and ends in the source, in bytes of UTF-8."""
        lines = self.code.encode().split(b"\n")
        starts = [0]
        for line in lines:
            starts.append(starts[-1] + len(line) + 1)
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
        return starts[node.lineno - 1] + node.col_offset, starts[end_line - 1] + end_column


def _prints(value: ast.expr) -> bool:
    """Whether an expression is a call of `print`, which gives nothing to be shown."""
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "print"


def _parsed(code: str) -> ast.Module | None:
    """Return the syntax tree; None if this Python doesn't know the cell's syntax."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree: ast.Module = compile(code, "cell.py", "exec", ast.PyCF_ONLY_AST | CELL_FLAGS, dont_inherit=True)
    except SyntaxError:
        return None
    return tree


def _edited(code: str, edits: Sequence[_Edit]) -> str:
    text = code.encode()
    for edit in sorted(edits, key=lambda each: -each.start):
        text = text[: edit.start] + edit.text.encode() + text[edit.end :]
    return text.decode()
