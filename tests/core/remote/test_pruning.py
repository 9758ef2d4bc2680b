import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cellrun.core.remote import pruning
from cellrun.core.remote.remote_workspace import RemoteWorkspace
from tests.core.remote.boxes import Box, Made
from tests.core.remote.test_run_orders import WAITS

pytestmark = pytest.mark.usefixtures("warm_agents")

DAY_S = 86_400


def aged(path: Path, days: float) -> None:
    at = time.time() - days * DAY_S
    os.utime(path, (at, at))


@pytest.fixture
def there(box: Box, make_run: Callable[..., Made], monkeypatch: pytest.MonkeyPatch) -> RemoteWorkspace:
    """The folder of a workspace there, which this process prunes."""
    box.link().ask("lacks", workspace=make_run("print(1)").of_run["workspace"], hashes=[])
    monkeypatch.setenv("CELLRUN_HOME", str(box.home))
    [found] = RemoteWorkspace.all()
    return found


@pytest.fixture
def ended(box: Box, make_run: Callable[..., Made]) -> Made:
    """A run that has ended there, all of which is at home."""
    run, link = make_run("print(1)"), box.link()
    run.launch(link)
    box.ended(run.layout)
    link.ask("home", workspace=run.of_run["workspace"], runs=[run.layout.run_id])
    return run


def test_a_run_that_came_home_is_kept_some_days(box: Box, ended: Made, there: RemoteWorkspace):
    pruning.prune()
    assert box.there(ended.layout).record.exists()
    aged(there.home_mark(ended.layout.run_id), 8)
    pruning.prune()
    assert list(there.layout.runs.iterdir()) == []
    assert not there.home_mark(ended.layout.run_id).exists()


def test_a_run_of_which_not_all_is_at_home_stays(box: Box, make_run: Callable[..., Made], there: RemoteWorkspace):
    run = make_run("print(1)")
    run.launch(box.link())
    box.ended(run.layout)
    for path in (box.there(run.layout).folder, *box.there(run.layout).folder.iterdir()):
        aged(path, 400)
    pruning.prune()
    assert box.there(run.layout).record.exists()


def test_nothing_of_a_run_that_lives_goes(
    box: Box, make_run: Callable[..., Made], there: RemoteWorkspace, tmp_path: Path
):
    run, link = make_run(WAITS, tmp_path / "go"), box.link()
    run.launch(link)
    link.ask("home", workspace=there.id, runs=[run.layout.run_id])  # whoever says so is wrong
    there.home_mark(run.layout.run_id).touch()
    aged(there.home_mark(run.layout.run_id), 400)
    pruning.prune()
    assert box.there(run.layout).record.exists()
    (tmp_path / "go").touch()
    assert box.ended(run.layout).status == "Completed"


def test_what_has_come_of_a_run_that_was_given_up_goes_after_some_days(
    box: Box, make_run: Callable[..., Made], there: RemoteWorkspace
):
    old, new = make_run("print(1)"), make_run("print(2)")
    for run in (old, new):
        run.send(box.link())
    aged(there.draft(old.layout.run_id).folder, 8)
    pruning.prune()
    assert [path.name for path in there.draft("x").folder.parent.iterdir()] == [new.layout.run_id]


def test_values_that_nobody_has_asked_for_in_long_go(box: Box, there: RemoteWorkspace):
    link, about = box.link(), {"workspace": there.id, "size": 1, "offset": 0}
    for name in ("aa-old", "bb-used", "cc-new"):
        link.ask("value", b"x", name=name, **about)
    for name in ("aa-old", "bb-used"):
        aged(there.layout.values / name[:2] / name, 31)
    link.ask("value", b"x", name="dd-part", **{**about, "size": 9})
    aged(there.layout.values / "incoming" / "dd-part", 8)
    assert link.ask("lacks", workspace=there.id, hashes=["bb-used"]).facts["lacks"] == []
    pruning.prune()
    kept = sorted(path.name for path in there.layout.values.glob("*/*"))
    assert kept == ["bb-used", "cc-new"]


def test_no_value_goes_while_a_run_cannot_be_read(box: Box, ended: Made, there: RemoteWorkspace):
    box.link().ask("value", b"x", name="aa-old", workspace=there.id, size=1, offset=0)
    aged(there.layout.values / "aa" / "aa-old", 31)
    context = box.there(ended.layout).context
    context.mkdir(exist_ok=True)
    (context / "context.json").write_text("{damaged")
    pruning.prune()
    assert (there.layout.values / "aa" / "aa-old").exists()


def test_it_is_done_once_a_day(box: Box, ended: Made, there: RemoteWorkspace):
    aged(there.home_mark(ended.layout.run_id), 8)
    pruning.prune_now_and_then()  # the agents have done so just now
    assert box.there(ended.layout).record.exists()
    aged(box.home / "remote" / ".pruned", 2)
    pruning.prune_now_and_then()
    assert list(there.layout.runs.iterdir()) == []
