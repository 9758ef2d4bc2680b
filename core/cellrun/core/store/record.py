"""What was submitted: the run's record, written once."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from cellrun.core.store.layout import RunLayout

RunKind = Literal["script", "command", "cell", "interactive"]

VERSION = 1


@dataclass(frozen=True)
class RunRecord:
    """One run as it was asked for. Nothing in it ever changes; what happens to the run is in its status and events."""

    experiment: str
    kind: RunKind
    workspace_id: str = ""
    id: str = ""
    """Made when the run is created, unless it is given."""
    name: str = ""
    """`<experiment>-<number>`, made when the run is created."""
    number: int = 0
    display_name: str | None = None
    type: str | None = None
    """Azure ML's run type: "azureml.scriptrun" for a submitted run, None for an interactive one."""
    target: str = "local"
    created_at: float = 0.0
    """Epoch seconds."""
    created_by: dict[str, Any] = field(default_factory=dict)
    """The identity of the process that submitted or opened the run (`ProcessIdentity.to_json`)."""
    argv: list[str] = field(default_factory=list)
    parameters: dict[str, str] = field(default_factory=dict)
    """Pairs parsed from argv: `--k v`, `--k=v`."""
    script: str | None = None
    command: str | None = None
    source_directory: str | None = None
    environment_variables: list[str] = field(default_factory=list)
    """Names alone: values may be secrets."""
    resources: dict[str, Any] = field(default_factory=dict)
    """cpus, gpus, memory_bytes."""
    max_run_duration_seconds: float | None = None
    git: dict[str, Any] = field(default_factory=dict)
    """head, branch."""
    python: str = ""
    cell: dict[str, Any] | None = None
    """source, id, notebook, execution_count, title."""
    tags: dict[str, str | None] = field(default_factory=dict)
    """The tags at submission; later ones are events."""
    version: int = VERSION
    unknown: dict[str, Any] = field(default_factory=dict)
    """Keys of a newer cellrun, kept as they are."""

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> RunRecord:
        """Read what `to_json` gave, now or in another version."""
        known = {item.name for item in fields(cls)} - {"unknown"}
        return cls(
            **{key: value for key, value in data.items() if key in known},
            unknown={key: value for key, value in data.items() if key not in known},
        )

    def to_json(self) -> dict[str, Any]:
        """Return the record as plain values."""
        known = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "unknown"}
        return {**known, **self.unknown}

    @classmethod
    def read(cls, layout: RunLayout) -> RunRecord:
        """Read the record of a run folder."""
        return cls.from_json(json.loads(layout.record.read_bytes()))

    def write(self, layout: RunLayout) -> None:
        """Write the record, once and for good."""
        with layout.record.open("x") as file:
            json.dump(self.to_json(), file, indent=1)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
