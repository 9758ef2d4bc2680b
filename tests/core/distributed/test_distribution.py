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


def test_processes_of_several_nodes_meet_on_the_first():
    told = Distribution("pytorch", 4, nodes=2).variables(3, (29500,), "n1.cluster")
    assert (told["MASTER_ADDR"], told["MASTER_PORT"]) == ("n1.cluster", "29500")
    assert told["AZ_BATCHAI_PYTORCH_INIT_METHOD"] == "tcp://n1.cluster:29500"
    assert Distribution("mpi", 2, nodes=2).variables(1, (1,), "n1")["AZ_BATCH_MASTER_NODE"] == "n1:1"


def test_a_process_has_a_rank_for_its_log_if_there_are_others():
    assert Distribution("tensorflow", 1, servers=1).variables(1, (1, 2))["CELLRUN_RUN_RANK"] == "1"
    assert "CELLRUN_RUN_RANK" not in Distribution("pytorch", 1).variables(0, (1,))


def test_several_nodes_are_refused_where_there_are_fewer():
    four = Distribution("pytorch", 4, nodes=4)
    assert four.node_problems("big", 4) == []
    assert four.node_problems("box") == [
        "node_count=4: 'box' is one machine; give node_count=1, or a target of the kind slurm"
    ]


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
