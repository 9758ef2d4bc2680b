"""Files that a cell names from where its notebook is: beside it, above it, put together from parts, entered folders."""

import contextlib
import os
import sqlite3

import pytest

from cellrun.core.context.manifest import Context
from cellrun.magics.capture.paths import shipment
from tests.magics.notebook_shell import log, newest_run


@pytest.fixture
def project(notebook, monkeypatch):
    """A project: notebooks/ (where the notebook is), data/x.csv, settings.ini, src/helper.py."""
    root = notebook.folder / "project"
    for path, text in {
        "data/x.csv": "the data",
        "data/y.csv": "more",
        "settings.ini": "[a]",
        "src/helper.py": "V = 5\n",
        "tool.py": "import tool_part\ndef first(): return tool_part.FIRST\n",
        "tool_part.py": "FIRST = 'the first'\n",
        "notebooks/beside.txt": "beside",
        "notebooks/part/own.txt": "own",
        "outputs/model.pt": "an old model",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    monkeypatch.chdir(root / "notebooks")
    return root


READ = "import os\nfrom pathlib import Path\n"


@pytest.mark.parametrize(
    ("setup", "cell", "output"),
    [
        ("", "print(open('../data/x.csv').read())", "the data"),
        ("", "print((Path('..') / 'data' / 'x.csv').read_text())", "the data"),
        ("", "print(open(os.path.join('..', 'data', 'x.csv')).read())", "the data"),
        ("", "print(Path.cwd().parent.joinpath('data/x.csv').read_text())", "the data"),
        ("", "print((Path().resolve().parents[0] / 'data' / 'x.csv').read_text())", "the data"),
        ("", "print(open(os.path.dirname(os.getcwd()) + '/data/x.csv').read())", "the data"),
        ("", "D = Path('..') / 'data'\nprint((D / 'x.csv').read_text())", "the data"),
        ("D = Path('..') / 'data'", "print(sorted(p.name for p in D.iterdir()))", "['x.csv', 'y.csv']"),
        ("ROOT = Path('..')", "print((ROOT / 'data' / 'x.csv').read_text())", "the data"),
        ("ROOT = '..'", "print(open(f'{ROOT}/data/x.csv').read())", "the data"),
        ("ROOT = '..'\nname = 'x'", "print(open(ROOT + '/data/' + name + '.csv').read())", "the data"),
        ("", "for name in ['x', 'y']:\n    print(open(f'../data/{name}.csv').read())", "the data\nmore"),
        ("", "def load(name):\n    return (Path('..') / 'data' / name).read_text()\nprint(load('x.csv'))", "the data"),
        (
            "ROOT = Path('..')\ndef load(name):\n    return (ROOT / 'data' / name).read_text()",
            "print(load('x.csv'))",
            "the data",
        ),
        ("load = lambda n: open('../data/' + n).read()", "print(load('x.csv'))", "the data"),
        ("", "print(open('../data/x.csv').read(), open('beside.txt').read())", "the data beside"),
        ("", "print(open('../notebooks/beside.txt').read())", "beside"),
        ("", "print(open('../outputs/model.pt').read())", "an old model"),
        ("", "import glob\nprint(sorted(glob.glob('../data/*.csv')))", "['../data/x.csv', '../data/y.csv']"),
        ("", "print(os.path.exists('../data/nowhere.csv'))", "False"),
        ("import sys\nsys.path.append('../src')\nimport helper", "print(helper.V)", "5"),
        ("", "import sys\nsys.path.append('../src')\nimport helper\nprint(helper.V)", "5"),
        ("", "import sys\nsys.path.append('..')\nimport tool\nprint(tool.first())", "the first"),
        ("", "os.chdir('..')\nprint(open('data/x.csv').read())", "the data"),
        ("", "%cd -q ..\nprint(open('data/x.csv').read())", "the data"),
        ("%cd -q part", "print(open('own.txt').read(), open('../beside.txt').read())", "own beside"),
        ("%cd -q ..", "print(open('data/x.csv').read())", "the data"),
        ("", "!cat ../data/x.csv", "the data"),
    ],
)
def test_what_the_notebook_finds_the_run_finds(notebook, project, setup, cell, output):
    notebook.run(READ + setup)
    magic = "%cd" in setup
    printed = notebook.prints(cell)
    if magic:
        os.chdir(project / "notebooks")
    assert sorted(printed.split()) == sorted(output.split())


def test_a_folder_above_alone_brings_nothing_along(notebook, project):
    run = notebook.submit("import os\nprint(sorted(os.listdir('.')), '..')")
    assert [need for need in Context.read(run.layout.context).needs if need.kind == "file"] == []


@pytest.mark.parametrize(
    "text", ["data/" + "x" * 400, "../" + "x" * 400, "../nul\0", "../" * 40 + "etc", "..", "../**", "[", "../["]
)
def test_a_text_that_is_no_path_does_no_harm(notebook, project, text):
    (project / "notebooks" / "data").mkdir()
    assert notebook.prints(f"print(len({text!r}))") == f"{len(text)}\n"


@pytest.mark.parametrize(
    "cell",
    [
        "print('*' * 40)",
        "import re\nprint(re.findall('.*', 'abc'), '**', 'what?', re.findall('[a-z]+', 'x'), 'a*b')",
        "import talk\nprint(talk.STARS)",
        "f()",
    ],
)
def test_texts_with_wildcards_take_nothing_along(notebook, project, cell):
    here = project / "notebooks"
    (here / ".git").mkdir()
    for name in (".git/config", ".netrc", "what1", "aXb"):
        (here / name).write_text("secret")
    (notebook.folder / "talk.py").write_text("import re\nSTARS = re.findall('.*', 'x'), '*', 'a*b', '*'\n")
    notebook.run("def f():\n    print('*' * 3, '.*', 'what?')")
    run = notebook.submit(cell)
    assert run.get_status() == "Completed", log(run)
    assert [need.name for need in Context.read(run.layout.context).needs if need.kind == "file"] == []


@pytest.mark.parametrize(
    ("cell", "output"),
    [
        ("import glob\nprint(glob.glob('b*'))", "['beside.txt']"),
        ("import glob\nP = 'b*'\nprint(glob.glob(P))", "['beside.txt']"),
        ("import glob\nprint(glob.glob('part/*.txt'))", "['part/own.txt']"),
        ("from pathlib import Path\nprint([p.name for p in Path('part').glob('*.txt')])", "['own.txt']"),
        ("from pathlib import Path\nprint([p.name for p in Path('.').rglob('*.txt') if 'log' not in p.parts])", None),
        ("def f():\n    import glob\n    print(glob.glob('b*'))\nf()", "['beside.txt']"),
        ("!echo b*", "beside.txt"),
        ("%%bash\necho b*", "beside.txt"),
    ],
)
def test_patterns_find_what_they_find_in_the_notebook(notebook, project, cell, output):
    printed = notebook.prints(cell).strip()
    assert printed == output if output else eval(printed) == ["beside.txt", "own.txt"]


def test_a_file_that_cannot_be_read_is_said(notebook, project, monkeypatch):
    can_access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: not str(path).endswith("x.csv") and can_access(path, mode))
    assert "'../data/x.csv' (line 2) can't be read here" in notebook.run("%%submit\nname = '../data/x.csv'")
    newest_run().wait_for_completion()


