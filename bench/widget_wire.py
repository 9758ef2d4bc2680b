"""What RunDetails sends to a page that lacks the view's code: the first one, a second one, ten updates.

A real kernel runs the cells; every comm message that it publishes is taken from IOPub and counted (JSON content plus
binary buffers). The page is played here: it asks for the view's code once, and says which frame it has by then.
Each run has 2,000 points of one curve; an update adds 20. In JupyterLab the view's code comes over HTTP from the
extension instead (its files, gzipped, are counted too).
"""

from __future__ import annotations

import gzip
import json
import os
import queue
import tempfile
import time
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from cellrun.widgets import bundle

SHOW = """
{name} = experiment.start_logging()
{name}.log_table('curve', {{'x': [i / 10 for i in range(2000)], 'y': [i % 7 / 3 for i in range(2000)]}})
RunDetails({name}).show()
"""
UPDATE = "first.log_table('curve', {'x': [i / 10 for i in range(20)], 'y': [i % 7 / 3 for i in range(20)]})"


class Wire:
    """The page's end of a kernel: asks, and counts what comes."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self._client = client
        self._comm = ""
        self.count = 0
        self.size_bytes = 0
        self.rows = 0
        self.frame = -1

    def run(self, code: str) -> None:
        """Execute a cell and wait for its end."""
        sent = self._client.execute(code)
        while not self._next(is_end_of=sent):
            pass

    def ask(self, content: dict[str, Any]) -> None:
        """Send a message of the page to the widget that was opened last."""
        data = {"method": "custom", "content": content}
        self._client.shell_channel.send(
            self._client.session.msg("comm_msg", {"comm_id": self._comm, "data": data}),
        )

    def wait_for_rows(self, rows: int) -> None:
        """Take messages until a frame tells of so many rows."""
        while self.rows < rows:
            self._next()

    def settle(self) -> None:
        """Take what else comes within a second."""
        end = time.monotonic() + 1
        while time.monotonic() < end:
            self._next()

    def _next(self, is_end_of: str = "") -> bool:
        try:
            message = self._client.get_iopub_msg(timeout=0.2)
        except queue.Empty:
            return False
        kind, content = message["msg_type"], message["content"]
        if kind == "error":
            raise RuntimeError("\n".join(content["traceback"]))
        if kind.startswith("comm_"):
            self._count(kind, content, message["buffers"])
        idle = kind == "status" and content["execution_state"] == "idle"
        return bool(idle and message["parent_header"].get("msg_id") == is_end_of)

    def _count(self, kind: str, content: dict[str, Any], buffers: list[Any]) -> None:
        self.count += 1
        self.size_bytes += len(json.dumps(content)) + sum(len(buffer) for buffer in buffers)
        if kind == "comm_open" and "_esm" in content["data"]["state"]:
            self._comm, self.rows, self.frame = content["comm_id"], 0, -1
        frame = content["data"].get("content", {})
        if content["comm_id"] == self._comm and frame.get("type") == "frame":
            self.frame = frame["frame"]
            self.rows = max([self.rows, *(metric["rows"] for metric in frame["metrics"])])


def show(wire: Wire, name: str, *, with_code: bool) -> tuple[int, int]:
    """Show a run's details; return the bytes and messages that this took."""
    size_bytes, count = wire.size_bytes, wire.count
    wire.run(SHOW.format(name=name))
    if with_code:
        wire.ask({"type": "bundle", "version": bundle.cellrun_version()})
    wire.wait_for_rows(2000)
    wire.ask({"type": "hello", "protocol": 1, "frame": wire.frame})
    wire.settle()
    return wire.size_bytes - size_bytes, wire.count - count


def update(wire: Wire) -> tuple[int, int]:
    """Log ten times, each time long enough after the one before to be a message of its own."""
    size_bytes, count = wire.size_bytes, wire.count
    wire.run(f"for n in range(10):\n    {UPDATE}\n    time.sleep(0.15)")
    wire.settle()
    return wire.size_bytes - size_bytes, wire.count - count


def main() -> None:
    """Measure in a fresh kernel; print one JSON line."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("IPYTHONDIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "CELLRUN_HOME"):
            os.environ[name] = str(Path(folder, name.lower()))
        manager, client = start_new_kernel(kernel_name="python3")
        try:
            wire = Wire(client)
            wire.run(
                "import time\nfrom cellrun.core import Experiment, Workspace\nfrom cellrun.widgets import RunDetails\n"
                "experiment = Experiment(Workspace.from_config(), 'wire')"
            )
            first, first_count = show(wire, "second", with_code=True)
            second, second_count = show(wire, "first", with_code=False)
            updates, updates_count = update(wire)
            code = gzip.compress((bundle.STATIC / "view.js").read_bytes())
            print(
                json.dumps(
                    {
                        "first_bytes": first,
                        "first_messages": first_count,
                        "second_bytes": second,
                        "second_messages": second_count,
                        "ten_updates_bytes": updates,
                        "ten_updates_messages": updates_count,
                        "code_gzip_bytes": len(code),
                    }
                )
            )
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


if __name__ == "__main__":
    main()
