"""What a live view costs the browser: share of a core while each chart gets 20 more points ten times a second.

A chart has as many points as the kernel lets it have. Reference: the same lines stroked on a bare canvas at the same
pace (live_chart.js has both). The view is the one that widgets get (`widgets/static/view.js`), in a Chromium without a
GPU; its kernel is played in the page. Counted is the processor time of all of the browser's processes, and the time
that tasks held the page's main thread; `still` is before the updates.

    python -m bench.live_chart --seconds 10 --rounds 3
"""

from __future__ import annotations

import gzip
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it ships no types
from playwright.sync_api import Browser, CDPSession, Page

from bench import kit
from cellrun.core.live.feed import POINTS
from cellrun.widgets.bundle import STATIC
from tests.browser.chromium import chromium

NEWS, EVERY_MS = 20, 100
SCRIPT = Path(__file__).with_suffix(".js").read_text()


def used_s(session: CDPSession) -> dict[str, float]:
    """Return the seconds of a core that were used so far: by all of the browser, and by the page's main thread."""
    browser = [child for child in psutil.Process().children(recursive=True) if "chrom" in child.name()]
    metrics = {metric["name"]: metric["value"] for metric in session.send("Performance.getMetrics")["metrics"]}
    return {
        "processor": sum(sum(child.cpu_times()[:2]) for child in browser),
        "main_thread": metrics["TaskDuration"],
    }


def shares(page: Page, session: CDPSession, seconds: float) -> dict[str, float]:
    """Return the shares of a core that are used over so many seconds."""
    before = used_s(session)
    page.wait_for_timeout(seconds * 1000)
    return {name: (after - before[name]) / seconds for name, after in used_s(session).items()}


def measure(browser: Browser, way: str, charts: int, seconds: float) -> dict[str, dict[str, float]]:
    """Show so many charts in a page of their own; measure them standing still, then live."""
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    page.set_content("<!doctype html><html lang=en><body></body></html>")
    page.add_script_tag(content=SCRIPT)
    page.evaluate(way, {"script": (STATIC / "view.js").read_text(), "charts": charts, "points": POINTS})
    page.wait_for_function("n => document.querySelectorAll('.js-line').length === n", arg=charts)
    page.wait_for_timeout(1000)
    still = shares(page, session, seconds)
    page.evaluate("([every, news]) => { setInterval(() => tell(news), every); }", [EVERY_MS, NEWS])
    live = shares(page, session, seconds)
    page.close()
    return {"still": still, "live": live}


def main() -> None:
    """Tell the sizes of what a page gets; then measure one chart, and several."""
    parser = kit.parser(__doc__, rounds=3)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    for path in sorted(STATIC.glob("*.js")):
        code = path.read_bytes()
        kit.emit(what=path.name, size_bytes=len(code), gzip_bytes=len(gzip.compress(code)))
    with chromium() as browser:
        for charts in (1, 3):

            def one(way: str, _: int, charts: int = charts) -> dict[str, dict[str, float]]:
                return measure(browser, way, charts, options.seconds)

            took = kit.take_turns(("canvas", "view"), options.rounds, one)
            for unit in ("processor", "main_thread"):
                ours, references = ([row["live"][unit] for row in took[way]] for way in ("view", "canvas"))
                still = min(row["still"][unit] for row in took["view"])
                kit.emit_pairs(ours, references, what="share of a core", of=unit, charts=charts, still=still)


if __name__ == "__main__":
    kit.start(main)
