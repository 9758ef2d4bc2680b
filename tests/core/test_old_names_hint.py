"""Old names that aren't loaded: an import says how to have them."""

import subprocess
import sys

HOW = "%load_ext cellrun.azureml"


def last_line(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd="/")
    return (done.stderr or done.stdout).strip().splitlines()[-1]


def test_an_import_says_how_to_have_them():
    for statement in ("from azureml.core import Workspace", "import azureml", "import azureml.train.hyperdrive"):
        told = last_line(f"import cellrun.core\n{statement}")
        assert told.startswith("ModuleNotFoundError: No module named 'azureml'")
        assert HOW in told


def test_a_folder_of_that_name_hides_nothing(tmp_path):
    (tmp_path / "azureml").mkdir()
    told = last_line(f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import cellrun.core, azureml.core")
    assert told.startswith("ModuleNotFoundError: No module named 'azureml.core'")
    assert HOW in told


def test_a_library_that_asks_whether_the_sdk_is_installed_hears_that_it_is_not():
    assert last_line("import cellrun.core, importlib.util\nprint(importlib.util.find_spec('azureml'))") == "None"


def test_where_they_are_loaded_an_unknown_module_is_unknown():
    told = last_line("import cellrun.core, cellrun.azureml; cellrun.azureml.install(); import azureml.nope")
    assert told == "ModuleNotFoundError: No module named 'azureml.nope'"
