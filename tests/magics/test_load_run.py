"""`%load_run`: a run's variables in a fresh kernel, and its cell below."""

import json
import os
import pickle
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from IPython.core.error import UsageError
from jupyter_client.manager import start_new_kernel

from cellrun.core import ContextException, Experiment, RunNotFoundError, ScriptRunConfig, UserErrorException, Workspace
from cellrun.core.context.loaded_copies import loaded_copies
from cellrun.core.context.manifest import Context, Group
from cellrun.core.context.signature import sign
from cellrun.core.context.value_store import ValueStore
from cellrun.core.offline.offline_run import _OfflineRun
from cellrun.core.places import default_workspace
from cellrun.core.store.record import RunRecord
from cellrun.core.store.status import Status, StatusRecord
from cellrun.magics.load_run import _ending
from tests.interpreters import fake_interpreter
from tests.magics.notebook_shell import log

pytestmark = pytest.mark.usefixtures("jobs_in_forks")


@pytest.fixture
def fresh(notebook, monkeypatch):
    """Forget the notebook's variables and what the kernel was started with, as a restart does."""

    def restart():
        notebook.shell.reset(aggressive=False)
        notebook.run("%reload_ext cellrun.magics")
        for name, module in list(sys.modules.items()):
            if str(getattr(module, "__file__", "")).startswith(str(notebook.folder)):
                del sys.modules[name]

    arguments, path = list(sys.argv), list(sys.path)
    yield restart
    sys.argv, sys.path[:] = arguments, path
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", "")).startswith(str(notebook.folder.parent)):
            del sys.modules[name]


SETUP = """
import json
SCALE = 2
table = {'rows': [1, 2, 'n/a']}
class Point:
    def __init__(self, x):
        self.x = x
point = Point(3)
def total(rows):
    return SCALE * sum(rows)
"""
CELL = """import sys
run.log('before', 1)
print(json.dumps(point.x), sys.argv[1:])
total(table['rows'])"""


def test_a_failed_run_is_back_with_its_cell_below(notebook, fresh):
    notebook.run(SETUP)
    run = notebook.submit(CELL, "digits -- --lr 0.1")
    assert run.get_status() == "Failed"
    fresh()
    printed = notebook.run("%load_run digits-1")
    names = notebook.names
    assert {name for name in ("SCALE", "table", "point", "Point", "total", "json") if name in names} == {
        "SCALE",
        "table",
        "point",
        "Point",
        "total",
        "json",
    }
    assert type(names["point"]) is names["Point"]
    assert names["total"].__globals__ is names
    assert sys.argv[1:] == ["--lr", "0.1"]
    assert "digits-1 failed, in line 5 of the cell below: exit code 1: TypeError" in printed
    assert "return SCALE * sum(rows)" in printed
    assert "back from digits-1: Point, SCALE, json, point, table, total" in printed
    assert notebook.shell.rl_next_input == f"# %%submit digits -- --lr 0.1\n{CELL}"


def test_the_cell_below_runs_here_and_fails_on_the_same_line(notebook, fresh):
    notebook.run(SETUP)
    notebook.submit(CELL, "digits -- --lr 0.1")
    fresh()
    notebook.run("%load_run digits-1")
    with pytest.raises(TypeError) as failed:
        notebook.run(notebook.shell.rl_next_input)
    assert failed.traceback[-2].lineno + 1 == 5
    notebook.run("table['rows'].pop()")
    assert "['--lr', '0.1']" in notebook.run(notebook.shell.rl_next_input)


def test_run_is_offline_there_and_prints(notebook, fresh):
    run = notebook.submit("run.log('x', 1)\nraise ValueError", "digits")
    fresh()
    printed = notebook.run("%load_run digits-1")
    assert "'run' is an offline run here" in printed
    assert "kept in memory" not in printed
    assert type(notebook.names["run"]) is _OfflineRun
    assert "x" in notebook.run("run.log('x', 2)")
    assert run.get_metrics() == {"x": 1}


