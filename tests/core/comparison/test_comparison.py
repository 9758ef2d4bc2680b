"""Runs side by side."""

import json
import math
import time

import numpy as np
import pytest

from cellrun.core import RunNotFoundError, UserErrorException
from cellrun.core.comparison.comparison import compare_layouts, find_runs
from cellrun.core.comparison.curves import ALL_POINTS, CURVE_POINTS, LINES_DRAWN
from cellrun.core.context.manifest import Context, Definition
from cellrun.core.layout import RunLayout
from cellrun.core.store.events.event_log import EventLog
from cellrun.core.store.record import RunRecord
from cellrun.core.store.status import Status, StatusFile


@pytest.fixture
def make(new_run):
    """Make a run with these metrics: `make(loss=[3, 2], parameters={...})`."""

    def made(metrics=None, **fields):
        layout = new_run(**fields)
        log = EventLog.of(layout)
        for name, values in (metrics or {}).items():
            for value in values:
                log.row(name, value) if isinstance(value, dict) else log.log(name, value)
        log.close()
        return layout

    return made


def line(lines, name):
    (found,) = [one for one in lines if one.name == name]
    return found


def curves(found, name):
    (one,) = [each for each in found.curves if each.name == name]
    return one


class TestLines:
    def test_what_differs_is_marked_and_missing_counts(self, make):
        runs = [
            make(parameters={"rate": "0.1", "momentum": "0.9"}, tags={"owner": "me"}),
            make(parameters={"rate": "0.01", "momentum": "0.9", "seed": "1"}, tags={"owner": "me", "kept": None}),
        ]
        found = compare_layouts(runs)
        assert [(one.name, one.values, one.differs) for one in found.parameters] == [
            ("rate", ["0.1", "0.01"], True),
            ("momentum", ["0.9", "0.9"], False),
            ("seed", [None, "1"], True),
        ]
        assert [(one.name, one.values, one.differs) for one in found.tags] == [
            ("owner", ["me", "me"], False),
            ("kept", [None, ""], True),
        ]

    def test_last_values_of_metrics(self, make):
        runs = [
            make({"loss": [2.0, 1.0], "sine": [{"x": 0, "y": 5}], "word": ["a"], "broken": [math.nan]}),
            make({"loss": [3, 1], "sine": [{"x": 7, "y": 5}], "flag": [True], "broken": [math.nan]}),
        ]
        found = compare_layouts(runs)
        assert line(found.metrics, "loss").values == [1.0, 1]
        assert not line(found.metrics, "loss").differs  # 1 and 1.0 read the same
        assert not line(found.metrics, "sine").differs  # y is drawn, x isn't
        assert not line(found.metrics, "broken").differs  # NaN is NaN
        assert line(found.metrics, "word").values == ["a", None]
        assert line(found.metrics, "flag").values == [None, True]

    def test_true_is_no_one(self, make):
        assert line(compare_layouts([make({"it": [1]}), make({"it": [True]})]).metrics, "it").differs

    def test_facts(self, make):
        head = {"git": {"head": "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678"}}
        script = make(kind="script", script="train.py", python="3.11.2", **head)
        command = make(kind="command", command="make all", target="local", python="3.11.2")
        for layout in (script, command):
            StatusFile(layout).change(Status.RUNNING)
            StatusFile(layout).change(Status.COMPLETED)
        found = compare_layouts([script, command]).facts
        assert line(found, "target").values == ["local", "local"]
        assert not line(found, "python").differs
        assert line(found, "git").values == ["a1b2c3d", None]
        assert line(found, "script").values == ["train.py", None]
        assert line(found, "command").values == [None, "make all"]
        assert line(found, "duration").values == [0, 0]

    def test_the_code_is_the_script_or_the_cell_with_what_it_got(self, make):
        cell = make(cell={"source": "train()\n", "id": "c", "notebook": "/a.ipynb", "title": "Cell In[1]"}, kind="cell")
        define = Definition("cell", 1, "def train():\n    return 1\n")
        Context(python="3.11", title="Cell In[1]", definitions={"train": define}).write(cell.context)
        script = make(kind="script", script="train.py")
        script.snapshot.mkdir(exist_ok=True)
        (script.snapshot / "train.py").write_text("print(1)\n")
        gone = make(kind="script", script="gone.py")
        assert compare_layouts([cell, script, gone]).cells == [
            "train()\n\n\n# captured: train\ndef train():\n    return 1",
            "print(1)\n",
            None,
        ]

    def test_files_that_are_not_the_same_are_told_the_others_are_not(self, make, monkeypatch):
        monkeypatch.setattr("cellrun.core.comparison.code_files._MOST_TEXT_BYTES", 1000)
        runs = [make(kind="script", script="train.py") for _ in range(3)]
        many = "x = 1\n" * 500
        for layout, files in zip(
            runs,
            (
                {"train.py": "1", "lib/constants.py": "A = 1\n", "lib/same.py": "", "many.py": many, "a.ipynb": "{}"},
                {"train.py": "2", "lib/constants.py": "A = 2\n", "lib/same.py": "", "many.py": many + "1"},
                {"train.py": "2", "lib/constants.py": "A = 1\n", "lib/same.py": "", "new.yaml": "b", "d.csv": "1"},
            ),
            strict=True,
        ):
            for name, text in files.items():
                (layout.snapshot / name).parent.mkdir(parents=True, exist_ok=True)
                (layout.snapshot / name).write_text(text)
        constants, many, new = compare_layouts(runs).files
        assert (constants.name, constants.texts) == ("lib/constants.py", ["A = 1\n", "A = 2\n", "A = 1\n"])
        assert constants.hashes[0] == constants.hashes[2] != constants.hashes[1]
        assert (many.name, many.texts, many.hashes[2]) == ("many.py", [None, None, None], None)
        assert None not in {many.hashes[0], many.hashes[1]}
        assert many.hashes[0] != many.hashes[1]
        assert (new.name, new.texts) == ("new.yaml", [None, None, "b"])

    def test_a_script_that_another_run_imports_is_a_file_of_both(self, make):
        runs = [make(kind="script", script="train.py"), make(kind="script", script="again.py")]
        for layout, text in zip(runs, ("1", "2"), strict=True):
            layout.snapshot.mkdir(exist_ok=True)
            (layout.snapshot / "train.py").write_text(text)
        (runs[1].snapshot / "again.py").write_text("import train")
        found = compare_layouts(runs)
        assert found.cells == ["1", "import train"]
        assert [(file.name, file.texts) for file in found.files] == [("train.py", ["1", "2"])]

    def test_the_module_of_a_cell_is_a_file_the_cell_is_none(self, make):
        cell = {"source": "train()", "id": "c", "notebook": "/a.ipynb", "title": "Cell In[1]"}
        runs = [make(cell=cell, kind="cell"), make(cell=cell, kind="cell")]
        for layout, text in zip(runs, ("1", "2"), strict=True):
            layout.snapshot.mkdir(exist_ok=True)
            (layout.snapshot / "cell.py").write_text(text)
            (layout.snapshot / "digits.py").write_text(text)
        assert [file.name for file in compare_layouts(runs).files] == ["digits.py"]

    def test_the_source_of_cells(self, make):
        cell = {"source": "%%submit\nprint(1)", "id": "c1", "notebook": "/a.ipynb", "title": "Cell In[1]"}
        assert compare_layouts([make(cell=cell, kind="cell"), make()]).cells == ["%%submit\nprint(1)", None]


