"""Distributed training on two nodes of a real Slurm: PyTorch, MPI, torchrun; what fails, is canceled, is killed."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cellrun.core.errors import InvalidSubmissionError
from cellrun.core.experiment import Experiment
from cellrun.core.layout import RunLayout
from cellrun.core.runs.run import Run
from cellrun.core.store.status import Status
from cellrun.core.submission.configuration.parts import MpiConfiguration, PyTorchConfiguration
from cellrun.core.supervision.process_file import ProcessFile
from tests.core.submitted_runs import Runs
from tests.engines.slurm_cluster import SlurmCluster

TORCH = Path(__file__).parents[2] / ".venv" / "torch" / "bin" / "python"
_TORCH_S = 240
"""To load it may take a minute on each of two nodes that are one busy machine."""
needs_torch = pytest.mark.skipif(not TORCH.exists(), reason="PyTorch isn't there: `make .venv/.torch` installs it")
Submit = Callable[..., RunLayout]
TWO = PyTorchConfiguration("Gloo", process_count=2, node_count=2)
TRAIN = """
import os
import torch
import torch.distributed as dist
from cellrun.core import Run
run = Run.get_context()
dist.init_process_group('gloo')
rank = dist.get_rank()
torch.manual_seed(rank)  # each has data of its own, and all come to one model
x = torch.randn(256, 8)
model = torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), 0.05)
for _ in range(40):
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), x.sum(1, keepdim=True) + 0.1 * rank)
    loss.backward()
    optimizer.step()
    run.log('loss', loss.item())
print('rank', rank, 'of', dist.get_world_size(), 'on', os.uname().nodename)
print('model', sum(part.detach().sum() for part in model.parameters()).item())
dist.destroy_process_group()
"""
MPI = """
from mpi4py import MPI
from cellrun.core import Run
comm = MPI.COMM_WORLD
print('rank', comm.rank, 'of', comm.size, 'on', MPI.Get_processor_name(), 'sum', comm.allreduce(comm.rank + 1))
Run.get_context().log('rank', comm.rank)
"""
SLEEPS = """
import os, signal, subprocess, time
left = subprocess.Popen(['sleep', '600'], start_new_session=True, env={}, stdin=subprocess.DEVNULL)
print('up', flush=True)
try:
    while not os.path.exists('go'):
        time.sleep(0.05)
except KeyboardInterrupt:
    print('kept', flush=True)
    raise SystemExit(3)
if os.environ['RANK'] == '1':
    raise ValueError('no data')