def test_outputs_are_the_runs_own_wherever_the_cell_runs(notebook, project):
    run = notebook.submit(
        "open('outputs/made.txt', 'w').write(open('../data/x.csv').read())\nopen('logs/l.txt', 'w').close()"
    )
    assert run.get_status() == "Completed", log(run)
    assert (run.layout.outputs / "made.txt").read_text() == "the data"
    assert (run.layout.logs / "l.txt").exists()
    assert Context.read(run.layout.context).folder == "notebooks"


def test_what_a_cell_writes_above_itself_stays_in_the_run(notebook, project):
    run = notebook.submit("open('../data/x.csv', 'a').write('!')\nprint(open('../data/x.csv').read())")
    assert log(run) == "the data!\n"
    assert (project / "data" / "x.csv").read_text() == "the data"


def test_a_module_and_a_folder_above_of_the_same_name_both_arrive(notebook, project):
    (project / "data.py").write_text("K = 1\n")
    (project / "notebooks" / "data").mkdir()
    (project / "notebooks" / "data" / "__init__.py").write_text("V = 7\n")
    notebook.shell.run_cell("import sys; sys.path.insert(0, '.')")
    assert notebook.prints("import data\nprint(data.V, open('../data/x.csv').read())") == "7 the data\n"
    notebook.run("sys.path.remove('.')")


