"""From a log call returning to its point, or its value, being on the screen: below a cell, in the portal, in a list.

Below a cell of a real JupyterLab, with cellrun's server extension and without it (then the kernel tells), the
reference is Lab's own way to show something new while a cell runs, `update_display` of a text; both take turns in one
cell, so the kernel is busy. The portal's pages (a run's, and the list of runs, which is the side bar's) are fed by
`jupyter cellrun`, and this process logs. All clocks are one machine's. The page looks at each animation frame what it
shows, and takes the time of the frame after, when it is painted. A list shows what a run's summary says, which is
written once a second.

    python -m bench.live_latency --points 50
"""

from __future__ import annotations

import json
import os
import random
import time
from pathlib import Path

from playwright.sync_api import Browser, Page

from bench import kit
from cellrun.core import Experiment, Workspace
from tests.browser.chromium import chromium
from tests.browser.lab_page import LabPage
from tests.browser.lab_server import lab_server
from tests.browser.portal_page import PortalPage
from tests.server.jupyter_process import JupyterProcess, jupyter_process

BEFORE = 200
CELL = """%start_logging latency
import json, random, time
from IPython.display import display
for x in range({before}):
    run.log_row('curve', x=x, y=x % 7)
text = display({{'text/plain': 'updates 0'}}, raw=True, display_id=True)
time.sleep(3)
returned = {{'point': [], 'text': []}}
for x in range({points}):
    run.log_row('curve', x={before} + x, y=x % 7)
    returned['point'].append(time.time())
    time.sleep(random.uniform(0.25, 0.45))
    text.update({{'text/plain': f'updates {{x + 1}}'}}, raw=True)
    returned['text'].append(time.time())
    time.sleep(random.uniform(0.25, 0.45))
run.complete()
print('returned', json.dumps(returned))
"""
WATCH = """([before, names]) => {
    const counts = {
        point: () => (document.querySelector('.cellrun-card .js-plotly-plot')?.data?.[0]?.x?.length ?? 0) - before,
        text: () => Number([...document.querySelectorAll('.jp-OutputArea-output pre')]
            .map(pre => pre.textContent.match(/^updates (\\d+)/)?.[1]).find(Boolean) ?? 0),
        value: () => Number(document.querySelector('.cellrun-run-value')?.textContent ?? 0) - before + 1,
    };
    window.painted = Object.fromEntries(names.map(name => [name, []]));
    const look = () => {
        const counted = names.map(name => [name, counts[name]()]);
        requestAnimationFrame(() => {
            for (const [name, count] of counted) {
                const times = window.painted[name];
                while (times.length < count) times.push(Date.now() / 1000);
            }
            look();
        });
    };
    look();
}"""


def run_cell(page: Page, lab: LabPage, points: int) -> dict[str, list[float]]:
    """Run the cell; return the milliseconds that each point and each text took."""
    cells = ["%load_ext cellrun.magics", CELL.format(before=BEFORE, points=points)]
    lab.open("latency.ipynb", cells)
    page.evaluate(WATCH, [BEFORE, ["point", "text"]])
    lab.run_all()
    lab.wait_until_done(1, timeout_s=60 + 2 * points)
    lab.view(1).wait_for_points("curve", BEFORE + points)
    page.wait_for_timeout(200)
    painted = page.evaluate("window.painted")
    printed = next(text for text in lab.cell(1).locator("pre").all_inner_texts() if text.startswith("returned"))
    returned = json.loads(printed.removeprefix("returned"))
    return {
        what: [1000 * (shown - done) for done, shown in zip(times, painted[what], strict=True)]
        for what, times in returned.items()
    }


def in_lab(browser: Browser, folder: Path, points: int, *, has_extension: bool) -> dict[str, list[float]]:
    """Measure below a cell."""
    folder.mkdir()
    with lab_server(folder, has_extension=has_extension) as server:
        page = browser.new_page(viewport={"width": 1360, "height": 900})
        lab = LabPage(page, server)
        took_ms = run_cell(page, lab, points)
        lab.shut_down()
        page.close()
    return took_ms


def in_portal(browser: Browser, server: JupyterProcess, what: str, points: int) -> list[float]:
    """Return the milliseconds that each number took to be a `point` of a run's page, or a `value` of the list."""
    os.environ.update(server.environment)
    os.chdir(server.folder)  # away from the config.json of whoever started the bench
    workspace = Workspace.from_config()
    run = Experiment(workspace, what).start_logging(snapshot_directory=None)
    page = browser.new_page(viewport={"width": 1360, "height": 900})
    for x in range(BEFORE):
        run.log("curve", x)
    portal = PortalPage(page, server)
    portal.open(f"workspaces/{workspace.id}/runs/{run.id}" if what == "point" else "")
    page.evaluate(WATCH, [BEFORE, [what]])
    page.wait_for_timeout(3000)
    returned = []
    for x in range(BEFORE, BEFORE + points):
        run.log("curve", x)
        returned.append(time.time())
        time.sleep(random.uniform(0.25, 0.45))
    page.wait_for_function("([what, points]) => window.painted[what].length === points", arg=[what, points])
    painted = page.evaluate("window.painted")[what]
    run.complete()
    page.close()
    return [1000 * (shown - done) for done, shown in zip(returned, painted, strict=True)]


def tell(where: str, ours: list[float], references: list[float]) -> None:
    """Print the percentiles."""
    for unit, share in (("p50_ms", 0.5), ("p95_ms", 0.95), ("max_ms", 1.0)):
        mine = kit.percentile(ours, share)
        its = kit.percentile(references, share) if references else None
        ratio = mine / its if its else None
        kit.emit(what="on screen", where=where, unit=unit, cellrun=mine, reference=its, ratio=ratio, points=len(ours))


def main() -> None:
    """Measure all points of one JupyterLab, then those of one portal."""
    parser = kit.parser(__doc__)
    parser.add_argument("--points", type=int, default=50)
    points = parser.parse_args().points
    with kit.working_folder() as folder, chromium() as browser:
        for feeder in ("server", "kernel"):
            took_ms = in_lab(browser, folder / feeder, points, has_extension=feeder == "server")
            tell(f"below a cell, by the {feeder}", took_ms["point"], took_ms["text"])
        (folder / "portal").mkdir()
        with jupyter_process(folder / "portal", "jupyter-cellrun") as server:
            tell("portal", in_portal(browser, server, "point", points), [])
            tell("list", in_portal(browser, server, "value", points), [])


if __name__ == "__main__":
    kit.start(main)