def test_two_kernels(tmp_path):
    folder = tmp_path / "notebook"
    folder.mkdir()
    (folder / "helper.py").write_text("LIMIT = 3\n")
    with kernel_in(folder) as run:
        run("%load_ext cellrun.magics\nimport helper\ndef check(x):\n    assert x < helper.LIMIT, x\n")
        assert run("%%submit digits --wait\ncheck(1)\ncheck(5)")["ename"] == "ActivityFailedException"
    with kernel_in(tmp_path) as run:
        run("%load_ext cellrun.magics")
        (payload,) = run("%load_run digits-1")["payload"]
        assert payload == {
            "source": "set_next_input",
            "text": "# %%submit digits --wait\ncheck(1)\ncheck(5)",
            "replace": False,
        }
        reply = run(payload["text"])
        assert (reply["ename"], reply["evalue"]) == ("AssertionError", "5")
        assert run("assert helper.LIMIT == 3")["status"] == "ok"
        (copy,) = loaded_copies(default_workspace()).glob("*/")
    with kernel_in(tmp_path) as run:  # the one before was killed
        run("%load_ext cellrun.magics\n%load_run digits-1")
        (other,) = loaded_copies(default_workspace()).glob("*/")
        assert other != copy


@contextmanager
def kernel_in(folder):
    """Start a kernel in a folder; what runs a cell in it returns the reply."""
    environment = {**os.environ, "IPYTHONDIR": str(folder / "ipython")}
    manager, client = start_new_kernel(cwd=str(folder), env=environment)
    try:
        # A kernel aborts what comes just after an error that is to stop its queue.
        yield lambda cell: client.execute(cell, stop_on_error=False, reply=True, timeout=60)["content"]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


def test_a_run_that_completed_by_its_id(notebook, fresh):
    notebook.run("x = 5")
    run = notebook.submit("print(x)")
    fresh()
    assert f"{run.name} is Completed" in notebook.run(f"%load_run {run.id}")
    assert notebook.names["x"] == 5


def test_a_cell_that_needed_nothing(notebook, fresh):
    notebook.submit("1 / 0", "digits")
    fresh()
    assert "digits-1 needed nothing of its notebook" in notebook.run("%load_run digits-1")
    assert notebook.shell.rl_next_input == "# %%submit digits\n1 / 0"


def test_ipython_syntax_comes_back_as_it_was_written(notebook, fresh):
    notebook.submit("%time x = 1\n!echo $x", "digits")
    fresh()
    notebook.run("%load_run digits-1")
    assert notebook.shell.rl_next_input == "# %%submit digits\n%time x = 1\n!echo $x"


def test_a_cell_magic_below_the_magic_stays_one(notebook, fresh):
    notebook.run("x = 1")
    notebook.submit("%%capture out\nprint(1 / x)", "digits")
    fresh()
    notebook.run("%load_run digits-1")
    assert notebook.shell.rl_next_input == "%%capture out\nprint(1 / x)"
    notebook.run(notebook.shell.rl_next_input)
    assert notebook.names["out"].stdout == "1.0\n"


@pytest.mark.parametrize(
    ("cell", "words"), [("# %%submit\nf()", "in line 2 of the cell"), ("%%time\nf()", "digits-1 failed:")]
)
def test_the_line_is_told_where_the_cell_below_has_its_lines(cell, words):
    trace = {"traceback_tail": "Traceback (most recent call last):\n  Cell In[3], line 2\nValueError: x"}
    status = StatusRecord(3, Status.FAILED, 10.0, "exit code 1: ValueError: x", trace, 1.0)
    record = RunRecord(experiment="digits", kind="cell", name="digits-1")
    assert words in _ending(status, record, Context("3.11", "Cell In[3]"), cell)


def test_variables_of_other_origin_are_not_lost(notebook, fresh):
    notebook.run("x, y = 5, 6\nimport json")
    notebook.submit("print(x, y, json)", "digits")
    fresh()
    notebook.run("x = 'mine'\nimport json")
    with pytest.raises(UserErrorException, match=r"digits-1 brings: x \(str\); .*--replace"):
        notebook.run("%load_run digits-1")
    assert notebook.names["x"] == "mine"
    assert "y" not in notebook.names
    notebook.run("%load_run digits-1 --replace")
    assert (notebook.names["x"], notebook.names["y"]) == (5, 6)
    notebook.run("%load_run digits-1")  # what it brought itself may go
    notebook.run("y = 7")
    with pytest.raises(UserErrorException, match=r"brings: y \(int\)"):
        notebook.run("%load_run digits-1")


