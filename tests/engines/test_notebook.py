"""The example notebook of a run elsewhere, run from top to bottom against a real sshd."""

from __future__ import annotations

import shutil
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from cellrun.core import Experiment, Workspace
from tests.engines.box import HOME, NAME, PATH, Box
from tests.engines.runs_there import end_keepers
from tests.notebooks.test_notebooks import assert_is_finished_still, executed, outputs, printed


def give_python_with_sklearn(box: Box) -> None:
    """Put a copy of this Python there, with what the training needs: its own folders are hidden there."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    base, there = Path(sys.base_prefix), box.home / "python"
    (there / "bin").mkdir(parents=True)
    shutil.copy(base / "bin" / version, there / "bin" / "python3")
    left_out = shutil.ignore_patterns("site-packages", "test", "idlelib", "__pycache__")
    shutil.copytree(base / "lib" / version, there / "lib" / version, ignore=left_out)
    for library in (base / "lib").glob("libpython*.so*"):
        shutil.copy(library, there / "lib")
    target = there / "lib" / version / "site-packages"
    for name in _with_what_it_needs("scikit-learn"):
        found = distribution(name)
        for file in found.files or ():
            if ".." not in file.parts:
                (target / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(str(found.locate_file(file)), target / file)
    box.set_variables({"PATH": f"{HOME}/python/bin:{PATH}", "LD_LIBRARY_PATH": f"{HOME}/python/lib"})


def _with_what_it_needs(package: str) -> set[str]:
    found, waiting = set[str](), [package]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            needed = map(Requirement, distribution(name).requires or ())
            waiting += [each.name for each in needed if each.marker is None or each.marker.evaluate({"extra": ""})]
    return found


@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore:Kernel is running over TCP")  # ours run on this machine alone
def test_the_digits_are_trained_on_another_machine_canceled_and_trained_again(box: Box, tmp_path: Path, home: Path):
    give_python_with_sklearn(box)
    (tmp_path / "notebook").mkdir()
    try:
        notebook = executed("elsewhere.ipynb", tmp_path / "notebook")
    finally:
        end_keepers(home)
    again, first = Experiment(Workspace.from_config(), "elsewhere").get_runs()
    assert (first.get_status(), again.get_status()) == ("Canceled", "Completed")
    assert 3 <= len(first.get_metrics()["loss"]) < 60
    assert len(again.get_metrics()["loss"]) == 60
    assert again.layout.log.read_text().startswith(f"on {NAME}\nepoch   0  loss ")
    (card,) = outputs(notebook, "card")
    assert f"to {NAME}, Python" in card.data["text/plain"]
    assert "refusal" not in card.data["text/plain"]
    (looked,) = outputs(notebook, "look")
    assert "✕" not in looked.data["text/plain"]
    assert_is_finished_still(outputs(notebook, "train"), first, status="– Canceled")  # noqa: RUF001  # its mark
    assert "Execution Summary" in printed(notebook, "repeat")
    accuracy = again.get_metrics()["accuracy"][-1]
    assert "outputs/confusion.csv" in printed(notebook, "results")
    assert f"accuracy there {accuracy:.4f}, here {accuracy:.4f}" in printed(notebook, "results")
    (listed,) = outputs(notebook, "list")
    assert again.name in listed.data["text/html"]
