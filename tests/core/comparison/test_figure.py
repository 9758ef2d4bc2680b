"""plotly figures of what runs logged."""

import math
import subprocess
import sys

import pytest

from cellrun.core import Experiment, RunNotFoundError, UserErrorException, compare
from cellrun.core.comparison.curves import CURVE_POINTS
from cellrun.core.comparison.run_colours import COLOURS

go = pytest.importorskip("plotly.graph_objects")


@pytest.fixture
def make(exp):
    """Make a run that has ended: `make(loss=[3, 2], sine=[{"x": 0, "y": 1}])`."""

    def made(**metrics):
        run = exp.start_logging()
        for name, values in metrics.items():
            for value in values:
                run.log_row(name, **value) if isinstance(value, dict) else run.log(name, value)
        run.complete()
        return run

    return made


def titles(figure):
    return [each.text for each in figure.layout.annotations]


SINE = [{"x": i / 10, "y": math.sin(i / 10)} for i in range(20)]


class TestRun:
    def test_a_metric_is_drawn_as_its_view_draws_it(self, make):
        run = make(loss=[3, 2, 1], sine=SINE)
        figure = run.plot("sine")
        assert type(figure) is go.Figure
        (line,) = figure.data
        assert line.type == "scatter"
        assert list(line.x) == [row["x"] for row in SINE]
        assert list(line.y) == [row["y"] for row in SINE]
        assert line.line.color == COLOURS[0]  # run 1's
        (title,) = figure.layout.annotations
        assert title.text.startswith("<b>sine</b>")
        assert "y over x" in title.text
        assert (title.x, title.xanchor) == (0, "left")
        assert not figure.layout.showlegend

    def test_the_second_run_has_the_second_colour(self, make):
        make(loss=[1, 2])
        assert make(loss=[1, 2]).plot("loss").data[0].line.color == COLOURS[1]

    def test_all_metrics_have_a_chart_each_and_single_values_none(self, make):
        figure = make(loss=[3, 2, 1], sine=SINE, accuracy=[0.5], word=["a", "b"]).plot()
        assert [title.partition("</b>")[0] for title in titles(figure)] == ["<b>loss", "<b>sine"]
        assert [trace.xaxis for trace in figure.data] == ["x", "x2"]

    def test_several_names_in_the_order_that_was_asked_for(self, make):
        run = make(loss=[3, 2, 1], sine=SINE, other=[1, 2])
        assert [title[3:7] for title in titles(run.plot(["sine", "loss"]))] == ["sine", "loss"]

    def test_columns_over_one_x_are_lines_of_one_chart_with_a_key(self, make):
        rows = [{"epoch": i, "train": 1 / (i + 1), "test": 2 / (i + 1)} for i in range(3)]
        figure = make(loss=rows).plot("loss")
        assert [line.name for line in figure.data] == ["train", "test"]
        assert [line.line.color for line in figure.data] == list(COLOURS[:2])
        assert figure.layout.showlegend
        assert all(line.showlegend for line in figure.data)

    def test_what_is_no_number_is_a_gap_and_a_lone_point_is_seen(self, make):
        (line,) = make(loss=[1.0, 2.0, math.nan, 3.0, math.inf, 4.0, 5.0]).plot("loss").data
        assert list(line.y) == [1, 2, None, 3, None, 4, 5]
        assert not line.connectgaps
        assert line.mode == "lines+markers"
        assert [bool(size) for size in line.marker.size] == [False, False, False, True, False, False, False]

    def test_a_few_steps_have_whole_ticks(self, make):
        assert make(loss=[3, 2, 1]).plot("loss").layout.xaxis.dtick == 1
        assert make(loss=range(40)).plot("loss").layout.xaxis.dtick is None

    def test_a_logarithmic_axis(self, make):
        run = make(loss=[10, 1, 0.1])
        assert run.plot("loss", log=True).layout.yaxis.type == "log"
        assert run.plot("loss").layout.yaxis.type != "log"

    def test_a_long_curve_is_thinned_and_keeps_its_extremes(self, exp):
        run = exp.start_logging()
        run.log_list("wave", [1000.0 if i == 4321 else math.sin(i / 50) for i in range(10_000)])
        (line,) = run.plot("wave").data
        assert len(line.y) <= CURVE_POINTS
        assert max(line.y) == 1000

    def test_over_time_and_over_a_column(self, make):
        run = make(loss=[{"epoch": i, "wall": 2.5 * i, "loss": 1 / (i + 1)} for i in range(3)], plain=[1, 2])
        (line,) = [line for line in run.plot("loss", x="wall").data if line.name == "loss"]
        assert list(line.x) == [0, 2.5, 5]
        over_time = run.plot("plain", x="time")
        assert all(0 <= x < 60 for x in over_time.data[0].x)
        assert "over time (s)" in titles(over_time)[0]

    def test_a_single_value_that_is_asked_for_is_a_bar(self, make):
        (bar,) = make(accuracy=[0.75]).plot("accuracy").data
        assert (bar.type, list(bar.y)) == ("bar", [0.75])

    def test_single_values_alone_are_bars(self, make):
        figure = make(accuracy=[0.75], f1=[0.5]).plot()
        assert [(bar.type, list(bar.y)) for bar in figure.data] == [("bar", [0.75]), ("bar", [0.5])]

    def test_names_are_text_and_no_markup(self, make):
        (title,) = titles(make(**{"<b>&": [1, 2]}).plot("<b>&"))
        assert title == "<b>&lt;b&gt;&amp;</b>"

    def test_the_look_is_for_light_and_dark_pages(self, make):
        figure = make(loss=[1, 2]).plot("loss")
        look = figure.layout.template.layout
        assert (look.paper_bgcolor, look.plot_bgcolor) == ("rgba(0,0,0,0)",) * 2
        assert not look.xaxis.showgrid
        figure.update_layout(paper_bgcolor="white")  # as with any figure
        assert figure.layout.paper_bgcolor == "white"

    @pytest.mark.parametrize(
        ("call", "told"),
        [
            (lambda run: run.plot("lss"), ["'lss'", "digits-1", "'loss'", "'word'", "'one'"]),
            (lambda run: run.plot(["loss", "lss"]), ["'lss'", "'loss'"]),
            (lambda run: run.plot("word"), ["'word'", "numbers", "run.get_metrics('word')", "'loss', 'sine'"]),
            (lambda run: run.plot("loss", x="epoch"), ["'epoch'", "'step'", "'time'"]),
            (lambda run: run.plot("sine", x="z"), ["'z'", "over 'step', 'time', 'x'"]),
            (lambda run: run.plot("sine", x="y"), ["'y'", "over 'step', 'time', 'x'"]),  # it turns
            (lambda run: run.plot("cells", x="p"), ["'p'", "over 'step', 'time'"]),  # of a table
            (lambda run: run.plot(7), ["name", "7"]),
        ],
    )
    def test_what_cant_be_drawn_is_said_with_what_can(self, make, call, told):
        cells = [{"kind": "a", "p": 1, "q": 2}, {"kind": "b", "p": 2, "q": 3}]
        run = make(loss=[1, 2], sine=SINE, word=["a", "b"], one=["text"], cells=cells)
        with pytest.raises(UserErrorException) as refused:
            call(run)
        assert [part for part in told if part not in str(refused.value)] == []

    def test_a_run_without_metrics_says_what_makes_one(self, make):
        with pytest.raises(UserErrorException, match=r"run\.log\('loss', value\)"):
            make().plot()

    def test_a_deleted_run_is_not_found(self, make):
        run = make(loss=[1, 2])
        run.delete()
        with pytest.raises(RunNotFoundError):
            run.plot()

    def test_without_plotly_it_says_what_to_install(self, make, monkeypatch):
        run = make(loss=[1, 2])
        monkeypatch.setitem(sys.modules, "plotly", None)
        monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
        with pytest.raises(UserErrorException, match=r"-m pip install plotly"):
            run.plot()


