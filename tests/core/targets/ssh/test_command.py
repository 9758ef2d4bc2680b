import itertools
import stat

import pytest

from cellrun.core.errors import ComputeTargetException
from cellrun.core.targets.ssh.command import ssh_command


@pytest.fixture
def program(tmp_path, monkeypatch):
    """A program `ssh`, the only one on the PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "ssh").write_text("#!/bin/sh\n")
    (folder / "ssh").chmod(0o700)
    monkeypatch.setenv("PATH", str(folder))
    return folder / "ssh"


def options(command):
    return dict(word.split("=", 1) for flag, word in itertools.pairwise(command) if flag == "-o")


def test_the_ssh_of_the_path_is_started_and_asks_nothing(program):
    command = ssh_command("me@box", "exec sh")
    assert command[0] == str(program)
    assert command[-3:] == ["--", "me@box", "exec sh"]
    assert options(command)["BatchMode"] == "yes"
    assert not {"User", "Port", "IdentityFile", "ProxyJump", "StrictHostKeyChecking"} & options(command).keys()


def test_sessions_share_a_connection_by_a_socket_that_only_this_user_reaches(program, monkeypatch, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp() / "r"
    monkeypatch.setenv("CELLRUN_RUNTIME_DIR", str(folder))
    one, same, other = (options(ssh_command(host, "")) for host in ("box", "box", "box2"))
    assert one == same
    assert one["ControlMaster"] == "auto"
    assert one["ControlPath"] != other["ControlPath"]
    assert one["ControlPath"].startswith(f'"{folder}/ssh-')
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["long" * 25, 'quo"te', "$HOME"])
def test_where_the_socket_s_path_is_no_path_for_ssh_each_has_a_connection_of_its_own(
    program, monkeypatch, tmp_path, name
):
    monkeypatch.setenv("CELLRUN_RUNTIME_DIR", str(tmp_path / name))
    assert options(ssh_command("box", ""))["ControlPath"] == "none"


def test_a_percent_sign_in_the_socket_s_path_is_no_token(program, monkeypatch, tmp_path_factory):
    monkeypatch.setenv("CELLRUN_RUNTIME_DIR", str(tmp_path_factory.getbasetemp() / "%h"))
    assert "/%%h/ssh-" in options(ssh_command("box", ""))["ControlPath"]


def test_a_machine_without_ssh_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ComputeTargetException, match="no program `ssh`"):
        ssh_command("box", "true")
