"""plotly figures that runs logged, drawn in the portal and below a cell of JupyterLab."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from cellrun.core import Experiment, Workspace

go = pytest.importorskip("plotly.graph_objects")
pytestmark = pytest.mark.timeout(600)  # a page, a kernel and a job share what cores there are
ELSEWHERE = "http://elsewhere.example/picture.png"
KINDS = {
    "confusion": (go.Heatmap(z=[[9, 1], [2, 8]]), ".heatmaplayer image"),
    "parameters": (go.Parcoords(dimensions=[{"values": [1, 2, 3]}, {"values": [3, 1, 2]}]), ".parcoords"),
    "place": (go.Scatter3d(x=[1, 2], y=[1, 2], z=[1, 2]), "#scene, .gl-container"),
}
CELL = """%start_logging figures
import plotly.graph_objects as go
run.log_list('loss', [3, 2, 1])
run.log_image('curve', plot=run.plot('loss'))
run.log_image('confusion', plot=go.Figure(go.Heatmap(z=[[9, 1], [2, 8]])))
run.complete()"""


@pytest.fixture
def lab(shared_lab):
    return shared_lab


def test_every_kind_is_drawn_in_the_portal_and_nothing_is_fetched_from_elsewhere(portal):
    run = Experiment(Workspace.from_config(), "figures").start_logging()
    run.log_list("loss", [3, 2, 1])
    run.log_image("curve", plot=run.plot("loss"))
    for name, (trace, _) in KINDS.items():
        figure = go.Figure(trace)
        figure.add_layout_image(source=ELSEWHERE, x=0, y=1, sizex=1, sizey=1)
        run.log_image(name, plot=figure)
    run.complete()
    refused = []
    portal.page.on("requestfailed", lambda request: refused.append((request.url, request.failure)))
    shown = portal.open_run(run.experiment.workspace.id, run.id)
    card = shown.root.locator(".cellrun-image")
    expect(card.filter(has_text="curve").locator(".scatterlayer .js-line")).to_have_count(1)
    for name, (_, drawn) in KINDS.items():
        frame = card.filter(has_text=name).frame_locator("iframe.cellrun-figure")
        expect(frame.locator(drawn).first).to_be_attached(timeout=30_000)
    for theme in ("dark", "light"):
        portal.use_theme(theme)
        card.first.scroll_into_view_if_needed()
        portal.screenshot("portal-figures")
        assert portal.accessibility_problems() == []
    assert [failure for url, failure in refused if url == ELSEWHERE] == ["csp"] * len(KINDS)
    frame = portal.page.frames[-1]
    assert frame.evaluate("origin") == "null"  # what is drawn reaches nothing of the page around it
    assert [problem for problem in portal.problems if ELSEWHERE not in problem] == []


def test_a_figure_is_drawn_below_its_cell(lab):
    lab.open("figures.ipynb", ["%load_ext cellrun.magics", CELL])
    lab.run_all()
    view = lab.view(1)
    view.expect_status("Completed")
    card = view.root.locator(".cellrun-image")
    expect(card.filter(has_text="curve").locator(".scatterlayer .js-line")).to_have_count(1)
    frame = card.filter(has_text="confusion").frame_locator("iframe.cellrun-figure")
    expect(frame.locator(".heatmaplayer image")).to_be_attached(timeout=30_000)
    for theme in ("dark", "light"):
        lab.use_theme(theme)
        lab.screenshot("lab-figures")
    assert lab.problems == []
