"""A cell's results in a process of its own: saved when it has completed, and never its failure."""

import json
import shutil

import pytest

from cellrun.core.context.results.returned import Returned
from cellrun.core.context.signature import sign
from cellrun.core.errors import UntrustedError
from cellrun.core.store.notes import run_notes
from cellrun.core.store.status import StatusFile


@pytest.fixture
def cell(finished):
    """Run the source of a cell that gives `x` and `y` back; returns the finished process and the run's layout."""
    return lambda source, **environment: finished(source, environment=environment, returns=("x", "y"))


def returned(layout):
    return Returned(layout.results, layout.workspace.values)


@pytest.mark.parametrize("end", ["", "raise SystemExit", "import sys; sys.exit(0)", "exit()"])
def test_values_are_saved_at_the_end(cell, end):
    done, layout = cell(f"x, y = [1], {{2}}\nprint('done')\n{end}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
    assert (returned(layout).value("x"), returned(layout).value("y")) == ([1], {2})
    assert sorted(path.name for path in layout.results.iterdir()) == ["context.json", "context.sig"]


@pytest.mark.parametrize(
    "end", ["1 / 0", "import sys; sys.exit(3)", "import sys; sys.exit('why')", "import os; os._exit(0)"]
)
def test_a_cell_that_fails_or_is_gone_gives_nothing_back(cell, end):
    _, layout = cell(f"x, y = 1, 2\n{end}")
    assert not layout.results.exists()
    assert not list(layout.folder.glob(".results*"))


def test_what_cannot_be_kept_is_said_in_the_log_and_noted(cell):
    done, layout = cell("x = 1\ny = open('y.txt', 'w')")
    assert done.returncode == 0
    assert done.stderr.startswith("cellrun: result 'y' isn't kept: it is an open file")
    assert returned(layout).value("x") == 1
    (note,) = run_notes(layout, StatusFile(layout).read())
    assert note.startswith("result 'y' isn't kept")


def test_a_child_that_the_cell_forks_saves_nothing(cell):
    source = "import os, sys\nx, y = 1, 2\nif not os.fork():\n    x = 'child'\n    sys.exit(0)\nos.wait()"
    done, layout = cell(source)
    assert (done.returncode, done.stderr) == (0, "")
    assert returned(layout).value("x") == 1


def test_without_a_key_that_can_be_used_the_run_completes_and_it_is_said(cell, tmp_path):
    runtime = tmp_path / "open to others"
    runtime.mkdir()
    runtime.chmod(0o777)
    done, layout = cell("x, y = 1, 2", CELLRUN_HOME=str(runtime))
    assert done.returncode == 0
    assert "cellrun: the results (x, y) aren't kept" in done.stderr
    assert "can be written to by every user" in done.stderr
    assert not layout.results.exists()


def test_a_cell_that_gives_nothing_back_loads_nothing_for_it(finished):
    source = "import sys\nprint({'cloudpickle', 'cellrun.core.context.results.packer'} & set(sys.modules))"
    assert finished(source, forks=None)[0].stdout == "set()\n"


def test_what_another_run_of_ones_own_gave_back_asks_for_trust(cell):
    """Somebody who may write in the folder puts another model there: the signature is good, of another run."""
    (_, first), (_, second) = cell("x, y = [1], {2}"), cell("x, y = [1], {3}")
    shutil.rmtree(second.results)
    shutil.copytree(first.results, second.results)
    with pytest.raises(UntrustedError, match=f"result 'y' is a pickle; .* another run, {first.run_id}, gave it back"):
        returned(second).value("y")
    assert returned(second).value("y", trust=True) == {2}


def test_what_an_earlier_cellrun_signed_names_no_run_and_is_ones_own(cell):
    _, layout = cell("x, y = [1], {2}")
    path = layout.results / "context.json"
    content = json.loads(path.read_text())
    assert content.pop("run") == layout.run_id
    path.write_text(json.dumps(content))
    sign(path)
    assert returned(layout).value("y") == {2}


def test_a_copy_in_another_workspace_follows_the_same_rules(cell, tmp_path, monkeypatch):
    _, layout = cell("x, y = [1], {2}")
    shutil.copytree(layout.workspace.folder, tmp_path / "copy")
    copy = type(layout)(tmp_path / "copy" / "runs" / layout.run_id)
    assert returned(copy).value("y") == {2}
    monkeypatch.setenv("CELLRUN_HOME", str(tmp_path / "of somebody else"))
    assert returned(copy).value("x") == [1]
    with pytest.raises(UntrustedError):
        returned(copy).value("y")


def test_a_cell_may_change_where_its_user_is_looked_for(cell):
    done, layout = cell("import os\nos.environ['CELLRUN_RUNTIME_DIR'] = '/nowhere'\nx, y = [1], {2}")
    assert (done.returncode, done.stderr) == (0, "")
    assert returned(layout).value("y") == {2}


def test_a_type_that_fails_only_at_the_end_fails_no_run(cell):
    source = (
        "class Moody:\n    asked = 0\n    def __reduce__(self):\n        Moody.asked += 1\n"
        "        if Moody.asked > 2: raise OSError('enough')\n        return int, ()\n"
        "x = [Moody()]\ny = [x[0]]"
    )
    done, layout = cell(source)
    assert done.returncode == 0
    assert "the results (x, y) aren't kept: OSError: enough" in done.stderr
    assert not layout.results.exists()


def test_a_large_global_of_a_function_comes_back_only_if_it_is_named(cell):
    source = "data = bytes(65 << 20)\ndef {}(): return len(data)\n{}"
    done, layout = cell(source.format("x", "y = 1"))
    assert done.stderr.startswith("cellrun: 'data' (68,157,")
    with pytest.raises(NameError, match="data"):
        returned(layout).value("x")()
    done, layout = cell(source.replace("data", "y").format("x", ""))
    assert done.stderr == ""
    assert returned(layout).value("x")() == 65 << 20


def test_results_that_cannot_be_signed_leave_nothing(cell):
    source = (
        "import cellrun.core.context.signature as s\ndef sign(*_, **__): raise OSError(28, 'No space')\ns.sign = sign\n"
    )
    done, layout = cell(f"{source}x, y = 1, 2")
    assert done.returncode == 0
    assert "the results (x, y) aren't kept: OSError: [Errno 28] No space" in done.stderr
    assert not list(layout.folder.glob(".results*"))
