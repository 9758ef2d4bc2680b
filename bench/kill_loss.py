"""How many log calls that had returned are lost when the process is killed, for `Run` and for the floor.

The job counts its returned calls in a memory map that outlives it. It is SIGKILLed at a random moment; then the store's
own reader counts what is there, once each and in order. Two paces: flat out, and an ordinary training loop's.
"""

import argparse
import mmap
import os
import random
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import kit
from floor import FloorLogger, FloorReader


class Counter:
    """A number in a file that two processes map."""

    def __init__(self, path):
        if not path.exists():
            path.write_bytes(bytes(8))
        with path.open("r+b") as file:
            self.map = mmap.mmap(file.fileno(), 8)

    def set(self, value):
        struct.pack_into("<q", self.map, 0, value)

    def get(self):
        return struct.unpack_from("<q", self.map, 0)[0]


def job(subject, folder, rate):
    """Log at a rate (0: as fast as possible), counting each call after it has returned."""
    counter = Counter(folder / "returned")
    logger = FloorLogger(folder) if subject == "floor" else kit.new_run(folder)
    started, step = time.perf_counter(), 0
    while True:
        if rate and (wait_s := started + step / rate - time.perf_counter()) > 0:
            time.sleep(wait_s)
        logger.log("loss", step)
        step += 1
        counter.set(step)


def found(subject, folder):
    """Return the values a reader finds, and how many torn or damaged records it tells of."""
    if subject == "floor":
        reader = FloorReader(folder)
        reader.read()
        return [value for _, value in reader.points], 0
    from cellrun.core.store.layout import RunLayout
    from cellrun.core.store.metrics import Metrics
    from cellrun.core.store.reader import EventReader

    (run_folder,) = folder.glob("home/workspaces/default/runs/*")
    reader = EventReader(RunLayout(run_folder))
    metrics = Metrics(reader)
    metrics.update()
    return metrics.metrics["loss"].columns["loss"].values(), len(reader.damage) + len(reader.torn())


def one(subject, folder, rate, after_s):
    """Kill one job; return what had returned, what is lost, and the damage told."""
    folder.mkdir()
    counter = Counter(folder / "returned")
    command = [sys.executable, __file__, "--child", subject, str(folder), str(rate)]
    child = subprocess.Popen(command, env={**os.environ, "CELLRUN_HOME": f"{folder}/home"})
    while not counter.get():
        assert child.poll() is None, f"the job in {folder} ended by itself"
        time.sleep(0.002)
    time.sleep(after_s)
    child.send_signal(signal.SIGKILL)
    child.wait()
    values, torn = found(subject, folder)
    assert values == list(range(len(values))), f"{folder}: not each once and in order"
    return {"returned": counter.get(), "lost": max(0, counter.get() - len(values)), "torn": torn}


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=400, help="flat out")
    options.add_argument("--slow-kills", type=int, default=100, help="at 100 calls a second")
    options.add_argument("--seed", type=int, default=1)
    options = options.parse_args()
    dice = random.Random(options.seed)
    with kit.working_folder() as folder:
        for rate, kills in ((0, options.kills), (100, options.slow_kills)):
            rows = {"run": [], "floor": []}
            for number in range(kills):
                for subject, results in list(rows.items())[: 1 if number % 10 else 2]:  # the floor's turn is one in ten
                    own = folder / f"{subject}-{rate}-{number}"
                    results.append(one(subject, own, rate, dice.uniform(0, 0.2)))
                    subprocess.run(["rm", "-rf", str(own)], check=True)
            for subject, results in rows.items():
                totals = {key: sum(row[key] for row in results) for key in ("returned", "lost", "torn")}
                worst = max((row["torn"] for row in results), default=0)
                kit.emit(
                    what=subject, calls_per_s=rate or "flat out", kills=len(results), **totals, torn_most_in_one=worst
                )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        subject, own, rate = sys.argv[2:]
        job(subject, Path(own), float(rate))
    else:
        main()
