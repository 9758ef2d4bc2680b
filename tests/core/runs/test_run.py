"""What a run takes, keeps and gives back, in the notebook and inside a job."""

import io
import json
import math
import os
import sys
import threading
import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from cellrun.core import (
    ActivityFailedException,
    CellrunError,
    InvalidMetricError,
    InvalidNameError,
    Run,
    RunClosedError,
    RunNotFoundError,
    ScriptRunConfig,
    Status,
    UserErrorException,
)
from cellrun.core.resources import cores
from cellrun.core.runs.control import RunControl
from cellrun.core.store.ending import ask_to_cancel
from cellrun.core.store.events.metrics import Metrics
from cellrun.core.store.events.reader import EventReader
from cellrun.core.store.status import StatusFile
from tests.core.submitted_runs import wait_for

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c020000000b4944415478da6364f8ff9f0100050001"
    "013f9d2d5b0000000049454e44ae426082"
)


@pytest.fixture
def run(exp):
    return exp.start_logging()


def submitted(exp, here, code, **config):
    """Submit a script that has these lines."""
    (here / "src").mkdir(exist_ok=True)
    (here / "src" / "train.py").write_text(code)
    return exp.submit(ScriptRunConfig(here / "src", "train.py", **config))


# Who it is


def test_names_and_numbers(ws, exp, run):
    assert run.id.startswith("digits_")
    assert (run.name, run.number, run.display_name, run.type) == ("digits-1", 1, "digits-1", None)
    assert run.experiment is exp
    assert run.layout.run_id == run.id
    run.display_name = "a 'first' <try>"
    assert run.display_name == Run.get(ws, "digits-1").display_name == "a 'first' <try>"
    assert [found.display_name for found in exp.get_runs()] == ["a 'first' <try>"]
    with pytest.raises(InvalidNameError):
        run.display_name = "x" * 257


def test_get_gives_the_very_object_that_is_open_here(ws, exp, run):
    assert Run.get(ws, run.id) is run
    assert next(exp.get_runs()) is run
    run.complete()
    assert Run.get(ws, run.id) is not run


def test_an_unknown_run(ws, exp):
    with pytest.raises(RunNotFoundError, match="no run 'nothing'"):
        Run.get(ws, "nothing")
    with pytest.raises(RunNotFoundError):
        Run(exp, "../digits")


# Metrics


def test_values_come_back_exactly(run):
    values = [0.1, -0.0, 1e400, -math.inf, 2**53 + 1, True, None, "NaN", "日本\n", np.float32(0.1), Decimal("0.25")]
    run.log_list("m", values)
    expected = [0.1, -0.0, math.inf, -math.inf, 2**53 + 1, True, None, "NaN", "日本\n", float(np.float32(0.1)), 0.25]
    assert repr(run.get_metrics()["m"]) == repr(expected)
    run.log("n", math.nan)
    assert math.isnan(run.get_metrics("n")["n"])


def test_metrics_by_name_and_recursively(ws, exp, run):
    assert run.get_metrics() == run.get_metrics("loss") == run.get_metrics(recursive=True) == {}
    run.log("loss", 0.5, "of the training", 3)
    run.log(name="accuracy", value=0.9, description="top 1", step=3)
    run.log_row(name="sine", description="a curve", x=1, y=0.8)
    assert run.get_metrics(name="loss") == {"loss": 0.5}
    assert run.get_metrics("other") == {}
    assert run.get_metrics(recursive=True) == {run.id: {"loss": 0.5, "accuracy": 0.9, "sine": {"x": 1, "y": 0.8}}}
    run.complete()
    assert Run.get(ws, run.id).get_metrics() == run.get_metrics()


