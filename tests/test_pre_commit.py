"""What runs before a commit, for those who want that."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / ".pre-commit-config.yaml"
HOOKS = [hook for repo in yaml.safe_load(CONFIG.read_text())["repos"] for hook in repo["hooks"]]
PYTHON = ["ruff-check", "ruff-format", "mypy"]


def command(entry: str) -> str:
    """Return what a shell would be told: pre-commit starts an entry without one."""
    words = shlex.split(entry)
    return words[2] if words[:2] == ["sh", "-c"] else entry


def test_the_hooks_run_what_make_check_runs():
    recipe = ["make", "--dry-run", "--no-print-directory", "--old-file=.venv/.test", "check"]
    done = subprocess.run(recipe, cwd=ROOT, capture_output=True, text=True, check=True)
    assert [command(hook["entry"]) for hook in HOOKS] == done.stdout.splitlines()


@pytest.mark.parametrize(
    ("changed", "woken"),
    [
        ("core/cellrun/core/errors.py", PYTHON),
        ("labextension/cellrun/server/app.py", PYTHON),
        ("pyproject.toml", PYTHON),
        ("labextension/src/index.ts", ["front-end"]),
        ("labextension/.prettierrc.json", ["front-end"]),
        ("labextension/cellrun/server/openapi.yaml", []),
        ("docs/capture.md", []),
    ],
)
def test_a_hook_runs_for_files_of_its_kind(changed, woken):
    assert [hook["id"] for hook in HOOKS if re.search(hook["files"], changed)] == woken


def test_pre_commit_takes_the_configuration():
    done = subprocess.run([sys.executable, "-m", "pre_commit", "validate-config", str(CONFIG)], check=False)
    assert done.returncode == 0
