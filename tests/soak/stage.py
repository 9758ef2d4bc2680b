"""One stage of the soak: kernels and a server at work while processes are killed, or the disk is full, or slow."""

from __future__ import annotations

import itertools
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import requests

from cellrun.core import Experiment, ScriptRunConfig, Workspace
from cellrun.core.errors import CellrunError, problem_of
from cellrun.core.layout import RunLayout
from cellrun.core.portal.servers import running
from cellrun.core.store.status import TERMINAL, StatusFile
from tests.soak import account
from tests.soak.account import Account
from tests.soak.chaos import Chaos
from tests.soak.kernel import JOB
from tests.soak.place import SMALL_BYTES, Place, make_room
from tests.soak.processes import marked

KERNELS = 3
KERNEL_LIVES_S = 60.0
SETTLING_S = 120.0
ENDING_S = 20.0
TOKEN = "the-soaks-own-token"  # of a server on loopback that ends with the soak
_KERNEL = Path(__file__).with_name("kernel.py")


class Stage:
    """One stage.

    Responsibilities: what runs in a place for a while, what happens to it meanwhile, and the account of it.
    """

    def __init__(self, place: Place, seed: int, *, is_slow: bool = False) -> None:
        self._place = place
        self._dice = random.Random(seed)
        self._seeds = itertools.count(seed * 1000)
        self._is_slow = is_slow
        self._started: list[subprocess.Popen[bytes]] = []
        self._server: subprocess.Popen[bytes] | None = None
        self._is_over = threading.Event()
        self.chaos = Chaos(place, self._dice)
        self.answers = 0

    def kill_for(self, seconds: float) -> None:
        """Kill at random moments."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._keep_up(until)
            time.sleep(self._dice.uniform(0.1, 1.5))
            self.chaos.strike()

    def fill_for(self, seconds: float) -> None:
        """Fill the disk and free it again, several times."""
        until, ballast = time.monotonic() + seconds, self._place.home / "ballast"
        while time.monotonic() < until:
            self._keep_up(until)
            time.sleep(self._dice.uniform(0.5, 4))
            _fill(ballast)
            self.chaos.kills["disk filled"] += 1
            time.sleep(self._dice.uniform(0.2, 4))
            ballast.unlink()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let kernels and a server, which is asked all the time, be there for this block."""
        asking = threading.Thread(target=self._ask)
        asking.start()
        try:
            yield
        finally:
            self._is_over.set()
            asking.join()
            for kernel in self.chaos.kernels():
                kernel.kill()

    def settle(self) -> Account:
        """Look until all runs have ended, submit a last one, end what is left, and return the account."""
        problems = [*self._looks(), *self._last_run()]
        if self._server:
            self._server.terminate()
            self._server.wait()
        until = time.monotonic() + ENDING_S
        while marked(self._place.mark) and time.monotonic() < until:  # what ends by itself: a recorder
            time.sleep(0.2)
        found = account.take(self._place)
        for text in problems:
            found.add("crashes", text)
        for each in marked(self._place.mark):
            found.add("survivors", f"{each.run_id}: {each.pid} {each.command}", each.run_id is not None)
            each.kill()
        return found

    def _looks(self) -> Iterator[str]:
        """Look at all runs until they have ended; iterate over what went wrong with that."""
        until = time.monotonic() + SETTLING_S
        while not self._have_ended() and time.monotonic() < until:
            try:
                for experiment in Workspace.from_config().experiments.values():
                    for run in experiment.get_runs():
                        run.get_status()
            except Exception as error:  # noqa: BLE001  # no look may fail
                yield f"a look: {problem_of(error)}"
            time.sleep(1)

    def _last_run(self) -> Iterator[str]:
        """Submit a run as if nothing had been; iterate over what went wrong with that."""
        make_room(self._place.home)  # hundreds of runs fill a small disk, and rightly no other is made there
        config = ScriptRunConfig(JOB, "soak_job.py", ["1"])
        try:
            run = Experiment(Workspace.from_config(), "scripts").submit(config)
        except (CellrunError, OSError) as error:
            yield f"the last run: {problem_of(error)}"
            return
        until = time.monotonic() + SETTLING_S
        while run.get_status() not in {"Completed", "Failed", "Canceled"} and time.monotonic() < until:
            time.sleep(0.2)
        if run.get_status() != "Completed":
            yield f"the last run is {run.get_status()}"

    def _keep_up(self, until: float) -> None:
        """Start kernels in the place of those that have ended."""
        self._started = [each for each in self._started if each.poll() is None]
        for _ in range(KERNELS - len(self.chaos.kernels())):
            seconds = min(KERNEL_LIVES_S, until - time.monotonic())
            command = (sys.executable, _KERNEL, str(next(self._seeds)), f"{seconds}")
            self._started.append(self._place.start(*command, is_slow=self._is_slow))

    def _ask(self) -> None:
        """Keep a server running, and ask it as the list and a run's page do."""
        while not self._is_over.wait(0.7):
            if self._server is None or self._server.poll() is not None:
                self._server = self._place.start(
                    *(Path(sys.executable).with_name("jupyter-server"), "--port=0", "--allow-root"),
                    *(f"--IdentityProvider.token={TOKEN}", "--ServerApp.open_browser=False", "--ServerApp.root_dir=."),
                )
            with suppress(requests.ConnectionError, OSError, CellrunError):  # it was killed, or hasn't begun
                self._ask_once()

    def _ask_once(self) -> None:
        for server in running():
            if server.process.pid != self._server.pid:
                continue
            api = f"{server.url}cellrun/api/workspaces/{Workspace.from_config().id}/runs"
            head = {"Authorization": f"token {TOKEN}"}
            runs = requests.get(api, headers=head, timeout=60)
            answers = [runs]
            ids = [run["id"] for run in runs.json()["runs"][:2]] if runs.ok else []
            answers += [requests.get(f"{api}/{run_id}/metrics", headers=head, timeout=60) for run_id in ids]
            self.answers += len(answers)
            for answer in answers:
                if answer.status_code >= 500:
                    self._place.tell("crash", f"{answer.url} answered {answer.status_code}: {answer.text[:200]!r}")

    def _have_ended(self) -> bool:
        for folder in self._place.workspace.runs.glob("[!.]*"):
            try:
                if StatusFile(RunLayout(folder)).read().status not in TERMINAL:
                    return False
            except (OSError, ValueError):
                return False
        return True


def _fill(path: Path) -> None:
    """Fill a disk to its last byte, in pieces that get smaller."""
    fd, size = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), SMALL_BYTES
    try:
        while size:
            try:
                os.write(fd, bytes(size))
            except OSError:
                size //= 2
    finally:
        os.close(fd)
