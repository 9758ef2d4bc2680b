"""The machine that stands for one elsewhere is elsewhere, and each of its faults is one."""

import os
import platform
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.engines.box import HOME, USER, Box
from tests.engines.machine import wait

OPTIONS = ("-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=2")
BOOT_ID = "/proc/sys/kernel/random/boot_id"


def ssh(command: str) -> subprocess.CompletedProcess[str]:
    """Run a command over there, by the `ssh` on PATH."""
    return subprocess.run(["ssh", *OPTIONS, "box", command], capture_output=True, text=True, check=False)


def test_there_is_another_host_with_its_own_user_boot_processes_and_folders(box: Box, tmp_path: Path):
    (tmp_path / "here").touch()
    told = ssh(f"hostname; id -un; echo $HOME; cat {BOOT_ID}; ls {tmp_path}; ls {Path(__file__).parent}; ps -e | wc -l")
    host, user, home, boot, processes = told.stdout.splitlines()
    assert (host, user, home) == ("box", USER, HOME)
    assert host != platform.node()
    assert boot != Path(BOOT_ID).read_text().strip()
    assert int(processes) < 15
    assert told.stderr.count("No such file") == 2
    assert sys.prefix not in ssh("python3 -c 'import sys; print(sys.path)'").stdout


def test_its_home_is_seen_from_here_and_left_when_it_boots_again(box: Box):
    began = int(time.time())
    first = ssh(f"echo kept > kept; cat {BOOT_ID}; nohup sleep 77 > /dev/null 2>&1 &").stdout
    assert (box.home / "kept").read_text() == "kept\n"
    wait(lambda: box.processes() == ["sleep 77"], "the program in the place of its shell")
    box.reboot()
    assert ssh("cat kept").stdout == "kept\n"
    assert box.processes() == []
    assert ssh(f"cat {BOOT_ID}").stdout != first
    assert int(ssh("grep btime /proc/stat").stdout.split()[1]) >= began


def test_orphans_are_taken_by_its_first_process(box: Box):
    ssh("(sleep 0.3 &) ; true")
    assert box.run("sleep 0.6; ps -eo stat").stdout.count("Z") == 0


def test_without_sshd_connections_are_refused_and_those_that_are_there_stay(box: Box):
    with subprocess.Popen(["ssh", *OPTIONS, "box", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as there:
        assert there.stdin
        assert there.stdout
        there.stdin.write(b"1\n")
        there.stdin.flush()
        assert there.stdout.readline() == b"1\n"
        box.stop_sshd()
        assert ssh("true").returncode == 255
        there.stdin.write(b"2\n")
        there.stdin.flush()
        assert there.stdout.readline() == b"2\n"
        box.wire.cut()
        assert there.wait() == 255
    box.start_sshd()
    assert "refused" in ssh("true").stderr
    box.wire.mend()
    assert ssh("true").returncode == 0


def test_one_that_is_frozen_hangs(box: Box):
    box.freeze()
    assert "timed out" in ssh("true").stderr
    box.thaw()
    assert ssh("true").returncode == 0


def test_a_wire_that_hangs_loses_nothing(box: Box):
    with subprocess.Popen(["ssh", *OPTIONS, "box", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as there:
        assert there.stdin
        assert there.stdout
        there.stdin.write(b"1\n")
        there.stdin.flush()
        assert there.stdout.readline() == b"1\n"
        box.wire.hang()
        there.stdin.write(b"2\n")
        there.stdin.close()
        time.sleep(0.3)  # nothing is to come
        os.set_blocking(there.stdout.fileno(), False)
        assert there.stdout.read() is None
        os.set_blocking(there.stdout.fileno(), True)
        box.wire.go_on()
        assert there.stdout.read() == b"2\n"


def test_a_far_and_slow_wire_is_far_and_slow(box: Box):
    box.wire.delay(0.1)
    with socket.create_connection(("127.0.0.1", box.wire.port)) as there:
        began = time.monotonic()
        assert there.recv(4) == b"SSH-"
        assert time.monotonic() - began >= 0.1
    box.wire.delay(0)
    box.wire.limit(100_000)
    began, before = time.monotonic(), box.wire.counted()
    assert len(ssh("head -c 200000 /dev/zero").stdout) == 200_000
    assert time.monotonic() - began >= 1.5
    after = box.wire.counted()
    assert 200_000 <= after["down"] - before["down"] <= 230_000
    assert after["connections"] - before["connections"] == 1


def test_another_host_key_is_not_believed(box: Box):
    box.change_host_key()
    assert "IDENTIFICATION HAS CHANGED" in ssh("true").stderr


def test_a_key_that_is_refused_and_accepted_again(box: Box):
    box.accept_key(accepted=False)
    assert "Permission denied" in ssh("true").stderr
    box.accept_key()
    assert ssh("true").returncode == 0


def test_a_login_shell_that_prints(box: Box):
    box.print_banner("Welcome to the box")
    assert ssh("echo told").stdout == "Welcome to the box\ntold\n"


def test_without_python(box: Box):
    box.take_python_away()
    assert ssh("python3 -c pass").returncode == 127
    assert ssh("ls").returncode == 0


def test_with_one_bare_python_alone(box: Box):
    box.have_only_python("/usr/bin/python3")
    assert ssh("command -v python3; python3 -c 'import sys; print(sys.prefix)'").stdout.split() == [
        f"{HOME}/python/bin/python3",
        f"{HOME}/python",
    ]


def test_a_disk_that_is_full(box: Box):
    box.have_small_disk(1 << 20)
    assert "No space left" in ssh("head -c 2000000 /dev/zero > filled").stderr
    assert (box.home / "filled").stat().st_size <= 1 << 20


@pytest.mark.parametrize("name", ["PATH", "TOLD"])
def test_variables_of_its_sessions(box: Box, name: str):
    box.set_variables({name: "/bin:/of its own"})
    assert ssh(f"echo ${name}").stdout == "/bin:/of its own\n"


def test_a_clock_that_is_wrong(box: Box):
    if not box.shift_clock(3600):
        pytest.skip("there is no faketime: .ci/need sshd installs it")
    assert 3500 < float(ssh("date +%s").stdout) - time.time() < 3700
