"""The copy of cellrun for Pythons that haven't got it."""

import json
import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from cellrun import core
from cellrun.core.environments import job_library as module
from cellrun.core.environments.fallback_library import FALLBACK_LIBRARY
from cellrun.core.environments.job_library import has_library, is_own, job_library, library_archive, with_library
from cellrun.core.store.status import Status
from cellrun.core.submission.again import resubmit
from cellrun.core.supervision.launch_spec import LaunchSpec
from tests.interpreters import bare_environment


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A small package in place of cellrun.core."""
    folder = tmp_path / "core"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    monkeypatch.setattr(module, "CORE", folder)
    return folder


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_it_holds_the_sources_of_core_and_apart_from_them_cloudpickle():
    there = files(job_library())
    sources = {path.relative_to(Path(core.__file__).parent) for path in Path(core.__file__).parent.rglob("*.py")}
    assert {f"cellrun/core/{path}" for path in sources} <= there
    assert {path.partition("/cloudpickle/")[0] for path in there if "cloudpickle" in path} == {FALLBACK_LIBRARY}
    assert {path.split("/")[1] for path in there if path.startswith(FALLBACK_LIBRARY)} == set(module._BROUGHT)
    assert {"azureml/__init__.py", "cellrun/azureml/__init__.py", "cellrun/azureml/core/run.py"} <= there
    assert all(path.endswith(".py") for path in there if "__pycache__" not in path)


def test_it_is_made_once_and_again_when_a_source_is_edited(package):
    first = job_library()
    marker = first / "marker"
    marker.touch()
    assert job_library() == first
    assert marker.exists()
    (package / "new.py").write_text("x = 1\n")
    assert job_library() != first
    assert (job_library() / "cellrun" / "core" / "new.py").read_text() == "x = 1\n"


def test_two_that_make_it_at_once_get_one(package, monkeypatch):
    rename = Path.rename

    def rename_after_another(draft, target):
        monkeypatch.setattr(Path, "rename", rename)
        others.append(job_library())
        return rename(draft, target)

    others = []
    monkeypatch.setattr(Path, "rename", rename_after_another)
    assert job_library() == others[0]
    assert [path.name for path in others[0].parent.iterdir()] == [others[0].name]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_nothing_is_left_of_one_that_cannot_be_made(package, monkeypatch, error):
    def refuse(*_):
        raise error

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(type(error)):
        job_library()
    assert not list((module.home() / "library").iterdir())


def test_those_that_nobody_has_used_for_long_go_when_one_is_made(package):
    long_ago = time.time() - 40 * 24 * 3600

    def made(name):
        (package / name).touch()
        folder = job_library()
        os.utime(folder, (long_ago, long_ago))
        return folder

    unused = made("first.py")
    used = made("second.py")
    assert not unused.exists()
    assert job_library() == used
    (package / "third.py").touch()
    assert job_library().exists()
    assert used.exists()


def test_one_that_a_run_which_goes_on_uses_stays_however_old_it_is(package, runs, tmp_path):
    bare_environment(tmp_path / "env")
    waits = f"import os, time\nwhile not os.path.exists({str(tmp_path / 'go')!r}): time.sleep(0.02)"
    layout = runs.script(waits, environment=tmp_path / "env")
    used = Path(LaunchSpec.read(layout).set_variables["PYTHONPATH"].partition(os.pathsep)[0])
    long_ago = time.time() - 40 * 24 * 3600
    os.utime(used, (long_ago, long_ago))
    module.remove_unused()
    assert used.is_dir()
    (tmp_path / "go").touch()
    runs.end(layout)
    os.utime(used, (long_ago, long_ago))
    module.remove_unused()
    assert not list(used.parent.iterdir())


def test_its_name_is_that_of_its_content_whenever_it_was_written(package):
    (package / "a.py").write_text("a = 1\n")
    name = library_archive().name
    (package / "a.py").unlink()
    (package / "a.py").write_text("a = 1\n")
    os.utime(package / "a.py", (0, 0))
    assert library_archive().name == name == job_library().name
    (package / "a.py").write_text("a = 2\n")
    os.utime(package / "a.py", (0, 0))
    assert library_archive().name != name


def test_it_stands_first_in_a_path_once(package):
    old = job_library()
    path = with_library(f"/mine{os.pathsep}{old}")
    (package / "new.py").touch()
    assert path == f"{old}{os.pathsep}/mine"
    assert with_library(path) == f"{job_library()}{os.pathsep}/mine"
    assert with_library("") == str(job_library()) != str(old)
    assert has_library(path)
    assert not has_library("/mine")


SCRIPT = """\
import json, sys
from cellrun.core import Run
run = Run.get_context()
run.log('a', 1); run.log_list('l', [1, 2]); run.log_table('t', {'x': [1]}); run.tag('k', 'v')
modules = [name for name in ('blake3', 'orjson', 'numpy', 'IPython', 'cellrun.magics') if name in sys.modules]
print(json.dumps([run.get_metrics(), sys.executable, modules]))
"""


def test_a_script_in_an_environment_without_packages_has_its_run(runs, tmp_path):
    python = bare_environment(tmp_path / "env")
    layout = runs.script(SCRIPT, environment=tmp_path / "env")
    assert runs.end(layout).status is Status.COMPLETED, layout.log.read_text()
    metrics, executable, modules = json.loads(layout.log.read_text())
    assert metrics == {"a": 1, "l": [1, 2], "t": {"x": 1}}
    assert (executable, modules) == (python, [])


def test_a_path_of_one_s_own_does_not_hide_it(runs, tmp_path):
    bare_environment(tmp_path / "env")
    given = {"PYTHONPATH": "/mine"}
    layout = runs.script(
        "import sys, cellrun.core; print('/mine' in sys.path)",
        environment=tmp_path / "env",
        environment_variables=given,
    )
    runs.end(layout)
    assert layout.log.read_text() == "True\n"


def test_this_python_gets_no_copy(runs, monkeypatch):
    monkeypatch.delenv("PYTHONPATH", raising=False)
    layout = runs.script("import os; print(os.environ.get('PYTHONPATH'))", environment=sys.executable)
    runs.end(layout)
    assert layout.log.read_text() == "None\n"
    assert not (module.home() / "library").exists()


def test_a_run_again_gets_the_present_copy(runs, tmp_path):
    bare_environment(tmp_path / "env")
    layout = runs.script("import cellrun.core; print(cellrun.core.__file__)", environment=tmp_path / "env")
    runs.end(layout)
    shutil.rmtree(module.home() / "library")
    again = resubmit(layout)
    runs.submitted.append(again)
    assert runs.end(again).status is Status.COMPLETED, again.log.read_text()
    assert again.log.read_text() == layout.log.read_text()


def test_this_python_under_all_its_names(tmp_path):
    assert is_own(sys.executable)
    assert is_own(str(Path(sys.executable).parent / "python"))
    assert not is_own(bare_environment(tmp_path))  # the same program, with other packages
    assert not is_own("/not/there/python")
