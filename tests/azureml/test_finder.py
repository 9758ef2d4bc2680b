"""The names of the old SDK, found in cellrun."""

import subprocess
import sys
import textwrap

import pytest

from cellrun.azureml import finder
from cellrun.core.identity import RUN_FOLDER

INSTALL = "import cellrun.azureml; cellrun.azureml.install()\n"


def python(program: str, *options: str, **variables: str) -> str:
    """Run a program in a fresh Python, and return what it prints."""
    command = [sys.executable, "-W", "error", *options, "-c", textwrap.dedent(program)]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", **variables}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_module_is_one_object_under_both_names():
    told = python(
        INSTALL
        + """
import importlib, inspect, pickle, sys
import azureml.core.run
import cellrun.azureml.core.run as ours
from azureml.core import Run, run as by_from
from azureml.core.run import Run as RunAgain, _OfflineRun
import cellrun.core
assert azureml.core.run is ours is by_from is sys.modules["azureml.core.run"] is sys.modules["cellrun.azureml.core.run"]
assert ours.__name__ == ours.__spec__.name == "cellrun.azureml.core.run" and not ours.__spec__._initializing
assert Run is RunAgain is cellrun.core.Run and issubclass(_OfflineRun, Run)
assert importlib.reload(azureml.core.run) is ours
assert pickle.loads(pickle.dumps(Run)) is Run
assert "lazily" in inspect.getsource(azureml.core.run)
cellrun.azureml.install()
print(sum(type(each).__name__ == "OldNames" for each in sys.meta_path))
"""
    )
    assert told == "1"


def test_one_object_whichever_name_comes_first():
    python(INSTALL + "import cellrun.azureml.core as a, azureml.core as b; assert a is b")
    python(INSTALL + "import azureml.core as b, cellrun.azureml.core as a; assert a is b")


@pytest.mark.parametrize(
    "path",
    [
        "core.compute.AmlCompute",
        "core.runconfig.RunConfiguration",
        "core.run._OfflineRun",
        "core.webservice.AciWebservice",
        "data.dataset_factory.FileDatasetFactory",
        "exceptions.UserErrorException",
        "pipeline.steps.PythonScriptStep",
        "train.hyperdrive.RandomParameterSampling",
        "widgets.RunDetails",
        "core.__version__",
        "data.__version__",
    ],
)
def test_a_module_is_a_name_of_the_one_above_it_though_only_core_was_imported(path):
    python(INSTALL + f"import azureml.core; azureml.{path}")


def test_a_name_that_no_module_has_is_said_by_the_old_ones():
    program = "import azureml.core\ntry: azureml.{}\nexcept AttributeError as error: print(error)"
    assert python(INSTALL + program.format("nope")) == "module 'azureml' has no attribute 'nope'"
    assert python(INSTALL + program.format("core.nope")) == "module 'azureml.core' has no attribute 'nope'"


@pytest.mark.parametrize("module", ["azureml.nope", "azureml.core.nope", "azureml.core.run.nope", "azuremlx"])
def test_an_unknown_module_is_an_import_error(module):
    program = f"""
try:
    import {module}
except ModuleNotFoundError as error:
    print(error.name)
import importlib.util
try:
    assert importlib.util.find_spec({module!r}) is None
except ModuleNotFoundError:  # below a module that is no package
    pass
"""
    assert python(INSTALL + program) in {module, "azureml.nope"}


def test_the_names_are_there_in_a_run_and_in_what_a_process_with_them_starts():
    ask = "import sys; print('azureml.core' in sys.modules); import azureml.core; print(azureml.core.VERSION)"
    assert python(ask, CELLRUN_RUN_FOLDER="/none").splitlines() == ["False", "1.61.0"]
    start = (
        f"import subprocess, sys; print(subprocess.run([sys.executable, '-c', {ask!r}], capture_output=True).stdout)"
    )
    assert "1.61.0" in python(INSTALL + start)


def test_a_python_that_is_no_run_loads_nothing_of_cellrun():
    assert python("import sys; print([name for name in sys.modules if name.startswith('cellrun')])") == "[]"


def test_a_run_whose_code_imports_no_old_name_loads_the_finder_alone():
    program = "import sys; print(sorted(name for name in sys.modules if name.startswith('cellrun.')))"
    loaded = python(program, CELLRUN_RUN_FOLDER="/none")
    assert loaded == "['cellrun.azureml', 'cellrun.azureml.finder', 'cellrun.azureml.in_job']"


def real_sdk(folder):
    for name, text in {"azureml/__init__.py": "", "azureml/core/__init__.py": "VERSION = 'real'\n"}.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return str(folder)


def test_the_real_sdk_is_left_alone_which_is_said(tmp_path):
    told = python(INSTALL + "import azureml.core; print(azureml.core.VERSION)", PYTHONPATH=real_sdk(tmp_path))
    assert told.splitlines()[-1] == "real"
    assert "azureml-core is installed here" in told


def test_in_a_run_our_names_win_over_the_real_sdk(tmp_path):
    program = "import azureml.core; print(azureml.core.VERSION)"
    assert python(program, PYTHONPATH=real_sdk(tmp_path), CELLRUN_RUN_FOLDER="/none") == "1.61.0"


def test_a_package_that_does_without_the_sdk_stays_what_it_is(tmp_path):
    for name in ("__init__", "spec"):
        file = tmp_path / "azureml" / "fsspec" / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"WHAT = {name!r}\n")
    program = (
        "import azureml.fsspec.spec, azureml.core, azureml.mlflow; print(azureml.fsspec.WHAT, azureml.fsspec.spec.WHAT)"
    )
    told = python(INSTALL + program, PYTHONPATH=str(tmp_path))
    assert told == "__init__ spec"
    assert python(program, PYTHONPATH=str(tmp_path), CELLRUN_RUN_FOLDER="/none") == "__init__ spec"


def test_the_finder_knows_the_variable_of_a_run():
    assert finder._RUN_FOLDER == RUN_FOLDER
