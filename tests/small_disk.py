"""A disk of a few megabytes, which a test fills, makes read-only and frees: mounted, so it takes root."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

_FILLERS = ((b"x" * 65536, "filler-1"), (b"x" * 4096, "filler-2"), (b"x", "filler-3"))


@dataclass
class SmallDisk:
    """A mounted file system of its own."""

    folder: Path
    inodes: int = 0

    def fill(self) -> None:
        """Leave no byte."""
        for block, name in _FILLERS:
            with suppress(OSError), (self.folder / name).open("ab", buffering=0) as file:
                while file.write(block):
                    pass

    def fill_inodes(self) -> None:
        """Leave no file to be made."""
        with suppress(OSError):
            while True:
                (self.folder / f"inode-{self.inodes}").touch()
                self.inodes += 1

    def free(self) -> None:
        """Take away what it was filled with."""
        for _, name in _FILLERS:
            (self.folder / name).unlink(missing_ok=True)
        for number in range(self.inodes):
            (self.folder / f"inode-{number}").unlink()
        self.inodes = 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[..., SmallDisk]]:
    """`small_disk(kind)` mounts one, of kind tmpfs or ext4; `options` are those of the mount."""
    mounted: list[Path] = []

    def mount(kind: str = "tmpfs", options: str = "") -> SmallDisk:
        folder = tmp_path / f"disk-{len(mounted)}"
        folder.mkdir()
        if kind == "tmpfs":
            _run("mount", "-t", "tmpfs", "-o", ",".join(filter(None, ("size=4m", options))), "none", str(folder))
        else:
            image = tmp_path / f"{folder.name}.img"
            with image.open("wb") as file:
                file.truncate(8 << 20)
            _run("mkfs.ext4", "-q", "-F", "-m", "0", str(image))
            _run("mount", "-o", "loop", str(image), str(folder))
        mounted.append(folder)
        folder.chmod(0o700)
        return SmallDisk(folder)

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def _run(*command: str) -> None:
    if os.geteuid():
        pytest.skip("mounting a small disk takes root")
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip(f"there is no {command[0]}")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"mounting isn't allowed here: {error.stderr.strip()}")
