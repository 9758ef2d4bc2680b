"""A target that is opened once and used for long."""

import pytest

from cellrun.core import Workspace
from cellrun.core.errors import ComputeTargetException
from cellrun.core.targets.fake import FakeTarget
from cellrun.core.targets.keeper.open_target import OpenTarget


@pytest.fixture
def closed(monkeypatch):
    found = []
    monkeypatch.setattr(FakeTarget, "close", lambda target: found.append(target.settings["folder"]))
    return found


def test_it_is_the_same_until_it_is_attached_otherwise(tmp_path, closed):
    ws = Workspace.create("tests", tmp_path / "ws")
    opened = OpenTarget(ws.layout, "box")
    with pytest.raises(ComputeTargetException, match="no compute target 'box'"):
        opened.get()
    ws.attach("box", "fake", folder=tmp_path / "a")
    first = opened.get()
    assert opened.get() is first
    ws.detach("box")
    ws.attach("box", "fake", folder=tmp_path / "b")
    assert opened.get().settings == {"folder": str(tmp_path / "b")}
    assert closed == [str(tmp_path / "a")]
    opened.close()
    opened.close()
    assert closed == [str(tmp_path / "a"), str(tmp_path / "b")]
    ws.detach("box")
    with pytest.raises(ComputeTargetException, match="no compute target 'box'"):
        opened.get()
