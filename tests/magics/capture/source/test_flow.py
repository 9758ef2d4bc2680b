"""What a cell reads, by the order in which its statements run."""

import builtins
import sys

import pytest

from cellrun.magics.capture.carrier import Needs
from cellrun.magics.capture.notebook import LeftOut, Notebook
from cellrun.magics.capture.source.analysis import Certainty, Reach
from cellrun.magics.capture.source.flow import analyse


def reads(source: str) -> set[str]:
    """The names that a cell needs of a notebook which has them all."""
    analysis = analyse(source)
    everything = {read.name for reads in (analysis.reads, *analysis.definitions.values()) for read in reads}
    found = set()

    def supply(read, _value):
        found.add(read.name)
        return ()

    Needs(analysis, Notebook(dict.fromkeys(everything)), LeftOut(frozenset())).follow(analysis.reads, supply)
    return found - (set(dir(builtins)) - {"get_ipython"})  # IPython puts that there


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = x + 1", "x"),
        ("x += 1", "x"),
        ("x = 1\nx += y", "y"),
        ("x: int = y", "y"),
        ("x: T", "T"),
        ("from __future__ import annotations\nx: T = 1", "T"),
        ("a.b.c = d", "a d"),
        ("a[i] = b[j:k]", "a i b j k"),
        ("del x", "x"),
        ("x = 1\ndel x", ""),
        ("f(k=v)", "f v"),
        ("a, (b, *c) = d\nprint(a, b, c)", "d"),
        ("print(y := x, y)", "x"),
        ("print(f'{x!r:>{w}}')", "x w"),
        ("print(x if c else y)", "x c y"),
        ("[v for v in xs if v > t]", "xs t"),
        ("{k: v for k, v in d.items()}", "d"),
        ("[y for x in xs for y in x if x < z]", "xs z"),
        ("[(y := v) for v in xs]\nprint(y)", "xs y"),
        ("list(x for x in x)", "x"),
        ("lambda a, b=c: a + b + d", "c d"),
        ("[lambda: v + w for v in xs]", "w xs"),
        ("global x\nx = 1", ""),
        ("import a.b, c as d\nprint(a, d)", ""),
        ("import a.b as c\nprint(a, c)", "a"),
        ("from m import n as o\nprint(n, o)", "n"),
        ("assert x, y", "x y"),
        ("raise x from y", "x y"),
        ("await x", "x"),
        ("async with a as b: print(b)", "a"),
        ("async for i in a: print(i)", "a"),
        ("print([*a, *b], {**c})", "a b c"),
        ("x = y = z\nprint(x, y)", "z"),
    ],
)
def test_statements_and_expressions(source, expected):
    assert reads(source) == set(expected.split())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("if c:\n    x = 1\nprint(x)", "c x"),
        ("if c:\n    x = 1\nelse:\n    x = 2\nprint(x)", "c"),
        ("if c:\n    x = 1\nelse:\n    raise E\nprint(x)", "c E"),
        ("if c:\n    x = 1\nelif d:\n    x = 2\nelse:\n    x = 3\nprint(x)", "c d"),
        ("for i in r:\n    x = i\nprint(x, i)", "r x i"),
        ("for i in r:\n    print(i)", "r"),
        ("while c:\n    x = 1\nprint(x)", "c x"),
        ("with a as b:\n    x = b\nprint(x)", "a"),
        ("with suppress(E):\n    x = 1\nprint(x)", "suppress E x"),
        ("try:\n    x = f()\nexcept E:\n    x = 0\nprint(x)", "f E"),
        ("try:\n    x = f()\nexcept E:\n    pass\nprint(x)", "f E x"),
        ("try:\n    x = f()\nexcept E:\n    raise\nprint(x)", "f E"),
        ("try:\n    x = f()\nfinally:\n    print(x)", "f x"),
        ("try:\n    pass\nfinally:\n    x = 1\nprint(x)", ""),
        ("try:\n    pass\nexcept E as e:\n    print(e)\nprint(e)", "E e"),
        (
            "match v:\n    case [a, *b]: print(a, b)\n    case {'k': c, **d}: print(c, d)\n    case P(q=e): print(e)",
            "v P",
        ),
        ("match v:\n    case 1: x = 1\n    case _: x = 2\nprint(x)", "v"),
        ("match v:\n    case 1 as y if y > z: print(y)\nprint(y)", "v z y"),
        ("a and (x := b)\nprint(x)", "a b x"),
    ],
)
def test_branches(source, expected):
    assert reads(source) == set(expected.split())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f(a, b=c):\n    d = a + g\n    return d\nf(1)", "c g"),
        ("def f(): return x\nx = 1\nf()", ""),
        ("def f(): return x\nf()\nx = 1", "x"),
        ("f = lambda: x\nx = 1\nf()", ""),
        ("def f(): return g()\ndef g(): return x\nx = 1\nf()", ""),
        ("def f(): return g()\ndef g(): return x\nf()\nx = 1", "x"),
        ("def f(): return x\nregister(f)\nx = 1", "register x"),
        ("@d\ndef f(): return x\nx = 1", "d x"),
        ("def f(): return x\nx = 1", ""),
        ("def f():\n    x = 1\n    def g(): return x + y\n    return g\nf()", "y"),
        ("def f(a: T, *b: U, **c: V) -> W: pass", "T U V W"),
        ("def f():\n    global x\n    x = 1\nf()\nprint(x)", "x"),
        ("class A(B, metaclass=M):\n    n = k\n    m = n\n    def f(self): return n + k2\nA()", "B M k n k2"),
        ("class A:\n    if c:\n        n = 1\n    m = n", "c n"),
        ("class A:\n    def f(self): return __class__, super(), self.__x\nA", ""),
        ("class A:\n    class B:\n        n = k\n        def f(self): return n\nA", "k n"),
        ("class A:\n    xs = [n for n in r]\nA", "r"),
        ("def f():\n    class Z:\n        q = Q\n        r = q\n    return Z\nf()", "Q"),
        ("async def f():\n    async for x in y: yield x\nf()", "y"),
    ],
)
def test_functions_and_classes(source, expected):
    assert reads(source) == set(expected.split())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("eval('x + y')", "x y"),
        ("exec('print(z)')", "z"),
        ("df.query('a > @lim')", "df lim"),
        ("df.eval('b = a + @k')", "df k"),
        ("globals()['x']", "x"),
        ("'x' in globals()", "x"),
        ("locals().get('x')", "x"),
        ("globals()['x'] = 1", ""),
        ("get_ipython().system('echo {a} $b $$c')", "get_ipython a b c"),
        ("x = get_ipython().getoutput('ls {d}')", "get_ipython d"),
        ("get_ipython().run_line_magic('time', 'y = f(x)')\nprint(y)", "get_ipython f x"),
        ("get_ipython().run_line_magic('timeit', '-n 10 -r3 f(x)')", "get_ipython f x"),
        ("get_ipython().run_cell_magic('time', '', 'y = f(x)\\n')\nprint(y)", "get_ipython f x"),
        ("get_ipython().run_cell_magic('timeit', 's = q', 's + x\\n')", "get_ipython q x"),
        ("get_ipython().run_line_magic('store', 'x')", "get_ipython x"),
        ("get_ipython().run_cell_magic('bash', '', 'echo word\\n')", "get_ipython"),
    ],
)
def test_what_only_texts_tell(source, expected):
    assert reads(source) == set(expected.split())


