import os
import shutil
import sys
from pathlib import Path

import pytest

from cellrun.core.remote.command import REMOTE_COMMAND
from cellrun.core.remote.link import LinkError
from tests.core.remote.boxes import Box

SHELLS = [shell for shell in ("sh", "bash", "dash", "zsh", "fish", "csh", "tcsh") if shutil.which(shell)]


@pytest.fixture
def programs(box: Box, tmp_path: Path) -> Path:
    """The only programs on that machine: its shell, and what a test puts there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "sh").symlink_to(str(shutil.which("sh")))
    box.python, box.variables = "", {"PATH": str(folder)}
    return folder


def program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_a_python_is_found_by_its_name(box: Box, programs: Path):
    program(programs, "python3", "exit 1")
    program(programs, "python3.11", f'exec {sys.executable} "$@"')
    assert box.link().ask("clock").facts["now"] > 0


def test_a_machine_without_a_python_is_said(box: Box, programs: Path):
    with pytest.raises(LinkError, match=r"box has no Python 3\.10 or newer, and no uv; install one of them there"):
        box.link().ask("hello")


def test_a_python_that_is_too_old_is_said_with_its_version(box: Box, programs: Path):
    program(programs, "python3", '[ "$1" = -V ] && echo Python 3.8.10 && exit 0; exit 1')
    with pytest.raises(LinkError, match=r"box has no Python 3\.10 or newer \(its python3: Python 3\.8\.10\)"):
        box.link().ask("hello")


def test_a_python_that_was_asked_for_and_is_not_there_is_said(box: Box, programs: Path):
    program(programs, "python3", f'exec {sys.executable} "$@"')  # not in place of the one that was asked for
    box.python = "/nowhere/python"
    with pytest.raises(LinkError, match=r"box: /nowhere/python can't be used \(.*not found\); give the path"):
        box.link().ask("hello")


def test_uv_brings_a_python_where_there_is_none(box: Box, programs: Path, tmp_path: Path):
    installed = tmp_path / "installed"
    program(
        programs,
        "uv",
        f'case "$*" in --version) echo uv 0.5;; "python install"*) : >{installed};; '
        f'"python find"*) [ -e {installed} ] && echo {sys.executable};; esac',
    )
    assert box.link().ask("clock").facts["now"] > 0
    assert installed.exists()


def test_where_uv_brings_none_its_reason_is_said(box: Box, programs: Path):
    program(programs, "uv", '[ "$1" = --version ] && exit; echo "error: no route to the internet" >&2; exit 2')
    with pytest.raises(LinkError, match=r"and its uv brings none \(error: no route to the internet\); install"):
        box.link().ask("hello")


@pytest.mark.parametrize("shell", SHELLS)
def test_the_command_goes_through_any_login_shell(box: Box, shell: str):
    path = str(shutil.which(shell))
    box.wrapped = lambda command: [path, "-c", command[-1]]
    assert box.link().ask("hello").facts["home"] == str(box.home)


def test_a_folder_and_a_python_below_the_users_home_are_found(box: Box):
    below = box.home.parent / "my python"
    below.symlink_to(sys.executable)
    box.home = box.home.parent / "$(touch here) 'x'"
    box.has_library = False
    link = box.link(python="~/my python", folder="~/$(touch here) 'x'")
    assert link.ask("hello").facts["home"] == str(box.home)
    assert sorted(path.name for path in box.home.parent.iterdir()) == ["$(touch here) 'x'", "my python"]


def test_the_command_is_one_text_for_all_shells():
    """In csh and fish a line break, a backslash, a quote within quotes or a `!` would be something else."""
    inner = REMOTE_COMMAND.removeprefix("exec sh -c '").removesuffix("'")
    assert not set("\n\\'!") & set(inner)
    assert len(os.fsencode(REMOTE_COMMAND)) < 4096
