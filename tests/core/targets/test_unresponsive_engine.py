"""Runs whose engine doesn't answer."""

import pytest

from cellrun.core.mirror.received_statuses import apply_statuses, next_number
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.targets.sync_round import bring
from cellrun.core.targets.unresponsive_engine import is_unanswered, mark_responsive, mark_unresponsive


def status(run):
    return StatusFile(run).read()


@pytest.mark.parametrize("before", [Status.QUEUED, Status.STARTING, Status.RUNNING, Status.CANCEL_REQUESTED])
def test_they_are_not_responding_with_the_targets_words_until_it_answers(played, away, before):
    run = away(before)
    mark_unresponsive(run, "no route to box")
    mark_unresponsive(run, "no route to box")
    now = status(run)
    assert (now.status, now.reason) == (Status.NOT_RESPONDING, "no route to box")
    assert is_unanswered(now)
    bring(played, [run])
    assert (status(run).status, status(run).reason) == (before, None)
    assert len(StatusFile(run).history()) == 4


def test_what_is_silent_for_another_reason_stays_so(away):
    run = away(Status.NOT_RESPONDING, silent="Running")
    mark_responsive(run)
    assert status(run).status is Status.NOT_RESPONDING
    mark_unresponsive(run, "no route to box")
    assert not is_unanswered(status(run))


def test_a_status_from_there_ends_an_engine_s_silence_for_good(away, tmp_path):
    """What its supervisor falls silent for afterwards isn't taken back as soon as the engine answers."""
    run = away()
    mark_unresponsive(run, "no route to box")
    entry = tmp_path / "entry"
    entry.write_text('{"status": "Running", "at": 1.0, "reason": null, "fields": {}, "started_at": 1.0}')
    waiting = {next_number(run): run.statuses / "draft"}
    entry.replace(run.statuses / "draft")
    apply_statuses(run, waiting, 0.0, is_all_here=False, may_skip=False)
    StatusFile(run).change(Status.NOT_RESPONDING, silent="Running")
    assert not is_unanswered(status(run))


def test_one_on_its_way_is_told_why_it_does_not_get_on(away):
    run = away(Status.NOT_STARTED)
    mark_unresponsive(run, "no route to box")
    assert status(run).status is Status.NOT_STARTED
    StatusFile(run).change(Status.PREPARING, reason="sending 1 of 2 GB")
    mark_unresponsive(run, "no route to box")
    mark_unresponsive(run, "no route to box")
    assert [(each.status, each.reason) for each in StatusFile(run).history()][1:] == [
        (Status.PREPARING, "sending 1 of 2 GB"),
        (Status.PREPARING, "no route to box"),
    ]


def test_the_end_is_left_alone_and_so_is_what_cannot_be_read(away):
    ended, damaged = away(Status.COMPLETED), away()
    (damaged.statuses / "2.json").write_text("{}")
    for run in (ended, damaged):
        mark_unresponsive(run, "no route to box")
    assert status(ended).status is Status.COMPLETED
    assert sorted(path.name for path in damaged.statuses.glob("*.json")) == ["0.json", "1.json", "2.json"]
