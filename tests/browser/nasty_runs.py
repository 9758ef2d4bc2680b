"""Makes runs of which all that can be named or said is nasty, and what they put out tries to reach an address."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from cellrun.core import Experiment, Workspace

LINK = "\x1b]8;;javascript:window.__pwned=6\x07link\x1b]8;;\x07"
PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" onload="window.__pwned=7"><script>window.__pwned=8</script>'
    '<image href="{0}/svg" width="9" height="9"/><rect width="9" height="9"/></svg>'
)
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
OUTPUTS = (
    "<img src=x onerror=window.__pwned=9>.svg",
    "page.html",
    "whole.html",
    "refresh.html",
    "location.html",
    "page.md",
    "page.csv",
    "page.json",
    "picture.svg",
)


LEAK = """<title>leak</title><img src="{0}/image"><link rel="stylesheet" href="{0}/style">
<link rel="prefetch" href="{0}/prefetch"><link rel="preload" as="image" href="{0}/preload">
<style>@import "{0}/import"; :root {{ background: url("{0}/background") }}
@font-face {{ font-family: leak; src: url("{0}/font") }} i {{ font-family: leak }}</style><i>leak</i>
<script src="{0}/script"></script><iframe src="{0}/frame"></iframe><form action="{0}/form" id="form"></form>
<script>
const rest = [fetch("{0}/fetch")];
const ended = source => new Promise(end => source.onerror = end);
navigator.sendBeacon("{0}/beacon");
try {{ rest.push(ended(new WebSocket("{0}/socket".replace("http", "ws")))) }} catch {{}}
try {{ rest.push(ended(new EventSource("{0}/events"))) }} catch {{}}
try {{ open("{0}/open") }} catch {{}}
try {{ top.location = "{0}/top" }} catch {{}}
try {{ parent.location = "{0}/parent" }} catch {{}}
try {{ parent.parent.__pwned = 10 }} catch {{}}
try {{ document.getElementById("form").submit() }} catch {{}}
parent.parent.postMessage({{ cellrunHeight: 1e9 }}, "*");
addEventListener("load", () => Promise.allSettled(rest).then(() => {{ window.hasTriedAll = true }}));
</script>"""
"""Tries all that leaves a page where it is as long as it is forbidden."""
REFRESH = '<html><meta http-equiv="refresh" content="0; {0}/refresh">'
LOCATION = '<html><script>location = "{0}/location"</script>'


def make_runs(texts: list[str], address: str, folder: Path) -> list[dict[str, str]]:
    """Make two runs in the default workspace, of files in `folder`; return the workspace and the id of each."""
    leak = LEAK.format(address)
    files = {
        "page.html": "".join([*texts, leak]),
        "whole.html": f"<!doctype html><html><body>{leak}</body></html>",
        "refresh.html": REFRESH.format(address),
        "location.html": LOCATION.format(address),
        "page.md": "\n\n".join([*texts, f"![image]({address}/markdown)", leak]),
        "page.csv": "\n".join(json.dumps(text) for text in texts),
        "page.json": json.dumps(texts),
        "picture.svg": PICTURE.format(address),
    }
    for name, content in files.items():
        (folder / name).write_text(content)
    (folder / "picture.png").write_bytes(base64.b64decode(DOT))
    made = []
    for name in texts[:2]:
        run = Experiment(Workspace.from_config(), "safety").start_logging(display_name=name)
        for text in texts:
            run.log(text, text)
            for value in (1.0, 2.0):
                run.log_row(f"{text} rows", **{text: value, "y": -value})
            run.tag(text, text)
        run.layout.log.write_text("\n".join([*texts, LINK, ""]))
        for output in OUTPUTS:
            run.upload_file(f"outputs/{output}", folder / ("picture.svg" if output.endswith(".svg") else output))
        run.log_image(texts[0], path=folder / "picture.png")
        run.fail(texts[1])
        made.append({"workspace": run.experiment.workspace.id, "run": run.id})
    return made
