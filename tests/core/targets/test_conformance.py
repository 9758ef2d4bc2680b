"""What every registered target must do, whoever wrote it."""

import pytest

from cellrun.core.resources import Resources
from cellrun.core.status import Status
from cellrun.core.submission.script_run_config import ScriptRunConfig
from cellrun.core.targets.contract import Capability, ComputeTarget
from cellrun.core.targets.registry import compute_target, compute_targets


@pytest.fixture(params=sorted(compute_targets()))
def target(request) -> ComputeTarget:
    return compute_target(request.param)


def test_a_script_runs_to_its_end(runs, target):
    layout = runs.script("import sys; print(sys.argv[1:])", "--lr", 0.1, compute_target=target.name)
    assert runs.end(layout).status is Status.COMPLETED
    target.fetch(layout)
    assert layout.log.read_text() == "['--lr', '0.1']\n"


def test_a_failure_says_why(runs, target):
    end = runs.end(runs.script("raise ValueError('no data')", compute_target=target))
    assert end.status is Status.FAILED
    assert "ValueError: no data" in end.reason


def test_the_status_of_many_runs_comes_in_one_call(runs, target):
    layouts = [runs.script(f"print({number})", compute_target=target.name) for number in range(3)]
    for layout in layouts:
        runs.end(layout)
    found = target.status(layouts)
    assert {run_id: one.status for run_id, one in found.items()} == {
        layout.run_id: Status.COMPLETED for layout in layouts
    }
    assert target.status([]) == {}


def test_a_script_that_asks_for_its_own_run_hears_that_it_is_running(runs, target):
    """However quick it is: its supervisor may not have written it yet."""
    script = "from cellrun.core import Run; print(Run.get_context().get_status())"
    layouts = [runs.script(script, compute_target=target.name) for _ in range(4)]
    for layout in layouts:
        runs.end(layout)
        assert layout.log.read_text() == "Running\n"


def test_the_log_is_read_by_offset_while_it_grows(runs, target, until):
    layout = runs.script("import time; print('one'); time.sleep(60)", compute_target=target.name)
    until(lambda: target.logs(layout, 0, 100) == b"one\n", "the first line")
    assert target.logs(layout, 1, 2) == b"ne"
    assert target.logs(layout, 4, 100) == b""


def test_a_run_that_has_written_nothing_has_an_empty_log(runs, target):
    layout = runs.script("pass", compute_target=target.name)
    runs.end(layout)
    assert target.logs(layout, 0, 100) == b""


def test_cancel_may_be_called_at_any_time_and_again(runs, target):
    if Capability.CANCELS not in target.describe().capabilities:
        pytest.skip("it can't cancel, and says so")
    layout = runs.printed(runs.script("print('up'); import time; time.sleep(60)", compute_target=target.name), "up")
    target.cancel(layout)
    target.cancel(layout)
    assert runs.end(layout).status is Status.CANCELED
    target.cancel(layout)
    assert runs.end(layout).status is Status.CANCELED


def test_more_than_it_has_is_refused_before_a_run_exists(runs, target):
    most = target.describe().capacity
    too_much = Resources(most.cpus + 1, most.gpus + 1, most.memory_bytes + 1)
    problems = target.validate(too_much)
    assert len(problems) == 3
    assert all(target.name in problem for problem in problems)
    assert target.validate(most) == []


def test_it_describes_itself(target):
    described = target.describe()
    assert described.name == target.name
    assert described.capacity.cpus >= 1
    assert (described.running, described.waiting, described.in_use) == (0, 0, Resources(0, 0, 0))


def test_it_knows_whether_it_is_well(target):
    findings = target.doctor()
    assert findings
    assert [finding for finding in findings if not finding.is_well] == []
    assert all(finding.subject and finding.text for finding in findings)


def test_a_config_takes_the_target_or_its_name(runs, target):
    for given in (target, target.name):
        config = ScriptRunConfig(runs.source, command="echo $0", compute_target=given)
        assert runs.end(runs.config(config)).status is Status.COMPLETED