def test_damaged_records_are_told_once_each(ws, run):
    for value in range(8):
        run.log("m", value)
    [log] = run.layout.events.iterdir()
    lines = log.read_bytes().split(b"\n")
    for number in (2, 3, 5, 6, 7):
        lines[number] = b"0" * len(lines[number])
    log.write_bytes(b"\n".join(lines))
    with pytest.warns(RuntimeWarning) as told:
        assert run.get_metrics() == {"m": [0, 3, 7]}
    at = [sum(len(line) + 1 for line in lines[:number]) for number in (2, 3, 5)]
    assert [str(one.message).partition(": ")[2] for one in told] == [
        f"1 damaged record at byte {at[0]} of {log.name}: wrong checksum ({len(lines[2])} bytes)",
        f"1 damaged record at byte {at[1]} of {log.name}: wrong checksum ({len(lines[3])} bytes)",
        f"1 damaged record at byte {at[2]} of {log.name}: wrong checksum ({len(lines[5])} bytes)",
        "2 more damaged records",
    ]
    assert {one.filename for one in told} == {__file__}
    assert run.get_metrics() == {"m": [0, 3, 7]}


def test_rows_of_other_columns_are_filled_with_none(run):
    run.log_row("m", x=1)
    run.log_row("m", x=2, y="b")
    run.log_table("m", {"y": ["c", "d"]})
    assert run.get_metrics() == {"m": {"x": [1, 2, None, None], "y": [None, "b", "c", "d"]}}


def test_steps_are_numbers_of_any_kind(run):
    for step in (3, -1.5, np.int64(2), 3, 10**400):
        run.log("m", 1, step=step)
    metrics = Metrics(EventReader(run.layout))
    metrics.update()
    assert list(metrics.metrics["m"].steps) == [3, -1.5, 2, 3, math.inf]
    assert run.get_metrics() == {"m": [1] * 5}
    for step in ("3", True, [3]):
        with pytest.raises(InvalidMetricError, match="a step is a number"):
            run.log("m", 1, step=step)


class Broken:
    def __repr__(self):
        raise RuntimeError("no text")


