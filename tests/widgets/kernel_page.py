"""A kernel and the page's end of its comms, without a browser: what is sent, and what asking brings."""

from __future__ import annotations

import contextlib
import os
import queue
import time

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.connect import write_connection_file

from tests.forks import Forks

WAIT_S = 60
OF_A_KERNEL = (
    "ipykernel.kernelapp",
    "ipykernel.debugger",
    "anywidget",
    "cellrun.widgets.run_details",
    "cellrun.widgets.outputs",
    "cellrun.widgets.view_feed",
    "cellrun.core.experiment",
    "cellrun.core.workspace",
)
"""What a kernel has imported when it has shown a run."""


class KernelPage:
    """Runs cells in a real kernel; keeps every message that it publishes."""

    def __init__(self, cwd, forks, *, tells_cells=True):
        self._metadata = {"cellId": "a-cell"} if tells_cells else {}
        self._forks = forks
        self._client = BlockingKernelClient(connection_file=str(cwd / "kernel.json"))
        write_connection_file(self._client.connection_file, transport="ipc", ip=str(cwd / "kernel"))
        self._client.load_connection_file()
        options = ["-f", self._client.connection_file, f"--IPKernelApp.parent_handle={forks.pid}"]
        environment = {**os.environ, "JPY_PARENT_PID": str(forks.pid)}
        self._pid = forks.start(
            "ipykernel.kernelapp:launch_new_instance", [options], cwd, environment, cwd / "kernel.log"
        )
        self._client.start_channels()
        self._client.wait_for_ready(timeout=WAIT_S)
        self.may_fail = False
        self.messages = []
        self.comms = []

    def close(self):
        self._client.stop_channels()
        if self._pid:
            self._forks.kill(self._pid)

    def shut_down(self):
        """Ask the kernel to end, as a server does; return what it published meanwhile."""
        begin = len(self.messages)
        self._client.shutdown()
        self._forks.wait(self._pid)
        self._pid = None
        with contextlib.suppress(queue.Empty):
            while True:
                self.messages.append(self._client.get_iopub_msg(timeout=1))
        return self.messages[begin:]

    def start(self, code):
        """Send a cell; return its message id."""
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
        message = self._client.session.msg("execute_request", content, metadata=self._metadata)
        self._client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def run(self, code):
        """Run a cell to its end; return what it published."""
        begin, sent = len(self.messages), self.start(code)
        self.wait_for_end(sent)
        return self.messages[begin:]

    def is_end(self, message, sent):
        idle = message["msg_type"] == "status" and message["content"]["execution_state"] == "idle"
        return idle and message["parent_header"].get("msg_id") == sent

    def wait_for(self, condition):
        """Take messages until one meets the condition; return that one."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            try:
                message = self._client.get_iopub_msg(timeout=0.2)
            except queue.Empty:
                continue
            self.messages.append(message)
            assert self.may_fail or message["msg_type"] != "error", "\n".join(message["content"]["traceback"])
            if message["msg_type"] == "comm_open" and "_esm" in message["content"]["data"]["state"]:
                self.comms.append(message["content"]["comm_id"])
            if condition(message):
                return message
        raise AssertionError(f"nothing of the kind within {WAIT_S} s")

    def wait_for_end(self, sent):
        """Take messages until a cell has ended, if its end hasn't come already."""
        if not any(self.is_end(message, sent) for message in self.messages):
            self.wait_for(lambda message: self.is_end(message, sent))

    def wait_for_frame(self, condition=lambda content: True):
        """Take messages until a frame meets the condition; return its content and buffers."""
        message = self.wait_for(lambda message: (content := custom(message, "frame")) and condition(content))
        return custom(message, "frame"), [bytes(buffer) for buffer in message["buffers"]]

    def wait_for_answer(self, kind):
        message = self.wait_for(lambda message: custom(message, kind))
        return custom(message, kind), [bytes(buffer) for buffer in message["buffers"]]

    def ask(self, content, subshell=None):
        """Send a message of the page to the widget opened last, maybe through a subshell."""
        data = {"comm_id": self.comms[-1], "data": {"method": "custom", "content": content}}
        message = self._client.session.msg("comm_msg", data)
        if subshell:
            message["header"]["subshell_id"] = subshell
        self._client.shell_channel.send(message)

    def open_subshell(self):
        """Make a subshell, as JupyterLab does for the messages of widgets."""
        message = self._client.session.msg("create_subshell_request", {})
        self._client.control_channel.send(message)
        return self._client.get_control_msg(timeout=WAIT_S)["content"]["subshell_id"]


def forked_kernels():
    """Start the process whose forks are kernels."""
    return Forks(*OF_A_KERNEL, options=["-Xfrozen_modules=off"])  # as a kernel's own Python is told


def custom(message, kind):
    """Return the content of a widget's message of that type, else None."""
    content = message["content"].get("data", {}).get("content") if message["msg_type"] == "comm_msg" else None
    return content if content and content["type"] == kind else None
