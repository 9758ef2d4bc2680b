"""What an installation brings along."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import cellrun

ROOT = Path(__file__).parents[1]


def test_the_lab_extension_is_there_and_enabled():
    command = [sys.executable, "-m", "jupyter", "labextension", "list"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (line,) = (line for line in (done.stdout + done.stderr).splitlines() if line.strip().startswith("cellrun "))
    assert f"v{version('cellrun')}" in line
    assert "enabled" in line
    assert "OK" in line


def test_the_server_extension_is_there_and_enabled():
    command = [sys.executable, "-m", "jupyter", "server", "extension", "list"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = [re.sub(r"\x1b\[\d*m", "", line).split() for line in (done.stdout + done.stderr).splitlines()]
    assert ["cellrun.server", "enabled"] in lines
    assert ["cellrun.server", version("cellrun"), "OK"] in lines


def test_a_wheel_has_all_that_runs_without_its_sources(tmp_path):
    source = tmp_path / "source"
    left_out = ("lib", "node_modules", ".git", ".venv", ".yarn", "screenshots", "__pycache__")
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(*left_out))  # with the bundles, which are built
    (source / "labextension" / "node_modules").symlink_to(ROOT / "labextension" / "node_modules")
    command = ["uv", "build", "--wheel", "--quiet", "--out-dir", str(tmp_path), str(source)]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(command, check=True, env={**os.environ, "PATH": path, "SKIP_JUPYTER_BUILDER": "1"})
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    data = f"cellrun-{version('cellrun')}.data/data"
    wanted = {
        "cellrun/azureml/core/run.py",
        "cellrun_azureml.pth",
        "cellrun/core/workspace.py",
        "cellrun/magics/submit.py",
        "cellrun/server/app.py",
        "cellrun/server/locale/ja_JP/LC_MESSAGES/cellrun.json",  # without it the texts of all of Lab stay English
        "cellrun/magics/capture/card/card.css",
        "cellrun/server/openapi.yaml",
        "cellrun/server/static/portal.js",
        "cellrun/widgets/static/view.js",
        *(f"cellrun/widgets/still/fonts/DejaVuSans{style}.ttf" for style in ("", "-Bold", "Mono")),
        "cellrun/widgets/still/fonts/LICENSE",
        f"{data}/etc/jupyter/jupyter_server_config.d/cellrun.json",
        f"{data}/share/jupyter/labextensions/cellrun/install.json",
        f"{data}/share/jupyter/labextensions/cellrun/package.json",
    }
    assert wanted - names == set()
    assert not [name for name in names if "node_modules" in name or name == "cellrun/__init__.py"]


def test_the_widgets_bundles_are_there():
    static = files("cellrun.widgets") / "static"
    assert {"loader.js", "view.js"} <= {file.name for file in static.iterdir()}


def test_no_package_owns_the_namespace():
    assert cellrun.__file__ is None
    for part in ("azureml", "core", "magics", "server", "widgets"):
        assert (files(f"cellrun.{part}") / "py.typed").is_file()


def test_the_notebooks_are_kept_without_outputs():
    notebooks = [json.loads(path.read_text()) for path in (ROOT / "notebooks").glob("*.ipynb")]
    assert len(notebooks) == 7
    assert not any(cell.get("outputs") for notebook in notebooks for cell in notebook["cells"])