@pytest.mark.parametrize(
    ("value", "kept", "call"),
    [
        ([1, 2], "[1, 2]", "run.log_list('m', value)"),
        (np.zeros(2), "array([0., 0.])", "run.log_list('m', value)"),
        (["x" * 20_000], f"['{'x' * 9_997}…", "run.log_list('m', value)"),
        ({"x": 1}, "{'x': 1}", "run.log_row('m', **value)"),
        ({"x": [1]}, "{'x': [1]}", "run.log_table('m', value)"),
        (pd.DataFrame({"x": [1]}), "   x\n0  1", "run.log_table('m', value)"),
        ({"x": {}}, "{'x': {}}", None),
        ([{"x": 1}], "[{'x': 1}]", None),
        (b"x", "b'x'", None),
        (1j, "1j", None),
        (np.complex64(1), repr(np.complex64(1)), None),
        (Broken(), None, None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_value_is_kept_as_text_and_said_once_a_name_at_the_users_line(run, value, kept, call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run.log("m", value)
        run.log("m", value)
        run.log("n", 1)
        run.log("n", "x" * 20_000)
    said = f"{call} keeps its values" if call else "of which no curve is drawn; log a number of it"
    (warning,) = caught
    assert str(warning.message).startswith(f"metric 'm': a value of type {type(value).__name__} is kept as text")
    assert str(warning.message).endswith(said)
    assert warning.filename == __file__
    logged = run.get_metrics()["m"]
    assert logged == [kept] * 2 if kept else all(text.startswith("<") for text in logged)


class Settings(dict):
    """Makes whatever it is asked for."""

    def __getattr__(self, name):
        return self.setdefault(name, Settings())


class Hidden(list):
    def __iter__(self):
        raise RuntimeError("nothing to see")


@pytest.mark.parametrize("kind", [Settings, Hidden])
def test_whatever_is_kept_as_text_stays_as_it_is_and_ends_nothing(run, kind):
    with pytest.warns(UserWarning, match="kept as text"):
        run.log("m", kind([("rate", 1)]))
    assert run.get_metrics()["m"] in {"{'rate': 1}", "[('rate', 1)]"}


def test_a_training_that_logs_a_generator_goes_on(run):
    with pytest.warns(UserWarning, match="'m': a value of type generator is kept as text, of which no curve"):
        run.log("m", (value for value in [1]))
    assert run.get_metrics()["m"].startswith("<generator")


def test_a_dict_logs_each_of_its_values_and_a_number_after_it_is_the_step(run):
    run.log({"loss": 0.5, "accuracy": np.array([0.75])})
    run.log({"loss": 0.25}, step=3)
    run.log({"loss": 0.125}, 4)
    run.log("loss", 0.0625, 5)
    assert run.get_metrics() == {"loss": [0.5, 0.25, 0.125, 0.0625], "accuracy": 0.75}
    metrics = Metrics(EventReader(run.layout))
    metrics.update()
    assert list(metrics.metrics["loss"].steps)[1:] == [3, 4, 5]
    with pytest.raises(UserErrorException, match=r"a name and a value.*got 'loss' alone"):
        run.log("loss")


def test_a_table_may_be_a_data_frame(run):
    frame = pd.DataFrame({"x": [1, 2], 3: [0.5, None], "kind": ["a", "b"]}, index=["p", "q"])
    run.log_table("m", frame)
    logged = run.get_metrics()["m"]
    assert (logged["x"], logged["kind"], logged["3"][0]) == ([1, 2], ["a", "b"], 0.5)
    assert math.isnan(logged["3"][1])
    assert logged["index"] == ["p", "q"]
    days = pd.date_range("2026-11-28", periods=2, name="day")
    run.log_table("days", pd.DataFrame({"v": [1, 2]}, index=days))
    assert run.get_metrics()["days"] == {"day": ["2026-11-28T00:00:00", "2026-11-29T00:00:00"], "v": [1, 2]}
    pairs = pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["k", None])
    run.log_table("pairs", pd.DataFrame({"v": [1, 2]}, index=pairs))
    assert run.get_metrics()["pairs"] == {"k": ["a", "b"], "level_1": [1, 2], "v": [1, 2]}
    run.log_table("plain", pd.DataFrame({"v": [1, 2]}))
    assert run.get_metrics()["plain"] == {"v": [1, 2]}
    with pytest.raises(InvalidMetricError, match=r"names of their own; got \['x', 'x'\]"):
        run.log_table("m", pd.DataFrame([[1, 2]], columns=["x", "x"]))


@pytest.mark.parametrize("log", [lambda run: run.log_list("m", [{"x": 1}]), lambda run: run.log_row("m", x={"y": 1})])
def test_a_dict_in_a_list_or_row_is_refused(run, log):
    with pytest.raises(InvalidMetricError, match=r"is one number or text, not a dict; got \{"):
        log(run)
    assert run.get_metrics() == {}


def test_a_row_may_be_a_dict(run):
    run.log_row("m", {"x": 1}, y=2)
    run.log_row("m", {"x": 3, "y": 4})
    assert run.get_metrics() == {"m": {"x": [1, 3], "y": [2, 4]}}
    with pytest.raises(UserErrorException, match=r"takes columns by name, .*\('m', x=0.1, y=0.2\).*got 1 alone"):
        run.log_row("m", 1)


def test_a_table_may_be_a_series_and_its_names_anything(run):
    pairs = pd.Series([1, 2], index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)]))
    run.log_table("pairs", pairs)
    run.log_table("named", pd.Series([1, 2], name="v"))
    run.log_table("dict", {("a", 1): [1, 2], 3: [4, 5]})
    run.log_table("corner", pd.DataFrame({"": ["cat"], "cat": [3]}))
    assert run.get_metrics() == {
        "pairs": {"level_0": ["a", "b"], "level_1": [1, 2], "pairs": [1, 2]},
        "named": {"v": [1, 2]},
        "dict": {"('a', 1)": [1, 2], "3": [4, 5]},
        "corner": {"unnamed": "cat", "cat": 3},
    }


def test_a_list_may_be_an_array_of_no_dimension_and_is_no_frame(run):
    run.log_list("m", np.array(3))
    assert run.get_metrics() == {"m": 3}
    with pytest.raises(UserErrorException, match=r"got a DataFrame: run.log_table\('m', value\) keeps its columns"):
        run.log_list("m", pd.DataFrame({"a": [1]}))


