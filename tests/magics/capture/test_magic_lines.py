"""The parts of magics, from IPython's own transformation."""

import ast

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from cellrun.magics.capture.magic_lines import MagicParts, magic_parts


def parts(cell: str) -> MagicParts | None:
    tree = ast.parse(TransformerManager().transform_cell(cell))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return next((found for found in map(magic_parts, calls) if found), None)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("print(1)", None),
        ("%time f(x)", MagicParts(code="f(x)")),
        ("%timeit -n 10 -r3 -q f(x)", MagicParts(code="f(x)", runs_apart=True)),
        ("%%time\nf(x)", MagicParts(code="\nf(x)\n")),
        ("%%timeit -n 2 s = 1\nf(s)", MagicParts(code="s = 1\nf(s)\n", runs_apart=True)),
        ("%%capture out\nf(x)", MagicParts(code="\nf(x)\n")),
        ("!ls $d {e}/f.txt", MagicParts(expressions=("d", "e"), words=("ls", "$d", "{e}/f.txt"))),
        ("x = !cat f.txt", MagicParts(words=("cat", "f.txt"))),
        ("%run s.py", MagicParts(names=("s.py",), words=("s.py",), is_open=True)),
        ("%cd {d}", MagicParts(expressions=("d",), names=("{d}",), words=("{d}",))),
        ("%%bash $x\ncat f.txt", MagicParts(expressions=("x",), names=("$x",), words=("$x", "cat", "f.txt"))),
        ("!echo {", MagicParts(words=("echo", "{"))),
    ],
)
def test_parts(cell, expected):
    assert parts(cell) == expected
