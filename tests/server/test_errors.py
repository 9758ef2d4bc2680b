"""Every error of ours has a status, and what a user got wrong is no failure of the server."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest
from tornado.iostream import StreamClosedError

from cellrun.core import errors as core_errors
from cellrun.core.errors import CellrunError
from cellrun.server import errors as server_errors
from cellrun.server.errors import STATUS, status_of
from cellrun.server.json_errors import QuietHandler


def kinds() -> list[type[CellrunError]]:
    found = [*vars(core_errors).values(), *vars(server_errors).values()]
    kinds = [kind for kind in found if isinstance(kind, type) and issubclass(kind, CellrunError)]
    assert {kind for kind, _ in STATUS} <= set(kinds)
    return kinds


def test_every_error_is_the_askers() -> None:
    for kind in kinds():
        assert 400 <= status_of(kind.__new__(kind)) < 500, kind


def test_no_entry_of_the_table_is_hidden_by_one_before_it() -> None:
    for place, (kind, _) in enumerate(STATUS):
        assert not any(issubclass(kind, before) for before, _ in STATUS[:place]), kind


def test_the_log_tells_of_a_fault_and_not_of_somebody_who_has_left(caplog: pytest.LogCaptureFixture) -> None:
    handler = SimpleNamespace(request=SimpleNamespace(method="GET", path="/page"), log=logging.getLogger("served"))
    for error in (StreamClosedError(), CellrunError("refused"), RuntimeError("a fault")):
        QuietHandler.log_exception(handler, type(error), error, None)  # type: ignore[arg-type]  # what it uses of one
    assert [record.exc_info and str(record.exc_info[1]) for record in caplog.records] == ["a fault"]