@pytest.mark.parametrize(
    ("log", "words"),
    [
        (lambda run: run.log_list("m", [1, 2j]), "complex"),
        (lambda run: run.log_row("m", x=1, y=2j), "complex"),
        (lambda run: run.log_table("m", {"x": [1, 2j]}), "complex"),
    ],
)
def test_what_a_list_row_or_table_keeps_as_text_is_said_once(run, log, words):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        log(run)
        log(run)
    (said,) = caught
    assert f"metric 'm': a value of type {words} is kept as text" in str(said.message)
    assert said.filename == __file__


@pytest.mark.parametrize(
    ("log", "words"),
    [
        (lambda run: run.log_list("m", [1, [2]]), "metric 'm': a value of a list is one number or text, not a list"),
        (lambda run: run.log_row("m", x=[2]), "metric 'm': column 'x' is one number or text, not a list"),
        (lambda run: run.log_table("m", {"x": [1, [2]]}), "metric 'm': a value of column 'x' is one number or text"),
        (lambda run: run.log_table("m", {"x": {"y": 1}}), "metric 'm': a value of column 'x' is one number or text"),
    ],
)
def test_what_is_no_single_value_is_named_by_its_place(run, log, words):
    with pytest.raises(InvalidMetricError, match=words):
        log(run)


def test_no_call_is_advised_that_keeps_nothing(run):
    with pytest.warns(UserWarning, match="kept as text, of which no curve is drawn; log a number of it"):
        run.log("m", [])


def test_what_cannot_be_kept_is_refused(run):
    with pytest.raises(InvalidMetricError, match=r"metric 'm': .*beyond what a float holds"):
        run.log("m", Decimal("1e400"))
    with pytest.raises(InvalidNameError, match="metric name"):
        run.log("", 1)
    with pytest.raises(CellrunError):
        run.log_list("m", [1, [2]])
    assert run.get_metrics() == {}


# Tags


def test_tags(ws, exp):
    run = exp.start_logging(tags={"fold": 1})
    run.tag("checked")
    run.tag("fold", 2)
    run.set_tags({"owner": "ada", "score": 0.5, "none": None})
    expected = {"fold": "2", "checked": None, "owner": "ada", "score": "0.5", "none": None}
    assert run.get_tags() == run.tags == expected
    run.remove_tags(["checked", "absent"])
    run.remove_tags("none")
    run.complete()
    assert Run.get(ws, run.id).tags == {"fold": "2", "owner": "ada", "score": "0.5"}


def test_what_a_run_is_about_can_be_said_at_any_time(ws, run):
    assert run.description is None
    run.description = "the first"
    run.complete()
    other = Run.get(ws, run.id)
    assert other.description == "the first"
    other.description = "the best"
    assert (run.description, other.description) == ("the best", "the best")
    other.description = None
    assert run.description is None


def test_of_wrong_tags_none_is_set(run):
    with pytest.raises(InvalidNameError, match="tag name"):
        run.set_tags({"right": 1, "": 2})
    assert run.tags == {}


# Files


def test_files_come_back(ws, run, here):
    (here / "notes.txt").write_text("some notes")
    (here / "model" / "parts").mkdir(parents=True)
    (here / "model" / "parts" / "weights.bin").write_bytes(b"\0\1")
    run.upload_file("outputs/notes.txt", "notes.txt")
    run.upload_file("stream.bin", io.BytesIO(b"streamed"))
    run.upload_folder("best", here / "model")
    run.upload_files(["a.txt", "b.txt"], ["notes.txt", "notes.txt"])
    run.complete()

    other = Run.get(ws, run.id)
    assert other.get_file_names() == ["a.txt", "b.txt", "best/parts/weights.bin", "outputs/notes.txt", "stream.bin"]
    other.download_file("outputs/notes.txt", "got/it.txt")
    other.download_file("stream.bin")
    other.download_file("a.txt", here / "model")
    assert (here / "got" / "it.txt").read_text() == (here / "model" / "a.txt").read_text() == "some notes"
    assert (here / "stream.bin").read_bytes() == b"streamed"

    other.download_files(output_directory="all")
    assert (here / "all" / "best" / "parts" / "weights.bin").read_bytes() == b"\0\1"
    other.download_files("best/", "some", append_prefix=False)
    assert [path.name for path in (here / "some").rglob("*")] == ["parts", "weights.bin"]
    other.download_files("outputs", "named")
    assert [path.name for path in (here / "named").rglob("*")] == ["outputs", "notes.txt"]


