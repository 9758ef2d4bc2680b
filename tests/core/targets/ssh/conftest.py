"""A machine that `ssh box` leads to, by a shim."""

import os
from pathlib import Path

import pytest

from tests.core.targets.ssh.shim import SshShim


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SshShim:
    """The machine; its shim is first on PATH."""
    shim = SshShim(tmp_path)
    monkeypatch.setenv("PATH", f"{shim.bin}{os.pathsep}{os.environ['PATH']}")
    return shim