@pytest.mark.parametrize(
    ("source", "certainty"),
    [
        ("print(x)", Certainty.SURE),
        ("with a: print(x)", Certainty.SURE),
        ("try:\n    x\nexcept ValueError:\n    pass", Certainty.SURE),
        ("try:\n    x\nexcept NameError:\n    pass", Certainty.LIKELY),
        ("try:\n    x\nexcept:\n    pass", Certainty.LIKELY),
        ("if a: x", Certainty.LIKELY),
        ("for i in a: x", Certainty.LIKELY),
        ("a or x", Certainty.LIKELY),
        ("[x for i in a]", Certainty.LIKELY),
        ("def f(): x\nf()", Certainty.LIKELY),
        ("eval('x')", Certainty.POSSIBLE),
        ("def f(): return eval('x')\nf()", Certainty.POSSIBLE),
    ],
)
def test_certainty(source, certainty):
    analysis = analyse(source)
    inner = [read for reads in analysis.definitions.values() for read in reads]
    assert {read.certainty for read in (*analysis.reads, *inner) if read.name == "x"} == {certainty}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("eval(code)", "code"),
        ("import __main__\n__main__.x", "x"),
        ("from __main__ import x as y", "x"),
        ("def f(a: 'T[U]'): pass", "T U"),
        ("from __future__ import annotations\ndef f(a: list[T]) -> U: pass", "T U"),
        ("class A:\n    x: 'T'", "T"),
        ("import timeit\ntimeit.timeit('f(x)', 'from __main__ import g')", ""),  # its texts are looked at by others
    ],
)
def test_names_in_annotations_and_of_main(source, expected):
    assert reads(source) == set(expected.split())


@pytest.mark.skipif(sys.version_info < (3, 12), reason="type parameters are new in Python 3.12")
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f[T](a: T) -> T: return a", ""),
        ("def f[T: B](a: T, b: C) -> T: return d\nf(1)", "B C d"),
        ("class A[T](Base[T]):\n    x: T\n    def f(self, a: T) -> U: return b\nA()", "Base U b"),
        ("type P[T] = dict[T, V]\nprint(P)", "V"),
        ("type T = U\nprint(T)", "U"),
        ("def f[*Ts, **P](a: T): pass", "T"),
    ],
)
def test_type_parameters(source, expected):
    assert reads(source) == set(expected.split())