def test_files_that_are_refused(run, here):
    (here / "a.txt").write_text("a")
    run.upload_file("a.txt", "a.txt")
    with pytest.raises(UserErrorException, match=r"has a file 'a\.txt' already"):
        run.upload_file("a.txt", "a.txt")
    with pytest.raises(UserErrorException, match=r"no file 'nothing\.txt'"):
        run.upload_file("b.txt", "nothing.txt")
    with pytest.raises(InvalidNameError, match="file name"):
        run.upload_file("../b.txt", "a.txt")
    with pytest.raises(UserErrorException, match=r"'a\.txt/b\.txt': a part of that name is a file"):
        run.upload_file("a.txt/b.txt", "a.txt")
    with pytest.raises(UserErrorException, match="a name for each path"):
        run.upload_files(["b.txt"], [])
    with pytest.raises(UserErrorException, match="upload_folder takes a folder"):
        run.upload_folder("b", "a.txt")
    with pytest.raises(UserErrorException, match=r"no file 'b\.txt'; it has: 'a\.txt'"):
        run.download_file("b.txt")
    assert run.get_file_names() == ["a.txt"]


# Images


class Figure:
    """Draws itself as a figure of matplotlib does."""

    def savefig(self, target, format):  # noqa: A002  # its name
        assert format == "png"
        target.write(PNG)


def test_images_of_plots_and_of_files(run, here):
    (here / "figures").mkdir()
    (here / "figures" / "fig.png").write_bytes(PNG)
    run.log_image("confusion / 日本", plot=Figure())
    run.log_image("confusion / 日本", plot=Figure())
    run.log_image("confusion / 日本", Figure())
    run.log_image("curve", path="figures/fig.png")
    run.log_image("curve", path=here / "figures" / "fig.png")
    metrics = run.get_metrics()
    prefix = f"aml://artifactId/ExperimentRun/dcid.{run.id}/"
    plots = [address.removeprefix(prefix) for address in metrics["confusion / 日本"]]
    assert len(set(plots)) == 3
    assert all(name.startswith("confusion") and name.endswith(".png") for name in plots)
    assert [address.removeprefix(prefix) for address in metrics["curve"]] == ["figures/fig.png", "figures/fig-1.png"]
    assert set(run.get_file_names()) == {*plots, "figures/fig.png", "figures/fig-1.png"}
    run.download_file(plots[0], "plot.png")
    assert (here / "plot.png").read_bytes() == PNG


def test_a_plotly_figure_is_kept_as_its_json(run, here):
    io, go = pytest.importorskip("plotly.io"), pytest.importorskip("plotly.graph_objects")
    figure = go.Figure(go.Heatmap(z=[[1, 2], [3, 4]]))
    run.log_image("confusion", plot=figure)
    run.log_image("confusion", figure)
    names = run.get_file_names()
    assert len(names) == 2
    assert all(name.startswith("confusion") and name.endswith(".plotly.json") for name in names)
    run.download_file(names[0], "figure.json")
    assert io.from_json((here / "figure.json").read_text()) == figure
    run.log_list("loss", [2, 1])
    run.log_image("loss", plot=run.plot("loss"))
    assert len(run.get_file_names()) == 3


def test_a_file_from_elsewhere_keeps_its_own_name(run, tmp_path):
    (tmp_path / "far.png").write_bytes(PNG)
    run.log_image("far", path=tmp_path / "far.png")
    assert run.get_file_names() == ["far.png"]


