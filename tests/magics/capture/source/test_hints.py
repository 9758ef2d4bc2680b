"""The parts of magics, from IPython's own transformation."""

import ast
from dataclasses import replace

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from cellrun.magics.capture.source.hints import MagicParts, magic_parts


def parts(cell: str) -> MagicParts | None:
    tree = ast.parse(TransformerManager().transform_cell(cell))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return next((found for found in map(magic_parts, calls) if found), None)


I_RUN = ("-i", "s.py")


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
        ("%run -i s.py", MagicParts(names=I_RUN, words=I_RUN, scripts=I_RUN, is_open=True)),
        ("%run s/t", MagicParts(names=("s/t",), words=("s/t", "s/t.py"), is_open=True)),
        ("%run -m s.t", MagicParts(names=("-m", "s.t"), words=("-m", "s.t", "s/t.py"), is_open=True)),
        (
            "%run n.ipynb",
            MagicParts(names=("n.ipynb",), words=("n.ipynb",), scripts=("n.ipynb",), is_open=True),
        ),
        ("%cd {d}", MagicParts(expressions=("d",), names=("{d}",), words=("{d}",), evaluated="{d}")),
        ("%lprun -r -f f -f m.g -T t f(x) + 1", MagicParts("f(x) + 1", runs_apart=True, expressions=("f", "m.g", "t"))),
        ("%prun -q -s time f(x)", MagicParts("f(x)", runs_apart=True, expressions=("time",))),
        ("%timeit -n 2 !ls -l", MagicParts("!ls -l", runs_apart=True)),
        ("%own -k 3 f(3)", MagicParts(names=("-k", "3", "f(3)"), words=("-k", "3", "f(3)"), evaluated="f(3)")),
        ("%%bash $x\ncat f.txt", MagicParts(expressions=("x",), names=("$x",), words=("$x", "cat", "f.txt"))),
        ("!echo {", MagicParts(words=("echo", "{"))),
        ("%who_ls int", MagicParts(names=("int",), words=("int",), lists_names=True, evaluated="int")),
        ("%%own\nf(x)", MagicParts(words=("f(x)",), evaluated="f(x)\n")),
        ("get_ipython().run_cell('f(x)')", MagicParts(code="f(x)")),
        ("ip.run_cell('f(x)')", MagicParts(code="f(x)", runs_apart=True)),
        ("get_ipython().ev('x')", MagicParts(code="x")),
        ("spline.ev('x')", None),
    ],
)
def test_parts(cell, expected):
    found = parts(cell)
    assert (found and replace(found, called=None)) == expected


@pytest.mark.parametrize(
    ("cell", "called"),
    [
        ("x = %own 1", ("own", "line")),
        ("%%own\n1", ("own", "cell")),
        ("ip.run_line_magic('own', '')", ("own", "line")),
        ("!ls", None),
    ],
)
def test_which_magic_is_called(cell, called):
    found = parts(cell)
    assert found is not None
    assert found.called == called