@pytest.mark.parametrize(
    ("source", "reach", "is_evaluating"),
    [
        ("print(x)", Reach.NAMED, False),
        ("globals()['x']", Reach.NAMED, False),
        ("'x' in dir()", Reach.NAMED, False),
        ("globals().update(x=1)", Reach.NAMED, False),
        ("globals()[x] = 1", Reach.NAMED, False),
        ("vars(x)", Reach.NAMED, False),
        ("json.load(file)", Reach.NAMED, False),
        ("globals()[x]", Reach.ALL, False),
        ("'{x}'.format(**globals())", Reach.ALL, False),
        ("for name in dir(): pass", Reach.ALL, False),
        ("def f(): return globals()[x]", Reach.ALL, False),
        ("sys.modules[__name__]", Reach.ALL, False),
        ("import __main__", Reach.ALL, False),
        ("frame.f_globals", Reach.ALL, False),
        ("import doctest\ndoctest.testmod()", Reach.ALL, False),
        ("eval(x)", Reach.ALL, True),
        ("eval('x')", Reach.NAMED, True),
        ("df.query(x)", Reach.NAMED, True),
        ("timeit.timeit('f()', globals=globals())", Reach.ALL, True),
        ("pickle.load(file)", Reach.CODE, False),
        ("from joblib import load\nload(path)", Reach.CODE, False),
        ("A.__subclasses__()", Reach.CODE, False),
        ("unittest.main(argv=[''], exit=False)", Reach.CODE, False),
    ],
)
def test_how_far_it_reaches_beyond_the_names_in_it(source, reach, is_evaluating):
    analysis = analyse(source)
    assert (analysis.reach, analysis.is_evaluating) == (reach, is_evaluating)


def test_scripts_that_run_in_the_cells_namespace():
    magic = "get_ipython().run_line_magic('run', '-i a.py')\nget_ipython().run_line_magic('run', 'b.py')"
    analysis = analyse(f"{magic}\nexec(open('c.py').read())")
    assert {(text.value, text.line) for text in analysis.scripts} >= {("a.py", 1), ("c.py", 3)}
    assert "b.py" not in {text.value for text in analysis.scripts}


@pytest.mark.parametrize(
    "context", ["quiet(NameError)", "case.assertRaises(NameError)", "suppress(Exception)", "pytest.raises(E)"]
)
def test_what_a_with_statement_may_swallow_is_not_sure(context):
    (read,) = [read for read in analyse(f"with {context}:\n    x").reads if read.name == "x"]
    assert read.certainty is Certainty.LIKELY


def test_places_are_the_cells_own_lines():
    analysis = analyse(
        "# the magic\nprint(a)\ndef f():\n    return b\n\nf()\nget_ipython().run_cell_magic('time', '', '1\\nc\\n')"
    )
    places = {read.name: read.place for read in analysis.reads}
    assert places["a"] == "line 2"
    assert places["c"] == "line 9"
    assert [read.place for read in analysis.definitions["f"]] == ["f, line 4"]


def test_modules_attributes_texts_and_openness():
    function = "def f():\n    import h\n    open('log.txt')"
    analysis = analyse(f"import a.b\nfrom c.d import e\nfrom . import g\nx.y.z('data/in.csv')\n{function}")
    assert analysis.modules == {"a": 1, "c": 2, "h": 5}
    assert {"y", "z"} <= analysis.attributes
    assert {text.value for text in analysis.texts} >= {"data/in.csv", "log.txt"}
    assert not analysis.is_open


@pytest.mark.parametrize(
    "source", ["from m import *", "exec(code)", "get_ipython().run_line_magic('run', 'x.py')", "eval(expression)"]
)
def test_names_may_come_from_where_no_analysis_sees(source):
    assert analyse(source).is_open


def test_a_history_is_read_by_item():
    (read, *_) = analyse("print(Out[3], In[2])").reads[1:]
    assert (read.name, read.key) == ("Out", 3)


@pytest.mark.parametrize(("source", "line"), [("x =\n", 1), ("x = 1\nreturn x", 2), ("def f():\n    nonlocal x", 2)])
def test_what_the_compiler_refuses_is_refused_with_its_line(source, line):
    with pytest.raises(SyntaxError) as caught:
        analyse(source)
    assert caught.value.lineno == line


def test_imports_from_the_future_may_stand_anywhere_as_in_a_notebook():
    found = analyse("import os\nfrom __future__ import annotations\ndef f(a: later): return x")
    assert {read.name: read.certainty for read in found.reads}["later"] is Certainty.POSSIBLE