class TestCurves:
    def test_one_series_for_each_run_that_has_the_metric(self, make):
        runs = [make({"loss": [3, 2, 1]}), make({"loss": [4, math.inf]}), make({"other": [1, 2]})]
        found = compare_layouts(runs)
        loss = curves(found, "loss")
        assert (loss.x, loss.y) == ("step", "loss")
        assert [one.run for one in loss.series] == [runs[0].run_id, runs[1].run_id]
        assert loss.series[0].x == [0, 1, 2]
        assert loss.series[1].y == [4, None]
        assert [one.name for one in found.curves] == ["loss", "other"]

    def test_one_value_is_no_curve_unless_another_run_has_one(self, make):
        found = compare_layouts([make({"accuracy": [0.9], "loss": [1]}), make({"accuracy": [0.8, 0.9], "loss": [2]})])
        assert [one.name for one in found.curves] == ["accuracy"]
        assert [one.y for one in found.curves[0].series] == [[0.9], [0.8, 0.9]]

    def test_rows_over_their_own_x_or_a_column(self, make):
        rows = [{"epoch": i, "wall": i * 2.5, "loss": 1 / (i + 1)} for i in range(3)]
        runs = [make({"train": rows, "plain": [1, 2]}), make({"train": rows[:2], "plain": [1, 2]})]
        found = compare_layouts(runs)
        assert [(one.x, one.y) for one in found.curves if one.name == "train"] == [
            ("epoch", "wall"),
            ("epoch", "loss"),
        ]
        over_wall = [one for one in compare_layouts(runs, x="wall").curves if one.name == "train"]
        assert [(one.x, one.y) for one in over_wall] == [("wall", "wall"), ("wall", "loss")]
        assert over_wall[1].series[0].x == [0, 2.5, 5]
        assert curves(compare_layouts(runs, x="wall"), "plain").x == "step"

    def test_no_line_is_drawn_of_what_is_a_table(self, make):
        points = [{"x": x, "y": 1.0, "z": x * x} for x in (1, 2, 3)]
        turning = [points[1], points[0], points[2]]
        labelled = [{"label": "cat", **points[0]}, {"label": "dog", **points[1]}]
        runs = [make({"m": points, "each": labelled}), make({"m": turning, "each": labelled})]
        found = compare_layouts(runs)
        assert [(one.name, one.y) for one in found.curves] == [("m", "y"), ("m", "z")]
        assert [each.run for one in found.curves for each in one.series] == [runs[0].run_id] * 2
        assert [(one.x, one.y) for one in compare_layouts(runs, x="z").curves] == [("z", "y"), ("z", "z")]
        assert [len(one.series) for one in compare_layouts(runs, x="z").curves] == [1, 1]

    def test_over_the_time_since_the_start(self, make):
        layout = make()
        StatusFile(layout).change(Status.RUNNING)
        log = EventLog.of(layout)
        started = time.time()
        log.log("loss", 1)
        time.sleep(0.02)
        log.log("loss", 2)
        found = curves(compare_layouts([layout, make({"loss": [1, 2]})], x="time"), "loss")
        assert found.x == "time"
        first, second = found.series[0].x
        assert 0 <= first < second < time.time() - started + 5

    def test_logged_steps_are_the_x(self, make):
        layout = make()
        log = EventLog.of(layout)
        log.log("loss", 1, step=10)
        log.log("loss", 2, step=20)
        assert curves(compare_layouts([layout, make()]), "loss").series[0].x == [10, 20]

    def test_a_long_history_is_thinned_and_keeps_its_extremes(self, make):
        values = np.sin(np.arange(5000) / 50).tolist()
        values[2500] = 40.0
        one = curves(compare_layouts([make({"wave": values}), make({"wave": [0, 1]})]), "wave").series[0]
        assert len(one.x) == len(one.y) <= CURVE_POINTS + 2
        assert max(one.y) == 40.0
        assert (one.x[0], one.x[-1]) == (0, 4999)

    def test_many_curves_get_fewer_points(self, make):
        runs = [make({f"metric{i}": list(range(400)) for i in range(90)}) for _ in range(3)]
        found = compare_layouts(runs)
        assert sum(len(one.x) for each in found.curves for one in each.series) <= ALL_POINTS * 1.1


