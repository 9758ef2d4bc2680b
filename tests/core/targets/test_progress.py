import pytest

from cellrun.core.store.status import Status, StatusFile
from cellrun.core.targets.progress import Progress, progress_text


@pytest.mark.parametrize(
    ("done", "size", "text"),
    [
        (1_234_000_000, 4_000_000_000, "1.2 of 4.0 GB"),
        (34_000_000, 4_000_000_000, "34.0 MB of 4.0 GB"),
        (0, 4_000_000_000, "0 bytes of 4.0 GB"),
        (5, 4, "4 of 4 bytes"),
    ],
)
def test_how_much_is_done_is_said_in_one_unit_where_it_can_be(done, size, text):
    assert progress_text(done, size) == text


def test_it_is_said_once_and_not_again_at_once(new_run):
    run = new_run(kind="script")
    progress = Progress(Status.PREPARING, "sending {}", {Status.NOT_STARTED, Status.PREPARING})
    for done in (1_000_000, 3_000_000):
        progress.tell(run, done, 4_000_000)
    assert [entry.reason for entry in StatusFile(run).history()] == [None, "sending 1.0 of 4.0 MB"]
    progress.forget(run)
    progress.tell(run, 3_000_000, 4_000_000)
    assert StatusFile(run).read().reason == "sending 3.0 of 4.0 MB"


def test_of_a_run_that_has_gone_on_nothing_is_said(new_run):
    run = new_run(kind="script")
    StatusFile(run).change(Status.RUNNING)
    Progress(Status.PREPARING, "sending {}", {Status.NOT_STARTED}).tell(run, 1, 2)
    assert StatusFile(run).read().status is Status.RUNNING
