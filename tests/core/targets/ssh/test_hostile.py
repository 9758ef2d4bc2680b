"""A machine that somebody else has taken over answers what it likes: it is an error in words, within bounds."""

import resource
from contextlib import suppress

import pytest

from cellrun.core.errors import ComputeTargetException
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.targets.pending_launch import PendingLaunch
from cellrun.core.targets.ssh import launches
from cellrun.core.targets.ssh.facts import Facts
from cellrun.core.targets.ssh.target import SshTarget
from tests.core.targets.ssh.hostile import HostileMachine

HELLO = {
    "host": "box",
    "executable": "/usr/bin/python3",
    "python": "3.12.1",
    "packages": {},
    "uv": None,
    "cpus": 1,
    "gpus": 0,
    "memory_bytes": 5,
    "home": "/h",
}
CLOCK = {"now": 1.0}
ALL_IS_WELL = {
    **HELLO,
    **CLOCK,
    "capacity": {"cpus": 1, "gpus": 0, "memory_bytes": 5},
    "in_use": {"cpus": 0, "gpus": 0, "memory_bytes": 0},
    "running": 0,
    "waiting": 0,
    "findings": [],
    "runs": {},
    "anew": [],
    "whole": [],
    "unknown": [],
    "more": False,
    "progress": {},
}
"""The answer to whatever is asked without sending anything."""


def raw(json_bytes: str) -> str:
    """Python that answers with JSON that no dict makes; given as Python, too."""
    return f"""out.write(b'{{"id": %d, ' % order["id"] + {json_bytes} + b'}}\\n')"""


NONSENSE = {
    "nothing": {},
    "other types": {"host": [], "executable": {}, "cpus": "many", "now": "late", "findings": 3, "runs": 5},
    "null": dict.fromkeys(("host", "findings", "runs", "now", "frames", "whole", "capacity", "in_use")),
    "no number": raw("b'\"now\": NaN'"),
    "a number beyond all": {"now": 10**400, "cpus": 10**400},
    "deep": raw("b'\"x\": ' + b'[' * 100_000 + b']' * 100_000"),
    "many": raw("b'\"x\": [' + b'[],' * 4_000_000 + b'0]'"),
    "another order's": {**ALL_IS_WELL, "id": 77},
    "more than was asked for": 'out.write(b\'{"id": %d, "bytes": 60000000}\\n\' % order["id"] + bytes(60_000_000))',
    "no end": "out.write(b'x' * 70_000_000)",
    "its end": "sys.exit(0)",
}
ORDERS = ("hello", "clock", "describe", "doctor", "observe", "sync", "home", "draft", "lacks", "launch", "put")


@pytest.fixture
def machine(tmp_path, monkeypatch):
    return HostileMachine(tmp_path, monkeypatch)


@pytest.mark.parametrize("said", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_is_an_error_of_the_target_whoever_asks(machine, home, said):
    machine.says(**dict.fromkeys(ORDERS, said))
    target = SshTarget("box", {"host": "box"})
    for ask in (target.learn, target.describe):
        with pytest.raises(ComputeTargetException):
            ask()
    assert not all(finding.is_well for finding in target.doctor())
    machine.says(**{**dict.fromkeys(ORDERS, said), "hello": HELLO})
    target.learn()
    assert not all(finding.is_well for finding in target.doctor())


def test_an_answer_that_would_be_right_is_taken(machine, home):
    """But for its id, another order's answer is one."""
    machine.says(**dict.fromkeys(ORDERS, ALL_IS_WELL))
    target = SshTarget("box", {"host": "box"})
    target.learn()
    assert target.describe().running == 0


@pytest.fixture
def layout(machine, runs, without_keeper, monkeypatch):
    """A run on its way to the machine, of which not a byte is there."""
    machine.says(hello=HELLO, clock=CLOCK, draft={"has": {}, "is_there": False}, lacks={"lacks": []})
    runs.workspace.attach("box", "ssh", host="box")
    with monkeypatch.context() as patch:
        patch.setattr(launches, "_CALL_S", 0.0)
        layout = runs.script("pass", compute_target="box")
    yield layout
    StatusFile(layout).change(Status.FAILED, reason="the test is over")


@pytest.mark.parametrize("said", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_about_a_run_is_an_error_of_the_target(machine, layout, said):
    nonsense = {**dict.fromkeys(ORDERS, said), "clock": CLOCK}
    incomplete = {"launch": {"error": "not yet", "kind": "incomplete", "missing": [], "lacks": []}}
    for well in (incomplete, {**incomplete, "draft": {"has": {}, "is_there": False}, "lacks": {"lacks": []}}):
        machine.says(**{**nonsense, **well})
        with pytest.raises(ComputeTargetException):
            SshTarget("box", {"host": "box"}).send([layout])
    machine.says(**nonsense)
    target, pending = SshTarget("box", {"host": "box"}), PendingLaunch(layout.workspace)
    with suppress(ComputeTargetException):
        target.send([layout])
    assert pending.was_asked(layout) or not pending.has(layout)
    StatusFile(layout).change(Status.STARTING, there=0)
    pending.remove(layout)
    for ask in (target.observe, lambda runs: target.sync(runs, is_final=True)):
        with pytest.raises(ComputeTargetException):
            ask([layout])


def test_long_words_are_cut_and_act_on_nothing(machine, home):
    nasty = "\x1b]52;c;x\x07" + "x" * 1_000_000
    machine.says(hello={"error": nasty, "kind": nasty, "path": nasty})
    with pytest.raises(ComputeTargetException) as caught:
        SshTarget("box", {"host": "box"}).learn()
    assert len(str(caught.value)) < 10_000
    assert "\x1b" not in str(caught.value)
    machine.says(
        hello={**HELLO, "home": nasty},
        clock=CLOCK,
        doctor={"findings": [{"subject": nasty, "is_well": "yes", "text": nasty, "more": 1}]},
    )
    found = SshTarget("box", {"host": "box"}).doctor()
    assert max(len(each.text) for each in found) < 10_000
    assert not any("\x1b" in each.text + each.subject for each in found)
    assert found[-1].is_well is False


def test_what_is_kept_of_a_machine_is_bounded(machine, home):
    many = {f"p{n}": "1" for n in range(30_000)} | {"bad": ["1"], "long": "1" * 5000}
    machine.says(hello={**HELLO, "packages": many, "more": "x" * 1_000_000})
    SshTarget("box", {"host": "box"}).learn()
    packages = Facts.known({"host": "box"}).python.packages
    assert len(packages) <= 20_000
    assert not {"bad", "long"} & packages.keys()
    (path,) = (home / "machines").glob("*.json")
    assert path.stat().st_size < 1_000_000


def test_a_machine_that_fills_the_line_fills_no_memory(machine, home):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name in ("many", "no end", "more than was asked for"):
        machine.says(hello=NONSENSE[name])
        with pytest.raises(ComputeTargetException):
            SshTarget("box", {"host": "box"}).learn()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000
