"""The capture, with any cell that parses: it takes what it can, refuses in words, and runs nothing of the cell."""

from __future__ import annotations

import ast
import builtins
import itertools
import warnings
from collections.abc import Iterator

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st
from IPython.core.error import UsageError
from IPython.core.inputtransformer2 import TransformerManager

from cellrun.core.context.manifest import Context
from cellrun.core.errors import CellrunError
from cellrun.core.layout import RunLayout
from cellrun.core.store.record import RunRecord
from tests.fuzz.effort import effort
from tests.magics.cases import GIVEN, LOADED, SUBMITTED
from tests.magics.notebook_shell import NotebookShell, newest_run

SETUP = """
import asyncio, functools, itertools, math, os, random, sys, threading
import numpy as np, pandas as pd
from dataclasses import dataclass
from pathlib import Path

class Plain:
    k = 1
    def f(self): return helper(self.k)

@dataclass
class Data:
    a: int = 1

class Odd:
    def __getattr__(self, name): raise RuntimeError(name)
    def __eq__(self, other): raise RuntimeError("eq")
    def __repr__(self): raise RuntimeError("repr")
    def __len__(self): raise RuntimeError("len")

class Liar:
    __class__ = int
    def __reduce_ex__(self, protocol): raise RuntimeError("reduce")

def helper(x=1): return n + x
async def later(): return helper()
def generator(): yield n
@functools.lru_cache
def cached(x): return x

n = 3
loop = []; loop.append(loop)
deep = []
for _ in range(5000): deep = [deep]
values = {
    "n": n, "xs": [1, 2, 3], "d": {"a": n}, "s": "text", "b": b"bytes", "f": helper, "g": generator(), "c": Plain,
    "p": Plain(), "o": Odd(), "l": Liar(), "lock": threading.Lock(), "arr": np.arange(5), "file": open(os.devnull),
    "lam": lambda x: x + n, "part": functools.partial(helper, 1), "it": iter([1]), "loop": loop, "deep": deep,
    "cached": cached, "data": Data(), "path": Path("in.csv"), "mod": math, "rng": random.Random(1),
    "df": pd.DataFrame({"a": [1]}),
    "meth": Plain().f, "prop": property(helper), "exc": ValueError("x"), "nan": float("nan"), "typ": type("T", (), {}),
    "coro": later, "view": memoryview(b"x"), "counter": itertools.count(), "none": None, "big": 10**400,
}
globals().update(values)
"""
NAMES = [
    *("n", "xs", "d", "s", "b", "f", "g", "c", "p", "o", "l", "lock", "arr", "df", "lam", "part", "it", "loop", "deep"),
    *("cached", "data", "path", "file", "mod", "rng", "meth", "prop", "exc", "nan", "typ", "coro", "view", "counter"),
    *(
        "none",
        "big",
        "helper",
        "Plain",
        "Odd",
        "Liar",
        "np",
        "pd",
        "os",
        "sys",
        "run",
        "unknown",
        "print",
        "In",
        "_",
        "__name__",
    ),
]


def _parsed(cells: list[str]) -> list[ast.Module]:
    """Real cells, as Python: with the calls that IPython makes of its own syntax."""
    transform = TransformerManager().transform_cell
    found = []
    for cell in cells:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                found.append(ast.parse(transform(cell)))
            except (SyntaxError, ValueError):  # a cell that is to be refused
                continue
    return found


CELLS = _parsed([text for case in (*GIVEN, *LOADED, *SUBMITTED) for text in (*case.setup, case.cell)])
STATEMENTS = [node for cell in CELLS for node in ast.walk(cell) if isinstance(node, ast.stmt)]
EXPRESSIONS = [node for cell in CELLS for node in ast.walk(cell) if isinstance(node, ast.expr)]


class _Graft(ast.NodeTransformer):
    """Puts parts of other cells in the place of some, by their place in the walk."""

    def __init__(self, grafts: dict[int, ast.AST]) -> None:
        self._grafts = grafts
        self._number = 0

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Visit a node, or return what comes in its place."""
        self._number += 1
        graft = self._grafts.get(self._number)
        is_read = isinstance(getattr(node, "ctx", None) or ast.Load(), ast.Load)
        if any(isinstance(node, kind) and isinstance(graft, kind) and is_read for kind in (ast.stmt, ast.expr)):
            return graft  # type: ignore[return-value]  # it is one of the two
        return super().generic_visit(node)


class _Rename(ast.NodeTransformer):
    """Lets names that a cell doesn't set be the notebook's, most of them."""

    def __init__(self, tree: ast.AST, names: list[str]) -> None:
        read = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
        is_set = {node.id for node in read if not isinstance(node.ctx, ast.Load)} | set(dir(builtins))
        missing = sorted({node.id for node in read} - is_set)
        self._names = dict(zip(missing, itertools.cycle(names)))  # the names go on for ever

    def visit_Name(self, node: ast.Name) -> ast.Name:  # ast's
        """Return a name as it is to be."""
        return ast.copy_location(ast.Name(self._names.get(node.id, node.id), node.ctx), node)


@st.composite
def cells(draw: st.DrawFn) -> str:
    """Statements of real cells, with parts of others grown into them and the notebook's names."""
    chosen = draw(st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=4))
    tree: ast.AST = ast.parse("\n".join(map(ast.unparse, chosen)))
    parts = st.sampled_from(EXPRESSIONS) | st.sampled_from(STATEMENTS)
    tree = _Graft(draw(st.dictionaries(st.integers(1, 60), parts, max_size=4))).visit(tree)
    try:
        tree = ast.parse(ast.unparse(ast.fix_missing_locations(tree)))  # parts are shared: each cell renames its own
    except (SyntaxError, ValueError):  # a part of an f-string, a target: these can't be any
        reject()
    return ast.unparse(_Rename(tree, draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=6))).visit(tree))


@given(cell=cells(), line=st.sampled_from(["", "", "--dry", "--with n", "--return n,xs"]))
@effort(40)
@pytest.mark.filterwarnings("ignore")
def test_any_cell_that_parses(prepared: NotebookShell, cell: str, line: str) -> None:
    before = dict(prepared.names)
    try:
        prepared.shell.run_cell_magic("submit", f"any {line}", cell)
    except (UsageError, CellrunError, SyntaxError):
        return  # it is no program, or can't travel
    assert {name for name in before if prepared.names.get(name) is not before[name]} <= {"run"}
    if line != "--dry":
        check(newest_run().layout, cell)


def check(layout: RunLayout, cell: str) -> None:
    """See that what was submitted is whole, and is this cell."""
    assert RunRecord.read(layout).kind == "cell"
    list(Context.read(layout.context).blobs())
    code = (layout.snapshot / "cell.py").read_text("utf-8")
    assert ast.dump(ast.parse(code)) == ast.dump(ast.parse(cell))


@pytest.fixture
def prepared(notebook: NotebookShell, nothing_starts: None) -> Iterator[NotebookShell]:
    """A notebook with values of many kinds, some that nothing can be asked of."""
    (notebook.folder / "in.csv").write_text("1,2\n")
    notebook.run(SETUP)
    with notebook.names["file"]:  # or another test hears of it when it is collected
        yield notebook
