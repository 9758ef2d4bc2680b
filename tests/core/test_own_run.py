"""Which rank a process has."""

from collections.abc import Mapping

import pytest

from cellrun.core.own_run import own_rank


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
