"""What each process of a distributed run is told."""

import json

from cellrun.core.distributed.distribution import Distribution


def test_pytorch_is_told_as_by_torchrun():
    told = Distribution("pytorch", 4, nodes=2).variables(3, (6105,))
    assert told["MASTER_ADDR"] == "127.0.0.1"
    names = ("MASTER_PORT", "WORLD_SIZE", "NODE_RANK", "RANK", "LOCAL_RANK")
    assert [told[name] for name in names] == ["6105", "4", "1", "3", "1"]
    older = ("AZ_BATCHAI_TASK_INDEX", "AZ_BATCHAI_PYTORCH_INIT_METHOD")
    assert [told[name] for name in older] == ["3", "tcp://127.0.0.1:6105"]


def test_mpi_is_told_as_by_its_own_starter():
    told = Distribution("mpi", 2).variables(1, (6105,))
    names = ("RANK", "SIZE", "LOCAL_RANK", "LOCAL_SIZE")
    assert [told[f"OMPI_COMM_WORLD_{name}"] for name in names] == ["1", "2", "1", "2"]
    assert told["AZ_BATCH_MASTER_NODE"] == "127.0.0.1:6105"


def test_tensorflow_is_told_who_is_where():
    distribution = Distribution("tensorflow", 2, servers=1)
    told = [json.loads(distribution.variables(rank, (1, 2, 3))["TF_CONFIG"]) for rank in range(3)]
    assert told[0]["cluster"] == {"worker": ["127.0.0.1:1", "127.0.0.1:2"], "ps": ["127.0.0.1:3"]}
    assert [one["task"] for one in told] == [
        {"type": "worker", "index": 0},
        {"type": "worker", "index": 1},
        {"type": "ps", "index": 0},
    ]


def test_it_is_the_same_from_its_json():
    assert Distribution.from_json(Distribution("mpi", 4, 2).to_json()) == Distribution("mpi", 4, 2)
