"""Runs that log, submit and end while everything around them is killed, full or slow: `make soak MINUTES=10`.

Three stages share the time: kills of kernels, the server, supervisors and jobs, singly and all at once; a disk of 8 MB
that is filled and freed; a slow disk, killed as well. Then 500 kills of jobs that do nothing but log. What is done next
is a matter of a seed, which is printed; when it is done, of the machine.

Exits with 1 if anything was lost, doubled, stuck, falsely failed or left behind; the folders stay then.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.soak.account import NEVER, Account
from tests.soak.kills import kill_loggers
from tests.soak.place import Place, can_mount, slow_disk, small_disk
from tests.soak.stage import Stage

SHARES = {"kills": 0.6, "full disk": 0.2, "slow disk": 0.2}
_FIRST = ("acknowledged", "runs", "Completed", "Failed", "Canceled")


def main() -> None:
    """Go through the stages, print the table and what is wrong."""
    options = _options()
    print(f"seed {options.seed}; SEED={options.seed} makes the same choices again", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="cellrun-soak-", dir=options.folder))
    accounts: dict[str, Account] = {}
    for name in options.stages:
        if why := _missing(name):
            print(f"{name}: skipped, {why}", flush=True)
            continue
        accounts[name] = _stage(name, folder / name.replace(" ", "-"), options)
    is_well = all(found.is_well for found in accounts.values())
    _print_table(accounts)
    if options.kills:
        print(f"{options.kills} kills of loggers follow: a few minutes for 500", flush=True)
        is_well &= kill_loggers(options.kills, random.Random(options.seed))
    if is_well:
        shutil.rmtree(folder)
    else:
        sys.exit(f"something is wrong; all of it is in {folder}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10, help="what the stages share")
    parser.add_argument("--kills", type=int, default=500, help="of jobs that do nothing but log; 0 for none")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--stages", nargs="*", choices=SHARES, default=list(SHARES))
    parser.add_argument("--folder", type=Path, help="where to make the folder; left out, where temporary files go")
    return parser.parse_args()


def _missing(name: str) -> str:
    """Return why there can be no such stage here; empty if there can."""
    if not hasattr(os, "pidfd_open"):
        return "only Linux tells for sure which process is killed"
    if name == "full disk" and not can_mount():
        return "only root can mount a small disk"
    if name == "slow disk" and not slow_disk():
        return "there is no strace, which makes a disk slow"
    return ""


def _stage(name: str, folder: Path, options: argparse.Namespace) -> Account:
    start, whole = time.monotonic(), sum(SHARES[each] for each in options.stages)
    seconds = 60 * options.minutes * SHARES[name] / whole
    place = Place.make(folder)
    with _environment(place):
        if name == "full disk":
            with small_disk(place.home):
                stage, found = _worked(place, name, seconds, options.seed)
                if not found.is_well:
                    shutil.copytree(place.home, folder / "home-as-it-was", symlinks=True, ignore_dangling_symlinks=True)
        else:
            stage, found = _worked(place, name, seconds, options.seed)
    what = ", ".join(f"{kind} {count}" for kind, count in stage.chaos.kills.most_common())
    print(f"{name}: {time.monotonic() - start:.0f} s; {what}; answers of the server {stage.answers}", flush=True)
    return found


def _worked(place: Place, name: str, seconds: float, seed: int) -> tuple[Stage, Account]:
    stage = Stage(place, seed, is_slow=name == "slow disk")
    with stage.at_work():
        (stage.fill_for if name == "full disk" else stage.kill_for)(seconds)
    return stage, stage.settle()


@contextmanager
def _environment(place: Place) -> Iterator[None]:
    """Let this process look and submit as those of the stage do."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(place.environment)
    os.chdir(place.folder / "here")
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _print_table(accounts: dict[str, Account]) -> None:
    if not accounts:
        return
    print(" " * 18 + "".join(f"{name:>14}" for name in accounts))
    for row in (*_FIRST, "refused", "bare errors", *NEVER):
        print(f"{row:<18}" + "".join(f"{found.counts[row]:>14,}" for found in accounts.values()))
    for name, found in accounts.items():
        for line in found.findings():
            print(f"{name}: {line}")


if __name__ == "__main__":
    main()
