"""Damaged runs over REST and the stream: a row with the reason, an answer that says it, and nobody else is troubled."""

from __future__ import annotations

import json

import pytest

from cellrun.core import Experiment, Workspace
from tests.damage import FILES, KINDS, put
from tests.server.jupyter_process import Client

ROUTES = ("", "/metrics", "/metric?name=loss", "/log", "/outputs", "/snapshot")


@pytest.mark.parametrize("name", FILES)
def test_no_damage_of_any_file_makes_a_route_fail_or_wait(api: Client, exp: Experiment, at: str, name: str) -> None:
    healthy = exp.start_logging()
    healthy.log("loss", 1.0)
    healthy.complete()
    damaged = {}
    for kind in KINDS:
        run = exp.start_logging()
        run.log("loss", 1.0)
        run.complete()
        put(run.layout, name, kind)
        damaged[run.id] = kind
    rows = {row["id"]: row for row in api.get(f"{at}/runs?limit=100")["runs"]}
    assert rows.keys() == {healthy.id, *damaged}
    assert rows[healthy.id]["status"] == "Completed"
    for run_id, kind in damaged.items():
        if rows[run_id]["status"] == "Damaged":
            assert rows[run_id]["reason"], kind
        for route in ROUTES:
            answer = api.session.get(f"{api.jupyter.api}{at}/runs/{run_id}{route}", timeout=10)
            assert answer.status_code in {200, 403, 404, 409, 410}, (kind, route, answer.text)
        compared = f"{api.jupyter.api}{at}/compare?run={run_id}&run={healthy.id}"
        assert api.session.get(compared, timeout=10).status_code in {200, 400, 404}, kind
    assert {one["name"] for one in api.get(f"{at}/experiments")["experiments"]} >= {exp.name}
    over = [run_id for run_id in damaged if rows[run_id]["status"] in {"Damaged", "Completed"}]
    deleted = api.ask("POST", f"{at}/delete", json={"runs": over}).json()
    assert [run["refused"] for run in deleted["runs"]] == [None] * len(over)
    assert {row["id"] for row in api.get(f"{at}/runs?limit=100")["runs"]} == {healthy.id, *damaged} - set(over)


_INPUT = {"name": "a", "mode": "mount", "dataset": {"kind": "file", "paths": [{"local": "/x"}]}}
_OUTPUT = {"name": "a", "mode": "mount", "datastore": "", "path": "p"}


@pytest.mark.parametrize(
    ("record", "notes", "done"),
    [
        ({"inputs": {**_INPUT, "path_on_compute": 5}}, None, None),
        ({"inputs": {**_INPUT, "path_on_compute": "../x"}}, None, None),
        ({"inputs": {**_INPUT, "name": "PATH"}}, None, None),
        ({"inputs": {**_INPUT, "dataset": {"paths": [{"datastore": "s"}]}}}, None, None),
        ({"inputs": {**_INPUT, "dataset_name": {}}}, None, None),
        ({"inputs": _INPUT}, {"a": 5}, None),
        ({"inputs": _INPUT}, {"a": {"count": "x", "size_bytes": 1, "digest": "d"}}, None),
        ({"inputs": _INPUT}, {"a": {"digest": "d"}}, None),
        ({"outputs": {**_OUTPUT, "mode": "x"}}, None, None),
        ({"outputs": {**_OUTPUT, "source": 7}}, None, None),
        ({"outputs": {**_OUTPUT, "source_globs": 5}}, None, None),
        ({"outputs": {**_OUTPUT, "register": {"name": "a", "unknown": 1}}}, None, None),
        ({"outputs": _OUTPUT}, None, {"a": 5}),
        ({"outputs": _OUTPUT}, None, {"a": {"files": 1}}),
        ({"outputs": _OUTPUT}, None, {"a": {"files": 1, "size_bytes": 1, "dataset": {"name": "a"}}}),
    ],
)
def test_what_a_run_says_of_its_data_makes_no_route_fail(
    api: Client, exp: Experiment, at: str, record: dict[str, object], notes: object, done: object
) -> None:
    healthy, run = exp.start_logging(), exp.start_logging()
    for each in (healthy, run):
        each.complete()
    said = json.loads(run.layout.record.read_text()) | {side: {"a": data} for side, data in record.items()}
    run.layout.record.write_text(json.dumps(said))
    if notes is not None:
        run.layout.input_files.write_text(json.dumps({"inputs": notes}))
    if done is not None:
        run.layout.delivered.write_text(json.dumps({"outputs": done}))
    assert {row["id"] for row in api.get(f"{at}/runs?limit=100")["runs"]} == {healthy.id, run.id}
    for route in (f"runs/{run.id}", f"compare?run={run.id}&run={healthy.id}"):
        answer = api.session.get(f"{api.jupyter.api}{at}/{route}", timeout=10)
        assert answer.status_code in ({200, 400, 409} if notes is None and done is None else {200}), answer.text


@pytest.mark.parametrize("kind", ["pipe", "link to a device", "too large", "no JSON", "list"])
def test_a_workspace_whose_record_is_damaged_hides_no_other(
    api: Client, exp: Experiment, ws: Workspace, tmp_path, kind: str
) -> None:
    bad = Workspace.create(f"{tmp_path.name}-bad", tmp_path / "bad")
    bad.layout.record.unlink()
    KINDS[kind](bad.layout.record)
    exp.start_logging().complete()
    listed = {one["id"]: one for one in api.get("workspaces")["workspaces"]}
    assert listed[ws.id]["runs"] == 1
    assert len(api.get(f"workspaces/{ws.id}/runs")["runs"]) == 1
