"""What a login node tells of its cluster, as it is read on another machine."""

import json

import pytest

from cellrun.core.resources import Resources
from cellrun.core.targets.slurm import partition_json
from cellrun.core.targets.slurm.partitions import NodeGroup, Partitions

MAIN = NodeGroup("main", True, 2, Resources(64, 2, 10**11), 3, 86400.0, True, True)
LONG = NodeGroup("long", True, 4, Resources(8, 0, 10**10), 0, None, False, False)


def test_partitions_come_over_as_they_were_told():
    told = json.loads(json.dumps(partition_json.to_json(Partitions([MAIN, LONG]))))
    assert partition_json.from_json(told).groups == (MAIN, LONG)


def test_a_login_node_that_told_nothing_has_no_partitions():
    assert partition_json.from_json({}).groups == ()


@pytest.mark.parametrize(
    "changed",
    [
        {"partition": 3},
        {"partition": "a\x1b[31m"},
        {"nodes": "2"},
        {"limit_s": "long"},
        {"each": {"cpus": 1}},
        {"each": None},
        {"colour": "red"},
    ],
)
def test_what_cannot_be_a_partition_is_refused(changed):
    told = partition_json.to_json(Partitions([MAIN]))
    told["partitions"] = [{**told["partitions"][0], **changed}]
    with pytest.raises(ValueError, match="a login node tells of"):
        partition_json.from_json(told)


def test_what_is_no_list_of_partitions_is_refused():
    with pytest.raises(ValueError, match="a login node tells of"):
        partition_json.from_json({"partitions": 3})
