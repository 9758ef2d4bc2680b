"""Several processes of one script as one run."""

import json
import os
import signal

import pytest

from cellrun.core import InvalidSubmissionError, ScriptRunConfig
from cellrun.core.experiment import Experiment
from cellrun.core.layout import RunLayout
from cellrun.core.processes.family import ProcessFamily
from cellrun.core.runs.run import Run
from cellrun.core.store.record import RunRecord
from cellrun.core.store.status import Status
from cellrun.core.submission.configuration.parts import (
    MpiConfiguration,
    PyTorchConfiguration,
    TensorflowConfiguration,
)
from cellrun.core.supervision.process_file import ProcessFile
from tests.core.submitted_runs import Runs, wait_for


def run_of(runs: Runs, layout: RunLayout) -> Run:
    return Run(Experiment(runs.workspace, "tests"), layout.run_id)


def test_each_process_is_told_its_rank_and_all_log_into_one_run(runs: Runs):
    layout = runs.script(
        "import os, socket, sys\n"
        "from cellrun.core import Run\n"
        "run = Run.get_context()\n"
        "rank = int(os.environ['RANK'])\n"
        "assert sys.argv[1:] == ['--local', str(rank), 'as it is: $HOME'], sys.argv\n"
        "place = (os.environ['MASTER_ADDR'], int(os.environ['MASTER_PORT']))\n"
        "if rank == 0:\n"
        "    with socket.create_server(place) as server:\n"  # they meet: none is alone
        "        print('met', sum(int(server.accept()[0].recv(9)) for _ in range(2)))\n"
        "else:\n"
        "    while True:\n"
        "        try:\n"
        "            socket.create_connection(place).send(str(rank).encode())\n"
        "            break\n"
        "        except ConnectionRefusedError:\n"
        "            pass\n"
        "    print('rank', rank)\n"
        "run.log('rank', rank)\n",
        *("--local", "$LOCAL_RANK", "as it is: $HOME"),
        distributed_job_config=PyTorchConfiguration(process_count=3),
    )
    assert runs.end(layout).status is Status.COMPLETED
    run = run_of(runs, layout)
    assert sorted(run.get_metrics()["rank"]) == [0, 1, 2]
    assert layout.log.read_text() == "met 3\n"
    names = [f"user_logs/std_log{of}.txt" for of in ("", "_1", "_2")]
    assert run.get_file_names() == sorted(names)
    assert sorted(run.get_details()["logFiles"]) == sorted(names)
    assert [path.read_text() for path in layout.rank_logs()] == ["rank 1\n", "rank 2\n"]


