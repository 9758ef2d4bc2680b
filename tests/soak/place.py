"""Where one stage of the soak takes place: a home of its own, on an ordinary, a full or a slow disk."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from cellrun.core.layout import WorkspaceLayout
from tests.jupyter_environment import jupyter_environment
from tests.soak.processes import MARK

SMALL_BYTES = 8_000_000
SLOW_US = 150_000
_SLOW_CALLS = "fsync,fdatasync,link,linkat,rename,renameat,renameat2"
_SETTINGS = {
    "CELLRUN_LOCAL_CPUS": "4",
    "CELLRUN_GRACE_S": "1",
    "CELLRUN_HEARTBEAT_S": "2",
    "PYTHONWARNINGS": "ignore",
    "NODE_DISABLE_COMPILE_CACHE": "1",  # a Jupyter server asks npm, where there is one, which leaves it in TMPDIR
}


class Place(NamedTuple):
    """The folders and the environment of a stage."""

    folder: Path
    mark: str
    environment: dict[str, str]

    @classmethod
    def make(cls, folder: Path) -> Place:
        """Make the folders."""
        for name in ("home", "acks", "user", "here", "temporary"):
            (folder / name).mkdir(mode=0o700, parents=True)
        mark = uuid.uuid4().hex
        environment = {
            **jupyter_environment(folder / "user", folder / "home"),
            "CELLRUN_RUNTIME_DIR": str(folder / "runtime"),
            "TMPDIR": str(folder / "temporary"),
            "SOAK_ACKS": str(folder / "acks"),
            "SOAK_JOURNAL": str(folder / "journal"),
            MARK: mark,
            **_SETTINGS,
        }
        return cls(folder, mark, environment)

    @property
    def home(self) -> Path:
        """Cellrun's home."""
        return self.folder / "home"

    @property
    def workspace(self) -> WorkspaceLayout:
        """The only workspace."""
        return WorkspaceLayout(self.home / "workspaces" / "default")

    @property
    def acks(self) -> list[Path]:
        """What processes of runs have acknowledged, a file for each."""
        return sorted((self.folder / "acks").iterdir())

    def journal(self) -> list[list[str]]:
        """What kernels and the chaos have said: the words of each line."""
        path = self.folder / "journal"
        return [line.split(" ", 2) for line in path.read_text().splitlines()] if path.exists() else []

    def tell(self, *words: object) -> None:
        """Add a line to the journal."""
        with (self.folder / "journal").open("a") as journal:
            journal.write(" ".join(map(str, words)) + "\n")

    def start(self, *command: str | Path, is_slow: bool = False) -> subprocess.Popen[bytes]:
        """Start a process in a session of its own."""
        before = slow_disk() if is_slow else []
        with (self.folder / "errors").open("ab") as errors:
            return subprocess.Popen(
                [*before, *map(str, command)],
                env=self.environment,
                cwd=self.folder / "here",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )


def slow_disk() -> list[str]:
    """Return what makes the disk slow for a command and all that it starts; [] where there is no strace."""
    if not shutil.which("strace"):
        return []
    inject = f"inject={_SLOW_CALLS}:delay_enter={SLOW_US}"
    return ["strace", "-f", "-qq", "--seccomp-bpf", "-o", os.devnull, "-e", f"trace={_SLOW_CALLS}", "-e", inject]


def can_mount() -> bool:
    """Whether a small disk can be had here."""
    return os.geteuid() == 0 and sys.platform == "linux" and bool(shutil.which("mount"))


def make_room(folder: Path) -> None:
    """Do what people do on a full disk, where a folder is a small one."""
    if os.path.ismount(folder):
        subprocess.run(["mount", "-o", f"remount,size={8 * SMALL_BYTES}", str(folder)], check=True)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Let a folder be a disk of its own, of 8 MB, in this block."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL_BYTES},mode=700", "soak", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
