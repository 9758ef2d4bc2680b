"""What tests of faults begin with: runs of real scripts, on this disk or on a small one of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cellrun.core import Workspace
from tests.core.submitted_runs import Runs, runs, until  # noqa: F401  # fixtures of the tests below
from tests.faults.injection import Disk, Told, mounted


@pytest.fixture
def told(tmp_path: Path) -> Told:
    """What a logging job says of itself, elsewhere than in its run."""
    return Told(tmp_path / "told")


@pytest.fixture
def disk(home: Path) -> Iterator[Disk]:
    """A home on a disk of 8 MB."""
    with mounted(home, "-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs") as made:
        yield made


@pytest.fixture
def runs_there(disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runs]:
    """Submit runs into the default workspace of that home; nothing of them is left afterwards."""
    yield from _runs_in_home(tmp_path, monkeypatch)


@pytest.fixture
def at_home(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Iterator[Runs]]:
    """Make runs in the default workspace of whatever the home is by then."""
    return lambda: _runs_in_home(tmp_path, monkeypatch)


def _runs_in_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runs]:
    monkeypatch.setenv("CELLRUN_GRACE_S", "0.5")
    (tmp_path / "source").mkdir()
    monkeypatch.chdir(tmp_path)
    made = Runs(Workspace.from_config(), tmp_path / "source")
    yield made
    made.clear()
