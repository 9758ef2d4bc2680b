"""A Python that has nothing but itself: of another minor version, where this machine has one."""

import subprocess
import sys

import pytest

from tests.interpreters import bare_environment, other_pythons


@pytest.fixture(scope="session")
def bare_python():
    """The newest other Python of this machine, else this one; without its packages all the same (`-I -S`)."""
    python = (other_pythons() or (sys.executable,))[-1]
    itself = [python, "-I", "-S", "-c", "import sys; print(sys.executable)"]  # a version manager's shim needs its PATH
    return subprocess.run(itself, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def bare(bare_python, tmp_path):
    """The folder of an environment of it without any package."""
    bare_environment(tmp_path / "bare", bare_python)
    return tmp_path / "bare"
