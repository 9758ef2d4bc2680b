"""Which local modules travel, with what files, and which can't."""

import sys

import pytest

from cellrun.core.errors import InvalidSubmissionError

FILES = {
    "plug.py": "V = 4\n",
    "plugs/__init__.py": "",
    "plugs/one.py": "V = 5\n",
    "loader.py": "import importlib\nNAMES = ['plug']\ndef load(): return [importlib.import_module(n) for n in NAMES]\n",
    "lazy/__init__.py": "def __getattr__(name):\n"
    "    import importlib\n    return importlib.import_module('.' + name, __name__)\n",
    "lazy/heavy.py": "V = 7\nclass P:\n    v = 8\n",
    "reader.py": "def read(): return open('data/in.txt').read()\n",
    "data/in.txt": "beside the notebook",
    "lib/own.py": "from pathlib import Path\ndef read(): return (Path(__file__).parent / 'table.csv').read_text()\n",
    "lib/table.csv": "beside the module",
    "src/pack/__init__.py": "from importlib import resources\nfrom .sub.inner import W\n"
    "def read(): return resources.files(__package__).joinpath('data/t.txt').read_text()\n",
    "src/pack/data/t.txt": "in the package",
    "src/pack/sub/inner.py": "from ..top import W\n",
    "src/pack/top.py": "W = 6\n",
    "one/spread/a.py": "A = 1\n",
    "two/spread/b.py": "B = 2\n",
}

ZIPPED = """\
import sys, zipfile
with zipfile.ZipFile('z.zip', 'w') as archive:
    archive.writestr('zipped.py', 'V = 6')
sys.path.insert(0, 'z.zip')
import zipped
"""


@pytest.fixture
def folder(notebook):
    for path, text in FILES.items():
        file = notebook.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return notebook


@pytest.mark.parametrize(
    ("setup", "cell"),
    [
        ("name = 'plug'", "import importlib\nprint(importlib.import_module(name).V)"),
        ("kind = 'one'", "import importlib\nprint(importlib.import_module(f'plugs.{kind}').V)"),
        ("import importlib\ndef load(n): return importlib.import_module(n).V", "print(load('plug'))"),
        ("import loader", "print(loader.load()[0].V)"),
        ("import lazy", "print(lazy.heavy.V)"),
        (
            "import pickle, lazy\nopen('p', 'wb').write(pickle.dumps(lazy.heavy.P()))",
            "import pickle\nprint(pickle.load(open('p', 'rb')).v)",
        ),
        ("import plugs.one\ncfg = {'_target_': 'plugs.one.V'}", "import pydoc\nprint(pydoc.locate(cfg['_target_']))"),
        ("import reader", "print(reader.read())"),
        ("import sys; sys.path.append('lib')\nimport own", "print(own.read())"),
        ("import sys; sys.path.append('src')\nimport pack", "print(pack.read(), pack.W)"),
        ("import sys; sys.path += ['one', 'two']\nimport spread.a, spread.b", "print(spread.a.A, spread.b.B)"),
        (ZIPPED, "print(zipped.V)"),
        ("import threading\nV = threading.Lock()", "from plug import *\nprint(V)"),
    ],
)
def test_the_run_prints_what_the_notebook_prints(folder, setup, cell):
    folder.run(setup)
    assert folder.prints(cell) == folder.run(cell)


@pytest.mark.parametrize(
    ("setup", "cell", "facts"),
    [
        (
            "import plug, os\nos.remove('plug.py')",
            "print(plug.V)",
            ["'plug'", "plug.py, which isn't there any more", "line 2"],
        ),
        (
            "import plugs.one, os\nos.remove('plugs/one.py')",
            "print(plugs.one.V)",
            ["'plugs.one'", "one.py, which isn't"],
        ),
        (
            "import plugs.one\nopen('plugs/one.py', 'w').write('def g( return')",
            "print(plugs.one.V)",
            ["'plugs.one' can't be imported any more: one.py, line 1:", "--without plugs"],
        ),
        (
            "import sys, types\nm = types.ModuleType('up')\nexec('def f(): pass', vars(m))\nsys.modules['up'] = m",
            "import up",
            ["'up'", "made in memory", "--without up"],
        ),
    ],
)
def test_a_module_without_its_source_is_refused(folder, setup, cell, facts):
    folder.run(setup)
    with pytest.raises(InvalidSubmissionError) as caught:
        folder.submit(cell)
    for fact in facts:
        assert fact in str(caught.value)


def test_modules_that_extensions_make_in_memory_are_no_obstacle(notebook):
    notebook.run("import pandas as pd\ndf = pd.DataFrame({'a': [1]})")  # with Cython's own, which has no source
    assert "0  1" in notebook.prints("print(df)")


FINDER = """
import sys
from importlib.machinery import ModuleSpec

class Loader:
    def create_module(self, spec): return None
    def exec_module(self, module): exec("def answer(): return 42", vars(module))

class Finder:
    def find_spec(self, name, path=None, target=None):
        return ModuleSpec(name, Loader()) if name == "dreamt" else None

sys.meta_path.append(Finder())
"""


@pytest.fixture
def dreaming(notebook, monkeypatch):
    """A notebook with a finder of its own."""
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    yield notebook
    for name in ("dreamt", "dreams"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("setup", "cell"),
    [
        ("import dreamt", "print(dreamt.answer())"),
        ("from dreamt import answer", "print(answer())"),
        ("import dreamt\nheld = {'it': dreamt}", "print(held)"),
        ("", "import dreamt"),
        ("", "import helper"),
    ],
)
@pytest.mark.parametrize("where", ["a cell", "an installed package"])
def test_what_a_finder_of_the_notebook_imports_is_refused(dreaming, tmp_path, where, setup, cell):
    (dreaming.folder / "helper.py").write_text("import dreamt\n")
    if where == "a cell":
        dreaming.run(FINDER)
    else:
        (tmp_path / "site-packages").mkdir()
        (tmp_path / "site-packages" / "dreams.py").write_text(FINDER)
        dreaming.run(f"import sys\nsys.path.append({str(tmp_path / 'site-packages')!r})\nimport dreams")
    dreaming.run(setup)
    refusal = dreaming.refusal(cell)
    assert "module 'dreamt' can't be captured: it comes by a finder in sys.meta_path" in refusal
    assert "(Loader); needed in line 2; write its source to a file" in refusal


def test_a_finder_that_the_cell_brings_along_is_its_own_matter(dreaming):
    assert dreaming.prints(f"{FINDER}import dreamt\nprint(dreamt.answer())") == "42\n"
