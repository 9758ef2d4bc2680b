"""The text of an exported cell.py."""

import pytest

from cellrun.core.export.cell_script import CellScript

BEGINNING = 8


def cell_of(code, **options):
    """Return the part of the script below its beginning."""
    return CellScript(code, "digits-1", []).inline().split("\n", BEGINNING)[-1].lstrip("\n")


@pytest.mark.parametrize(
    ("code", "below"),
    [
        ("x = 1\n", "x = 1\n"),
        ("", ""),
        ("# nothing but this\n", "# nothing but this\n"),
        ("x = 1\nx\n", 'x = 1\n__import__("sys").displayhook(x)\n'),
        ("x;\n", "x;\n"),
        ("print(x)\n", "print(x)\n"),
        ("a = 1; a  # last\n", 'a = 1; __import__("sys").displayhook(a)  # last\n'),
        ("1, *b\n", '__import__("sys").displayhook((1, *b))\n'),
        ("(x :=\n 1)\n", '__import__("sys").displayhook((x :=\n 1))\n'),
        ("é = '日本'; é.join('ü')\n", "é = '日本'; __import__(\"sys\").displayhook(é.join('ü'))\n"),
        ("def f():\n    return 1\n", "def f():\n    return 1\n"),
        (
            "'\\d'\n",
            "__import__(\"sys\").displayhook('\\d')\n",
        ),  # an invalid escape warns when the cell is run, not here
    ],
)
def test_the_cell_stands_there_as_it_is_but_for_its_last_expression(code, below):
    assert cell_of(code) == below


def test_imports_from_the_future_come_first():
    code = '"""Doc."""\nfrom __future__ import annotations\nx: Nothing = 1\n'
    text = CellScript(code, "digits-1", []).inline()
    assert text.startswith("from __future__ import annotations\n")
    assert text.count("__future__") == 1
    compile(text, "cell.py", "exec")


def test_the_arguments_of_the_run_are_handed_over():
    assert "cell_context.load(globals(), ['--lr', \"it's\"])" in CellScript("x", "digits-1", ["--lr", "it's"]).inline()


def test_await_outside_of_functions_needs_a_file_of_its_own():
    script = CellScript("import asyncio\nawait asyncio.sleep(0)\n", "digits-1", [])
    assert not script.runs_inline
    compile(script.around("cell_body.py"), "cell.py", "exec")
    assert CellScript("async def f():\n    await g()\n", "digits-1", []).runs_inline


def test_so_does_syntax_that_this_python_does_not_know():
    assert not CellScript("x = = 1\n", "digits-1", []).runs_inline