class TestSeveral:
    def test_an_experiments_runs_lie_on_one_another(self, exp, make):
        for factor in (1, 2, 3):
            make(loss=[3 * factor, 2 * factor])
        figure = exp.plot("loss")
        assert [(line.name, line.line.color, list(line.y)) for line in figure.data] == [
            ("digits-3", COLOURS[2], [9, 6]),
            ("digits-2", COLOURS[1], [6, 4]),
            ("digits-1", COLOURS[0], [3, 2]),
        ]
        assert figure.layout.showlegend

    def test_runs_without_the_metric_are_left_out_and_many_are_said(self, exp, make):
        for i in range(22):
            make(loss=[i, 1])
        make(other=[1, 2])
        figure = exp.plot("loss")
        assert len(figure.data) == 20
        assert figure.data[0].name == "digits-22"
        assert "20 latest of 22" in figure.layout.title.text

    def test_an_experiment_says_what_it_has(self, ws, exp, make):
        with pytest.raises(UserErrorException, match=r"'none'.*run\.log"):
            Experiment(ws, "none").plot()
        make(loss=[1, 2])
        with pytest.raises(UserErrorException, match=r"'lss'.*'loss'"):
            exp.plot("lss")

    def test_chosen_runs_are_compared(self, make):
        runs = [make(loss=[3, 2], accuracy=[0.5]), make(loss=[4, 3], accuracy=[0.6])]
        found = compare(runs)
        assert repr(found) == "Comparison of digits-1, digits-2"
        figure = found.plot()
        assert [(trace.type, trace.name) for trace in figure.data] == [
            ("scatter", "digits-1"),
            ("scatter", "digits-2"),
            ("bar", "digits-1"),
            ("bar", "digits-2"),
        ]
        assert [trace.showlegend for trace in figure.data] == [True, True, False, False]  # each run once
        assert found.plot("loss", log=True).layout.yaxis.type == "log"

    def test_runs_of_one_display_name_are_told_apart(self, exp, make):
        runs = [make(loss=[1, 2]), make(loss=[1, 2])]
        for run in runs:
            run.display_name = "same"
        assert [line.name for line in compare(runs).plot("loss").data] == ["same (digits-1)", "same (digits-2)"]

    @pytest.mark.parametrize("given", [3, "digits-1", [1, 2], None])
    def test_what_is_no_run_is_refused(self, given):
        with pytest.raises(UserErrorException, match="runs in a list"):
            compare(given)

    def test_too_few_or_twice_the_same(self, make):
        run = make(loss=[1, 2])
        with pytest.raises(UserErrorException, match="2 to 20 runs"):
            compare([run])
        with pytest.raises(UserErrorException, match="twice"):
            compare([run, run])


