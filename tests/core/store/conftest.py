"""What tests of the store begin with: a run's folder, and its event log."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from cellrun.core.layout import RunLayout
from cellrun.core.store.events.event_log import EventLog


@pytest.fixture
def layout(new_run: Callable[..., RunLayout]) -> RunLayout:
    """A new run's folder."""
    return new_run()


@pytest.fixture
def log(layout: RunLayout) -> Iterator[EventLog]:
    """The event log of that run, closed at the end."""
    made = EventLog(layout)
    yield made
    made.close()