def test_an_open_run_of_the_notebook_is_not_lost(notebook, fresh):
    notebook.submit("run.log('x', 1)", "digits")
    fresh()
    notebook.run("%start_logging other --no-view")
    opened = notebook.names["run"]
    with pytest.raises(UserErrorException, match=r"brings: run \(Run\)"):
        notebook.run("%load_run digits-1")
    assert notebook.names["run"] is opened
    opened.complete()
    notebook.run("%load_run digits-1")
    assert type(notebook.names["run"]) is _OfflineRun


def test_local_modules_and_files_come_as_they_were(notebook, fresh):
    helper = notebook.folder / "helper.py"
    helper.write_text("VERSION = 'old'\n")
    (notebook.folder / "in.txt").write_text("old data")
    notebook.run("import helper")
    run = notebook.submit("print(helper.VERSION, open('in.txt').read())", "digits")
    before = {path: path.read_bytes() for path in run.layout.snapshot.rglob("*") if path.is_file()}
    helper.write_text("VERSION = 'new one'\n")
    fresh()
    printed = notebook.run("%load_run digits-1")
    assert notebook.names["helper"].VERSION == "old"
    folder = Path(sys.path[0])
    assert (folder / "in.txt").read_text() == "old data"
    assert f"%cd {folder}" in printed
    assert folder.parent == loaded_copies(run.layout.workspace)
    assert {path: path.read_bytes() for path in run.layout.snapshot.rglob("*") if path.is_file()} == before


def test_a_module_that_is_loaded_in_another_version_is_named(notebook, fresh):
    (notebook.folder / "helper.py").write_text("VERSION = 'old'\n")
    (notebook.folder / "same.py").write_text("")
    notebook.run("import helper, same")
    notebook.submit("print(helper, same)", "digits")
    (notebook.folder / "helper.py").write_text("VERSION = 'new one'\n")
    notebook.names.pop("helper")
    printed = notebook.run("%load_run digits-1 --replace")
    assert "helper had been imported in this kernel, and differs" in printed


def test_another_run_brings_its_own_modules(notebook, fresh):
    for version in ("first", "second"):
        (notebook.folder / "helper.py").write_text(f"VERSION = '{version} version'\n" + "#" * len(version))
        fresh()
        notebook.run("import helper")
        notebook.submit("print(helper.VERSION)", "digits")
    fresh()
    notebook.run(
        "import sys, types\nclass Faulty(types.ModuleType):\n    def __getattr__(self, name): raise ValueError"
    )
    notebook.run("sys.modules['_faulty'] = Faulty('_faulty')")
    notebook.run("%load_run digits-1")
    notebook.run("%load_run digits-2")
    del sys.modules["_faulty"]
    assert notebook.names["helper"].VERSION == "second version"
    with pytest.raises(RunNotFoundError):
        notebook.run("%load_run digits-3")
    notebook.run("%load_run digits-1")
    assert notebook.names["helper"].VERSION == "first version"


def test_random_numbers_go_on_where_they_were(notebook, fresh):
    notebook.run("import random\nrandom.seed(3)")
    run = notebook.submit("print(random.random())", "digits")
    fresh()
    printed = notebook.run("import random\nrandom.seed(5)\n%load_run digits-1")
    assert "set as they were in the notebook: random's random generator" in printed
    assert notebook.run(notebook.shell.rl_next_input) == log(run)


def test_what_runs_here_does_not_change_the_original_of_a_linked_file(notebook, fresh, monkeypatch):
    with (notebook.folder / "large.bin").open("wb") as file:
        file.truncate(17 << 20)
    notebook.submit("print(open('large.bin'))", "digits")
    fresh()
    notebook.run("%load_run digits-1")
    monkeypatch.chdir(sys.path[0])
    notebook.run("open('large.bin', 'w').write('changed')")
    assert (notebook.folder / "large.bin").stat().st_size == 17 << 20
    assert Path("large.bin").read_text() == "changed"