time.sleep(600)
"""


@pytest.fixture
def submit(slurm: SlurmCluster, runs: Runs) -> Submit:
    """Submit a script to the cluster."""
    runs.workspace.attach("cluster", "slurm")

    def do(text: str, **options: Any) -> RunLayout:
        return runs.script(text, compute_target="cluster", **options)

    return do


def logs(layout: RunLayout) -> list[str]:
    """Return what each rank has printed by now."""
    return [path.read_text() for path in (layout.log, *layout.rank_logs()) if path.exists()]


def ranks(layout: RunLayout) -> list[int | None]:
    """Return the ranks of those that logged into a run."""
    firsts = (path.read_text().partition("\n")[0] for path in layout.events.iterdir())
    return sorted((json.loads(line.partition(" ")[2] or line)["rank"] for line in firsts), key=str)


def nobody(slurm: SlurmCluster) -> bool:
    """Whether nothing of a job is left on any node."""
    lines = [line for node in slurm.nodes.values() for line in node.everything().values()]
    return not any("sleep 600" in line or "train.py" in line for line in lines)


@needs_torch
@pytest.mark.timeout(2 * _TORCH_S)
def test_two_processes_of_pytorch_on_two_nodes_train_one_model(runs: Runs, submit: Submit):
    layout = submit(TRAIN, distributed_job_config=TWO, environment=str(TORCH))
    assert runs.end(layout, _TORCH_S).status is Status.COMPLETED, logs(layout)
    printed = [log.splitlines() for log in logs(layout)]
    for rank, lines in enumerate(printed):
        assert f"rank {rank} of 2 on n{rank + 1}" in lines
    assert len({line for lines in printed for line in lines if line.startswith("model")}) == 1
    assert ranks(layout) == [0, 1]
    assert len(Run(Experiment(runs.workspace, "tests"), layout.run_id).get_metrics()["loss"]) == 80


@needs_torch
@pytest.mark.timeout(2 * _TORCH_S)
@pytest.mark.skipif(not shutil.which("mpirun"), reason="Open MPI isn't there")
def test_a_program_of_mpi_is_one_world_on_two_nodes(runs: Runs, submit: Submit):
    layout = submit(
        MPI,
        distributed_job_config=MpiConfiguration(process_count_per_node=2, node_count=2),
        environment=str(TORCH),
        environment_variables={"OMPI_MCA_btl_tcp_if_include": "lo"},  # both nodes are this machine
    )
    assert runs.end(layout, _TORCH_S).status is Status.COMPLETED, logs(layout)
    assert logs(layout) == [f"rank {rank} of 4 on n{1 + rank // 2} sum 10\n" for rank in range(4)]
    assert ranks(layout) == [0, 1, 2, 3]


@needs_torch
@pytest.mark.timeout(2 * _TORCH_S)
def test_the_ranks_that_torchrun_gives_in_a_command_are_the_run_s(runs: Runs, submit: Submit):
    (runs.source / "train.py").write_text(TRAIN)
    torchrun = f"{TORCH} -m torch.distributed.run --standalone --local-addr=127.0.0.1 --nproc-per-node=2 train.py"
    layout = runs.command(torchrun, compute_target="cluster", environment=str(TORCH))
    assert runs.end(layout, _TORCH_S).status is Status.COMPLETED, logs(layout)
    assert ranks(layout) == [0, 1]


def test_a_plain_job_of_slurm_has_no_rank(runs: Runs, submit: Submit):
    layout = submit(
        "import os\nfrom cellrun.core import Run\nRun.get_context().log('id', int(os.environ['SLURM_PROCID']))"
    )
    assert runs.end(layout).status is Status.COMPLETED, logs(layout)
    assert ranks(layout) == [None]


def test_when_one_fails_it_is_said_where_and_nobody_stays(slurm, runs: Runs, submit: Submit, until):
    layout = submit(SLEEPS, distributed_job_config=TWO)
    until(lambda: runs.status(layout) and [log.count("up") for log in logs(layout)] == [1, 1], "both processes")
    (layout.work / "go").touch()
    end = runs.end(layout)
    assert (end.status, end.reason) == (Status.FAILED, "exit code 1: ValueError: no data")
    assert "the process of rank 1 on node n2 ended with exit code 1" in layout.log.read_text()
    until(lambda: nobody(slurm), "nobody to be left")


def test_a_cancel_reaches_each_node(slurm, runs: Runs, submit: Submit, until):
    layout = submit(SLEEPS, distributed_job_config=TWO)
    until(lambda: runs.status(layout) and [log.count("up") for log in logs(layout)] == [1, 1], "both processes")
    runs.target(layout).cancel(layout)
    assert runs.end(layout).status is Status.CANCELED
    assert logs(layout) == ["up\nkept\n"] * 2
    until(lambda: nobody(slurm), "nobody to be left")


def test_nobody_stays_on_any_node_when_the_launcher_is_killed(slurm, runs: Runs, submit: Submit, until):
    layout = submit(SLEEPS, distributed_job_config=TWO)
    until(lambda: runs.status(layout) and [log.count("up") for log in logs(layout)] == [1, 1], "both processes")
    job = ProcessFile(layout).read().job
    assert job
    slurm.nodes["n1"].run("kill", f"-{signal.SIGKILL:d}", str(job.pid)).check_returncode()
    assert runs.end(layout).status is Status.FAILED
    until(lambda: nobody(slurm), "nobody to be left")


def test_more_nodes_than_there_are_are_refused_before_there_is_a_run(submit: Submit):
    with pytest.raises(InvalidSubmissionError, match="node"):
        submit("", distributed_job_config=PyTorchConfiguration(process_count=9, node_count=9))
