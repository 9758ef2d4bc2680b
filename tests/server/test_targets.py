"""Targets over HTTP: what there is, tested, attached, detached."""

import json
import time

import pytest

from cellrun.core import Experiment, ScriptRunConfig
from tests.core.submitted_runs import wait_for


def listed(api, at):
    return {target["name"]: target for target in api.get(f"{at}/targets")["targets"]}


def test_what_is_known_of_each_is_told_at_once_and_its_answer_later(api, at, ws):
    first = api.get(f"{at}/targets", again="true")
    assert first["may_change"] is True
    assert [target["name"] for target in first["targets"]] == ["local"]
    wait_for(lambda: listed(api, at)["local"]["fullness"], "the answer of this machine")
    local = listed(api, at)["local"]
    assert local["fullness"]["capacity"]["cpus"] > 0
    assert (local["kind"], local["is_attached"], local["why_not"], local["others"]) == ("local", False, None, None)
    assert abs(local["heard_at"] - time.time()) < 60
    assert "queues" in local["can"]


def test_a_workspace_that_is_not_made_yet_has_this_machine(api):
    assert [target["name"] for target in api.get("workspaces/default/targets")["targets"]] == ["local"]


def test_kinds_say_what_a_form_has_to_ask_for(api):
    kinds = {kind["name"]: kind for kind in api.get("target_kinds")["kinds"]}
    settings = {setting["name"]: setting for setting in kinds["ssh"]["settings"]}
    assert settings["host"]["is_needed"]
    assert not settings["folder"]["is_needed"]
    assert kinds["ssh"]["about"] == "a machine of your own, by ssh"
    cluster = {setting["name"]: setting["shape"] for setting in kinds["amlcompute"]["settings"]}
    assert cluster["max_nodes"] == "number"
    assert "created_on" not in cluster
    transport = next(one for one in kinds["fake"]["settings"] if one["name"] == "transport")
    assert transport["choices"] == ["pull", "push", "log"]


def test_a_target_is_tested_attached_examined_and_detached(api, at, ws, tmp_path):
    body = {"name": "box", "kind": "fake", "settings": {"folder": str(tmp_path / "far")}}
    checked = api.post(f"{at}/check_target", body)
    assert checked["problems"] == {"name": "", "kind": "", "settings": {}, "others": ""}
    assert [finding["subject"] for finding in checked["findings"]] == ["namespaces", "folder"]
    assert list(listed(api, at)) == ["local"]
    attached = api.post(f"{at}/targets", body)
    assert [target["name"] for target in attached["targets"]] == ["local", "box"]
    assert ws.compute_targets["box"].settings == {"folder": str(tmp_path / "far")}
    assert api.post(f"{at}/targets/box/doctor")["findings"][1]["is_well"] is True
    assert api.ask("DELETE", f"{at}/targets/box").json() == {}
    assert list(listed(api, at)) == ["local"]


def test_what_is_wrong_is_told_by_its_field_and_nothing_is_attached(api, at):
    body = {"name": "local", "kind": "ssh", "settings": {"host": "two words"}}
    checked = api.post(f"{at}/check_target", body)
    assert "'local'" in checked["problems"]["name"]
    assert "host is one word" in checked["problems"]["settings"]["host"]
    assert checked["findings"] == []
    assert "there is a compute target 'local'" in api.post(f"{at}/targets", body, expect=409)["message"]
    refused = api.post(f"{at}/targets", {**body, "name": "box"}, expect=400)
    assert "host is one word" in refused["message"]
    assert list(listed(api, at)) == ["local"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "box"},
        {"name": 1, "kind": "fake"},
        {"name": "b", "kind": "fake", "settings": []},
        {"name": "b", "kind": "fake", "x": 1},
    ],
)
def test_a_body_that_describes_no_target_is_refused(api, at, body):
    for route in ("targets", "check_target"):
        assert "the body is {'name': a text" in api.post(f"{at}/{route}", body, expect=400)["message"]


def test_one_whose_runs_have_not_ended_stays_and_says_which(api, at, ws, tmp_path):
    ws.attach("box", "fake", folder=tmp_path / "far")
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "train.py").write_text("import time\ntime.sleep(600)\n")
    run = Experiment(ws, "digits").submit(ScriptRunConfig(tmp_path / "source", "train.py", compute_target="box"))
    refused = api.ask("DELETE", f"{at}/targets/box", expect=409).json()
    assert refused["message"] == "runs of the target 'box' haven't ended: digits-1; cancel them first"
    run.cancel()
    wait_for(lambda: run.get_status() == "Canceled", "the run's end")
    api.ask("DELETE", f"{at}/targets/box")


def test_one_that_another_user_attached_is_trusted_by_attaching_it_as_it_is(api, at, ws, tmp_path):
    ws.attach("lent", "fake", folder=tmp_path / "far")
    (ws.layout.targets / "lent.sig").unlink()
    others = listed(api, at)["lent"]["others"]
    assert others == {"kind": "fake", "settings": {"folder": str(tmp_path / "far")}, "why": "it isn't signed"}
    assert "it isn't signed" in api.post(f"{at}/targets/lent/doctor", expect=409)["message"]
    changed = {"name": "lent", "kind": "fake", "settings": {"folder": str(tmp_path / "mine")}}
    assert "already" in api.post(f"{at}/targets", changed, expect=409)["message"]
    api.post(f"{at}/targets", {"name": "lent", "kind": others["kind"], "settings": others["settings"]})
    assert listed(api, at)["lent"]["others"] is None


def test_a_damaged_one_is_listed_with_why_and_can_be_detached(api, at, ws):
    ws.layout.targets.mkdir()
    (ws.layout.targets / "broken.json").write_text(json.dumps({"kind": "moon", "settings": {}}))
    broken = listed(api, at)["broken"]
    assert "can't be used here" in broken["why_unusable"]
    api.ask("DELETE", f"{at}/targets/broken")
    assert list(listed(api, at)) == ["local"]


def test_one_that_is_not_there_is_not_found(api, at):
    for method, route in (("DELETE", "targets/moon"), ("POST", "targets/moon/doctor")):
        assert "no compute target 'moon'" in api.ask(method, f"{at}/{route}", expect=404).json()["message"]
    assert "always there" in api.ask("DELETE", f"{at}/targets/local", expect=409).json()["message"]