def test_images_that_are_refused(run, here, monkeypatch):
    (here / "text.png").write_text("no image")
    (here / "large.png").write_bytes(PNG)
    for arguments, words in (
        ({}, "either path= or plot=; got neither"),
        ({"path": "a.png", "plot": Figure()}, "got both"),
        ({"path": "absent.png"}, r"no file 'absent\.png'"),
        ({"path": "text.png"}, r"'text\.png' is no PNG"),
        ({"plot": [1, 2]}, r"something with savefig\) or one of plotly; got list"),
    ):
        with pytest.raises(UserErrorException, match=words):
            run.log_image("m", **arguments)
    monkeypatch.setenv("CELLRUN_IMAGE_BYTES", "20")
    with pytest.raises(InvalidMetricError, match=r"limit is 0\.0 MB .CELLRUN_IMAGE_BYTES"):
        run.log_image("m", path="large.png")
    with pytest.raises(InvalidNameError):
        run.log_image("", plot=Figure())
    assert run.get_metrics() == {}
    assert run.get_file_names() == []


# After its end (C15)


def test_what_writes_to_a_closed_run_says_so(ws, run, here):
    (here / "a.txt").write_text("a")
    run.log("m", 1)
    run.complete()
    for same in (run, Run.get(ws, run.id)):
        for write in (
            lambda: same.log("m", 2),  # noqa: B023  # called within the loop
            lambda: same.log_row("r", x=1),  # noqa: B023
            lambda: same.log_image("i", plot=Figure()),  # noqa: B023
        ):
            with pytest.raises(RunClosedError, match=f"run {run.id} is Completed; start a new run"):
                write()
    assert run.get_metrics() == {"m": 1}
    assert run.get_file_names() == []


def test_the_best_run_is_tagged_and_named_when_it_has_ended(ws, exp, run):
    run.log("m", 1)
    run.complete()
    [found] = exp.get_runs(status="Completed")
    before = len(os.listdir("/proc/self/fd"))
    found.tag("best", True)
    found.tag("reviewed")
    found.remove_tags("reviewed")
    found.display_name = "the best"
    assert len(os.listdir("/proc/self/fd")) == before
    assert [(same.id, same.tags) for same in exp.get_runs(tags={"best": "True"})] == [(run.id, {"best": "True"})]
    assert ws.get_run("the best").get_metrics() == {"m": 1}
    with pytest.raises(RunClosedError):
        found.log("m", 2)


def test_a_forked_child_of_a_closed_run_says_so(run):
    run.log("m", 1)
    run.complete()
    assert in_forked_child(lambda: run.log("m", 2)) == "RunClosedError"
    assert run.get_metrics() == {"m": 1}


def test_a_forked_child_logs_to_an_open_run_and_ends_nothing(run):
    run.log("m", 1)
    assert in_forked_child(lambda: run.log("m", 2)) == ""
    assert in_forked_child(run.complete) == ""
    assert in_forked_child(run.cancel) == ""  # as from anywhere outside
    assert run.get_status() == "Canceled"
    assert sorted(run.get_metrics()["m"]) == [1, 2]


def in_forked_child(action):
    """Return the name of the error that an action raises in a forked child; "" if it raises none."""
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            action()
        except BaseException as error:  # noqa: BLE001  # the child must not go on with the test
            os.write(tell, type(error).__name__.encode())
        os._exit(0)
    os.close(tell)
    os.waitpid(pid, 0)
    with os.fdopen(told) as pipe:
        return pipe.read()


# Cancel (B10)


