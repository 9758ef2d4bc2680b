"""What a cluster has, as sinfo tells it, and what can't be had there."""

import pytest

from cellrun.core.distributed.distribution import Distribution
from cellrun.core.errors import ComputeTargetException
from cellrun.core.resources import Resources
from cellrun.core.run_request import RunRequest
from cellrun.core.targets.slurm.partitions import Partitions, gpus_in_use, seconds, totals
from cellrun.core.targets.slurm.programs import SlurmPrograms

HEADER = "PARTITION|AVAIL|NODES|CPUS|MEMORY|GRES|CPUS(A/I/O/T)|TIMELIMIT|STATE\n"


@pytest.fixture
def partitions(slurm):
    return Partitions.asked(SlurmPrograms(), 5)


def problems(partitions, wanted="", distribution=None, limit_s=None, **resources):
    asked = Resources(**{"cpus": 1, "gpus": 0, "memory_bytes": 0, **resources})
    request = RunRequest(
        "script", "train.py", resources=asked, distribution=distribution, max_run_duration_seconds=limit_s
    )
    return partitions.problems(request, wanted, "cluster")


def test_what_can_be_had_is_no_problem(partitions):
    assert problems(partitions, cpus=64, memory_bytes=10**10, limit_s=86400) == []
    assert problems(partitions, "long", gpus=2, limit_s=10**7) == []


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"wanted": "gpu"}, "partition 'gpu': 'cluster' has main, long"),
        ({"cpus": 65}, "cpus=65: a node of 'cluster' (main) has 64 at most"),
        ({"wanted": "long", "cpus": 9}, "cpus=9: a node of 'cluster' (long) has 8 at most"),
        ({"gpus": 3}, "gpus=3: a node of 'cluster' (main) has 2 at most"),
        ({"memory_bytes": 10**12}, "memory=1.0 TB: a node of 'cluster' (main) has 268.4 GB at most"),
        (
            {"limit_s": 86401},
            "max_run_duration_seconds=86401: a node of 'cluster' (main) is given for 1440 min at most",
        ),
        (
            {"wanted": "main,long", "cpus": 8, "distribution": Distribution("pytorch", 4, 4)},
            "node_count=4: 3 nodes of 'cluster' (main,long) have all that is asked of each; give no more",
        ),
        (
            {"cpus": 64, "gpus": 2, "distribution": Distribution("pytorch", 2, 2)},
            "node_count=2: no node of 'cluster' (main) has all that is asked of each; ask for less",
        ),
        (
            {"gpus": 1, "distribution": Distribution("pytorch", 3, 3)},
            "node_count=3: 2 nodes of 'cluster' (main) have all that is asked of each; give no more",
        ),
    ],
)
def test_what_cannot_be_had_is_said(partitions, asked, problem):
    assert problems(partitions, **asked) == [problem]


def test_a_cluster_without_a_default_partition_says_so(partitions):
    only = Partitions(group for group in partitions.groups if group.partition == "long")
    assert problems(only) == ["'cluster' has no default partition; give one: long"]


def test_what_is_down_counts_for_what_can_be_had_and_not_for_what_is_there(partitions):
    capacity, cpus = totals(partitions.of(""))
    assert (capacity.cpus, capacity.gpus, cpus) == (16, 4, 3)
    assert gpus_in_use(SlurmPrograms(), "main") == 1


def test_nodes_that_are_told_of_in_another_way_are_no_partition_that_is_missing(slurm):
    said = f"{HEADER}main*|up|2|2K|16000|(null)|0/4096/0/4096|infinite|idle\n"
    slurm.goes_wrong("sinfo", says=said)
    with pytest.raises(
        ComputeTargetException, match=r"sinfo tells of nodes in a way that isn't known here: main\*\|up"
    ):
        Partitions.asked(SlurmPrograms(), 5)
    assert "--noconvert" in slurm.called("sinfo")[0]  # else it says 2K for 2048 cores


def test_no_answer_is_no_cluster_without_partitions(slurm):
    slurm.goes_wrong("sinfo", says="welcome\n")
    with pytest.raises(ComputeTargetException, match="sinfo printed no partitions; it said: welcome"):
        Partitions.asked(SlurmPrograms(), 5)


@pytest.mark.parametrize(
    ("printed", "known"), [("1-02:03:04", 93784), ("30:00", 1800), ("2:00:00", 7200), ("infinite", None), ("n/a", None)]
)
def test_a_time_limit_is_read_as_slurm_prints_it(printed, known):
    assert seconds(printed) == known


def test_a_number_without_an_end_is_none(slurm):
    endless = "9" * 5000
    row = f"a|up|1|8|1|gpu:{endless}|0/0/0/0|{endless}:1|x"
    slurm.goes_wrong("sinfo", says=f"{HEADER}{row}\n")
    (group,) = Partitions.asked(SlurmPrograms(), 5).groups
    assert (group.partition, group.limit_s) == ("a", None)
    assert group.each.gpus < 10**18


def test_nodes_without_end_are_said_to_be_nonsense(slurm):
    slurm.goes_wrong("sinfo", says=f"{HEADER}main*|up|{'9' * 5000}|8|16000|(null)|0/0/0/0|infinite|idle\n")
    with pytest.raises(ComputeTargetException, match=r"a way that isn't known here: main\*\|up\|9"):
        Partitions.asked(SlurmPrograms(), 5)
