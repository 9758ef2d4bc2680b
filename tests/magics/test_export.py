"""`run.export`: folders that run with a bare Python, which has no cellrun."""

import json
import os
import pickle
import shutil
import subprocess
import sys
from dataclasses import replace
from importlib.util import cache_from_source
from pathlib import Path

import pytest

import cellrun.core
from cellrun.core import ContextException, Experiment, ScriptRunConfig, UserErrorException, Workspace
from cellrun.core.context.manifest import Context, Group
from cellrun.core.context.value_store import ValueStore
from tests.magics.forked_jobs import supervised
from tests.magics.notebook_shell import log

pytestmark = pytest.mark.usefixtures("jobs_in_forks")

BARE = [sys.executable, "-S", "-s"]


@pytest.fixture(scope="module", autouse=True)
def _bare_is_bare():
    """See that the Python which runs what was exported has nothing of what the tests are about."""
    program = "import importlib.util as u; print(*map(u.find_spec, ('cellrun', 'cloudpickle')))"
    done = subprocess.run([*BARE, "-c", program], env={}, capture_output=True, text=True, check=True)
    assert done.stdout == "None None\n"


def bare_python(folder, *arguments, packages=(), script="cell.py"):
    """Run the exported cell with the standard library, and these packages, alone; return what it prints."""
    site = folder.parent / "site"
    site.mkdir(exist_ok=True)
    for package in packages:
        for found in Path(__import__(package).__file__).parents[1].glob(f"{package}*"):
            if not (site / found.name).exists():
                (site / found.name).symlink_to(found)
    take_byte_code(folder / "cell_context" / "lib" / "cellrun")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(site)}
    command = [*BARE, str(folder / script), *arguments]
    done = subprocess.run(command, env=environment, cwd=folder.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def take_byte_code(library):
    """Spare a Python that runs what was exported the compilation of files that are compiled where they come from."""
    for copy in library.rglob("*.py"):
        source = Path(cellrun.core.__file__).parents[1] / copy.relative_to(library)
        code = Path(cache_from_source(str(source)))
        if code.exists() and copy.read_bytes() == source.read_bytes():
            os.utime(copy, ns=(0, source.stat().st_mtime_ns))
            (copy.parent / "__pycache__").mkdir(exist_ok=True)
            shutil.copyfile(code, cache_from_source(str(copy)))


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "exported" / "digits"


SETUP = """
import helper
total = [1, 2]
class Point:
    def __init__(self, x):
        self.x = x
    def __repr__(self):
        return f'Point({self.x})'
point = Point(3)
def add(x):
    total.append(x)
    return helper.more(x)
"""
CELL = """
import sys
from pathlib import Path
print(add(3), total, isinstance(point, Point), sys.argv[1:], Path('data/in.txt').read_text())
run.log('accuracy', 0.5)
run.log_row('curve', x=1, y=2)
print(run.get_metrics())
point
"""


def test_it_prints_what_the_run_printed(notebook, folder):
    (notebook.folder / "helper.py").write_text("import other\ndef more(x):\n    return other.ONE + x\n")
    (notebook.folder / "other.py").write_text("ONE = 1\n")
    (notebook.folder / "data").mkdir()
    (notebook.folder / "data" / "in.txt").write_text("some data")
    notebook.run(SETUP)
    run = notebook.submit(CELL, "digits -- --lr 0.1")
    run.export(folder)
    notebook.folder.rename(notebook.folder.with_name("away"))
    run.delete()
    printed = bare_python(folder)
    for line in (
        "4 [1, 2, 3] True ['--lr', '0.1'] some data",
        "{'accuracy': 0.5, 'curve': {'x': 1, 'y': 2}}",
        "Point(3)",
    ):
        assert line in printed.splitlines()
    assert "accuracy" in printed
    assert "['-v']" in bare_python(folder, "-v")
    assert "# %%submit digits -- --lr 0.1" in (folder / "cell.py").read_text()
    assert "Python 3." in (folder / "README.md").read_text()


def test_its_library_lacks_nothing_that_it_imports(notebook, folder):
    notebook.submit("print(1)").export(folder)
    program = """
import importlib, pkgutil, sys
sys.path.insert(0, sys.argv[1])
import cellrun.core
for module in pkgutil.walk_packages(cellrun.core.__path__, 'cellrun.core.'):
    try:
        importlib.import_module(module.name)
    except ModuleNotFoundError as error:
        print(error.name)
"""
    command = [sys.executable, "-I", "-S", "-c", program, str(folder / "cell_context" / "lib")]
    missing = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert set(missing) <= {"IPython", "matplotlib"}


def test_packages_are_listed_in_the_versions_of_the_run(notebook, folder):
    numpy = pytest.importorskip("numpy")
    notebook.run("import numpy as np\na = np.arange(100_000.0)\ndef f():\n    import yaml\n    return yaml\n")
    supervised()  # its recorder lists them
    run = notebook.submit("import json, pandas\nprint(a.sum(), a[1:].flags.writeable)\nf")
    run.export(folder)
    lines = (folder / "requirements.txt").read_text().splitlines()
    assert f"numpy=={numpy.__version__}" in lines
    assert [line.partition("==")[0].lower() for line in lines] == ["numpy", "pandas", "pyyaml"]
    (folder / "cell.py").write_text((folder / "cell.py").read_text().replace("import json, pandas", ""))
    assert "4999950000.0 True" in bare_python(folder, packages=["numpy"])


def test_a_traceback_names_the_cells(notebook, folder):
    notebook.run("def fail():\n    raise ValueError('no')\n")
    notebook.submit("\nfail()").export(folder)
    done = subprocess.run([*BARE, "cell.py"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f'File "{folder / "cell.py"}", line' in done.stderr
    assert "Cell In[" in done.stderr
    assert "raise ValueError('no')" in done.stderr


def test_await_and_ipython(notebook, folder):
    notebook.run("import asyncio\nasync def f():\n    return 5\n")
    (notebook.folder / "cell_body.py").write_text("")
    notebook.submit("import cell_body\nprint(await f())\nawait f()").export(folder)
    assert bare_python(folder).splitlines() == ["5", "5"]
    other = folder.with_name("with_ipython")
    notebook.submit("x = 3\n!echo shell $x\n%time y = 4").export(other)
    assert "ipython==" in (other / "requirements.txt").read_text().lower()
    assert "IPython" in (other / "README.md").read_text()
    done = subprocess.run([*BARE, "cell.py"], cwd=other, capture_output=True, text=True, check=False)
    assert "pip install ipython" in done.stderr
    done = subprocess.run([sys.executable, "cell.py"], cwd=other, capture_output=True, text=True, check=True)
    assert "shell 3" in done.stdout


def test_processes_that_it_spawns_have_its_names_and_do_not_run_it(notebook, folder):
    notebook.run("import multiprocessing\nBASE = 10\ndef work(x):\n    return BASE + x\n")
    cell = """
print('once')
with multiprocessing.get_context('spawn').Pool(1) as pool:
    print(pool.map(work, [1, 2]))
"""
    notebook.submit(cell).export(folder)
    assert bare_python(folder).splitlines() == ["once", "[11, 12]"]


def test_it_goes_on_where_the_notebooks_random_numbers_were(notebook, folder):
    notebook.run("import random\nrandom.seed(3)\nrandom.random()\nimport sys\nsys.path.append('/no/such/folder')")
    run = notebook.submit("print(random.random(), sys.path[-1])")
    run.export(folder)
    assert bare_python(folder) == log(run)


def test_a_notebook_in_a_subfolder_finds_what_is_beside_it(notebook, folder, monkeypatch):
    (notebook.folder / "data").mkdir()
    (notebook.folder / "data" / "in.txt").write_text("some data")
    (notebook.folder / "notebooks").mkdir()
    monkeypatch.chdir(notebook.folder / "notebooks")
    run = notebook.submit("print(open('../data/in.txt').read())")
    assert log(run) == "some data\n"
    run.export(folder)
    notebook.folder.rename(notebook.folder.with_name("away"))
    assert bare_python(folder) == "some data\n"


def test_environment_variables_are_named_and_never_written(notebook, folder, monkeypatch):
    monkeypatch.setenv("DATA_ROOT", "/secret/place")
    run = notebook.submit("import os\nprint(os.environ['DATA_ROOT'], os.environ['TOKEN'])", "digits --env TOKEN=s3cret")
    assert run.get_status() == "Completed"
    run.export(folder)
    assert "`DATA_ROOT`, `TOKEN`" in (folder / "README.md").read_text()
    written = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file() and "lib" not in path.parts)
    assert b"/secret/place" not in written
    assert b"s3cret" not in written.replace(b"--env TOKEN=s3cret", b"")  # the magic's own line is part of the cell


def test_long_values_are_printed_as_ipython_does_where_it_is(notebook, folder):
    run = notebook.submit("{number: 'x' * number for number in range(20)}")
    run.export(folder)
    done = subprocess.run([sys.executable, "cell.py"], cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout == log(run)
    assert log(run).count("\n") == 20
    assert bare_python(folder).count("\n") == 1


def test_large_files_stay_where_they_are_and_the_readme_says_so(notebook, folder):
    with (notebook.folder / "large.bin").open("wb") as file:
        file.truncate(17 << 20)
    notebook.submit("import os\nprint(os.path.getsize('large.bin'))").export(folder)
    assert bare_python(folder).strip() == str(17 << 20)
    assert "`large.bin` isn't copied" in (folder / "README.md").read_text()
    assert not (folder / "cell_context" / "large.bin").exists()


def test_a_cell_that_took_along_files_of_our_names_keeps_them(notebook, folder):
    (notebook.folder / "README.md").write_text("mine")
    notebook.submit("print(open('README.md').read())").export(folder)
    assert bare_python(folder).strip() == "mine"
    assert "digits" not in (folder / "README.md").read_text()
    assert "exported by cellrun" in (folder / "exported_README.md").read_text()


def test_a_run_that_failed_is_exported_as_well(notebook, folder):
    run = notebook.submit("x = 1\nraise ValueError(x)")
    run.export(str(folder))
    assert (folder / "cell.py").exists()


def test_nothing_is_written_into_a_folder_that_is_not_empty(notebook, folder):
    run = notebook.submit("print(1)")
    folder.mkdir(parents=True)
    inode = folder.stat().st_ino
    run.export(folder)  # an empty one is fine
    assert folder.stat().st_ino == inode  # it may be the current one
    with pytest.raises(UserErrorException, match=r"isn't empty \(README.md, cell.py, cell_context, …\)"):
        run.export(folder)
    file = folder / "cell.py"
    with pytest.raises(UserErrorException, match="is no folder"):
        run.export(file)


def test_an_interrupted_export_leaves_nothing(notebook, folder, monkeypatch):
    run = notebook.submit("print(1)")

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("cellrun.core.export.export.copy_library", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run.export(folder)
    assert list(folder.parent.iterdir()) == []


def test_values_that_are_gone_are_named(notebook, folder):
    notebook.run("lost = list(range(10))\nother = {'a'}")
    run = notebook.submit("print(lost, other)")
    group = next(each for each in Context.read(run.layout.context).groups if "lost" in each.names)
    Path(run.layout.workspace.values, group.payload.hash[:2], group.payload.hash).unlink()
    with pytest.raises(ContextException, match=r"values of run .*-1 are gone from .*: lost$"):
        run.export(folder)
    assert not folder.exists()


def test_nothing_is_loaded_for_an_export(notebook, folder, tmp_path):
    class Hostile:
        def __reduce__(self):
            return open, (str(tmp_path / "marker"), "w")

    run = notebook.submit("print(1)")
    blob = ValueStore(run.layout.workspace.values).put(pickle.dumps([Hostile()], protocol=5))
    replace(Context.read(run.layout.context), groups=(Group(("x",), blob),)).write(run.layout.context)
    run.export(folder)
    assert not (tmp_path / "marker").exists()
    bare_python(folder)  # that runs what it has
    assert (tmp_path / "marker").exists()


def test_a_cell_that_is_gone(notebook, folder):
    run = notebook.submit("print(1)")
    shutil.rmtree(run.layout.snapshot)
    with pytest.raises(ContextException, match=r"cell.py, is gone"):
        run.export(folder)
    with pytest.raises(ContextException, match=r"snapshot, is gone"):
        notebook.run(f"%load_run {run.name}")
    shutil.rmtree(run.layout.context)
    with pytest.raises(ContextException, match=r"context, is gone"):
        run.export(folder)


def test_runs_without_a_cell_say_where_their_code_is(notebook, folder, tmp_path):
    (tmp_path / "train.py").write_text("print(1)")
    experiment = Experiment(Workspace.from_config(), "digits")
    script = experiment.submit(ScriptRunConfig(tmp_path, "train.py"))
    script.wait_for_completion()
    with pytest.raises(UserErrorException, match=r"digits-1 is of a script.*snapshot"):
        script.export(folder)
    interactive = experiment.start_logging()
    with pytest.raises(UserErrorException, match="digits-2 is interactive"):
        interactive.export(folder)
    interactive.complete()


def test_the_log_of_the_run_says_the_same(notebook, folder):
    """What a cell without a run prints is the same, to the byte."""
    notebook.run("from collections import Counter\nwords = Counter('hello')\n")
    run = notebook.submit("print(words.most_common(1))\nwords\n")
    run.export(folder)
    assert bare_python(folder) == log(run)


HOSTILE = "digits\nopen('marker', 'w')\n# `![](http://evil.example/x)"


def test_names_are_written_as_data(notebook, folder, monkeypatch):
    """A run folder of somebody else's: whatever its record says, exporting writes no line of code or of options."""
    run = notebook.submit("print(1)")
    record = json.loads(run.layout.record.read_text())
    record |= {"name": HOSTILE, "experiment": HOSTILE, "environment_variables": [HOSTILE], "argv": ["cell.py", HOSTILE]}
    run.layout.record.write_text(json.dumps(record))
    run.export(folder)
    monkeypatch.chdir(folder.parent)
    assert bare_python(folder) == "1\n"
    assert not [*folder.parent.rglob("marker")]
    readme = (folder / "README.md").read_text()
    assert readme.splitlines()[0] == r"# `` digits\nopen('marker', 'w')\n# `![](http://evil.example/x) ``"
    assert not [line for line in readme.splitlines() if line.startswith(("open", "# `!"))]
    run.layout.record.write_text(json.dumps({**record, "cell": {"source": "await 1"}}))
    (run.layout.snapshot / "cell.py").write_text("import asyncio\nawait asyncio.sleep(0)\nprint(2)")
    run.export(folder.parent / "second")
    assert bare_python(folder.parent / "second") == "2\n"
    assert not [*folder.parent.rglob("marker")]


@pytest.mark.parametrize("place", ["links", "copies", "folder"])
@pytest.mark.parametrize("path", ["../../outside", "/etc/outside", "a/../../outside"])
def test_a_path_that_leads_out_of_the_folder_is_refused(notebook, folder, place, path):
    run = notebook.submit("print(1)")
    changed = {"links": {path: "/etc/passwd"}, "copies": (path,), "folder": path}[place]
    replace(Context.read(run.layout.context), **{place: changed}).write(run.layout.context)
    with pytest.raises(ContextException, match=r"leads out of its folder: '.*outside'"):
        run.export(folder)
    assert not folder.exists()


def test_only_plain_files_are_read(notebook, folder, tmp_path):
    run = notebook.submit("print(1)")
    os.mkfifo(run.layout.snapshot / "pipe.py")
    (run.layout.snapshot / "zero.py").symlink_to("/dev/zero")
    run.export(folder)
    assert not {"pipe.py", "zero.py"} & {path.name for path in folder.iterdir()}
    (run.layout.snapshot / "cell.py").rename(tmp_path / "cell.py")
    (run.layout.snapshot / "cell.py").symlink_to(tmp_path / "cell.py")
    with pytest.raises(ContextException, match=r"cell.py, is gone"):
        run.export(tmp_path / "second")


def test_a_value_that_is_a_link_or_a_pipe_is_not_taken_along(notebook, folder, tmp_path):
    notebook.run("rows = list(range(1000))")
    run = notebook.submit("print(rows)")
    blob = next(group for group in Context.read(run.layout.context).groups if "rows" in group.names).payload
    value = Path(run.layout.workspace.values, blob.hash[:2], blob.hash)
    value.rename(tmp_path / "private")
    value.symlink_to(tmp_path / "private")
    with pytest.raises(ContextException, match="can't be used"):
        run.export(folder)
    value.unlink()
    os.mkfifo(value)
    with pytest.raises(ContextException, match="can't be used"):
        run.export(folder)
    value.unlink()
    value.write_bytes((tmp_path / "private").read_bytes()[::-1])
    with pytest.raises(ContextException, match="was changed since it was written"):
        run.export(folder)
    assert not folder.exists()
