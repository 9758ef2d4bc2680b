"""Four runs side by side, in a tab of JupyterLab."""

import math

import pytest
from playwright.sync_api import expect

from cellrun.core import Experiment, Workspace
from tests.browser.compare_page import ComparePage

pytestmark = [pytest.mark.timeout(600), pytest.mark.usefixtures("without_recorder")]


def train(experiment, rate, epochs=60):
    """Log what a training of this rate would; the run stays open."""
    run = experiment.start_logging()
    run.tag("rate", rate)
    for epoch in range(epochs):
        run.log("loss", 2 * math.exp(-epoch / 14) + rate)
        run.log("accuracy", 0.97 - 0.6 * math.exp(-epoch / 9) - rate)
    for x in range(20):
        run.log_row("sine", x=x, y=math.sin(x * rate))
    return run


def test_four_runs(shared_lab, server, server_home):
    lab, workspace = shared_lab, Workspace.from_config()
    experiment = Experiment(workspace, "compared")
    runs = [train(experiment, rate) for rate in (0.01, 0.02, 0.05, 0.1)]
    for run in runs[:3]:
        run.complete()
    live = runs[3]
    lab.open_lab()
    compare = ComparePage(lab)
    compare.open(workspace.id, [run.id for run in runs])
    assert compare.names() == [run.name for run in runs]
    expect(compare.row("rate").locator("td")).to_have_text(["0.01", "0.02", "0.05", "0.1"])
    assert compare.differs("rate")
    assert len(compare.best("accuracy")) == len(compare.best("loss")) == 1
    assert compare.best("sine") == []
    compare.wait_until(lambda: compare.lines("loss") == 4, lambda: f"{compare.lines('loss')} of 4 curves")
    compare.wait_until(lambda: compare.lines("sine") == 4, lambda: f"{compare.lines('sine')} of 4 curves")
    for theme in ("dark", "light"):
        lab.use_theme(theme)
        expect(compare.root).to_have_attribute("data-theme", theme)
        lab.screenshot("compare")
        assert compare.accessibility_problems() == []

    live.log("accuracy", 0.99)
    expect(compare.row("accuracy").locator("td").last).to_have_text("0.9900")
    compare.choose_x("time")
    expect(compare.card("loss")).to_contain_text("over time")
    live.complete()
    expect(compare.heads.last).to_contain_text("Completed")

    lab.page.goto(f"{server.url}/lab")
    expect(compare.heads).to_have_count(4, timeout=60_000)  # it is there again, and in front
    compare.button(f"Take {runs[1].name} out of the comparison").click()
    expect(compare.heads).to_have_count(3)
    lab.page.evaluate(  # as another page would
        """([workspace, run]) => fetch(
            `/cellrun/api/workspaces/${workspace}/runs/${run}`,
            { method: 'DELETE', headers: { 'X-XSRFToken': document.cookie.match(/_xsrf=([^;]*)/)[1] } },
        )""",
        [workspace.id, runs[0].id],
    )
    expect(compare.root).to_contain_text(f"{runs[0].name} was deleted, and is no longer compared.")
    expect(compare.heads).to_have_count(2)

    lab.command("cellrun:compare")  # as the palette does: the latest runs of what was worked on last
    expect(compare.heads).to_have_count(3)
    assert lab.problems == []
