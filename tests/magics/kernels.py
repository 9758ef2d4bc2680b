"""Real kernels, and notebooks whose cells they run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.connect import write_connection_file

from cellrun.core import Run
from tests.forks import Forks
from tests.magics.forked_jobs import run_left
from tests.magics.notebook_shell import newest_run

DEADLINE_S = 60
OF_A_KERNEL = (
    "ipykernel.kernelapp",
    "ipykernel.debugger",
    "cellrun.magics.environments",
    "cellrun.magics.load_run",
    "cellrun.magics.runs",
    "cellrun.magics.start_logging",
    "cellrun.magics.submit",
    "cellrun.magics.targets",
    "cellrun.core.submission.submission",
    "cellrun.core.targets.local.target",
    "cellrun.widgets.run_details",
    "anywidget",
)
"""What a kernel has imported when it has submitted a cell."""
_LEAVING = Path(__file__).with_name("forked_jobs.py")


@dataclass
class Executed:
    """What came back for a cell."""

    text: str = ""
    """What it printed."""
    shown: str = ""
    """The same, and what it displayed as text."""
    error: list[str] = field(default_factory=list)
    displayed: list[dict[str, Any]] = field(default_factory=list)


class Kernel:
    """A client that executes cells in a kernel as a front end does."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self._client = client

    def run(self, cell: str, cell_id: str = "a-cell") -> Executed:
        """Execute a cell with its id."""
        content = {"code": cell, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
        message = self._client.session.msg("execute_request", content, metadata={"cellId": cell_id})
        self._client.shell_channel.send(message)
        executed = self._published(message)
        # As a front end does. ipykernel 7.0 to 7.3, the newest for Python 3.10, loses a request that comes while it
        # sends the reply to the one before (ipython/ipykernel#1529).
        while self._client.get_shell_msg(timeout=DEADLINE_S)["parent_header"].get("msg_id") != message["msg_id"]:
            pass
        return executed

    def _published(self, message: dict[str, Any]) -> Executed:
        executed = Executed()
        while True:
            reply = self._client.get_iopub_msg(timeout=DEADLINE_S)
            if reply["parent_header"].get("msg_id") != message["msg_id"]:
                continue
            kind, content = reply["msg_type"], reply["content"]
            if kind == "stream":
                executed.text += content["text"]
                executed.shown += content["text"]
            elif kind == "error":
                executed.error = content["traceback"]
            elif kind == "display_data":
                executed.displayed.append(content["data"])
                executed.shown += f"{content['data'].get('text/plain', '')}\n"
            elif kind == "status" and content["execution_state"] == "idle":
                return executed


# A still is drawn by a process of its own, which takes longer than a case; widgets and views have tests of it.
_WITHOUT_STILLS = """
setattr(__import__('importlib').import_module('cellrun.widgets.still.drawing'), 'drawn', lambda *_: {})
"""
# No name of the notebook's: what its text defines stays in a dictionary.
_WITHOUT_JOBS = f"""
(lambda made: exec(open({str(_LEAVING)!r}).read(), made) or made['leave_jobs']())({{'__name__': 'forked_jobs'}})
"""


@contextmanager
def connected(client: BlockingKernelClient, also: str = "") -> Iterator[Kernel]:
    """Connect to a kernel that starts, and load the magics there; `also` is run in the same cell."""
    client.start_channels()
    try:
        client.wait_for_ready(timeout=DEADLINE_S)
        kernel = Kernel(client)
        kernel.run(f"%load_ext cellrun.magics{also}")
        yield kernel
    finally:
        client.stop_channels()


class KernelNotebook:
    """A notebook in a real kernel: runs cells and submits them, as NotebookShell does; their jobs run in forks."""

    def __init__(self, kernel: Kernel, folder: Path, jobs: Forks) -> None:
        self._kernel = kernel
        self.folder = folder
        self._jobs = jobs

    def run(self, cell: str) -> str:
        """Run a cell; return what it prints and displays."""
        executed = self._kernel.run(cell)
        assert not executed.error, "\n".join(executed.error)
        return executed.shown

    def value(self, expression: str) -> str:
        """Return what a notebook's value prints."""
        return self.run(f"print({expression})").removesuffix("\n")

    def submit(self, body: str) -> Run:
        """Submit a cell and wait for its end."""
        self.run(f"%%submit\n{body}")
        run = newest_run()
        run_left(run.layout, self._jobs)
        run.wait_for_completion(raise_on_error=False)
        return run

    def refusal(self, body: str) -> str:
        """Return why a cell can't be submitted."""
        text = "\n".join(self._kernel.run(f"%%submit\n{body}").error)
        assert text.startswith("InvalidSubmissionError: "), text
        return text


@contextmanager
def kernel_notebook(folder: Path, forks: Forks, jobs: Forks) -> Iterator[KernelNotebook]:
    """Start a kernel in a notebook's folder, whose cells' jobs are forks."""
    with forked_kernel(folder, forks, _WITHOUT_JOBS) as kernel:
        yield KernelNotebook(kernel, folder, jobs)


@contextmanager
def forked_kernel(folder: Path, forks: Forks, also: str = "") -> Iterator[Kernel]:
    """Start a kernel in a notebook's folder, as a fork of what has imported OF_A_KERNEL; it draws no stills."""
    beside = folder.parent
    client = BlockingKernelClient(connection_file=str(beside / "kernel.json"))
    write_connection_file(client.connection_file, transport="ipc", ip=str(beside / "kernel"))
    client.load_connection_file()
    environment = {
        **os.environ,
        "JPY_PARENT_PID": str(forks.pid),
        "JPY_SESSION_NAME": str(folder / "study.ipynb"),
        "IPYTHONDIR": str(beside / "ipython"),
        "PYDEVD_USE_FRAME_EVAL": "NO",  # set where ipykernel.debugger is loaded
    }
    options = ["-f", client.connection_file, f"--IPKernelApp.parent_handle={forks.pid}"]
    log = beside / "kernel.log"
    pid = forks.start("ipykernel.kernelapp:launch_new_instance", [options], folder, environment, log)
    try:
        with connected(client, _WITHOUT_STILLS + also) as kernel:
            yield kernel
    finally:
        forks.kill(pid)
