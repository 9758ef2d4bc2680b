"""matplotlib in a submitted cell."""

from io import BytesIO

import pytest
from PIL import Image

pytest.importorskip("matplotlib")
PLOT = "import matplotlib.pyplot as plt\n"


def prints(shown, text):
    assert (shown.code, shown.err, shown.out) == (0, "", text)


def test_show_keeps_each_open_figure_and_closes_it(show):
    shown = show(
        f"{PLOT}plt.figure(); plt.plot([1])\nplt.figure(); plt.plot([2])\nplt.show()\nprint(plt.get_fignums())",
        forks=None,
    )
    prints(shown, "[]\n")
    assert shown.images == [("figure_1", "displayed/figure_1.png"), ("figure_2", "displayed/figure_2.png")]
    with Image.open(BytesIO(shown.files["displayed/figure_1.png"])) as image:
        assert image.format == "PNG"
        assert 400 < image.width < 640  # cut to what is drawn, as in a notebook


def test_what_a_loop_shows_has_one_name_and_another_line_another(show):
    shown = show(f"{PLOT}for i in range(3):\n    plt.plot([i, 1])\n    plt.show()\nplt.plot([3])\nplt.show()")
    prints(shown, "")
    assert shown.names == ["figure_1"] * 3 + ["figure_2"]
    assert len(shown.files) == 4


def test_a_function_that_shows_is_told_apart_by_who_calls_it(show):
    shown = show(f"{PLOT}def plot(x):\n    plt.plot([x])\n    plt.show()\nplot(1)\nplot(2)")
    assert shown.names == ["figure_1", "figure_2"]


def test_open_figures_are_shown_at_the_end_but_no_empty_ones(show):
    shown = show(f"{PLOT}plt.figure('loss'); plt.plot([1])\nplt.figure()")
    assert shown.names == ["loss"]


def test_a_cell_that_fails_shows_its_figures_too(show):
    shown = show(f"{PLOT}plt.plot([1])\n1 / 0")
    assert shown.code == 1
    assert shown.names == ["figure_1"]


def test_a_figure_at_the_end_is_kept_once(show):
    shown = show(f"{PLOT}fig, ax = plt.subplots()\nax.plot([1])\nfig")
    prints(shown, "<Figure size 640x480 with 1 Axes>\n")
    assert shown.names == ["figure_1"]


def test_a_figure_that_changed_after_it_was_displayed_is_shown_again(show):
    shown = show(f"{PLOT}fig, ax = plt.subplots()\nax.plot([1])\ndisplay(fig)\nax.plot([2])", needs_ipython=True)
    assert shown.names == ["figure_1", "figure_2"]


@pytest.mark.parametrize("plot", ["plt", "fig"])
def test_a_figure_that_the_cell_logs_itself_is_not_shown_once_more(show, plot):
    source = f"{PLOT}fig, ax = plt.subplots()\nax.plot([1])\nrun.log_image('roc', plot={plot})\nplt.figure('b').gca();"
    shown = show(source, run_name="run")
    assert (shown.code, shown.err) == (0, "")
    assert shown.names == ["roc", "b"]


@pytest.mark.parametrize("source", ["plt.ioff()\nplt.plot([1])", "plt.plot([1])\nplt.close('all')"])
def test_what_a_notebook_does_not_show_stays_hidden(show, source):
    assert show(PLOT + source).images == []


def test_a_figures_own_show_and_its_windows_title(show):
    shown = show(
        f"{PLOT}plt.ioff()\nfig, ax = plt.subplots()\nax.plot([1])\n"
        "fig.canvas.manager.set_window_title('a/b é')\nfig.show()"
    )
    prints(shown, "")
    assert shown.images == [("a/b é", "displayed/a-b-e.png")]


def test_pause_shows_as_inline_does(show):
    shown = show(f"{PLOT}for i in range(2):\n    plt.plot([i])\n    plt.pause(0.001)")
    prints(shown, "")
    assert shown.names == ["figure_1", "figure_1"]


def test_a_figure_that_cannot_be_drawn_at_the_end_is_said_and_the_cell_has_completed(show):
    shown = show(f"{PLOT}plt.plot([1])\nplt.title(r'$\\frac{{$')\nprint('end')")
    assert (shown.code, shown.out) == (0, "end\n")
    assert "ValueError" in shown.err
    assert shown.images == []


def test_savefig_writes_a_file_beside_the_cell(show):
    source = f"{PLOT}from pathlib import Path\nplt.plot([1])\nplt.savefig('a.png')\nplt.close()\nPath('a.png').exists()"
    shown = show(source)
    prints(shown, "True\n")
    assert shown.files == {}


def test_another_backend_of_the_users_is_left_alone(show):
    shown = show(f"{PLOT}print(plt.get_backend())\nplt.plot([1]);", environment={"MPLBACKEND": "svg"}, forks=None)
    prints(shown, "svg\n")
    assert shown.images == []


def test_notebook_magics_for_figures_change_nothing(show):
    source = f"""get_ipython().run_line_magic('matplotlib', 'inline')
get_ipython().run_line_magic('config', "InlineBackend.figure_format = 'retina'")
{PLOT}plt.plot([1]);"""
    shown = show(source, needs_ipython=True)
    prints(shown, "")
    assert shown.names == ["figure_1"]


def test_shown_figures_can_be_captured(show):
    source = f"""from IPython.utils.capture import capture_output
{PLOT}with capture_output() as captured:
    plt.plot([1])
    plt.show()
print(len(captured.outputs))
captured.show()"""
    shown = show(source)
    assert (shown.out, shown.names) == ("1\n", ["figure_1"])


def test_a_script_of_the_cells_keeps_the_backend_without_a_screen(show):
    source = """import subprocess, sys
print(subprocess.run([sys.executable, '-c', 'import matplotlib.pyplot as plt; print(plt.get_backend())'],
    capture_output=True, text=True).stdout.lower())"""
    prints(show(source), "agg\n\n")
