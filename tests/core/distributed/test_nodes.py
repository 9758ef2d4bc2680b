"""Several processes of one script on several nodes: the launcher, and an agent on each; srun is a shim."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from cellrun.core.distributed.distribution import Distribution
from cellrun.core.distributed.launcher import ON_NODES, launched
from cellrun.core.distributed.node_agent import NodeOrder, read_report, report_line
from cellrun.core.distributed.rank_exit import RankExit
from cellrun.core.identity import run_variables
from cellrun.core.layout import RunLayout
from tests.core.submitted_runs import wait_for

SHIM = Path(__file__).with_name("srun_shim.py")
Start = Callable[..., subprocess.Popen[bytes]]
TWO = Distribution("pytorch", 2, nodes=2)


@pytest.fixture
def layout(tmp_path: Path) -> RunLayout:
    """A run's folder."""
    made = RunLayout(tmp_path / "workspace" / "runs" / "tests_1_00000000")
    made.log.parent.mkdir(parents=True)
    made.work.mkdir()
    return made


@pytest.fixture
def start(layout: RunLayout, tmp_path: Path) -> Iterator[Start]:
    """Start the launcher as a supervisor does, with Slurm's programs in its PATH."""
    programs, started = tmp_path / "bin", list[subprocess.Popen[bytes]]()
    programs.mkdir()
    for name, text in {
        "srun": f'#!/bin/sh\nexec {sys.executable} -I -S {SHIM} "$@"\n',
        "scontrol": "#!/bin/sh\necho NodeName=$4 NodeAddr=node-1.test NodeHostName=n1\n",
    }.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)

    def run(
        script: str, distribution: Distribution = TWO, *arguments: str, program: Sequence[str] = (), **variables: str
    ) -> object:
        (layout.work / "train.py").write_text(script)
        command = launched(sys.executable, distribution, program or [sys.executable, "train.py", *arguments])
        path = os.pathsep.join([str(programs), os.environ["PATH"]])
        own = {ON_NODES: "1", "SLURMD_NODENAME": "n1", "PATH": path, "PYTHONUNBUFFERED": "1"}
        with layout.log.open("ab") as log:
            environ = {**os.environ, **run_variables(layout), **own, **variables}
            started.append(subprocess.Popen(command, stdout=log, stderr=log, env=environ, cwd=layout.work))
        return started[-1]

    yield run
    for one in started:
        one.kill()
        one.wait()


def logs(layout: RunLayout) -> list[str]:
    """Return what each rank has printed by now."""
    return [path.read_text() for path in (layout.log, *layout.rank_logs())]


def test_each_node_starts_its_ranks_and_all_know_where_they_meet(layout: RunLayout, start: Start):
    script = (
        "import os, sys\n"
        "names = ('RANK', 'LOCAL_RANK', 'NODE_RANK', 'WORLD_SIZE', 'MASTER_ADDR', 'SLURM_PROCID', 'SLURM_NTASKS')\n"
        "print(*(os.environ[name] for name in names), os.environ['SLURMD_NODENAME'], *sys.argv[1:], sys.stdin.read())\n"
    )
    assert start(script, Distribution("pytorch", 4, nodes=2), "--local", "$LOCAL_RANK").wait(60) == 0
    assert logs(layout) == [
        f"{rank} {rank % 2} {rank // 2} 4 node-1.test {rank} 4 n{1 + rank // 2} --local {rank % 2} \n"
        for rank in range(4)
    ]


@pytest.mark.parametrize("nodes", [1, 2])
def test_programs_of_mpi_are_started_by_srun_one_agent_each(layout: RunLayout, start: Start, nodes: int):
    script = "import os\nprint(os.environ['OMPI_COMM_WORLD_RANK'], os.environ['SLURM_PROCID'], os.getppid())\n"
    assert start(script, Distribution("mpi", 4, nodes)).wait(60) == 0
    told = [log.split() for log in logs(layout)]
    assert [line[:2] for line in told] == [[str(rank)] * 2 for rank in range(4)]
    assert len({parent for *_, parent in told}) == 4


