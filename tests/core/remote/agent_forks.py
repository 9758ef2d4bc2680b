"""Forks an agent at each order: `python -I -S agent_forks.py LIBRARY SOCKET`. Its pipes come by the socket.

What the far side's shell and the first line of its Python do is done here; all else is the real program.
"""

import importlib
import json
import os
import signal
import socket
import sys

# What an agent has loaded once it has answered and started a run.
MODULES = ("cellrun.core.remote.agent", "cellrun.core.targets.local.target")


def become_agent():
    """Read what the command that is started elsewhere reads, and do as it does."""
    orders = sys.stdin.buffer
    orders.readline()  # which Python: this one
    os.environ["CELLRUN_HOME"] = os.fsdecode(orders.readline().removesuffix(b"\n"))
    exec(orders.read(int(orders.readline())), {"__name__": "__main__"})


def main():
    """Answer orders, each an environment and three open files, with the process id of an agent."""
    sys.path.insert(0, sys.argv[1])
    for module in MODULES:
        importlib.import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for an agent's exit code
    with socket.socket(fileno=int(sys.argv[2])) as asked:
        while True:
            environment, files, *_ = socket.recv_fds(asked, 1 << 17, 3)
            if not environment:
                return
            pid = os.fork()
            if not pid:
                break
            for file in files:
                os.close(file)
            asked.send(str(pid).encode())
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.environ.clear()
    os.environ.update(json.loads(environment))
    for standard, file in enumerate(files):
        os.dup2(file, standard)
        os.close(file)
    become_agent()


if __name__ == "__main__":
    main()
