"""What a run was to be, under Azure ML's keys."""

from cellrun.core.distributed.distribution import Distribution
from cellrun.core.runs.run_definition import run_definition
from cellrun.core.store.record import RunRecord


def test_how_many_processes_it_is():
    def told(distribution: Distribution | None) -> dict[str, object]:
        return run_definition(RunRecord("digits", "script", distribution=distribution and distribution.to_json()))

    alone = told(None)
    assert (alone["framework"], alone["communicator"], alone["nodeCount"]) == ("Python", "None", 1)
    torch = told(Distribution("pytorch", 4, 2))
    assert (torch["framework"], torch["communicator"], torch["nodeCount"]) == ("PyTorch", "Nccl", 2)
    assert torch["pyTorch"] == {"communicationBackend": "nccl", "processCount": 4}
    assert told(Distribution("mpi", 4, 2))["mpi"] == {"processCountPerNode": 2}
    assert told(Distribution("tensorflow", 3, 1, 2))["tensorflow"] == {"workerCount": 3, "parameterServerCount": 2}
