"""A run as it stands in two folders: where it runs, and here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.mirror.two_sides import TwoSides


@pytest.fixture
def sides(tmp_path: Path) -> TwoSides:
    """A run that goes on elsewhere."""
    return TwoSides.made(tmp_path)