def test_plotly_is_loaded_by_plot_alone(exp):
    run = exp.start_logging()
    run.log("loss", 1)
    run.log("loss", 2)
    program = (
        "import sys\nfrom cellrun.core import Workspace, compare\n"
        f"run = Workspace.from_config().get_run({run.id!r})\nrun.get_metrics()\n"
        "before = 'plotly' in sys.modules\nrun.plot()\nprint(before, 'plotly' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_what_was_logged_a_moment_ago_is_drawn(exp):
    run = exp.start_logging()
    for value in range(50):
        run.log("loss", value)
        run.log(f"late-{value}", value)
    assert list(run.plot("loss").data[0].y) == list(range(50))
    assert list(exp.plot("late-49").data[0].y) == [49]


class TestDocument:
    """A document that was logged, drawn when it is asked for."""

    def test_a_confusion_matrix_is_a_heatmap_of_its_numbers(self, exp):
        run = exp.start_logging()
        run.log_confusion_matrix("pets", {"data": {"class_labels": ["cat", "<b>dog"], "matrix": [[3, 1], [0, 4]]}})
        figure = run.plot("pets")
        (heatmap,) = figure.data
        assert heatmap.type == "heatmap"
        assert [list(row) for row in heatmap.z] == [[0.75, 0.25], [0, 1]]
        assert [list(row) for row in heatmap.text] == [[3, 1], [0, 4]]
        assert list(heatmap.y) == ["cat", "&lt;b&gt;dog"]
        assert figure.layout.yaxis.autorange == "reversed"

    def test_its_kin_are_tables_and_what_cant_be_drawn_is_said(self, exp):
        run = exp.start_logging()
        run.log_residuals("errors", {"data": {"bin_edges": [0, 1, 2], "bin_counts": [5, 6]}})
        run.log_predictions("none", {"data": {}})
        (table,) = run.plot("errors").data
        assert list(table.header.values) == ["from", "to", "bin_counts"]
        assert [list(column) for column in table.cells.values] == [[0, 1], [1, 2], [5, 6]]
        with pytest.raises(UserErrorException, match=r"run\.get_metrics\('none', populate=True\) returns it"):
            run.plot("none")
