"""The packages that an exported cell needs: installed ones, and none of the modules that it took along."""

import importlib.metadata
import json
from functools import cache

import pytest

from cellrun.core.context.manifest import Context, Import
from cellrun.core.context.value_store import ValueStore
from cellrun.core.export.requirements import requirements


@pytest.fixture(autouse=True, scope="module")
def read_once():
    """Read the files of all packages for the first cell: they are the same for every one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importlib.metadata, "packages_distributions", cache(importlib.metadata.packages_distributions))
        yield


@pytest.fixture
def needed(new_run):
    """Return the requirements of a cell that runs in `folder` and took files along."""

    def need(files, folder="", packages=None, **captured):
        layout = new_run(kind="cell")
        for path, text in files.items():
            file = layout.snapshot / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        context = Context(python="3.11", title="Cell In[1]", folder=folder, **captured)
        if packages is not None:
            layout.environment.write_text(json.dumps({"packages": packages}))
        return requirements(layout, layout.snapshot, context, ValueStore(layout.workspace.values))

    return need


def test_a_module_that_nobody_knows_is_a_comment(needed):
    (line,) = needed({"cell.py": "import no_such_module"})
    assert line.startswith("# no_such_module: which package has it isn't known")


@pytest.mark.parametrize("place", ["helper.py", "notebooks/helper.py", "notebooks/lib/helper.py", "lib/helper/x.py"])
def test_a_module_that_was_taken_along_is_none(needed, place):
    assert needed({"cell.py": "import helper", place: ""}, folder="notebooks") == []


def test_a_package_by_the_name_of_a_module_in_a_package_is_one(needed):
    (line,) = needed({"cell.py": "import numpy, own", "own/__init__.py": "", "own/numpy.py": ""})
    assert line.startswith("numpy==")


def test_data_by_the_name_of_a_package_hides_none(needed):
    lines = needed({"cell.py": "import numpy, yaml", "yaml/x.txt": "", "numpy.csv": ""})
    assert [line.partition("==")[0].lower() for line in lines] == ["numpy", "pyyaml"]


def test_a_module_beside_the_cell_goes_before_a_package(needed):
    assert needed({"cell.py": "import numpy", "notebooks/numpy.py": ""}, folder="notebooks") == []


@pytest.mark.parametrize(
    "version", ["1.0\n--index-url https://evil.example/simple\nevil==6", "-e .", "1 ; x", [1], None]
)
def test_what_is_no_version_goes_into_no_line(needed, version):
    installed = f"numpy=={importlib.metadata.version('numpy')}"
    assert needed({"cell.py": "import numpy"}, packages={"numpy": version}) == [installed]
    assert needed({"cell.py": "import numpy"}, packages=[1]) == [installed]
    assert needed({"cell.py": "import numpy"}, packages={"NumPy": "1.0+local.1"}) == ["numpy==1.0+local.1"]


def test_what_is_no_module_goes_into_no_line(needed):
    names = ("evil\n--index-url https://evil.example/simple", "-e .", "# x", "https://evil.example/a")
    assert needed({"cell.py": ""}, imports=tuple(Import(name) for name in names)) == []