def test_two_runs_at_once_meet_at_ports_of_their_own(runs: Runs, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("cellrun.core.resources.cores", lambda: 8)
    waits = (
        "import os, pathlib, time\nprint(os.environ['MASTER_PORT'])\n"
        "while not pathlib.Path('outputs/go').exists():\n    time.sleep(0.02)\n"
    )
    two = [runs.script(waits, distributed_job_config=PyTorchConfiguration(process_count=1)) for _ in range(2)]
    for layout in two:
        runs.printed(layout, "\n")
    for layout in two:
        layout.outputs.mkdir(exist_ok=True)
        (layout.outputs / "go").touch()
    assert [runs.end(layout).status for layout in two] == [Status.COMPLETED] * 2
    assert len({layout.log.read_text() for layout in two}) == 2


def test_when_one_fails_the_others_are_stopped_and_the_run_says_why(runs: Runs):
    layout = runs.script(
        "import os, time\n"
        "if os.environ['OMPI_COMM_WORLD_RANK'] == '1':\n"
        "    raise ValueError('no data')\n"
        "time.sleep(600)\n",
        distributed_job_config=MpiConfiguration(process_count_per_node=2),
    )
    end = runs.end(layout)
    assert end.status is Status.FAILED
    assert end.reason == "exit code 1: ValueError: no data"
    assert "rank 1" in layout.log.read_text()


def test_the_run_ends_as_it_does_when_its_supervisor_is_killed(runs: Runs):
    layout = runs.script(
        "import os, pathlib, time\n"
        "while not pathlib.Path('outputs/go').exists():\n"
        "    time.sleep(0.02)\n"
        "exit(3 * (os.environ['RANK'] == '1'))\n",
        distributed_job_config=PyTorchConfiguration(process_count=2),
    )
    runs.running(layout)
    supervisor = ProcessFile(layout).read().supervisor
    os.kill(supervisor.pid, signal.SIGKILL)
    wait_for(lambda: not supervisor.is_alive(), "the supervisor's end")
    layout.outputs.mkdir(exist_ok=True)
    (layout.outputs / "go").touch()
    end = runs.end(layout)
    assert (end.status, end.fields["exit_code"]) == (Status.FAILED, 3)


def test_nobody_is_left_when_the_process_in_front_is_killed(runs: Runs):
    layout = runs.script("import time\ntime.sleep(600)", distributed_job_config=PyTorchConfiguration(process_count=2))
    runs.running(layout)
    wait_for(lambda: len(ProcessFamily(layout, job=None).members()) > 3, "its processes")
    job = ProcessFile(layout).read().job
    assert job is not None
    os.kill(job.pid, signal.SIGKILL)
    assert runs.end(layout).status is Status.FAILED
    wait_for(lambda: not ProcessFamily(layout, job=None).members(), "its processes to go")


def test_a_cancel_interrupts_all_of_them(runs: Runs):
    layout = runs.script(
        "import os, time\n"
        "try:\n"
        "    print('sleeps', flush=True)\n"
        "    time.sleep(600)\n"
        "except KeyboardInterrupt:\n"
        "    open(f\"outputs/{os.environ['RANK']}\", 'w').close()\n",
        distributed_job_config=PyTorchConfiguration(process_count=2),
    )
    (layout.work / "outputs").mkdir(parents=True, exist_ok=True)
    logs = (layout.log, layout.rank_log(1))
    wait_for(lambda: all(log.exists() and "sleeps" in log.read_text() for log in logs), "both processes")
    runs.target(layout).cancel(layout)
    assert runs.end(layout).status is Status.CANCELED
    assert sorted(path.name for path in layout.outputs.iterdir()) == ["0", "1"]


def test_parameter_servers_end_with_the_workers(runs: Runs):
    layout = runs.script(
        "import json, os, time\n"
        "told = json.loads(os.environ['TF_CONFIG'])\n"
        "print(json.dumps([len(told['cluster'][name]) for name in ('worker', 'ps')]))\n"
        "time.sleep(600 if told['task']['type'] == 'ps' else 0)\n",
        distributed_job_config=TensorflowConfiguration(worker_count=2, parameter_server_count=1),
    )
    assert runs.end(layout).status is Status.COMPLETED
    assert json.loads(layout.log.read_text()) == [2, 1]


def test_a_command_and_a_script_in_a_subfolder_are_several_too(runs: Runs):
    command = runs.command("echo of $RANK && exit 0", distributed_job_config=PyTorchConfiguration(process_count=2))
    assert runs.end(command).status is Status.COMPLETED
    assert [command.log.read_text(), command.rank_log(1).read_text()] == ["of 0\n", "of 1\n"]
    (runs.source / "below").mkdir()
    (runs.source / "helper.py").write_text("")
    (runs.source / "below" / "train.py").write_text("import helper, os\nos.kill(os.getpid(), 9)\n")
    two = MpiConfiguration(process_count_per_node=2)
    layout = runs.config(ScriptRunConfig(runs.source, "below/train.py", distributed_job_config=two))
    end = runs.end(layout)
    assert (end.status, "signal 9" in (end.reason or "")) == (Status.FAILED, True)


def test_more_than_one_machine_is_refused_in_words(runs: Runs):
    with pytest.raises(InvalidSubmissionError, match=r"node_count=2: 'local' is one machine"):
        runs.script("", distributed_job_config=MpiConfiguration(node_count=2))


def test_a_run_of_several_is_run_again_as_it_was(runs: Runs):
    layout = runs.script("import os\nprint(os.environ['RANK'])", distributed_job_config=PyTorchConfiguration("Gloo", 2))
    runs.end(layout)
    again = run_of(runs, layout).submit_again()
    runs.submitted.append(again.layout)
    assert runs.end(again.layout).status is Status.COMPLETED
    assert again.layout.rank_log(1).read_text() == "1\n"
    record = RunRecord.read(again.layout)
    assert record.distribution == {"kind": "pytorch", "processes": 2, "nodes": 1, "servers": 0}
