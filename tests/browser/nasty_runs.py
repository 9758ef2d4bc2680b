"""Makes runs of which all that can be named or said is nasty: a user's code, in a process of its own.

`python nasty_runs.py TEXTS`: the texts are JSON; each run is printed as a line of it.
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

from cellrun.core import Experiment, Workspace

LINK = "\x1b]8;;javascript:window.__pwned=6\x07link\x1b]8;;\x07"
PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" onload="window.__pwned=7"><script>window.__pwned=8</script>'
    '<rect width="9" height="9"/></svg>'
)
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
OUTPUTS = ("<img src=x onerror=window.__pwned=9>.svg", "page.html", "picture.svg")


def main(texts: list[str]) -> None:
    """Make two runs in the default workspace."""
    Path("page.html").write_text("".join(texts))
    Path("picture.svg").write_text(PICTURE)
    Path("picture.png").write_bytes(base64.b64decode(DOT))
    for name in texts[:2]:
        run = Experiment(Workspace.from_config(), "safety").start_logging(display_name=name)
        for text in texts:
            run.log(text, text)
            for value in (1.0, 2.0):
                run.log_row(f"{text} rows", **{text: value, "y": -value})
            run.tag(text, text)
        run.layout.log.write_text("\n".join([*texts, LINK, ""]))
        for output in OUTPUTS:
            run.upload_file(f"outputs/{output}", "page.html" if output == "page.html" else "picture.svg")
        run.log_image(texts[0], path="picture.png")
        run.fail(texts[1])
        print(json.dumps({"workspace": run.experiment.workspace.id, "run": run.id}))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
