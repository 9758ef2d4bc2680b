"""Outside a run everything works, in memory."""

import copy
import io
import multiprocessing
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pytest

from cellrun.core import (
    InvalidMetricError,
    InvalidNameError,
    Run,
    RunEnvironmentException,
    UserErrorException,
    Workspace,
)
from cellrun.core.offline.offline_run import _OfflineRun


@pytest.fixture
def run(here):
    return Run.get_context()


def test_what_it_is(run, here):
    assert type(run) is _OfflineRun
    assert isinstance(run, Run)
    assert run.id.startswith("OfflineRun_")
    assert len(run.id) == len("OfflineRun_") + 36
    assert run.id != Run.get_context().id
    assert (run.name, run.number, run.type, run.status) == (run.id, 0, None, "Running")
    assert str(run) == f"Run(Experiment: here,\nId: {run.id},\nType: None,\nStatus: Running)"
    assert f"<td>{run.id}</td>" in run._repr_html_()
    run.display_name = "a name"
    assert run.display_name == "a name"


def test_it_can_be_forbidden(here):
    with pytest.raises(RunEnvironmentException, match=r"outside a run.*start_logging"):
        Run.get_context(allow_offline=False)


def test_a_run_that_is_not_there_is_said(here, monkeypatch):
    monkeypatch.setenv("CELLRUN_RUN_FOLDER", str(here / "gone"))
    with pytest.raises(RunEnvironmentException, match="gone, which is no run folder"):
        Run.get_context()


def test_it_says_once_that_it_is_offline(here):
    program = "from cellrun.core import Run\nfirst = Run.get_context()\nsecond = Run.get_context()\nprint(first.id)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    notice, run_id = done.stdout.splitlines()
    assert notice == f"This code runs outside a run: what it logs is kept in memory only, as run {run_id}."


def test_prints_are_azures(run, here, capsys):
    (here / "a.txt").write_text("a")
    run.log("a", 1)
    run.log_list("l", [1, 2])
    run.log_list("g", (value for value in [3]))
    run.log_row("r", x=1, y=0.5)
    run.log_table("t", {"x": [1, 2]})
    run.tag("k", "v")
    run.set_tags({"k2": 2})
    run.upload_file("n", "a.txt")
    with run:
        pass
    run.complete()
    run.flush()
    assert capsys.readouterr().out.splitlines() == [
        *("Attempted to log scalar metric a:", "1"),
        *("Attempted to log list metric l:", "[1, 2]"),
        *("Attempted to log list metric g:", "[3]"),
        *("Attempted to log row metric r:", "{'x': 1, 'y': 0.5}"),
        *("Attempted to log table metric t:", "{'x': [1, 2]}"),
        "Attempted to add tag k with value v",
        "Attempted to add tag k2 with value 2",
        "Attempted to track file n at a.txt",
        f"[START] Run {run.id} context",
    ]


def test_metrics_have_the_same_shapes(run):
    for value in (1, np.float32(0.5), 2**60, float("inf")):
        run.log("many", value, step=1)
    run.log("one", True)
    run.log_list("none", [])
    run.log_row("rows", x=1)
    run.log_row("rows", x=2, y="b")
    run.log_table("empty", {})
    assert run.get_metrics() == {
        "many": [1, 0.5, 2**60, float("inf")],
        "one": True,
        "rows": {"x": [1, 2], "y": [None, "b"]},
    }
    assert run.get_metrics("one") == {"one": True}
    assert run.get_metrics(recursive=True) == {run.id: run.get_metrics()}


def test_many_points_are_kept_as_columns(run, capsys):
    for value in range(2500):
        run.log("m", value)
    assert run.get_metrics()["m"] == list(range(2500))


def test_it_refuses_what_a_run_refuses(run, here):
    for error, call in (
        (InvalidMetricError, lambda: run.log("m", Decimal("1e400"))),
        (UserErrorException, lambda: run.log("m")),
        (InvalidNameError, lambda: run.log("", 1)),
        (InvalidNameError, lambda: run.log_row("m", **{"": 1})),
        (UserErrorException, lambda: run.upload_file("a", "absent.txt")),
        (InvalidNameError, lambda: run.upload_file("../a", "absent.txt")),
        (UserErrorException, lambda: run.download_file("absent.txt")),
    ):
        with pytest.raises(error):
            call()
    assert run.get_metrics() == {}
    assert run.get_file_names() == []


def test_it_can_be_handed_to_another_process_and_is_itself_in_its_own(run):
    run.log("here", 1)
    assert copy.deepcopy({"run": run})["run"] is run
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        run_id, metrics = pool.apply(logged_there, (run,))
    assert run_id.startswith("OfflineRun_")
    assert run_id != run.id
    assert metrics == {"there": 1}
    assert run.get_metrics() == {"here": 1}


def logged_there(run):
    """Log in another process."""
    run.log("there", 1)
    return run.id, run.get_metrics()


@pytest.mark.parametrize("verb", ["export", "result", "results", "submit_again"])
def test_what_needs_a_folder_says_that_there_is_none(run, verb):
    with pytest.raises(
        RunEnvironmentException, match=f"{run.id} is offline: .* part of no run, and .* in memory alone"
    ):
        getattr(run, verb)(*["m"][: verb in {"export", "result"}])


def test_code_that_prints_its_page_or_tidies_up_goes_on(run):
    assert run.get_portal_url() == ""
    run.delete()
    run.log("still", 1)
    assert run.get_metrics() == {"still": 1}


def test_tags(run):
    run.set_tags({"a": 1, "b": None})
    run.remove_tags(["a"])
    assert run.tags == run.get_tags() == {"b": None}


def test_files_and_images(run, here):
    (here / "a.txt").write_text("a")
    (here / "fig.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    run.upload_file("outputs/a.txt", "a.txt")
    run.upload_file("stream", io.BytesIO(b"streamed"))
    run.log_image("image", path="fig.png")
    assert run.get_file_names() == ["fig.png", "outputs/a.txt", "stream"]
    assert run.get_metrics()["image"].endswith("/fig.png")
    run.download_files(output_directory="all")
    assert (here / "all" / "outputs" / "a.txt").read_text() == "a"
    assert (here / "all" / "stream").read_bytes() == b"streamed"


@pytest.mark.parametrize(("end", "status"), [("complete", "Completed"), ("fail", "Failed"), ("cancel", "Canceled")])
def test_its_end_is_as_told_and_logging_goes_on(run, end, status):
    getattr(run, end)()
    run.complete()
    assert run.get_status() == status
    run.log("m", 1)  # as in a submitted script, whose end comes later
    assert run.get_metrics() == {"m": 1}


def test_details_and_waiting_return_at_once(run):
    run.fail("words")
    details = run.wait_for_completion(show_output=True)
    assert details == run.get_details()
    assert (details["runId"], details["status"]) == (run.id, "Failed")
    assert details["error"]["error"]["message"] == "words"
    assert details["logFiles"] == {}


def test_an_exception_leaves_its_block(run):
    with pytest.raises(KeyError), run:
        raise KeyError


def test_its_experiment_is_a_real_one(run, here):
    assert run.experiment.name == "here"
    assert run.experiment.workspace == Workspace.from_config()
    with pytest.raises(RunEnvironmentException, match="is offline"):
        run.layout  # noqa: B018


def test_nothing_of_it_is_written(run, here, home):
    run.log("m", 1)
    run.tag("k")
    run.complete()
    assert list(here.iterdir()) == []
    assert not home.exists()
