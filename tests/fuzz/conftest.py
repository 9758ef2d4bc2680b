"""The fixtures of the rooms that are fuzzed, and folders in which nothing must appear."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from cellrun.core.targets.local.target import LocalTarget
from cellrun.magics import start_logging, submit
from tests.core.conftest import exp, here, no_open_runs, ws  # noqa: F401  # fixtures of the tests here
from tests.core.store.conftest import layout  # noqa: F401  # likewise
from tests.fuzz.written import nothing_written_outside
from tests.magics.conftest import notebook, notebook_folder  # noqa: F401  # likewise


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test that writes outside its own folder, or into the user's."""
    user = tmp_path / "user"
    user.mkdir()
    monkeypatch.setenv("HOME", str(user))
    with nothing_written_outside(tmp_path):
        yield
    assert list(user.iterdir()) == []


@pytest.fixture
def nothing_starts(monkeypatch: pytest.MonkeyPatch, without_recorder: None) -> None:
    """Let a submission do all but start a process: its run is made, and stays NotStarted."""
    monkeypatch.setattr(LocalTarget, "prepare", lambda *_: nullcontext())
    monkeypatch.setattr(LocalTarget, "launch", lambda *_: None)
    for module in (submit, start_logging):
        monkeypatch.setattr(module, "show", lambda *_: None)
