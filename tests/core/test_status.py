from __future__ import annotations

import json

from cellrun.core.status import TERMINAL, Status


def test_the_words_are_azures_and_read_as_text() -> None:
    assert str(Status.CANCEL_REQUESTED) == f"{Status.CANCEL_REQUESTED}" == "CancelRequested"
    assert json.dumps(Status.FAILED) == '"Failed"'
    assert Status("Running") is Status.RUNNING


def test_three_states_are_terminal() -> None:
    assert {status for status in Status if status.is_terminal} == TERMINAL
    assert {str(status) for status in TERMINAL} == {"Completed", "Failed", "Canceled"}


def test_users_are_shown_azures_words_but_for_a_run_that_is_being_stopped() -> None:
    assert {status: status.word for status in Status if status.word != status.value} == {
        Status.CANCEL_REQUESTED: "Stopping"
    }
