"""What the source of a module tells without being run."""

import ast

import pytest

from cellrun.magics.capture.local import module_source as of_module
from cellrun.magics.capture.local.module_source import EMPTY, module_source
from cellrun.magics.capture.paths.in_source import walk


@pytest.fixture
def source(tmp_path):
    def read(text):
        file = tmp_path / "m.py"
        file.write_text(text)
        return module_source(file)

    return read


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("LR = 0.1\nNAME: str = 'a'", {"LR": 0.1, "NAME": "a"}),
        ("SIZE = 2 * 1024\nHALF = SIZE / 2\nLOW = -1", {"SIZE": 2048, "HALF": 1024.0, "LOW": -1}),
        ("XS = [1, (2, 'a')]\nD = {'k': {1}}\nE = dict()", {"XS": [1, (2, "a")], "D": {"k": {1}}, "E": {}}),
        ("class Config:\n    lr = 0.1\n    class Inner:\n        n = 1", {"Config.lr": 0.1, "Config.Inner.n": 1}),
        ("X = 1\nX = 2", {}),
        ("X = 1\nif c:\n    X = 2", {}),
        ("X = f()\nY = X + 1\nZ = [X]", {}),
        ("X = 9 ** 9 ** 9\nY = 'a' * 10 ** 9\nZ = 1 / 0", {}),
        ("X = {**a}\nY = f'{x}'\nZ = dict(a=1)", {}),
        ("for X in r: pass", {}),
        ("D = defaultdict(int)\nQ = deque()\nC = Counter('aab')", {"D": EMPTY, "Q": EMPTY}),
        ("n = 0\ndef f():\n    global n\n    n = 1", {"n": 0}),
    ],
)
def test_values_of_plain_assignments(source, text, values):
    assert source(text).values == values


def test_names_that_it_gives_a_value(source):
    text = "import a.b, c as d\nfrom e import f as g\ndef h(): global i\nclass J: pass\nwith n as o: pass"
    assert source(text).bound == {"a", "d", "g", "h", "i", "J", "o"}
    assert source(text).from_imports == {"g": ("e", "f")}
    assert source("from ..p import q").from_imports == {"q": ("..p", "q")}


@pytest.mark.parametrize("text", ["from m import *", "exec(text)", "globals()['x'] = 1"])
def test_names_that_cannot_be_seen(source, text):
    assert source(text).is_open


def test_texts_and_imports_by_name(source):
    found = source("'''Doc\nstring.'''\nimport importlib\nP = 'data/in.csv'\nimportlib.import_module(P)")
    assert found.texts == ("data/in.csv",)
    assert found.imports_by_name
    assert not source("import importlib").imports_by_name


def test_what_is_no_python_tells_nothing(source):
    assert source("{{ template }} import x").imports == frozenset()


def test_a_file_is_walked_as_often_as_it_is_deep_whatever_its_length(tmp_path, monkeypatch):
    file = tmp_path / "long.py"
    part = "A{n} = [1, {n}]\nclass B{n}:\n    x = {n}\n    def f(self): return self.x\n"
    file.write_text("".join(part.format(n=n) for n in range(300)))
    walked = []
    monkeypatch.setattr(of_module, "walk", lambda node: walked.extend(walk(node)) or walk(node))
    source = module_source(file)
    assert source.values["B299.x"] == 299
    assert len(walked) < 2 * len(walk(ast.parse(file.read_text())))
