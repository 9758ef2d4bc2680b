"""Workspaces full of runs that have ended: their folders written as jobs leave them, thousands in a second or two."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cellrun.core import Workspace
from cellrun.core.layout import WorkspaceLayout

EXPERIMENTS = ("digits", "sine", "sweep-lr", "resnet-augmented", "baseline")
STEPS = 40
_AGE_S = 3.0
"""One run is so much older than the next."""

Curve = Callable[[float], float]


@dataclass(frozen=True)
class Listed:
    """A run that has ended."""

    experiment: str
    number: int
    status: str
    created_at: float

    @property
    def name(self) -> str:
        return f"{self.experiment}-{self.number}"

    @property
    def run_id(self) -> str:
        return f"{self.experiment}_{int(self.created_at)}_{self.number:08x}"

    @property
    def parameters(self) -> dict[str, str]:
        return {"lr": str(round(0.001 * (1 + self.number % 50), 4)), "epochs": str(10 + self.number % 7)}


def workspace_with(name: str, count: int) -> Workspace:
    """Return a fresh workspace with `count` runs of five experiments; some failed, some were canceled."""
    workspace = Workspace.create(name)
    layout = WorkspaceLayout(workspace.folder)
    for experiment in EXPERIMENTS:
        layout.experiment(experiment).mkdir(parents=True, exist_ok=True)
    layout.runs.mkdir(mode=0o700, exist_ok=True)
    begin = time.time() - _AGE_S * (count + 1)
    for i in range(count):
        status = "Failed" if i % 21 == 17 else "Canceled" if i % 13 == 5 else "Completed"
        listed = Listed(EXPERIMENTS[i % 5], i // 5 + 1, status, begin + _AGE_S * i)
        _write(layout, listed)
    layout.changes.touch()
    return workspace


def _write(workspace: WorkspaceLayout, listed: Listed) -> None:
    """Write what lists read, by plain `os` calls: pathlib takes as long as the disk."""
    layout = workspace.run(listed.run_id)
    for folder in (layout.folder, layout.statuses, layout.events, layout.summaries):
        os.mkdir(folder)  # noqa: PTH102  # see above
    _put(workspace.experiment(listed.experiment) / str(listed.number), listed.run_id)
    record = {
        "experiment": listed.experiment, "kind": "script", "id": listed.run_id, "name": listed.name,
        "number": listed.number, "created_at": listed.created_at, "target": "local", "script": "train.py",
        "argv": ["python", "train.py"], "parameters": listed.parameters,
        "tags": {"best": None} if listed.number == 2 else {},
    }  # fmt: skip
    _put(layout.record, json.dumps(record))
    started = listed.created_at + 0.5
    reason = "exit code 1" if listed.status == "Failed" else None
    ended = {"status": listed.status, "at": started + 40 + listed.number, "reason": reason, "fields": {}}
    _put(layout.statuses / "2.json", json.dumps({**ended, "started_at": started}))
    summary = {"version": 1, "offset": 0, "metrics": _metrics(listed), "tags": {}, "display_name": None}
    _put(layout.summaries / "0a0a0a0a.json", json.dumps(summary))


def _metrics(listed: Listed) -> dict[str, object]:
    """Return the last value and the course of each metric."""
    scale = 1 + listed.number % 7
    curves: dict[str, Curve] = {"loss": lambda x: math.exp(-4 * x / scale), "accuracy": lambda x: 1 - math.exp(-5 * x)}
    if listed.experiment == "sine":
        curves = {"sine": lambda x: math.sin(10 * x + scale)}
    metrics: dict[str, object] = {}
    for name, curve in curves.items():
        spark = [round(curve(step / STEPS), 6) for step in range(STEPS)]
        last = {name: spark[-1]}
        metrics[name] = {
            "kind": "log", "count": STEPS, "at": listed.created_at + 20, "spark": spark, "stride": 1, "last": last,
        }  # fmt: skip
    return metrics


def _put(path: Path, text: str) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    os.write(file, text.encode())
    os.close(file)
