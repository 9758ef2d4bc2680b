"""The plan of a driver's run: the children that it may start; kept in the run's snapshot, where it never changes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cellrun.core.disk import control_file
from cellrun.core.disk.control_file import is_mapping_of
from cellrun.core.layout import RunLayout
from cellrun.core.run_request import RunRequest, request_from_json, request_to_json
from cellrun.core.submission.source_folder import SourceFolder

VARIABLES = "CELLRUN_DRIVER_VARIABLES"
"""Has what the children were given as variables of their environment, as JSON: a run folder keeps no such values."""
_PLAN = "plan.json"
_CODE = "code"
_MOST_BYTES = 10_000_000


@dataclass(frozen=True)
class Plan:
    """The children that a driver may start, by key, and what else it was told."""

    options: Mapping[str, Any]
    requests: Mapping[str, RunRequest]

    @classmethod
    def read(cls, run: RunLayout) -> Plan:
        """Read the plan of the run that this process is the job of, and take its variables out of the environment."""
        data = json.loads((run.snapshot / _PLAN).read_text(encoding="utf-8"))
        variables = json.loads(os.environ.pop(VARIABLES, "{}"))
        return cls(
            data["options"],
            {
                key: request_from_json(request, _code(run, request["code"]), variables.get(key, {}))
                for key, request in data["requests"].items()
            },
        )

    def write(self, draft: RunLayout) -> None:
        """Write it, and the code of every child once, into a run folder that is being built."""
        folders: dict[object, str] = {}
        requests = {}
        for key, request in self.requests.items():
            # Two steps of one folder are the same code, whatever their scripts are.
            code = request.source_directory if isinstance(request.code, SourceFolder) else id(request.code)
            if code not in folders:
                folders[code] = str(len(folders))
                kept = _code(draft, folders[code])
                kept.snapshot.mkdir(parents=True)
                request.code.copy_to(kept)
            requests[key] = {**request_to_json(request), "code": folders[code]}
        text = json.dumps({"options": self.options, "requests": requests}, indent=1, ensure_ascii=False)
        (draft.snapshot / _PLAN).write_text(f"{text}\n", encoding="utf-8")

    def variables(self) -> dict[str, str]:
        """Return the variables that the driver's job needs, so that its children get theirs."""
        given = {key: dict(request.variables) for key, request in self.requests.items() if request.variables}
        return {VARIABLES: json.dumps(given)} if given else {}


def _code(run: RunLayout, number: str) -> RunLayout:
    return RunLayout(run.snapshot / _CODE / number)


def plan_options(run: RunLayout) -> dict[str, Any]:
    """Return what the driver of a run was told besides what its children are. Raises DamagedRunError."""
    path = run.snapshot / _PLAN
    data = control_file.parsed(run.folder, path, control_file.read_control_file(run.folder, path, _MOST_BYTES))
    control_file.check(run.folder, path, data, {"options": is_mapping_of(lambda _: True)}, ["options"])
    options: dict[str, Any] = data["options"]
    return options
