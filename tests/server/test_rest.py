"""The REST routes over runs that were really made, as the front end asks for them."""

from __future__ import annotations

import math
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cellrun.core import Dataset, Experiment, OutputFileDatasetConfig, Run, ScriptRunConfig, Workspace
from cellrun.core.context.manifest import Context, Need
from cellrun.core.places import cache_of
from cellrun.core.store.events.event_line import decode_value
from cellrun.core.store.lists.index_file import INDEX
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore
from tests.core.submitted_runs import wait_for
from tests.server.jupyter_process import Client

SCRIPT = """
import sys, time
print("begun", flush=True)
if "--wait" in sys.argv:
    time.sleep(600)
"""


@pytest.fixture
def submit(ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Submit a script; what is left of it is ended with the test."""
    monkeypatch.setenv("CELLRUN_GRACE_S", "0.5")
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "train.py").write_text(SCRIPT)
    made: list[Run] = []

    def start(*arguments: object) -> Run:
        config = ScriptRunConfig(tmp_path / "source", "train.py", arguments, compute_target="local")
        made.append(Experiment(ws, "scripts").submit(config))
        return made[-1]

    yield start
    for run in made:
        if run.layout.record.exists():
            run.cancel()
            run.wait_for_completion(raise_on_error=False)


def test_the_root_says_what_this_is(api: Client) -> None:
    answer = api.get("")
    assert set(answer) == {"version", "protocol", "root"}
    assert answer["root"] == str(api.jupyter.folder / "notebooks")


def test_workspaces_are_listed_with_the_default_one_first(api: Client, ws: Workspace, exp: Experiment) -> None:
    exp.start_logging().complete()
    listed = api.get("workspaces")["workspaces"]
    assert listed[0]["name"] == "default"
    mine = next(one for one in listed if one["id"] == ws.id)
    assert (mine["name"], mine["folder"], mine["runs"]) == (ws.name, str(ws.folder), 1)
    assert mine["latest_at"] > 1e9


def test_runs_are_a_page_newest_first(api: Client, exp: Experiment, at: str) -> None:
    for number in range(5):
        run = exp.start_logging(tags={"even": None} if number % 2 == 0 else {"lr": "0.1"})
        run.log("loss", 1.0)
        run.log("loss", 0.5)
        run.log_row("sine", x=0, y=number)
        run.complete() if number < 4 else None
    page = api.get(f"{at}/runs", limit=2, spark="*")
    assert [row["name"] for row in page["runs"]] == ["digits-5", "digits-4"]
    assert page["total"] == 5
    last = page["runs"][1]
    assert last["metrics"] == {"loss": 0.5, "sine": 3}  # of rows, the column that is drawn
    assert last["sparks"] == {"loss": [255, 0]}
    assert [row["name"] for row in api.get(f"{at}/runs", limit=2, offset=4)["runs"]] == ["digits-1"]
    assert [row["name"] for row in api.get(f"{at}/runs", tag="lr=0.1")["runs"]] == ["digits-4", "digits-2"]
    assert api.get(f"{at}/runs", tag="even")["total"] == 3
    assert api.get(f"{at}/runs", tag=["even", "lr=0.1"])["total"] == 0
    assert api.get(f"{at}/runs", status=["Completed", "Failed"])["total"] == 4
    assert api.get(f"{at}/runs", experiment="other")["total"] == 0
    assert api.get(f"{at}/runs", text="DIGITS-3")["total"] == 1
    assert api.get(f"{at}/experiments")["experiments"][0] | {"latest_at": 0} == {
        "name": "digits",
        "runs": 5,
        "active": 1,
        "latest_at": 0,
    }


def test_a_runs_children_are_listed_by_it(api: Client, ws: Workspace, at: str) -> None:
    def made(parent: str | None = None) -> str:
        return RunStore(ws.layout).create(RunRecord("digits", "script", parent=parent), lambda _: None).run_id

    parent = made()
    children = [made(parent) for _ in range(3)]
    page = api.get(f"{at}/runs", parent=parent, limit=2)
    assert ([row["id"] for row in page["runs"]], page["total"]) == ([*reversed(children)][:2], 3)
    rows = {row["id"]: (row["parent"], row["children"]) for row in api.get(f"{at}/runs")["runs"]}
    assert rows == {parent: (None, 3), **dict.fromkeys(children, (parent, 0))}


def test_a_run_is_found_by_id_and_by_name(api: Client, exp: Experiment, ws: Workspace, at: str) -> None:
    run = exp.start_logging(display_name="<img src=x onerror=alert(1)>", tags={"</script>": "javascript:alert(1)"})
    details = api.get(f"{at}/runs/{run.id}")
    assert details == {**api.get(f"{at}/runs/digits-1"), "header": details["header"]}
    assert details["row"]["display_name"] == "<img src=x onerror=alert(1)>"  # F8: text is text, in JSON
    assert details["header"]["tags"] == {"</script>": "javascript:alert(1)"}
    assert [one["status"] for one in details["history"]] == ["NotStarted", "Running"]
    assert details["record"]["id"] == run.id
    assert details["folder"] == str(run.layout.folder)
    scope: dict[str, object] = {}
    exec(details["code"], scope)  # what is copied gets the run
    assert scope["run"].id == run.id  # type: ignore[attr-defined]


def test_details_have_the_account_of_what_was_captured(api: Client, exp: Experiment, at: str) -> None:
    run = exp.start_logging()
    assert api.get(f"{at}/runs/{run.id}")["needs"] is None
    needs = (Need("<b>x</b>", "value", "int", "line 1", 20, "value", "same as digits-1: not sent again"),)
    Context(python="3.11", title="Cell In[1]", needs=needs).write(run.layout.context)
    details = api.get(f"{at}/runs/{run.id}")
    assert details["needs"] == [
        {
            "name": "<b>x</b>",
            "kind": "value",
            "what": "int",
            "place": "line 1",
            "bytes": 20,
            "how": "value",
            "note": "same as digits-1: not sent again",
        }
    ]
    assert details["header"]["captured"] == {"names": 1, "bytes": 20}


@pytest.mark.parametrize("run", ["digits-1", "no-such-run", "a%00b", "%2e%2e", "x" * 300, "%ff", "a%2fb"])
def test_a_run_that_is_not_there(api: Client, at: str, run: str) -> None:
    answer = api.ask("GET", f"{at}/runs/{run}/log", expect=400 if run == "%ff" else 404)
    assert answer.json()["status"] == answer.status_code


def test_a_workspace_that_is_not_there(api: Client, ws: Workspace) -> None:
    answer = api.get("workspaces/nix/runs", expect=404)
    assert "no workspace 'nix'" in answer["message"]
    assert ws.id in answer["message"]


def test_metrics_are_columns(api: Client, exp: Experiment, at: str) -> None:
    run = exp.start_logging()
    for step in range(3000):
        run.log("loss", math.nan if step == 7 else 1 / (step + 1))
    run.log("note", "a text")
    run.log("big", 2**60)
    run.complete()
    heads = {head["name"]: head for head in api.get(f"{at}/runs/{run.id}/metrics")["metrics"]}
    assert (heads["loss"]["rows"], heads["loss"]["kind"]) == (3000, "log")
    assert decode_value(heads["big"]["columns"][-1]["last"]) == 2**60
    thinned = api.get(f"{at}/runs/{run.id}/metric", name="loss", points=100)
    x, y = (column["values"] for column in thinned["columns"])
    assert len(x) == len(y) <= 120
    assert (thinned["exact"], thinned["next"], max(y[:1])) == (False, 3000, 1.0)
    assert thinned["damage"] == api.get(f"{at}/runs/{run.id}/metrics")["damage"] == []
    near = api.get(f"{at}/runs/{run.id}/metric", name="loss", from_=5, to=9)
    assert near["exact"] is True
    assert near["columns"][1]["values"] == [1 / 6, 1 / 7, {"float": "NaN"}, 1 / 9, 1 / 10]
    newer = api.get(f"{at}/runs/{run.id}/metric", name="loss", start=2998)
    assert newer["columns"][1]["values"] == [1 / 2999, 1 / 3000]
    some = api.get(f"{at}/runs/{run.id}/metric", name="loss", start=10, count=2)
    assert (some["columns"][1]["values"], some["next"], some["exact"]) == ([1 / 11, 1 / 12], 12, True)
    assert "no metric 'nix'" in api.get(f"{at}/runs/{run.id}/metric", name="nix", expect=404)["message"]
    assert "missing" in api.get(f"{at}/runs/{run.id}/metric", expect=400)["message"]
    assert "x" in api.get(f"{at}/runs/{run.id}/metric", name="loss", x="nix", expect=400)["message"]


def test_metrics_say_which_events_are_damaged(api: Client, exp: Experiment, at: str) -> None:
    run = exp.start_logging()
    for step in range(10):
        run.log("loss", step)
    run.complete()
    (path,) = run.layout.events.iterdir()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line.replace(b"loss", b"lass") if n > 4 else line for n, line in enumerate(lines)))
    with pytest.warns(RuntimeWarning) as told:
        assert len(Run.get(exp.workspace, run.id).get_metrics()["loss"]) == 4
    for answer in (api.get(f"{at}/runs/{run.id}/metrics"), api.get(f"{at}/runs/{run.id}/metric", name="loss")):
        assert [f"run {run.id}: {each}" for each in answer["damage"]] == [str(one.message) for one in told]
        assert f"1 damaged record at byte {len(b''.join(lines[:5]))} of {path.name}" in answer["damage"][0]


def test_a_run_is_edited_after_its_end_too(api: Client, exp: Experiment, at: str) -> None:
    run = exp.start_logging(tags={"old": "1", "keep": None})
    run.complete()
    change = {"display_name": "the best", "tags": {"best": None, "why": "it is"}, "remove_tags": ["old"]}
    row = api.ask("PATCH", f"{at}/runs/{run.id}", json=change).json()
    assert row["display_name"] == "the best"
    assert row["tags"] == {"keep": None, "best": None, "why": "it is"}
    assert api.get(f"{at}/runs")["runs"] == [row]
    assert run.get_tags() == row["tags"]


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"name": "x"},
        {"display_name": ""},
        {"display_name": "x" * 300},
        {"display_name": 1},
        {"tags": ["a"]},
        {"tags": {"a": 1}},
        {"tags": {"": "x"}},
        {"remove_tags": "a"},
        {"tags": {"fine": "x"}, "remove_tags": [""]},
    ],
)
def test_a_change_that_can_not_be_changes_nothing(api: Client, exp: Experiment, at: str, change: dict) -> None:
    run = exp.start_logging()
    answer = api.ask("PATCH", f"{at}/runs/{run.id}", json=change, expect=400).json()
    assert answer["status"] == 400
    assert api.get(f"{at}/runs/{run.id}")["row"]["tags"] == {}


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"<xml/>", "application/xml", 415),
        (b"0" * 1_000_001, "application/json", 413),
    ],
    ids=["half", "list", "deep", "bytes", "plain", "xml", "large"],
)
def test_a_body_that_is_none(api: Client, at: str, body: bytes, kind: str, status: int) -> None:
    headers = {"Content-Type": kind}
    answer = api.ask("POST", f"{at}/delete", data=body, headers=headers, expect=status)
    assert answer.json()["status"] == status


def test_a_run_is_canceled(api: Client, submit, at: str) -> None:
    run = submit("--wait")
    wait_for(lambda: b"begun" in api.ask("GET", f"{at}/runs/{run.id}/log").content, "its first line")
    assert api.post(f"{at}/runs/{run.id}/cancel")["id"] == run.id
    wait_for(lambda: api.get(f"{at}/runs/{run.id}")["row"]["status"] == "Canceled", "its end")
    assert api.post(f"{at}/runs/{run.id}/cancel")["status"] == "Canceled"  # nothing happens any more


def test_a_run_is_submitted_again(api: Client, submit, at: str) -> None:
    first = submit("--lr", "0.1")
    first.wait_for_completion()
    row = api.post(f"{at}/runs/{first.id}/again")
    assert (row["name"], row["parameters"]) == ("scripts-2", {"lr": "0.1"})
    wait_for(lambda: api.get(f"{at}/runs/{row['id']}")["row"]["status"] == "Completed", "its end")
    assert api.get(f"{at}/runs/{row['id']}/snapshot")["files"][0]["name"] == "train.py"


def test_details_have_a_runs_data(api: Client, submit, ws: Workspace, at: str) -> None:
    store = ws.get_default_datastore()
    store.filesystem().pipe_file("path/a.csv", b"one")
    dataset = Dataset.File.from_files((store, "path")).register(ws, "mydata")
    run = submit(dataset.as_named_input("train").as_mount(), OutputFileDatasetConfig("model"))
    run.wait_for_completion()
    wait_for(lambda: api.get(f"{at}/runs/{run.id}")["data"][0]["files"] == 1, "what its input was")
    train, model = api.get(f"{at}/runs/{run.id}")["data"]
    assert train == {
        "name": "train",
        "side": "input",
        "what": "mydata:1",
        "registered": "",
        "mode": "mount",
        "files": 1,
        "bytes": 3,
    }
    assert (model["name"], model["side"], model["files"]) == ("model", "output", None)
    assert api.get(f"{at}/runs/{run.id}")["row"]["parameters"] == {"train": "mydata:1"}


def test_details_have_a_runs_properties_and_the_models_that_it_has_registered(
    api: Client, exp: Experiment, at: str, tmp_path: Path
) -> None:
    (tmp_path / "model.pkl").write_bytes(b"weights")
    with exp.start_logging() as run:
        run.add_properties({"data": "v2"})
        run.upload_file("outputs/model.pkl", tmp_path / "model.pkl")
        run.register_model("digits", "outputs/model.pkl")
        run.register_model("digits", "outputs/model.pkl")
    details = api.get(f"{at}/runs/{run.id}")
    assert details["models"] == ["digits:2", "digits:1"]
    assert details["properties"]["data"] == "v2"


def test_a_run_that_is_not_known_to_be_ones_own_is_submitted_again_only_if_it_is_trusted(api, submit, at) -> None:
    first = submit("--lr", "0.1")
    first.wait_for_completion()
    again = f"{at}/runs/{first.id}/again"
    first.layout.signed.unlink()
    answer = api.post(again, expect=409)
    assert answer["untrusted"] == f"run {first.id} brings code that runs here, and it isn't signed"
    assert answer["message"].endswith('if you trust whoever submitted it, send {"trust": true}')
    assert "trust is true or false" in api.post(again, {"trust": "yes"}, expect=400)["message"]
    assert api.post(again, {"trust": False}, expect=409)["status"] == 409
    row = api.post(again, {"trust": True})
    wait_for(lambda: api.get(f"{at}/runs/{row['id']}")["row"]["status"] == "Completed", "its end")
    second = api.post(f"{at}/runs/{row['id']}/again")
    wait_for(lambda: api.get(f"{at}/runs/{second['id']}")["row"]["status"] == "Completed", "its end")


def test_an_interactive_run_is_not_submitted_again(api: Client, exp: Experiment, at: str) -> None:
    answer = api.post(f"{at}/runs/{exp.start_logging().id}/again", expect=400)
    assert "interactive" in answer["message"]


def test_runs_are_deleted_unless_they_go_on(api: Client, exp: Experiment, at: str) -> None:
    ended, going = exp.start_logging(), exp.start_logging()
    ended.complete()
    told = api.post(f"{at}/delete", {"runs": [ended.id, going.id], "dry": True})
    assert [bool(run["refused"]) for run in told["runs"]] == [False, True]
    assert told["freed_bytes"] == told["runs"][0]["size_bytes"] > 0
    assert ended.layout.folder.exists()
    api.ask("DELETE", f"{at}/runs/{going.id}", expect=409)
    done = api.post(f"{at}/delete", {"runs": [ended.id, going.id]})
    assert done["freed_bytes"] > 0
    assert [row["id"] for row in api.get(f"{at}/runs")["runs"]] == [going.id]
    api.get(f"{at}/runs/{ended.id}", expect=404)
    assert api.post(f"{at}/delete", {"runs": "all"}, expect=400)["status"] == 400


def test_runs_are_compared(api: Client, exp: Experiment, at: str) -> None:
    ids = []
    for rate in (0.1, 0.2):
        run = exp.start_logging(tags={"lr": rate})
        run.log_list("loss", [rate, rate / 2])
        run.complete()
        ids.append(run.id)
    compared = api.get(f"{at}/compare", run=ids)
    assert [row["id"] for row in compared["runs"]] == ids
    assert compared["tags"] == [{"name": "lr", "values": ["0.1", "0.2"], "differs": True}]
    assert [series["y"] for series in compared["curves"][0]["series"]] == [[0.1, 0.05], [0.2, 0.1]]
    assert "2 to 20" in api.get(f"{at}/compare", run=ids[:1], expect=400)["message"]
    assert "no-1" in api.get(f"{at}/compare", run=[ids[0], "no-1"], expect=404)["message"]


def test_a_run_folder_that_goes_is_told_and_the_list_goes_on(api: Client, exp: Experiment, at: str) -> None:
    """D10."""
    gone, kept = exp.start_logging(), exp.start_logging()
    gone.log("loss", 1.0)
    api.get(f"{at}/runs/{gone.id}/metrics")
    gone.complete()
    shutil.rmtree(gone.layout.folder / "status")
    shutil.rmtree(gone.layout.folder / "events")
    for route in ("", "/metrics", "/log", "/outputs"):
        assert api.session.get(f"{api.jupyter.api}{at}/runs/{gone.id}{route}", timeout=30).status_code < 500
    shutil.rmtree(gone.layout.folder)
    assert "no run" in api.get(f"{at}/runs/{gone.id}", expect=404)["message"]
    kept.layout.record.rename(kept.layout.folder / "aside")
    kept.layout.record.write_text("no record")
    assert "run.json is no JSON" in api.get(f"{at}/runs/{kept.id}", expect=409)["message"]
    (kept.layout.folder / "aside").replace(kept.layout.record)
    assert [row["id"] for row in api.get(f"{at}/runs")["runs"]] == [kept.id]


def test_a_workspace_that_can_not_be_read_hides_no_other(api: Client, exp: Experiment, tmp_path: Path) -> None:
    """D6: an index of a newer cellrun is refused, in that workspace alone."""
    newer = Workspace.create(f"{tmp_path.name}-newer", tmp_path / "newer")
    Experiment(newer, "digits").start_logging().complete()
    api.get(f"workspaces/{newer.id}/runs")
    with closing(sqlite3.connect(cache_of(newer.layout) / INDEX)) as base:
        base.executescript("CREATE TABLE newer (id TEXT); PRAGMA user_version = 999;")
    assert "update cellrun here" in api.get(f"workspaces/{newer.id}/runs", expect=409)["message"]
    assert {exp.workspace.id, newer.id} <= {one["id"] for one in api.get("workspaces")["workspaces"]}


def test_a_large_answer_is_zipped(api: Client, exp: Experiment, at: str) -> None:
    for _ in range(5):
        exp.start_logging(tags={"why": "because " * 50}).complete()
    for accepted, sent in (("gzip", "gzip"), ("identity", None)):
        answer = api.ask("GET", f"{at}/runs", headers={"Accept-Encoding": accepted})
        assert answer.headers.get("Content-Encoding") == sent
        assert answer.json()["total"] == 5
    assert "Content-Encoding" not in api.ask("GET", "").headers


def test_a_family_is_listed_from_above(api: Client, exp: Experiment) -> None:
    run = exp.start_logging()
    child = run.child_run("fold")
    child.complete()
    run.complete()
    path = f"workspaces/{exp.workspace.id}/runs"
    (root,) = api.get(f"{path}?roots=true&experiment={exp.name}")["runs"]
    assert (root["id"], root["parent"], root["children"], root["type"]) == (run.id, None, 1, None)
    (listed,) = api.get(f"{path}?parent={run.id}")["runs"]
    assert (listed["id"], listed["parent"], listed["children"]) == (child.id, run.id, 0)
    assert [row["id"] for row in api.get(f"{path}?experiment={exp.name}")["runs"]] == [child.id, run.id]
    assert api.get(f"{path}/{run.id}")["row"]["children"] == 1
    assert api.get(f"{path}/{child.id}")["record"]["parent"] == run.id
