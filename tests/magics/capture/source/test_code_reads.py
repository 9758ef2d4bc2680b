"""What live functions read."""

import math

import pytest

from cellrun.magics.capture.source.analysis import Reach
from cellrun.magics.capture.source.code_reads import NameAt, code_reads, evaluated_names


def function(source: str):
    namespace: dict[str, object] = {}
    exec(source, namespace)
    return next(value for name, value in namespace.items() if name == "f")


def reads(source: str):
    return code_reads(function(source).__code__)


def test_globals_with_their_lines_nested_ones_included():
    found = reads("def f(a):\n    b = a + x\n    def g():\n        return b + y\n    return [z(i) for i in g()]")
    assert {(each.name, each.line) for each in found.names} == {("x", 2), ("y", 4), ("z", 5)}


def test_writes_modules_attributes_and_texts():
    found = reads(
        "def f():\n    global n\n    import a.b, c\n    from d.e import g\n    from . import h\n    n = 1\n"
        "    return a.b.thing, 'text', ('inner', {'k': 'v'}), i in {'one', 'two'}"
    )
    assert found.writes == {"n"}
    assert found.modules == {"a", "c", "d"}
    assert "thing" in found.attributes
    assert {"text", "inner", "one", "two"} <= set(found.texts)


def test_a_class_in_a_function_has_names_of_its_own():
    found = reads("def f():\n    class A:\n        q = Q\n        r = q\n        def m(self): return q\n    return A")
    assert {each.name for each in found.names} - {"__name__"} == {"Q", "q"}  # the method's q is the global one


def test_names_that_a_text_gives_away_are_possible():
    found = reads("def f(df):\n    return df.query('a > @lim'), eval('x + 1')")
    assert {each for each in found.names if each.is_possible} >= {NameAt("lim", 1, is_possible=True)}
    assert not reads("def f():\n    return 'x + 1'").names


def test_evaluated_names():
    assert evaluated_names(" x + y.z ") == ("x", "y")
    assert evaluated_names("a > @lim") == ("a", "lim")
    assert evaluated_names("no code at all") == ()
    assert evaluated_names("y ~ x + np.log(z)") == ("y", "x", "z", "np")
    assert evaluated_names("~ x") == ("x",)
    assert evaluated_names("nul\0") == ()
    assert evaluated_names("x" * 200_000) == ()


def test_a_function_of_a_module():
    assert code_reads(math_user.__code__).names[0].name == "math"


def math_user():
    return math.pi


def test_names_in_a_text_that_imports_from_main():
    assert evaluated_names("from __main__ import f, x; from other import y") == ("f", "x")


def test_names_in_the_magics_and_shell_lines_of_a_function():
    found = reads(
        "def f(a):\n    get_ipython().system('echo {a} {x.y} $z')\n    get_ipython().run_line_magic('time', 'g(1)')"
    )
    assert {each.name for each in found.names if each.is_possible} >= {"x", "z", "g"}


def test_how_far_a_function_reaches():
    assert reads("def f(x): return eval(x)").is_evaluating
    assert reads("def f(x): return globals()[x]").reach is Reach.ALL
    assert reads("def f():\n    import __main__\n    return __main__").reach is Reach.ALL
    assert reads("def f(x): return pickle.loads(x)").reach is Reach.CODE
    assert reads("def f(x): return json.loads(x)").reach is Reach.NAMED


@pytest.mark.parametrize(
    ("body", "may_be_left_out"),
    [
        ("x", False),
        ("for i in a: x", False),
        ("with a: x", False),
        ("try: x\n    finally: a()", False),
        ("assert a\n    x", False),
        ("y = [x for i in a]", False),
        ("if a: x", True),
        ("if a: return 1\n    x", True),
        ("while a: x", True),
        ("return a or x", True),
        ("return 1 if a else x", True),
        ("try: x\n    except NameError: pass", True),
        ("try: a()\n    except ValueError: x", True),
    ],
)
def test_what_a_function_can_end_well_without(body, may_be_left_out):
    (read,) = (each for each in reads(f"def f(a):\n    {body}").names if each.name == "x")
    assert read.is_branched == may_be_left_out