def test_when_one_fails_all_nodes_are_ended_and_it_is_said_which_and_where(layout: RunLayout, start: Start):
    script = (
        "import os, subprocess, time\n"
        "left = subprocess.Popen(['sleep', '600'], start_new_session=True, env={})\n"
        "open(f\"pid-{os.environ['RANK']}\", 'w').write(str(left.pid))\n"
        "while len([name for name in os.listdir() if name.startswith('pid-')]) < 2:\n    time.sleep(0.02)\n"
        "if os.environ['RANK'] == '1':\n    raise ValueError('no data')\n"
        "time.sleep(600)\n"
    )
    assert start(script).wait(60) == 1
    told = layout.log.read_text()
    assert "the process of rank 1 on node n2 ended with exit code 1" in told
    assert told.rstrip().endswith("ValueError: no data")
    for path in layout.work.glob("pid-*"):
        assert not Path(f"/proc/{path.read_text()}").exists(), "a daemon of its own session stays"


def test_a_signal_ends_the_run_as_it_ended_the_rank(layout: RunLayout, start: Start):
    assert start("import os\nos.environ['RANK'] == '1' and os.kill(os.getpid(), 9)").wait(60) == -signal.SIGKILL
    assert "rank 1 on node n2 ended with signal 9" in layout.log.read_text()


SLEEPS = (
    "import os, signal, sys, time\n"
    "def end(*_):\n    print('told to end')\n    sys.exit(4)\n"
    "signal.signal(signal.SIGTERM, end)\n"
    "print('sleeps')\n"
    "try:\n    time.sleep(600)\n"
    "except KeyboardInterrupt:\n    print('kept')\n    sys.exit(3)\n"
)


@pytest.mark.parametrize(
    ("number", "says", "code"), [(signal.SIGINT, "kept", 3), (signal.SIGTERM, "told to end", -signal.SIGTERM)]
)
def test_a_signal_reaches_all_ranks(layout: RunLayout, start: Start, number: int, says: str, code: int):
    launcher = start(SLEEPS)
    wait_for(lambda: [log.count("sleeps") for log in logs(layout)] == [1, 1], "both processes")
    launcher.send_signal(number)
    assert launcher.wait(60) == code
    assert logs(layout) == [f"sleeps\n{says}\n"] * 2


def test_nobody_stays_when_the_launcher_is_killed(layout: RunLayout, start: Start):
    launcher = start(f"import os\nopen('pid-' + os.environ['RANK'], 'w').write(str(os.getpid()))\n{SLEEPS}")
    wait_for(lambda: [log.count("sleeps") for log in logs(layout)] == [1, 1], "both processes")
    pids = [path.read_text() for path in layout.work.glob("pid-*")]
    launcher.kill()
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), "their end")
    assert len(pids) == 2


def test_a_command_is_several_too(layout: RunLayout, start: Start):
    assert start("", program=["/bin/sh", "-c", "echo of $RANK && exit 0"]).wait(60) == 0
    assert logs(layout) == ["of 0\n", "of 1\n"]


def test_what_can_t_be_started_is_said(layout: RunLayout, start: Start, tmp_path: Path):
    assert start("", program=["/no/such/program", "train.py"]).wait(60) == 1
    assert "process 0 can't be started: No such file or directory" in layout.log.read_text()
    assert start("", PATH=str(tmp_path)).wait(60) == 1
    assert "srun can't be started" in layout.log.read_text()


def test_a_step_that_ends_before_its_processes_is_said(layout: RunLayout, start: Start, tmp_path: Path):
    (tmp_path / "bin" / "srun").write_text("#!/bin/sh\necho srun: error: node failure >&2\nexit 7\n")
    assert start("").wait(60) == 7
    assert "node failure" in layout.log.read_text()
    assert "srun ended with 7 before the processes of rank 0, 1 had" in layout.log.read_text()


def test_orders_and_reports_are_the_same_from_their_lines():
    order = NodeOrder(TWO, ["python", "train.py", "ü\n"], "n1", (6105,))
    assert NodeOrder.from_line(order.to_line().decode()) == order
    assert order.to_line().count(b"\n") == 1
    ended = RankExit(1, -9, "n2")
    assert read_report(report_line(ended)) == ended
    assert read_report(b"Welcome to the cluster") is None
