from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from cellrun.core.identity import ProcessIdentity, boot_time, own_rank, start_ticks

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="start times come from /proc")


@pytest.fixture
def child():
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


def test_a_process_is_alive_until_it_ends(child: subprocess.Popen[bytes]) -> None:
    who = ProcessIdentity.of(child.pid)
    assert who.is_alive()
    assert not who.is_proven_dead()
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # a zombie now
    assert start_ticks(child.pid) == 0
    assert who.is_proven_dead()
    child.wait()
    assert who.is_proven_dead()


def test_a_reused_pid_is_another_process(child: subprocess.Popen[bytes]) -> None:
    who = ProcessIdentity.of(child.pid)
    assert who._replace(started=who.started - 1).is_proven_dead()


def test_a_process_of_another_boot_is_dead_and_of_another_host_unknown() -> None:
    me = ProcessIdentity.current()
    another_boot = me._replace(boot="another")
    assert another_boot.is_proven_dead()
    assert another_boot.is_proven_dead(boot_time() - 1)
    assert not another_boot.is_proven_dead(boot_time() + 1), "another machine has the same name"
    elsewhere = me._replace(host="another")
    assert not elsewhere.is_alive()
    assert not elsewhere.is_proven_dead()


def test_a_command_s_name_may_look_like_the_rest_of_the_line() -> None:
    program = "open('/proc/self/comm', 'w').write('a) R 1 (b'); print('named', flush=True); input()"
    evil = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert evil.stdout.readline() == b"named\n"
        who = ProcessIdentity.of(evil.pid)
        assert who.started >= start_ticks(os.getpid())
        assert who.is_alive()
    finally:
        evil.communicate(b"\n")


def test_it_survives_json() -> None:
    me = ProcessIdentity.current()
    assert ProcessIdentity.from_json(me.to_json()) == me


@pytest.mark.parametrize(
    "told",
    [
        {"CELLRUN_RUN_RANK": "3"},
        {"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "GROUP_RANK": "1", "TORCHELASTIC_RUN_ID": "none"},
        {"OMPI_COMM_WORLD_RANK": "3", "OMPI_COMM_WORLD_SIZE": "4"},
        {"CELLRUN_RUN_RANK": "1", "RANK": "3", "WORLD_SIZE": "4"},  # torchrun in a process of ours: one a node
    ],
)
def test_a_launcher_gives_a_process_its_rank(told: Mapping[str, str]) -> None:
    assert own_rank(told) == 3


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"SLURM_PROCID": "0", "SLURM_NTASKS": "2", "SLURM_JOB_ID": "7"},  # a kernel, a plain job, each step's process
        {"RANK": "0"},  # a notebook's own environment, or `export RANK=0` before a program that asks for it
        {"RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "localhost"},
        {"RANK": "-1", "WORLD_SIZE": "2"},
        {"RANK": "²", "WORLD_SIZE": "4"},
        {"OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "1"},
    ],
)
def test_nobody_else_does(told: Mapping[str, str]) -> None:
    assert own_rank(told) is None
