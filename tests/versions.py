"""The newest and the lowest versions that pyproject.toml allows, on each Python that is there: `make test-versions`.

Each environment has cellrun's wheel, as users get it, and runs the goldens and the given cases of a submitted cell from
a bare shell and from a kernel. ipykernel, no dependency of ours, is the newest in both. A Python's lowest versions are
the lowest that have wheels for it.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.interpreters import python_of

ROOT = Path(__file__).parents[1]
PLACE = ROOT / ".venv" / "versions"
MINORS = range(10, 14)
RESOLUTIONS = {"newest": "highest", "lowest": "lowest-direct"}
TOOLS = ("hypothesis", "pytest", "pytest-timeout")
TESTS = (
    "tests/magics/test_cell_context.py::test_given_case",
    "tests/core/runs/test_metric_goldens.py",
    "tests/core/store/events/test_metrics.py",
    "tests/core/submission/test_snapshot.py",
)
LEAST = 39 + 39 + 50  # the given cases from a bare shell and from a kernel, and the goldens
AT_ONCE = 2


class FailedError(Exception):
    """A command that failed, with what it printed."""


def run(*command: str | Path) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise FailedError(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def environment(python: str, minor: int, versions: str, wheel: Path) -> Path:
    """Make an environment, or bring the one that is there up to date; return its interpreter."""
    folder = PLACE / f"3.{minor}-{versions}"
    uv = Path(sys.executable).with_name("uv")
    run(uv, "venv", "--quiet", "--allow-existing", "--python", python, folder)
    install = (uv, "pip", "install", "--quiet", "--python", folder)
    of_versions = ("--upgrade", "--resolution", RESOLUTIONS[versions], "--only-binary", ":all:")
    run(*install, *of_versions, "--requirements", "pyproject.toml")
    run(*install, *TOOLS)
    run(*install, "--no-deps", "--reinstall", wheel)
    return folder / "bin" / "python"


def check(python: str, minor: int, versions: str, wheel: Path) -> str:
    """Return what is wrong with a Python and these versions; nothing if all is well."""
    start = time.monotonic()
    try:
        inside = environment(python, minor, versions, wheel)
        # what old versions of others warn of on a new Python isn't ours
        options = ["-q", "-p", "no:cacheprovider", "-o", "filterwarnings="]
        printed = run(inside, "-m", "pytest", *options, *TESTS)
    except FailedError as failure:
        print(f"Python 3.{minor}, {versions} versions: FAILED", flush=True)
        return str(failure)
    closing = printed.splitlines()[-1].partition(" passed")[0]
    if not closing.isdecimal() or int(closing) < LEAST:
        return f"Python 3.{minor}, {versions} versions: at least {LEAST} tests should run; they closed with {closing!r}"
    print(f"Python 3.{minor}, {versions} versions: {closing} tests, {time.monotonic() - start:.0f} s", flush=True)
    return ""


def main() -> None:
    pythons = {minor: python_of(minor) for minor in MINORS}
    for minor, python in pythons.items():
        if python is None:
            print(f"Python 3.{minor} isn't there: skipped")
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(AT_ONCE) as pool:
        run(Path(sys.executable).with_name("uv"), "build", "--wheel", "--quiet", "--out-dir", folder, ROOT)
        (wheel,) = Path(folder).glob("*.whl")
        there = [(python, minor) for minor, python in pythons.items() if python]
        failures = pool.map(lambda each: check(*each[0], each[1], wheel), itertools.product(there, RESOLUTIONS))
    if any(failures := list(failures)):
        sys.exit("\n".join(filter(None, failures)))


if __name__ == "__main__":
    main()
