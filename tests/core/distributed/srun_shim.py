"""Stands for Slurm's srun: starts what it is to, tasks of made-up nodes that are processes of this machine."""

import os
import signal
import subprocess
import sys
import threading

split = sys.argv.index("--")
options = dict(option.lstrip("-").partition("=")[::2] for option in sys.argv[1:split])
if "mpi" in options and options["mpi"] == "list":
    raise SystemExit("MPI plugin types are...\n\tnone\n\tpmi2")
per_node, tasks = int(options["ntasks-per-node"]), []
for number in range(int(options["ntasks"])):
    node = number // per_node
    told = {"SLURM_PROCID": number, "SLURM_NODEID": node, "SLURMD_NODENAME": f"n{node + 1}", "SLURM_NTASKS": 99}
    variables = {**os.environ, **{name: str(value) for name, value in told.items()}}
    tasks.append(subprocess.Popen(sys.argv[split + 1 :], stdin=subprocess.PIPE, env=variables))


def pass_on() -> None:
    """Give each task what comes."""
    while line := sys.stdin.buffer.readline():
        for task in tasks:
            task.stdin.write(line)
            task.stdin.flush()
    for task in tasks:
        task.stdin.close()


signal.signal(signal.SIGTERM, lambda number, _: [task.send_signal(number) for task in tasks])
threading.Thread(target=pass_on, daemon=True).start()
codes = [task.wait() for task in tasks]
os._exit(max(map(abs, codes)))
