"""What a submitted cell shows besides text, of what it has from its notebook."""

import pytest

from tests.magics.notebook_shell import log

pytest.importorskip("matplotlib")


pytestmark = pytest.mark.usefixtures("jobs_that_show")


def displayed(run):
    return sorted(name for name in run.get_file_names() if name.startswith("displayed/"))


def test_figures_that_the_notebooks_functions_draw_are_images_of_the_run(notebook):
    notebook.run(
        "import matplotlib\nmatplotlib.use('Agg')\nimport matplotlib.pyplot as plt\n"
        "def plot(values):\n    plt.plot(values)\n    plt.show()"
    )
    run = notebook.submit("plot([1, 2])\nplot([2, 1])\nplt.figure('left open').gca()\nprint('end')")
    assert log(run) == "end\n"
    assert displayed(run) == ["displayed/figure_1.png", "displayed/figure_2.png", "displayed/left-open.png"]
    assert set(run.get_metrics()) == {"figure_1", "figure_2", "left open"}


def test_a_figure_of_the_notebooks_is_shown_by_its_name(notebook):
    notebook.run("from matplotlib.figure import Figure\nfig = Figure()\nfig.subplots().plot([1, 2]);")
    run = notebook.submit("fig")
    assert log(run) == "<Figure size 640x480 with 1 Axes>\n"
    assert displayed(run) == ["displayed/figure_1.png"]


def test_a_magic_that_measures_shows_what_it_measures(notebook):
    notebook.run("import matplotlib\nmatplotlib.use('Agg')\nimport matplotlib.pyplot as plt")
    run = notebook.submit("%%time\nplt.plot([1, 2])\nplt.show()")
    assert "Wall time" in log(run)
    assert displayed(run) == ["displayed/figure_1.png"]


def test_what_a_magic_captures_is_not_shown(notebook):
    notebook.run("import matplotlib\nmatplotlib.use('Agg')\nimport matplotlib.pyplot as plt")
    for show in ("plt.show()\ndisplay('text')", ""):  # what a cell leaves open is shown at its end
        run = notebook.submit(f"%%capture out\nplt.plot([1, 2])\n{show}")
        assert (run.get_status(), log(run), displayed(run)) == ("Completed", "", [])


def test_what_a_cell_within_the_cell_draws_is_shown_at_its_end(notebook):
    notebook.run("import matplotlib\nmatplotlib.use('Agg')\nimport matplotlib.pyplot as plt")
    within = "with capture_output() as taken:\n    get_ipython().run_cell('lines = plt.plot([1, 2])')"
    run = notebook.submit(
        f"from IPython.utils.capture import capture_output\n{within}\nprint(len(taken.outputs), plt.get_fignums())"
    )
    assert (log(run), displayed(run)) == ("1 []\n", [])


@pytest.mark.parametrize(
    "last",
    [
        "{name: list(range(20)) for name in names}",
        "set(names)",
        "Point",
        "greet",
        "[Point(1, 2)] * 5",
        "ValueError('x', 1)",
        "(len(names), 'x' * 70, 2.5)",
    ],
)
def test_a_last_expression_is_printed_as_display_prints_it_in_the_notebook(notebook, last):
    notebook.run(
        "from dataclasses import dataclass\nnames = ['b', 'a', 'c']\n"
        "@dataclass\nclass Point:\n    x: int\n    y: int\ndef greet(name, *, loud=False): pass"
    )
    assert notebook.prints(last) == notebook.run(f"display({last})")


STREAM = """
import sys
from IPython.display import display
class Text:
    def __init__(self, text): self.text = text
    def __repr__(self): return f'shown {self.text}'
class Stream:
    def write(self, text):
        if text.strip(): display(Text(text.strip()))
    def flush(self): pass
before, sys.stdout = sys.stdout, Stream()
print('x')
sys.stdout = before
print('end')
"""


def test_a_stream_that_displays_what_it_gets_ends(notebook):
    """As rich's live displays do, when they stand in for the output."""
    assert log(notebook.submit(STREAM)).endswith("shown x\nend\n")
