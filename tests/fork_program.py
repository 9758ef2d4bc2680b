"""Imports modules and forks at each order: `python fork_program.py MODULE...`, orders on stdin, answers on stdout.

A script that imports little, so that its forks have loaded nothing else than what they were to have.
"""

import importlib
import json
import os
import sys


def next_order():
    """Answer orders until there are no more; returns, in each fork, the one that it is to carry out."""
    orders, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    for line in orders:
        order = json.loads(line)
        if "wait" in order:
            answer = os.waitstatus_to_exitcode(os.waitpid(order["wait"], 0)[1])
        else:
            answer = os.fork()
            if not answer:
                orders.close()
                answers.close()
                return order
        answers.write(f"{answer}\n")
        answers.flush()
    sys.exit()


def become(order):
    """Be the process that was ordered."""
    os.setsid()
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    nothing = os.open(os.devnull, os.O_RDONLY)
    log, errors = (os.open(order[to], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600) for to in ("log", "errors"))
    for fd, standard in ((nothing, 0), (log, 1), (errors, 2)):
        os.dup2(fd, standard)
        os.close(fd)
    sys.path[:1] = order["path"]
    module, _, name = order["function"].partition(":")
    end(lambda: getattr(sys.modules[module], name)(*order["arguments"]))


def end(act):
    """Act, and end as an interpreter does, but leave the memory to the system: what was imported would be copied."""
    code = 0
    try:
        act()
    except SystemExit as leave:
        if leave.code is not None:
            code = leave.code if isinstance(leave.code, int) else print(leave.code, file=sys.stderr) or 1
    except BaseException:  # noqa: BLE001  # whatever ends a program
        sys.excepthook(*sys.exc_info())
        code = 1
    import atexit  # noqa: PLC0415  # as below: a fork has loaded only what it was to have

    if threading := sys.modules.get("threading"):
        threading._shutdown()  # waits for threads
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code & 0xFF)


if __name__ == "__main__":
    for module in sys.argv[1:]:
        importlib.import_module(module)
    import gc

    gc.freeze()  # nor does looking for garbage copy it
    del gc, sys.modules["gc"]
    become(next_order())
