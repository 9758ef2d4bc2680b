"""Files that code names in other ways than as a path: by defaults, templates, constants, tables, scripts."""

import json

import pytest

from tests.magics.notebook_shell import log, newest_run

FILES = {
    "data/0.txt": "zero",
    "data/1.txt": "one",
    "cfgm.py": (
        "from pathlib import Path\nDATA_DIR = 'data'\n"
        "def by_constant(n): return open(f'{DATA_DIR}/{n}.txt').read()\n"
        "def by_default(n, root='data'): return (Path(root) / f'{n}.txt').read_text()\n"
    ),
    "joined.py": "import os\ndef load(n): return open(os.path.join('data', n)).read()\n",
    "scripts/tool.py": "import helper9\nprint(helper9.V)\n",
    "scripts/helper9.py": "from deep9 import V\n",
    "scripts/deep9/__init__.py": "V = 'deep'\n",
    "reads.py": "print(open('data/0.txt').read())\n",
    "scripts/reads.py": "import os\nprint(open(os.path.join('data', '1.txt')).read())\n",
}
CODE_CELL = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "metadata": {}, "source": "not Python"},
        {**CODE_CELL, "source": ["import cfgm\n", "%matplotlib --list"]},
        {**CODE_CELL, "source": "print(cfgm.by_constant(n), open('data/1.txt').read())"},
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 4,
}
IMPORTS = "import os, subprocess, sys\nfrom pathlib import Path\n"


@pytest.fixture
def project(notebook):
    """A notebook's folder with data, modules and scripts."""
    for path, text in {**FILES, "other.ipynb": json.dumps(NOTEBOOK)}.items():
        (notebook.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (notebook.folder / path).write_text(text)
    notebook.run(IMPORTS)
    return notebook


@pytest.mark.parametrize(
    ("setup", "cell"),
    [
        ("def load(path='data/0.txt'): return open(path).read()", "print(load())"),
        ("def load(*, path=Path('data/0.txt')): return open(path).read()", "print(load())"),
        ("def load(n, root='data'): return open(os.path.join(root, n)).read()", "print(load('0.txt'))"),
        ("def load(n, root='data'): return (Path(root) / n).read_text()", "print(load('0.txt'))"),
        (
            "def loader(root):\n    return lambda n: open(f'{root}/{n}.txt').read()\nload = loader('data')",
            "print(load(0))",
        ),
        (
            "class DS:\n    root = 'data'\n    def get(self, i): return open(f'{self.root}/{i}.txt').read()",
            "print(DS().get(0))",
        ),
        (
            "class DS:\n    class Paths:\n        ROOTS = {'a': Path('data')}\nds = DS()",
            "print((ds.Paths.ROOTS['a'] / '0.txt').read_text())",
        ),
        (
            "from functools import partial\nload = partial(lambda path: open(path).read(), 'data/0.txt')",
            "print(load())",
        ),
        ("", "for i in range(2): print(open('data/%d.txt' % i).read())"),
        ("", "for i in range(2): print(open('data/{}.txt'.format(i)).read())"),
        ("tmpl = 'data/{}.txt'", "print(open(tmpl.format(0)).read())"),
        ("tmpl = 'data/%d.txt'\ndef load(i): return open(tmpl % i).read()", "print(load(0))"),
        ("", "print('it is ' + open('data/' + str(0) + '.txt').read())"),
        ("", "print('it is %s' % open(os.path.join('data', str(1) + '.txt')).read())"),
        ("import cfgm", "print(open(os.path.join(cfgm.DATA_DIR, '0.txt')).read())"),
        ("", "import cfgm as c\nprint(open(os.path.join(c.DATA_DIR, '0.txt')).read())"),
        ("import cfgm", "print(cfgm.by_constant(0), cfgm.by_default(1))"),
        ("import joined", "print(joined.load('0.txt'))"),
        (
            "import pandas as pd\ndf = pd.DataFrame({'n': [1, 2], 'path': ['data/0.txt', 'data/1.txt']})",
            "print([open(p).read() for p in df.path])",
        ),
        ("import numpy as np\npaths = np.array(['data/0.txt', 'data/1.txt'])", "print(open(paths[1]).read())"),
    ],
)
def test_the_run_has_the_files(project, setup, cell):
    project.run(setup)
    assert project.prints(cell) == project.run(cell)


@pytest.mark.parametrize(
    ("cell", "printed"),
    [
        ("%run scripts/tool.py", "deep\n"),
        ("%run scripts/tool", "deep\n"),
        ("!{sys.executable} scripts/tool.py", "deep\n"),
        (
            "print(subprocess.run([sys.executable, 'scripts/tool.py'], capture_output=True, text=True).stdout, end='')",
            "deep\n",
        ),
        ("%run reads.py", "zero\n"),
        ("%run -i reads.py", "zero\n"),
        ("!{sys.executable} scripts/reads.py", "one\n"),
    ],
)
def test_a_script_has_its_modules_and_files(project, cell, printed):
    assert project.prints(cell) == printed


def test_another_notebook_has_what_its_cells_need(project):
    project.run("n = 0")
    assert project.prints("%run other.ipynb").endswith("zero one\n")


def test_a_notebook_that_is_none_is_left_to_the_run(project):
    (project.folder / "other.ipynb").write_text("[]")
    project.run("%%submit\n%run other.ipynb")
    run = newest_run()
    assert run.wait_for_completion(raise_on_error=False)["status"] == "Failed"
    assert "get_ipython().run_line_magic('run', 'other.ipynb')" in log(run)


@pytest.mark.parametrize(
    ("setup", "cell"),
    [
        ("", "import os\nprint(os.listdir())"),
        ("HERE = Path('.')", "print(list(HERE.iterdir()))"),
        ("", "for each in os.walk('.'): print(each)"),
        ("def names(): return os.listdir('.')", "print(names())"),
        ("", "!ls -l"),
        ("", "%ls"),
    ],
)
def test_a_listing_of_the_notebooks_folder_is_said_to_be_another(project, setup, cell):
    project.run(setup)
    printed = " ".join(project.run(f"%%submit\n{cell}\nopen('data/0.txt')").split())
    newest_run().wait_for_completion()
    assert "the notebook's folder is listed (" in printed
    assert "the run's folder holds only what was captured: data; and cell.py, outputs, logs;" in printed


def test_a_pattern_of_all_is_a_listing_too(project):
    assert "the notebook's folder is listed (line 3)" in project.run("%%submit\nimport glob\nprint(glob.glob('*'))")
    run = newest_run()
    run.wait_for_completion()
    assert "scripts" in log(run)


@pytest.mark.parametrize("cell", ["print(os.listdir('data'))", "n = 'data'\nprint(os.listdir(Path('.') / n))"])
def test_a_listing_of_what_travels_is_not_mentioned(project, cell):
    assert "is listed" not in project.run(f"%%submit\n{cell}")
    run = newest_run()
    run.wait_for_completion()
    assert "0.txt" in log(run)
