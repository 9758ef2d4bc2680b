from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cellrun.core import drafts
from cellrun.core.drafts import draft_name, is_abandoned

WRITE = "import sys; from cellrun.core.drafts import draft_name; print(draft_name(), flush=True); sys.stdin.read()"


def test_it_is_abandoned_when_its_process_is_dead(tmp_path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    draft = tmp_path / writer.stdout.readline().strip()
    draft.touch()
    assert not is_abandoned(draft)
    writer.kill()
    writer.communicate()
    assert is_abandoned(draft)


def test_each_is_another_and_goes_on_with_its_process(tmp_path: Path) -> None:
    first, second = draft_name(), draft_name()
    assert first != second
    assert not is_abandoned(tmp_path / first)


@pytest.mark.parametrize("whose", ["another host", "another boot", "an earlier cellrun"])
def test_what_cannot_be_seen_from_here_is_known_by_its_age(
    whose: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f".new-{os.getpid()}-1234abcd"
    if whose != "an earlier cellrun":
        me = drafts.ProcessIdentity.current()
        other = me._replace(**{whose.split()[1]: "another"})
        with monkeypatch.context() as there:
            there.setattr(drafts.ProcessIdentity, "current", lambda: other)
            name = draft_name()
    draft = tmp_path / name
    draft.touch()
    assert not is_abandoned(draft)
    os.utime(draft, (0, time.time() - 90_000))
    assert is_abandoned(draft)
    draft.unlink()
    assert not is_abandoned(draft)  # somebody else was as quick
