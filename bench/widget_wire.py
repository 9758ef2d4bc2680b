"""What RunDetails sends to a page that lacks the view's code: the first one, a second one, ten updates.

Reference: the data as logged, two float64 columns, and for the first one the view's code, gzipped. A real kernel runs
the cells; every comm message that it publishes is taken from IOPub and counted, JSON content and buffers. The page is
played here: it asks for the view's code once, and says which frame it has by then. Each run has 2,000 points of one
curve; an update adds 20. (In JupyterLab the view's code comes over HTTP, from the extension.)

    python -m bench.widget_wire
"""

from __future__ import annotations

import gzip
import json
import os
import queue
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from bench import kit
from cellrun.widgets import bundle

POINTS, NEWS, UPDATES = 2000, 20, 10
PREPARE = """
import time
from cellrun.core import Experiment, Workspace
from cellrun.widgets import RunDetails
experiment = Experiment(Workspace.from_config(), 'wire')
"""
SHOW = f"""
{{name}} = experiment.start_logging()
{{name}}.log_table('curve', {{{{'x': [i / 10 for i in range({POINTS})], 'y': [i % 7 / 3 for i in range({POINTS})]}}}})
RunDetails({{name}}).show()
"""
UPDATE = f"""
for n in range({UPDATES}):
    first.log_table('curve', {{'x': [i / 10 for i in range({NEWS})], 'y': [i % 7 / 3 for i in range({NEWS})]}})
    time.sleep(0.15)  # long enough to be a message of its own
"""


class Wire:
    """The page's end of a kernel: asks, and counts what comes."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self._client = client
        self._comm = ""
        self._rows = 0
        self._frame = -1
        self._sizes: list[int] = []

    def run(self, code: str) -> None:
        """Execute a cell and wait for its end."""
        sent = self._client.execute(code)
        while not self._next(is_end_of=sent):
            pass

    def show(self, name: str, *, with_code: bool) -> list[int]:
        """Show a run's details; return the bytes of each message that this took."""
        self.run(SHOW.format(name=name))
        if with_code:
            self._ask({"type": "bundle", "version": bundle.cellrun_version()})
        while self._rows < POINTS:
            self._next()
        self._ask({"type": "hello", "protocol": 1, "frame": self._frame})
        return self._settle()

    def update(self) -> list[int]:
        """Log some times; return the bytes of each message that this took."""
        self.run(UPDATE)
        return self._settle()

    def _ask(self, content: dict[str, Any]) -> None:
        """Send a message of the page to the widget that was opened last."""
        content = {"comm_id": self._comm, "data": {"method": "custom", "content": content}}
        self._client.shell_channel.send(self._client.session.msg("comm_msg", content))

    def _settle(self) -> list[int]:
        """Take what else comes within a second; return all that came since the last time."""
        end = time.monotonic() + 1
        while time.monotonic() < end:
            self._next()
        sizes, self._sizes = self._sizes, []
        return sizes

    def _next(self, is_end_of: str = "") -> bool:
        try:
            message = self._client.get_iopub_msg(timeout=0.2)
        except queue.Empty:
            return False
        kind, content = message["msg_type"], message["content"]
        if kind == "error":
            raise SystemExit("\n".join(content["traceback"]))
        if kind.startswith("comm_"):
            self._count(kind, content, message["buffers"])
        idle = kind == "status" and content["execution_state"] == "idle"
        return bool(idle and message["parent_header"].get("msg_id") == is_end_of)

    def _count(self, kind: str, content: dict[str, Any], buffers: list[Any]) -> None:
        self._sizes.append(len(json.dumps(content)) + sum(len(buffer) for buffer in buffers))
        if kind == "comm_open" and "_esm" in content["data"]["state"]:
            self._comm, self._rows, self._frame = content["comm_id"], 0, -1
        frame = content["data"].get("content", {})
        if content["comm_id"] == self._comm and frame.get("type") == "frame":
            self._frame = frame["frame"]
            self._rows = max([self._rows, *(metric["rows"] for metric in frame["metrics"])])


@contextmanager
def kernel() -> Iterator[Wire]:
    """Start a fresh kernel with settings of its own."""
    with kit.working_folder() as folder:
        for name in ("IPYTHONDIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR"):
            os.environ[name] = str(folder / name.lower())
        manager, client = start_new_kernel(kernel_name="python3")
        try:
            yield Wire(client)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


def main() -> None:
    """Count in a fresh kernel."""
    kit.parser(__doc__).parse_args()
    point_bytes = 2 * 8
    code_bytes = len(gzip.compress((bundle.STATIC / "view.js").read_bytes()))
    with kernel() as wire:
        wire.run(PREPARE)
        sent = {
            "first": (wire.show("second", with_code=True), code_bytes + POINTS * point_bytes),
            "second": (wire.show("first", with_code=False), POINTS * point_bytes),
            "ten updates": (wire.update(), UPDATES * NEWS * point_bytes),
        }
    for what, (sizes, reference) in sent.items():
        ours, median = sum(sizes), statistics.median(sizes)
        ratio = ours / reference
        kit.emit(what=what, cellrun_bytes=ours, reference_bytes=reference, ratio=ratio, median_message_bytes=median)


if __name__ == "__main__":
    kit.start(main)