class TestWhichRuns:
    def test_they_are_2_to_20_different_ones(self, workspace_layout, make):
        layout = make()
        for ids in ([], [layout.run_id], [str(i) for i in range(21)]):
            with pytest.raises(UserErrorException, match=f"2 to 20 .* got {len(ids)}"):
                find_runs(workspace_layout, ids)
        name = RunRecord.read(layout).name
        for given in ([layout.run_id, layout.run_id], [layout.run_id, name]):
            with pytest.raises(UserErrorException, match=layout.run_id):
                find_runs(workspace_layout, given)
        other = make()
        assert [found.folder for found in find_runs(workspace_layout, [name, other.run_id])] == [
            layout.folder,
            other.folder,
        ]

    def test_all_that_are_gone_are_named(self, workspace_layout, make):
        layout = make()
        with pytest.raises(RunNotFoundError, match=r"gone_1, \.\./x"):
            find_runs(workspace_layout, ["gone_1", layout.run_id, "../x"])
        assert find_runs(workspace_layout, [layout.run_id, make().run_id])[0].folder == layout.folder

    def test_a_run_deleted_after_it_was_found(self, make):
        layout = make()
        gone = RunLayout(layout.folder.with_name("gone_1"))
        with pytest.raises(RunNotFoundError, match="gone_1"):
            compare_layouts([layout, gone])

    def test_damaged_ones_are_named(self, make):
        good, bad = make(), make()
        bad.record.chmod(0o644)
        bad.record.write_text("{")
        with pytest.raises(UserErrorException, match=bad.run_id):
            compare_layouts([good, bad])


def test_it_becomes_json(make):
    found = compare_layouts([make({"loss": [1, math.inf], "big": [2**60]}), make({"loss": [1, 2]})])
    told = json.loads(json.dumps(found.to_json(lambda row: {"id": row.id}), allow_nan=False))
    assert told["runs"] == [{"id": row.id} for row in found.rows]
    assert told["metrics"] == [
        {"name": "loss", "values": [{"float": "Infinity"}, 2], "differs": True},
        {"name": "big", "values": [{"int": str(2**60)}, None], "differs": True},
    ]
    assert told["curves"][0]["series"][0]["y"] == [1, None]


def test_names_act_on_no_terminal(make):
    found = compare_layouts([make(display_name="\x1b[2J\nFAKE"), make()])
    assert repr(found) == r"Comparison of \x1b[2J\nFAKE, digits-2"


def test_of_a_row_of_very_many_columns_the_first_are_drawn(make):
    wide = {f"c{number}": number for number in range(20_000)}
    runs = [make({"m": [wide, wide]}), make({"m": [wide]})]
    found = compare_layouts(runs)
    assert len([each for each in found.curves if each.name == "m"]) == LINES_DRAWN
