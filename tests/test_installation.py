"""What an installation brings along."""

import json
import subprocess
import sys
from importlib.metadata import entry_points, version
from importlib.resources import files
from pathlib import Path

import cellrun


def test_the_lab_extension_is_there_and_enabled():
    command = [sys.executable, "-m", "jupyter", "labextension", "list"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (line,) = (line for line in (done.stdout + done.stderr).splitlines() if line.strip().startswith("cellrun "))
    assert f"v{version('cellrun')}" in line
    assert "enabled" in line
    assert "OK" in line


def test_the_widgets_bundles_are_there():
    static = files("cellrun.widgets") / "static"
    assert {"loader.js", "view.js"} <= {file.name for file in static.iterdir()}


def test_no_package_owns_the_namespace():
    assert cellrun.__file__ is None
    for part in ("core", "magics", "widgets"):
        assert (files(f"cellrun.{part}") / "py.typed").is_file()


def test_the_local_target_is_registered_like_anyones():
    assert "local" in {point.name for point in entry_points(group="cellrun.compute_targets")}


def test_the_notebooks_are_kept_without_outputs():
    for path in (Path(__file__).parents[1] / "notebooks").glob("*.ipynb"):
        assert not any(cell.get("outputs") for cell in json.loads(path.read_text())["cells"])