def test_what_is_loaded_takes_the_place_of_what_was_loaded_before(notebook, fresh, monkeypatch):
    with (notebook.folder / "large.bin").open("wb") as file:
        file.truncate(17 << 20)
    run = notebook.submit("print(open('large.bin'))", "digits")
    fresh()
    hook, hooks = sys.addaudithook, []
    monkeypatch.setattr(sys, "addaudithook", lambda each: (hooks.append(each), hook(each)))
    for _ in range(3):
        notebook.run("%load_run digits-1")
    assert len(hooks) <= 1  # none if another test has it begun
    (copy,) = loaded_copies(run.layout.workspace).glob("*/")
    assert str(copy) == sys.path[0]
    monkeypatch.chdir(copy)
    notebook.run("%load_run digits-1")
    assert copy.exists()  # the kernel is in it
    notebook.run("open('large.bin', 'w').write('changed')")
    assert (notebook.folder / "large.bin").stat().st_size == 17 << 20


def test_large_files_are_linked_and_said(notebook, fresh):
    with (notebook.folder / "large.bin").open("wb") as file:
        file.truncate(17 << 20)
    notebook.submit("print(open('large.bin'))", "digits")
    fresh()
    assert f"large.bin is read where it is: {notebook.folder / 'large.bin'}" in notebook.run("%load_run digits-1")
    assert (Path(sys.path[0]) / "large.bin").stat().st_size == 17 << 20


def test_another_users_run_is_loaded_only_if_it_is_trusted(notebook, fresh):
    notebook.run("x = [1]")
    sign(notebook.submit("print(x)", "digits").layout.signed, key=bytes(32))
    fresh()
    with pytest.raises(ContextException, match="%load_run digits-1 --trust"):
        notebook.run("%load_run digits-1")
    assert "x" not in notebook.names
    notebook.run("%load_run digits-1 --trust")
    assert notebook.names["x"] == [1]


def test_a_context_that_was_changed_runs_nothing(notebook, fresh, tmp_path):
    class Hostile:
        def __reduce__(self):
            return open, (str(tmp_path / "marker"), "w")

    run = notebook.submit("print(1)", "digits")
    blob = ValueStore(run.layout.workspace.values).put(pickle.dumps([Hostile()], protocol=5))
    replace(Context.read(run.layout.context), groups=(Group(("x",), blob),)).write(run.layout.context)
    fresh()
    with pytest.raises(ContextException, match=r"context/context\.json was changed after it had been signed"):
        notebook.run("%load_run digits-1")
    assert not (tmp_path / "marker").exists()


def _edit_module(snapshot, marker):
    (snapshot / "helper.py").write_text(f"open({marker!r}, 'w')\n")


def _edit_data(snapshot, _):
    (snapshot / "in.txt").write_text("other data")


def _add_package(snapshot, marker):
    (snapshot / "json").mkdir()
    (snapshot / "json" / "__init__.py").write_text(f"open({marker!r}, 'w')\n")


def _add_byte_code(snapshot, _):
    (snapshot / "__pycache__").mkdir()
    (snapshot / "__pycache__" / f"helper.{sys.implementation.cache_tag}.pyc").write_bytes(b"byte code")


def _put_a_link(snapshot, marker):
    (snapshot.parent / "elsewhere.py").write_text(f"open({marker!r}, 'w')\n")
    (snapshot / "helper.py").unlink()
    (snapshot / "helper.py").symlink_to(snapshot.parent / "elsewhere.py")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_edit_module, "helper.py was changed after it had been signed"),
        (_edit_data, "in.txt was changed after it had been signed"),
        (_add_package, "json/__init__.py was added"),
        (_add_byte_code, r"__pycache__/helper\..*\.pyc was added"),
        (lambda snapshot, _: (snapshot / "helper.py").unlink(), "helper.py was removed"),
        (_put_a_link, "helper.py was removed"),
        (lambda snapshot, _: (snapshot / "cell.py").write_text("1 / 0"), "cell.py was changed"),
    ],
)
def test_code_that_was_changed_is_not_imported(notebook, fresh, tmp_path, change, words):
    (notebook.folder / "helper.py").write_text("VERSION = 'old'\n")
    (notebook.folder / "in.txt").write_text("data")
    notebook.run("import helper\ndata = [1]")
    run = notebook.submit("print(helper.VERSION, data, open('in.txt').read())", "digits")
    change(run.layout.snapshot, str(tmp_path / "marker"))
    fresh()
    path = list(sys.path)
    with pytest.raises(ContextException, match=f"code that runs here, and {words}.*%load_run digits-1 --trust"):
        notebook.run("%load_run digits-1")
    assert not (tmp_path / "marker").exists()
    assert sys.path == path
    assert not {"helper", "data"} & set(notebook.names)
    assert not list(loaded_copies(run.layout.workspace).glob("*"))


