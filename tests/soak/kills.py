"""Kills of jobs that do nothing but log (C1): what had returned is there."""

from __future__ import annotations

import os
import random
import time

from bench import kit
from bench.kill_loss import kill_one

RATES = (0, 0, 0, 0, 100)
"""Calls a second; 0 stands for as many as there can be."""
_LONGEST_S = 0.2


def kill_loggers(kills: int, dice: random.Random) -> bool:
    """Kill that many, print what was lost, and return whether that is nothing."""
    start, before = time.monotonic(), dict(os.environ)
    counts = {"returned": 0, "lost": 0, "torn": 0}
    try:
        with kit.working_folder() as folder:
            for number in range(kills):
                row = kill_one("cellrun", folder / str(number), dice.choice(RATES), dice.uniform(0, _LONGEST_S))
                counts = {name: count + row[name] for name, count in counts.items()}
                os.chdir("/")
    finally:
        os.environ.clear()
        os.environ.update(before)
    returned, lost, torn = counts.values()
    took = f"{time.monotonic() - start:.0f} s"
    print(f"{kills} kills of loggers: {returned:,} acknowledged, {lost} lost, {torn} torn records told; {took}")
    return not lost
