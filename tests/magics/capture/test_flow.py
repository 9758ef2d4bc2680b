"""What a cell reads, by the order in which its statements run."""

import builtins

import pytest

from cellrun.magics.capture.analysis import Certainty
from cellrun.magics.capture.flow import analyse
from cellrun.magics.capture.needs import Needs
from cellrun.magics.capture.notebook import Notebook


def reads(source: str) -> set[str]:
    """The names that a cell needs of a notebook which has them all."""
    analysis = analyse(source)
    everything = {read.name for reads in (analysis.reads, *analysis.definitions.values()) for read in reads}
    found = set()

    def supply(read, _value):
        found.add(read.name)
        return ()

    Needs(analysis, Notebook(dict.fromkeys(everything)), supply).follow(analysis.reads)
    return found - (set(dir(builtins)) - {"get_ipython"})  # IPython puts that there


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = x + 1", "x"),
        ("x += 1", "x"),
        ("x = 1\nx += y", "y"),
        ("x: int = y", "y"),
        ("x: T", "T"),
        ("from __future__ import annotations\nx: T = 1", ""),
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