def test_cancel_of_a_submitted_run_is_asked_for_once(exp, here):
    run = submitted(exp, here, "import time\nprint('up', flush=True)\ntime.sleep(60)\n")
    threads = [threading.Thread(target=run.cancel) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.wait_for_completion()
    assert run.get_status() == "Canceled"
    history = [status["status"] for status in statuses(run)]
    assert history[-1] == "Canceled"
    assert history.count("Canceled") == 1
    run.cancel()
    assert len(statuses(run)) == len(history)


def test_a_run_that_was_canceled_says_at_once_that_it_was_asked_to(exp, here):
    first = submitted(exp, here, "import time\ntime.sleep(60)\n", cpus=cores())
    waits = submitted(exp, here, "", cpus=cores())
    for run in (waits, first):
        run.cancel()
        assert run.get_status() in {"CancelRequested", "Canceled"}
        assert run.get_details()["status"] in {"CancelRequested", "Canceled"}
    for run in (waits, first):
        assert run.wait_for_completion()["status"] == run.get_status() == "Canceled"


def test_a_run_is_asked_to_cancel_before_its_supervisor_says_so(new_run):
    layout = new_run(kind="script")
    for status in (Status.QUEUED, Status.STARTING, Status.RUNNING):
        StatusFile(layout).change(status)
        assert RunControl(layout).status().status is status
    ask_to_cancel(layout)
    assert RunControl(layout).status().status is Status.CANCEL_REQUESTED
    StatusFile(layout).change(Status.FINALIZING)  # too late
    assert RunControl(layout).status().status is Status.FINALIZING


def test_cancel_of_a_run_that_ended_keeps_its_status(exp, here):
    run = submitted(exp, here, "")
    run.wait_for_completion()
    run.cancel()
    run.complete()
    assert run.get_status() == "Completed"
    with pytest.raises(RunClosedError, match="is Completed"):
        run.fail("no")


def test_complete_and_cancel_at_once_have_one_winner(exp):
    for _ in range(10):
        run = exp.start_logging()
        outside = Run(run.experiment, run.id)
        barrier = threading.Barrier(2)
        errors = []

        def at_once(action, barrier=barrier, errors=errors):
            barrier.wait()
            try:
                action()
            except RunClosedError as error:
                errors.append(error.status)

        threads = [threading.Thread(target=at_once, args=(action,)) for action in (run.complete, outside.cancel)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        final = run.get_status()
        ends = [status["status"] for status in statuses(run) if status["status"] in {"Completed", "Canceled"}]
        assert ends == [final]
        assert errors == (["Canceled"] if final == "Canceled" else [])  # complete() says that it came too late


def test_a_run_that_another_thread_takes_over_meanwhile_stays_taken_over(exp, run, monkeypatch):
    outside = Run(exp, run.id)
    taken_over = RunControl(run.layout)

    def looks_for_long(layout):
        outside._control = taken_over
        return RunControl(layout)

    monkeypatch.setattr("cellrun.core.runs.run.control_of", looks_for_long)
    assert outside._control is taken_over


def statuses(run):
    """Return the status files of a run, in order."""
    paths = sorted(run.layout.statuses.glob("*.json"), key=lambda path: int(path.stem))
    return [json.loads(path.read_text()) for path in paths]


# From outside, and inside a job


def test_a_submitted_run_is_not_completed_from_outside(exp, here):
    run = submitted(exp, here, "import time\ntime.sleep(60)\n")
    with pytest.raises(UserErrorException, match="another process's own"):
        run.complete()
    run.cancel()
    run.wait_for_completion()


def test_a_submitted_run_that_is_declared_failed_from_outside_is_stopped_and_failed(exp, here):
    """As with Azure ML, whose service takes anybody's word; there the job goes on."""
    run = submitted(exp, here, "import time\nprint('here', flush=True)\ntime.sleep(60)\n")
    wait_for(lambda: run.layout.log.exists() and run.layout.log.read_text() == "here\n", "its first line")
    run.fail("the data was wrong")
    assert run.get_status() == "Failed"
    assert run.get_details()["error"]["error"]["message"] == "the data was wrong"
    with pytest.raises(ActivityFailedException, match="the data was wrong"):
        run.wait_for_completion()
    run.fail()  # it is


def test_a_run_that_waits_is_declared_failed(exp, here):
    first = submitted(exp, here, "import time\ntime.sleep(60)\n", cpus=cores())
    second = submitted(exp, here, "", cpus=cores())
    second.fail()
    assert second.get_status() == "Failed"
    first.cancel()
    first.wait_for_completion()


def test_the_job_finds_its_run_and_its_end_is_the_scripts(ws, exp, here):
    run = submitted(
        exp,
        here,
        """
import warnings
from cellrun.core import Run, Workspace
run = Run.get_context()
assert run is Run.get_context(allow_offline=False)
assert Run.get(run.experiment.workspace, run.id).id == run.id
assert Workspace.from_config() == run.experiment.workspace
run.log('m', 1)
run.tag('seen')
open('outputs/model.txt', 'w').write('model')
run.upload_file('outputs/model.txt', 'outputs/model.txt')
run.complete()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter('always')
    run.cancel()
    run.fail('just words')
    print(*(warning.message for warning in caught), sep='\\n')
with run:
    run.log('m', 2)
print(run.get_status(), run.id, run.experiment.name)
""",
    )
    details = run.wait_for_completion()
    log = run.layout.log.read_text()
    assert f"Running {run.id} digits" in log
    assert "run.cancel() does nothing inside the run" in log
    assert "just words" in log
    assert details["status"] == "Completed"
    assert run.get_metrics() == {"m": [1, 2]}
    assert run.tags == {"seen": None}
    assert run.get_file_names() == ["outputs/model.txt", "user_logs/std_log.txt"]


@pytest.mark.usefixtures("ws")
def test_a_job_is_running_though_its_supervisor_has_not_written_so_yet(new_run, monkeypatch):
    layout = new_run(kind="script")
    StatusFile(layout).change(Status.STARTING)
    monkeypatch.setenv("CELLRUN_RUN_FOLDER", str(layout.folder))
    run = Run.get_context()
    assert run.get_status() == "Running"
    assert run.get_details()["startTimeUtc"]


def test_a_job_that_leaves_its_with_block_by_an_error_fails_by_it(exp, here):
    run = submitted(
        exp, here, "from cellrun.core import Run\nwith Run.get_context() as run:\n    raise KeyError('gone')\n"
    )
    run.wait_for_completion(raise_on_error=False)
    assert run.get_details()["error"]["error"]["message"] == "exit code 1: KeyError: 'gone'"


def test_details(exp, here):
    run = submitted(exp, here, "", arguments=["--lr", 0.1], max_run_duration_seconds=60)
    details = run.wait_for_completion()
    assert details == run.get_details()
    assert details["startTimeUtc"].endswith("Z")
    assert details["startTimeUtc"] < details["endTimeUtc"]
    definition = details["runDefinition"]
    assert {
        name: definition[name] for name in ("script", "command", "arguments", "target", "maxRunDurationSeconds")
    } == {
        "script": "train.py",
        "command": None,
        "arguments": ["--lr", "0.1"],
        "target": "local",
        "maxRunDurationSeconds": 60,
    }
    assert definition["environment"]["python"]["interpreterPath"] == sys.executable
    assert details["submittedBy"]
    assert details["logFiles"] == {"user_logs/std_log.txt": str(run.layout.log)}
    assert not {"error", "warnings", "filesWritten"} & details.keys()


def test_details_tell_what_else_was_written_and_what_was_left_running(exp, here):
    code = (
        "import os, subprocess\nos.makedirs('a')\n"
        "for name in ('a/b.pt', 'c.txt', 'outputs/o', 'logs/l'): open(name, 'w').close()\n"
        "os.symlink('/etc', 'link')\n"
        "subprocess.Popen(['sleep', '60'], start_new_session=True)\n"
    )
    run = submitted(exp, here, code)
    details = run.wait_for_completion()
    assert details["filesWritten"] == {name: str(run.layout.work / name) for name in ("a/b.pt", "c.txt")}
    assert details["warnings"] == [{"source": "cellrun", "message": "1 process left running, stopped"}]
    assert run.get_file_names() == ["logs/l", "outputs/o", "user_logs/std_log.txt"]
