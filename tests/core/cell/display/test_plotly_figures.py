"""plotly in a submitted cell."""

import pytest

pytest.importorskip("plotly")
FIGURE = "import plotly.graph_objects as go\nfig = go.Figure(go.Scatter(y=[1, 2]))\n"


def test_a_figure_becomes_a_page_that_needs_no_network(show):
    shown = show(f"{FIGURE}fig.show()\nfig")
    assert (shown.code, shown.out, shown.err) == (0, "", "")
    assert sorted(shown.files) == ["displayed/figure_1.html", "displayed/figure_2.html"]
    page = shown.files["displayed/figure_1.html"].decode()
    assert "Plotly.newPlot" in page
    assert "<script src=" not in page


def test_a_renderer_of_the_users_is_left_alone(show):
    shown = show(f"{FIGURE}import plotly.io as pio\npio.renderers.default", environment={"PLOTLY_RENDERER": "json"})
    assert shown.out == "'json'\n"
