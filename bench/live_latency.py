"""From `log_row` returning to its point being on the screen, in a real JupyterLab.

Reference: JupyterLab's own way to show something new while a cell runs, `update_display` of a text; both take turns in
one cell, so the kernel is busy. Its clock and the browser's are the same machine's. The page looks at each animation
frame how many points the curve has and which text there is, and takes the time of the frame after, when it is painted.

    python -m bench.live_latency --points 50
"""

from __future__ import annotations

import json

from playwright.sync_api import Page

from bench import kit
from tests.browser.chromium import chromium
from tests.browser.lab_page import LabPage
from tests.browser.lab_server import lab_server

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
WATCH = """before => {
    window.painted = { point: [], text: [] };
    const count = () => ({
        point: (document.querySelector('.cellrun-card .js-plotly-plot')?.data?.[0]?.x?.length ?? 0) - before,
        text: Number([...document.querySelectorAll('.jp-OutputArea-output pre')]
            .map(pre => pre.textContent.match(/^updates (\\d+)/)?.[1]).find(Boolean) ?? 0),
    });
    const look = () => {
        const counted = count();
        requestAnimationFrame(() => {
            for (const [what, times] of Object.entries(window.painted)) {
                while (times.length < counted[what]) times.push(Date.now() / 1000);
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
    page.evaluate(WATCH, BEFORE)
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


def main() -> None:
    """Measure all points in one JupyterLab."""
    parser = kit.parser(__doc__)
    parser.add_argument("--points", type=int, default=50)
    points = parser.parse_args().points
    with kit.working_folder() as folder, lab_server(folder) as server, chromium() as browser:
        page = browser.new_page(viewport={"width": 1360, "height": 900})
        lab = LabPage(page, server)
        took_ms = run_cell(page, lab, points)
        lab.shut_down()
    ours, references = took_ms["point"], took_ms["text"]
    for unit, share in (("p50_ms", 0.5), ("p95_ms", 0.95), ("max_ms", 1.0)):
        mine, its = kit.percentile(ours, share), kit.percentile(references, share)
        kit.emit(what="on screen", unit=unit, cellrun=mine, reference=its, ratio=mine / its, points=points)


if __name__ == "__main__":
    kit.start(main)
