"""What a live view costs the browser: share of a core while charts of 2,000 points get 20 more ten times a second.

The view is the one that widgets get (`widgets/static/view.js`), in a Chromium without a GPU; its kernel is played in
the page. Counted is the time that the page's main thread spent on tasks and, of it, in scripts and layout, and the
processor time of all of the browser's processes; beside it what they take while the view stands still.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # it ships no types

sys.path.insert(0, str(Path(__file__).parents[1]))
from playwright.sync_api import CDPSession, Page

from tests.browser.chromium import chromium

STATIC = Path(__file__).parents[1] / "widgets/cellrun/widgets/static"
POINTS, NEWS, EVERY_MS = 2000, 20, 100
KERNEL = """async ({ script, charts, points }) => {
    const { follow } = await import(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })));
    let receive;
    const run = follow({ send() {}, on(_, callback) { receive = callback; }, off() {} }, []);
    run.show(document.body);
    const header = { name: 'bench', status: 'Running', elapsed_s: 0, started_at: 1, cancelable: true, notes: [],
                     experiment: 'bench', target: 'local', resources: '', arguments: '', error: null };
    const rows = (from, count) => {
        const x = Float64Array.from({ length: count }, (_, i) => from + i);
        return [x, x.map(value => Math.sin(value / 100) + Math.random() / 10)];
    };
    let frame = 0, at = 0;
    globalThis.tell = (count, reset) => {
        if (at > 2 * points) at = 0;  // as the kernel does: thinned, and sent whole
        if (at === 0) count = points;
        const buffers = [];
        const metrics = Array.from({ length: charts }, (_, chart) => ({
            name: `metric ${chart}`, kind: 'row', rows: at + count, at, length: at + count,
            columns: rows(at, count).map((values, i) => (
                { name: 'xy'[i], type: 'number', last: values.at(-1), buffer: buffers.push(values.buffer) - 1 }
            )),
        }));
        const content = { type: 'frame', protocol: 1, frame: frame++, reset, metrics, images: [] };
        receive(reset ? { ...content, header } : content, buffers);
        at += count;
    };
    tell(points, true);
}"""


def busy(session: CDPSession) -> dict[str, float]:
    """Return the seconds that the page's main thread has spent so far."""
    metrics = {metric["name"]: metric["value"] for metric in session.send("Performance.getMetrics")["metrics"]}
    return {name: metrics[name] for name in ("TaskDuration", "ScriptDuration", "LayoutDuration")}


def processor_s() -> float:
    """Return the processor time that the browser has taken so far, all of its processes together."""
    browser = [child for child in psutil.Process().children(recursive=True) if "chrom" in child.name()]
    return float(sum(sum(child.cpu_times()[:2]) for child in browser))


def measure(page: Page, session: CDPSession, seconds: float) -> dict[str, float]:
    """Return the shares of a core over so many seconds."""
    before, processor = busy(session), processor_s()
    page.wait_for_timeout(seconds * 1000)
    after = busy(session)
    shares = {f"{name[:-8].lower()}_share": (after[name] - before[name]) / seconds for name in after}
    return {**shares, "processor_share": (processor_s() - processor) / seconds}


def bench(charts: int, seconds: float) -> dict[str, Any]:
    """Measure a view of so many charts, standing and live."""
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1300, "height": 900})
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        page.set_content("<!doctype html><html lang=en><body></body></html>")
        page.evaluate(KERNEL, {"script": (STATIC / "view.js").read_text(), "charts": charts, "points": POINTS})
        page.wait_for_function("n => document.querySelectorAll('.js-line').length === n", arg=charts)
        page.wait_for_timeout(1000)
        still = measure(page, session, seconds)
        page.evaluate("([every, news]) => { setInterval(() => tell(news, false), every); }", [EVERY_MS, NEWS])
        live = measure(page, session, seconds)
    return {"charts": charts, "still": still, "live": live}


def main() -> None:
    """Print a JSON line for one chart and for several, and one with the sizes of what a page gets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    seconds = parser.parse_args().seconds
    files = {path.name: path.read_bytes() for path in sorted(STATIC.glob("*.js"))}
    print(json.dumps({name: {"raw": len(text), "gzip": len(gzip.compress(text))} for name, text in files.items()}))
    for charts in (1, 3):
        found = bench(charts, seconds)
        print(json.dumps(json.loads(json.dumps(found), parse_float=lambda text: round(float(text), 3))))


if __name__ == "__main__":
    main()