def test_changed_code_is_loaded_if_it_is_trusted(notebook, fresh):
    (notebook.folder / "helper.py").write_text("VERSION = 'old'\n")
    notebook.run("import helper")
    run = notebook.submit("print(helper.VERSION)", "digits")
    (run.layout.snapshot / "helper.py").write_text("VERSION = 'mended'\n")
    fresh()
    notebook.run("%load_run digits-1 --trust")
    assert notebook.names["helper"].VERSION == "mended"


def test_a_notebook_and_a_script_that_a_cell_runs_are_code_too(notebook, fresh):
    code = {"cell_type": "code", "id": "a", "source": "y = 5", "metadata": {}, "outputs": [], "execution_count": None}
    part = {"cells": [code], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (notebook.folder / "part.ipynb").write_text(json.dumps(part))
    (notebook.folder / "setup.sh").write_text("echo ready")
    run = notebook.submit("%run part.ipynb\n!bash setup.sh\nprint(y)", "digits")
    assert log(run).split() == ["ready", "5"]
    for name, content in (("part.ipynb", json.dumps({**part, "cells": []})), ("setup.sh", "touch marker")):
        file = run.layout.snapshot / name
        before = file.read_text()
        file.write_text(content)
        fresh()
        with pytest.raises(ContextException, match=f"{name} was changed after it had been signed"):
            notebook.run("%load_run digits-1")
        file.write_text(before)
    notebook.run("%load_run digits-1")


def test_a_cell_whose_text_was_changed_is_not_put_below(notebook, fresh):
    run = notebook.submit("print(1)", "digits")
    record = json.loads(run.layout.record.read_text())
    record["cell"]["source"] = "%%submit digits\nimport os"
    run.layout.record.write_text(json.dumps(record))
    fresh()
    notebook.shell.rl_next_input = None
    with pytest.raises(ContextException, match=r"run\.json was changed after it had been signed"):
        notebook.run("%load_run digits-1")
    assert notebook.shell.rl_next_input is None
    notebook.run("%load_run digits-1 --trust")
    assert notebook.shell.rl_next_input == "# %%submit digits\nimport os"


def test_a_run_of_an_earlier_cellrun_is_loaded_only_if_it_is_trusted(notebook, fresh):
    run = notebook.submit("print(1)", "digits")
    run.layout.signed.unlink()
    sign(run.layout.context / "context.json")  # as it was signed then
    fresh()
    with pytest.raises(ContextException, match=r"it isn't signed.*%load_run digits-1 --trust"):
        notebook.run("%load_run digits-1")
    notebook.run("%load_run digits-1 --trust")


def test_a_run_of_ones_own_that_was_moved_with_its_workspace_asks_nothing(notebook, fresh, home, tmp_path, monkeypatch):
    notebook.run("x = [1]")
    notebook.submit("print(x)", "digits")
    home.rename(tmp_path / "moved")
    monkeypatch.setenv("CELLRUN_HOME", str(tmp_path / "moved"))
    fresh()
    notebook.run("%load_run digits-1")
    assert notebook.names["x"] == [1]


def test_a_run_that_is_run_again_is_as_trusted(notebook, fresh):
    (notebook.folder / "helper.py").write_text("VERSION = 'old'\n")
    notebook.run("import helper")
    again = notebook.submit("print(helper.VERSION)", "digits").submit_again()
    again.wait_for_completion()
    fresh()
    notebook.run(f"%load_run {again.name}")
    assert notebook.names["helper"].VERSION == "old"


MODEL = """\
class Model:
    rate = 0.1
Model.rate = 0.5
def f(): return Model.rate
model = Model()
"""


def test_a_run_for_another_python_brings_its_definitions(notebook, fresh, tmp_path):
    fake = fake_interpreter(tmp_path / "fake", (3, 99, 1))
    notebook.run(MODEL)
    run = notebook.submit("print(f(), model.rate)", f"digits --environment {fake}")
    assert log(run) == "0.5 0.5\n"
    fresh()
    notebook.run("def f(): return 'mine'")
    with pytest.raises(UserErrorException, match=r"digits-1 brings: f \(function\)"):
        notebook.run("%load_run digits-1")
    assert notebook.names["f"]() == "mine"
    assert "back from digits-1: Model, f, model" in notebook.run("%load_run digits-1 --replace")
    assert notebook.run("print(f(), model.rate, type(model) is Model)") == "0.5 0.5 True\n"
    assert not [name for name in notebook.names if "." in name]


def test_one_for_another_python_that_cannot_be_loaded_leaves_no_names(notebook, fresh, tmp_path):
    fake = fake_interpreter(tmp_path / "fake", (3, 99, 1))
    notebook.run(f"{MODEL}lost = list(range(10))")
    run = notebook.submit("print(f(), model, lost)", f"digits --environment {fake}")
    group = next(each for each in Context.read(run.layout.context).groups if "lost" in each.names)
    Path(run.layout.workspace.values, group.payload.hash[:2], group.payload.hash).unlink()
    fresh()
    names = set(notebook.names)
    with pytest.raises(ContextException, match="is gone"):
        notebook.run("%load_run digits-1")
    assert {name for name in set(notebook.names) - names if not name.startswith("_")} == set()


def test_values_that_are_gone_leave_the_notebook_as_it_was(notebook, fresh):
    notebook.run("first = {'a'}\nlost = list(range(10))\n")
    run = notebook.submit("print(first, lost)", "digits")
    group = next(each for each in Context.read(run.layout.context).groups if "lost" in each.names)
    Path(run.layout.workspace.values, group.payload.hash[:2], group.payload.hash).unlink()
    fresh()
    path = list(sys.path)
    notebook.run("first = 'mine'")
    with pytest.raises(ContextException, match="is gone"):
        notebook.run("%load_run digits-1 --replace")
    assert notebook.names["first"] == "mine"
    assert "lost" not in notebook.names
    assert sys.path == path


def test_a_context_of_a_newer_cellrun(notebook, fresh):
    run = notebook.submit("print(1)", "digits")
    file = run.layout.context / "context.json"
    file.write_text(file.read_text().replace('"version": 2', '"version": 99'))
    with pytest.raises(ContextException, match="update cellrun"):
        notebook.run("%load_run digits-1 --trust")


def test_runs_without_a_cell_say_what_to_do_instead(notebook, tmp_path):
    folder = tmp_path / "scripts"
    folder.mkdir()
    (folder / "train.py").write_text("print(1)")
    experiment = Experiment(Workspace.from_config(), "digits")
    script = experiment.submit(ScriptRunConfig(folder, "train.py"))
    command = experiment.submit(ScriptRunConfig(folder, command="true"))
    for run in (script, command):
        run.wait_for_completion()
    experiment.start_logging().complete()
    with pytest.raises(UserErrorException, match=r"`%run .*snapshot/train.py`"):
        notebook.run("%load_run digits-1")
    with pytest.raises(UserErrorException, match="digits-2 is a command"):
        notebook.run("%load_run digits-2")
    with pytest.raises(UserErrorException, match="digits-3 is interactive"):
        notebook.run("%load_run digits-3")


def test_an_unknown_run(notebook):
    with pytest.raises(RunNotFoundError, match="'digits-9'"):
        notebook.run("%load_run digits-9")


def test_bad_use_is_a_usage_error_with_a_sample(notebook):
    with pytest.raises(UsageError, match=r"(?s)required: run.*%load_run digits-4"):
        notebook.run("%load_run")
    with pytest.raises(UsageError, match="unrecognized: "):
        notebook.run("%load_run digits-1 --trsut")


def test_its_help_explains_it(notebook):
    assert "--replace" in notebook.shell.find_line_magic("load_run").__doc__


def test_the_runs_own_environment_variables_are_named(notebook, fresh):
    notebook.submit("print(1)", "digits --env TOKEN=secret")
    fresh()
    printed = notebook.run("%load_run digits-1")
    assert "aren't kept: TOKEN" in printed
    assert "secret" not in printed
