"""What is wrong with a target that somebody writes down, said where it is."""

import pytest

from cellrun.core import Workspace
from cellrun.core.targets.attachment import Attachment, AttachmentProblems
from cellrun.core.targets.fake import FakeTarget
from cellrun.core.targets.kinds import kind_named, kind_names
from cellrun.core.targets.workspace_targets import WorkspaceTargets


@pytest.fixture
def ws(tmp_path):
    return Workspace.create("attached", tmp_path / "workspace")


def problems(ws, name, kind, **settings):
    return Attachment(name, kind, settings).problems(WorkspaceTargets(ws.layout))


def test_nothing_is_wrong_with_what_can_be_attached_and_nothing_is_kept_of_it(ws, tmp_path):
    assert problems(ws, "box", "ssh", host="me@box") == AttachmentProblems()
    target = WorkspaceTargets(ws.layout).candidate("box", "ssh", {"host": "me@box", "python": ""})
    assert (target.name, target.kind, target.settings) == ("box", "ssh", {"host": "me@box"})
    assert not ws.layout.targets.exists()


def test_each_problem_is_told_at_its_field(ws):
    found = problems(ws, "two words", "ssh", host="-o", folder="relative", python="-c")
    assert found.name
    assert set(found.settings) == {"host", "folder", "python"}
    assert "begins with '/'" in found.settings["folder"]
    assert (found.kind, found.others) == ("", "")
    assert found.are_there


def test_a_setting_that_is_missing_is_told_at_its_field(ws):
    assert "needs host=" in problems(ws, "box", "ssh").settings["host"]
    assert set(problems(ws, "far", "fake").settings) == {"folder"}


def test_a_name_that_is_taken_is_told_unless_another_user_has_it(ws, tmp_path):
    ws.attach("far", "fake", folder=tmp_path)
    assert "there is a compute target 'far' already" in problems(ws, "far", "fake", folder=str(tmp_path)).name
    assert "'local'" in problems(ws, "local", "local").name
    (ws.layout.targets / "far.sig").unlink()
    assert not problems(ws, "far", "fake", folder=str(tmp_path)).are_there


def test_a_kind_that_is_not_there_is_told(ws):
    found = problems(ws, "box", "moon", host="x")
    assert "no kind of compute target 'moon'" in found.kind
    assert found.settings == {}


def test_what_concerns_no_single_setting_and_what_a_class_does_not_expect_is_told_too(ws, monkeypatch):
    assert "has no setting 'colour'" in problems(ws, "box", "ssh", host="x", colour="red").others

    def fails(_settings):
        raise RuntimeError("never thought of that")

    monkeypatch.setattr(FakeTarget, "checked_settings", fails)
    assert "never thought of that" in problems(ws, "far", "fake", folder="/x").others


@pytest.mark.parametrize("name", kind_names())
def test_what_a_form_knows_of_settings_is_of_settings_that_there_are(name):
    kind = kind_named(name)
    assert kind.setting_forms.keys() <= kind.settings_known.keys()
    assert kind.about
