"""From `log_row` returning to its point being on the screen: median and 95th percentile, in a real JupyterLab.

The kernel is busy with the cell that logs. Its clock and the browser's are the same machine's. The page looks at each
animation frame how many points the curve has, and takes the time of the frame after, when they have been painted.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.browser.chromium import chromium
from tests.browser.lab_page import LabPage
from tests.browser.lab_server import lab_server

BEFORE = 200
CELL = """%start_logging latency
import json, random, time
for x in range({before}):
    run.log_row('curve', x=x, y=x % 7)
time.sleep(3)
returned = []
for x in range({before}, {before} + {points}):
    run.log_row('curve', x=x, y=x % 7)
    returned.append(time.time())
    time.sleep(random.uniform(0.25, 0.45))
run.complete()
print('returned', json.dumps(returned))
"""
WATCH = """() => {
    window.painted = [];
    const look = () => {
        const plot = document.querySelector('.cellrun-card .js-plotly-plot');
        const points = plot?.data?.[0]?.x?.length ?? 0;
        requestAnimationFrame(() => {
            while (window.painted.length < points) window.painted.push(Date.now() / 1000);
            look();
        });
    };
    look();
}"""


def measure(points: int) -> list[float]:
    """Return the seconds that each point took."""
    with tempfile.TemporaryDirectory() as folder, lab_server(Path(folder)) as server, chromium() as browser:
        page = browser.new_page(viewport={"width": 1360, "height": 900})
        lab = LabPage(page, server)
        cells = ["%load_ext cellrun.magics", CELL.format(before=BEFORE, points=points)]
        lab.open("latency.ipynb", cells)
        page.evaluate(WATCH)
        lab.run_all()
        lab.wait_until_done(1, timeout_s=60 + points)
        lab.view(1).wait_for_points("curve", BEFORE + points)
        page.wait_for_timeout(200)
        painted = page.evaluate("window.painted")[BEFORE:]
        printed = next(text for text in lab.cell(1).locator("pre").all_inner_texts() if text.startswith("returned"))
        lab.shut_down()
    returned = json.loads(printed.removeprefix("returned"))
    return [shown - logged for logged, shown in zip(returned, painted, strict=True)]


def main() -> None:
    """Print one JSON line."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--points", type=int, default=50)
    points = arguments.parse_args().points
    took = sorted(1000 * seconds for seconds in measure(points))
    result = {
        "points": points,
        "median_ms": statistics.median(took),
        "p95_ms": took[int(0.95 * points)],
        "max_ms": took[-1],
    }
    print(json.dumps({name: round(value, 1) for name, value in result.items()}))


if __name__ == "__main__":
    main()