BY_ITSELF = """
import ctypes
class lib:
    def export_to(path):  # as libraries do that open files by themselves
        libc = ctypes.CDLL(None)
        file = libc.creat(path.encode(), 0o644)
        libc.write(file, b"abc", 3)
        libc.close(file)
"""


def _database(path):
    """A database over the size that is copied with a cell, whose one short row is in its journal alone."""
    connection = sqlite3.connect(path)
    connection.execute("pragma journal_mode=wal")
    connection.execute("create table t (a)")
    connection.execute("insert into t values (?)", ["x" * (17 << 20)])
    connection.commit()
    connection.execute("pragma wal_checkpoint(truncate)")
    connection.execute("insert into t values ('kept')")
    connection.commit()
    return connection


class TestLargeFiles:
    """Large ones are read where they are; their originals never change."""

    @pytest.fixture
    def large(self, notebook):
        folder = notebook.folder / "big"
        (folder / "deep").mkdir(parents=True)
        (folder / "a.txt").write_text("a")
        (folder / "deep" / "b.txt").write_text("b")
        for path in (folder / "large.bin", notebook.folder / "single.bin"):
            path.write_bytes(b"x" * 10)
            os.truncate(path, 17 << 20)
        return folder

    @pytest.mark.parametrize(
        ("change", "file", "size"),
        [
            ("open('single.bin', 'w').close()", "single.bin", 0),
            ("with open('single.bin', 'ab') as f: f.write(b'y')", "single.bin", (17 << 20) + 1),
            ("with open('single.bin', 'r+b') as f: f.write(b'z')", "single.bin", 17 << 20),
            ("import os\nos.truncate('single.bin', 3)", "single.bin", 3),
            ("from pathlib import Path\nPath('single.bin').write_text('abc')", "single.bin", 3),
            ("import numpy as np\nnp.zeros(1, 'u1').tofile('single.bin')", "single.bin", 1),
            ("import pandas as pd\npd.DataFrame({'a': [1]}).to_csv('single.bin')", "single.bin", 7),
            ("open('big/new.txt', 'w').close()", "big/new.txt", 0),
            ("open('big/deep/b.txt', 'a').write('bb')", "big/deep/b.txt", 3),
            ("import os\nos.rename('big/a.txt', 'big/c.txt')", "big/c.txt", 1),
            ("import os\nos.makedirs('big/deep/er')\nopen('big/deep/er/x', 'w').close()", "big/deep/er/x", 0),
            ("import os\nos.remove('big/a.txt')\nopen('left', 'w').write(str(os.path.exists('big/a.txt')))", "left", 5),
            ("import shutil\nshutil.rmtree('big/deep')\nopen('left', 'w').close()", "left", 0),
            ("import shutil\nshutil.rmtree('big')\nopen('left', 'w').close()", "left", 0),
            ("import os\nos.rename('single.bin', 's.bin')\nopen('s.bin', 'a').write('y')", "s.bin", (17 << 20) + 1),
        ],
    )
    def test_what_the_cell_changes_is_its_own(self, notebook, large, change, file, size):
        before = self._content(notebook.folder)
        run = notebook.submit(f"names = 'single.bin', 'big'\n{change}")
        assert run.get_status() == "Completed", log(run)
        assert (run.layout.work / file).stat().st_size == size
        assert self._content(notebook.folder) == before

    @pytest.mark.parametrize(
        ("change", "file", "size"),
        [
            ("!echo hi > single.bin", "single.bin", 3),
            ("!truncate -s 3 {'single' + '.bin'}", "single.bin", 3),
            ("!echo hi > big/deep/new.txt", "big/deep/new.txt", 3),
            ("!rm big/a.txt; touch left", "left", 0),
            ("%%bash\necho hi > big/large.bin", "big/large.bin", 3),
            ("import os\nos.system('echo hi > ' + names[0])", "single.bin", 3),
            ("import subprocess\nsubprocess.run(['truncate', '-s0', names[0]], check=True)", "single.bin", 0),
            ("import subprocess\nsubprocess.run(['truncate', '-s0', 'a.txt'], cwd=names[1])", "big/a.txt", 0),
            ("lib.export_to('single.bin')", "single.bin", 3),
        ],
    )
    def test_what_programs_and_libraries_change_is_its_own(self, notebook, large, change, file, size):
        before = self._content(notebook.folder)
        notebook.run(BY_ITSELF)
        magic, text = (
            (change.split("\n", 1)[0] + "\n", change.split("\n", 1)[1]) if change[:2] == "%%" else ("", change)
        )
        names = "" if magic else "names = 'single.bin', 'big'\n"
        run = notebook.submit(f"{magic}{names}{text}")
        assert run.get_status() == "Completed", log(run)
        assert (run.layout.work / file).stat().st_size == size
        assert self._content(notebook.folder) == before

    @pytest.mark.parametrize(
        "name", ["'big.db'", "'file:big.db?mode=rw', uri=True", "f'file:{path}?mode=rwc', uri=True"]
    )
    def test_a_database_is_its_own_with_what_its_journal_holds(self, notebook, name):
        with contextlib.closing(_database(notebook.folder / "big.db")) as connection:
            assert (notebook.folder / "big.db-wal").stat().st_size > 0
            cell = f"import sqlite3\npath = 'big.db'\nc = sqlite3.connect({name})\n"
            run = notebook.submit(
                cell + "c.execute(\"insert into t values ('mine')\")\nc.commit()\n"
                "print([*c.execute('select a from t where length(a) < 99')])\nc.close()"
            )
            assert log(run) == "[('kept',), ('mine',)]\n"
            assert connection.execute("select count(*) from t where length(a) < 99").fetchone() == (1,)

    def test_a_large_database_that_is_only_read_stays_a_link(self, notebook, monkeypatch):
        monkeypatch.setattr(shipment, "_MOST_DATABASE_BYTES", 1 << 20)
        _database(notebook.folder / "big.db").close()
        cell = "import sqlite3\nc = sqlite3.connect('file:big.db?mode=ro', uri=True)\n"
        run = notebook.submit(cell + "print([*c.execute('select a from t where length(a) < 99')])\nc.close()")
        assert log(run) == "[('kept',)]\n"
        assert (run.layout.work / "big.db").is_symlink()

    def test_it_is_said_what_is_copied_and_what_may_change(self, notebook, large, monkeypatch):
        printed = notebook.run("%%submit --dry\nname = 'single.bin'")
        assert "a program or a library that opens it by itself changes the original" in printed
        printed = notebook.run("%%submit --dry\n!echo hi > single.bin")
        assert "single.bin (17.8 MB) is copied when the run starts, as line 2 may change it" in printed
        monkeypatch.setattr(shipment, "_MOST_OWN_BYTES", 17_000_000)
        printed = " ".join(notebook.run("%%submit --dry\n!echo hi > single.bin").split())
        assert "changes the original: line 2 may, and files over 17.0 MB aren't copied" in printed

    def test_what_it_only_reads_stays_a_link(self, notebook, large):
        cell = "names = 'single.bin', 'big'\nprint(open('big/a.txt').read(), len(open('single.bin', 'rb').read()))"
        run = notebook.submit(cell)
        assert log(run) == f"a {17 << 20}\n"
        assert (run.layout.work / "big").is_symlink()
        assert (run.layout.work / "single.bin").is_symlink()

    def test_a_spawned_process_does_not_change_them_either(self, notebook, large):
        notebook.run("def cut(path):\n    open(path, 'w').close()")
        run = notebook.submit(
            "import multiprocessing as mp\n"
            "with mp.get_context('spawn').Pool(1) as pool:\n    pool.map(cut, ['single.bin'])"
        )
        assert run.get_status() == "Completed", log(run)
        assert (notebook.folder / "single.bin").stat().st_size == 17 << 20

    def _content(self, folder):
        return {str(path): path.stat().st_size for path in folder.rglob("*") if path.is_file()}

    def test_above_the_notebook_they_are_linked_too(self, notebook, large, monkeypatch):
        (notebook.folder / "nb").mkdir()
        monkeypatch.chdir(notebook.folder / "nb")
        printed = notebook.run("%%submit\nimport os\nprint(os.path.getsize('../single.bin'))")
        assert "../single.bin" in printed
        run = newest_run()
        run.wait_for_completion()
        assert log(run) == f"{17 << 20}\n"


def test_added_folders_are_looked_at_last(notebook, tmp_path):
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "unseen.py").write_text("K = 9\n")
    notebook.run(f"import sys\nsys.path.append({str(tmp_path / 'tools')!r})")
    run = notebook.submit("import sys\nname = 'uns' + 'een'\nprint(__import__(name).K, sys.path[-1].endswith('tools'))")
    assert log(run) == "9 True\n"
    assert str(tmp_path / "tools") in Context.read(run.layout.context).path
