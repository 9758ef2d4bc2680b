"""Machines elsewhere for tests."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cellrun.core import Workspace
from cellrun.core.remote import pipes
from tests.core.remote.boxes import OTHER_PYTHON, Box, Made, made
from tests.core.remote.warm_agents import WarmAgents


@pytest.fixture
def new_box(tmp_path: Path) -> Iterator[Callable[..., Box]]:
    """Make a machine: `new_box(home=..., python=...)`; with `has_library=False` it has nothing of cellrun."""
    boxes: list[Box] = []

    def new(**options: Any) -> Box:
        folder = tmp_path / f"box-{len(boxes)}"
        folder.mkdir()
        boxes.append(Box(**{"home": folder / "cellrun", "python": sys.executable, **options}))
        return boxes[-1]

    yield new
    for box in boxes:
        box.clear()


@pytest.fixture
def box(new_box: Callable[..., Box]) -> Box:
    """A machine with this Python."""
    return new_box()


@pytest.fixture(scope="session")
def agents() -> Iterator[WarmAgents]:
    """Forks agents."""
    made = WarmAgents()
    yield made
    made.close()


@pytest.fixture
def warm_agents(agents: WarmAgents, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a machine's agents be warm ones, where nothing but their orders is looked at."""
    monkeypatch.setattr(pipes, "subprocess", agents)


@pytest.fixture(params=[sys.executable, OTHER_PYTHON])
def any_box(request: pytest.FixtureRequest, new_box: Callable[..., Box]) -> Box:
    """A machine with this Python, or with another minor version that has no packages."""
    if not Path(request.param).exists():
        pytest.skip(f"there is no {request.param}")
    return new_box(python=request.param)


@pytest.fixture
def make_run(ws: Workspace, tmp_path: Path) -> Callable[..., Made]:
    """Make a run of a script here: `make_run(script, *arguments, **options)`."""
    return lambda script, *arguments, **options: made(ws, tmp_path / "source", script, *arguments, **options)
