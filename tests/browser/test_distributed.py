"""A distributed run as a user sees it: a line a rank, and a log each; fed by the server or by a kernel."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from cellrun.core import Experiment, Run, ScriptRunConfig, Workspace
from cellrun.core.submission.configuration.parts import PyTorchConfiguration

pytestmark = pytest.mark.timeout(600)  # a page, a server and a job share what cores there are
TRAIN = """import os, time
from cellrun.core import Run
run, rank = Run.get_context(), int(os.environ['RANK'])
for step in range(40):
    run.log('loss', (2 + rank) * 0.93 ** step)
    run.log('step time', 0.2 + 0.03 * rank + 0.01 * (step % 3))
    print(f'rank {rank} of 3: epoch {step}')
while not os.path.exists('outputs/go'):
    time.sleep(0.05)
print('rank', rank, 'has ended')
"""
SUBMIT = f"""from pathlib import Path
from cellrun.core import Experiment, ScriptRunConfig, Workspace
from cellrun.core.submission.configuration.parts import PyTorchConfiguration
from cellrun.widgets import RunDetails
Path('src').mkdir(exist_ok=True)
Path('src/train.py').write_text({TRAIN!r})
config = ScriptRunConfig('src', 'train.py', distributed_job_config=PyTorchConfiguration(process_count=3))
run = Experiment(Workspace.from_config(), 'ddp').submit(config)
RunDetails(run).show()
"""
GO = "(run.layout.work / 'outputs').mkdir(exist_ok=True); (run.layout.work / 'outputs' / 'go').touch()"


def choose(pane: Locator, rank: int) -> None:
    """Choose another process's log."""
    pane.get_by_label("Which process prints").select_option(str(rank))


def let_go(run: Run) -> None:
    outputs = run.layout.work / "outputs"
    outputs.mkdir(exist_ok=True)
    (outputs / "go").touch()


@pytest.fixture
def comm_lab(shared_comm_lab):
    return shared_comm_lab


def test_a_line_a_rank_and_a_log_each_in_the_portal(portal, page, tmp_path):
    workspace = Workspace.from_config()
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text(TRAIN)
    config = ScriptRunConfig(tmp_path / "src", "train.py", distributed_job_config=PyTorchConfiguration(process_count=3))
    run = Experiment(workspace, "ddp").submit(config)
    shown = portal.open_run(workspace.id, run.id)
    card = shown.card("loss")
    for rank in range(3):
        expect(card).to_contain_text(f"rank {rank}")
    expect(card.locator(".js-line")).to_have_count(3)
    pane = shown.open("Log")
    expect(pane).to_contain_text("rank 0 of 3: epoch 39")
    choose(pane, 2)
    expect(pane).to_contain_text("rank 2 of 3: epoch 39")
    expect(pane).not_to_contain_text("rank 0 of 3")
    let_go(run)
    expect(pane).to_contain_text("rank 2 has ended")
    shown.expect_status("Completed")
    assert b"rank 2 has ended" in shown.download(pane.get_by_role("button", name="Download"))
    pane.get_by_role("button", name="Search").click()
    page.keyboard.type("epoch 17")
    expect(pane.locator("[role=search] [role=status]")).to_have_text("1 of 1 lines")
    for width, theme in ((1200, "dark"), (700, "light")):
        page.set_viewport_size({"width": width, "height": 800})
        portal.use_theme(theme)
        for tab in ("Metrics", "Log"):
            shown.open(tab)
            portal.screenshot(f"distributed-{tab.lower()}-{width}")
            assert portal.accessibility_problems() == []
    assert portal.problems == []


def test_the_same_below_a_cell_from_its_kernel(comm_lab):
    comm_lab.open("ddp.ipynb", [SUBMIT, GO])
    comm_lab.run_cell(0)
    view = comm_lab.view(0)
    pane = view.root.locator(".cellrun-log")
    expect(pane).to_contain_text("rank 0 of 3: epoch 39")
    choose(pane, 1)
    expect(pane).to_contain_text("rank 1 of 3: epoch 39")
    comm_lab.run_cell(1)
    expect(pane).to_contain_text("rank 1 has ended")
    expect(view.card("loss").locator(".js-line")).to_have_count(3)
    for width, theme in ((1200, "light"), (700, "dark")):
        comm_lab.resize(width)
        comm_lab.use_theme(theme)
        comm_lab.screenshot(f"distributed-cell-{width}")
