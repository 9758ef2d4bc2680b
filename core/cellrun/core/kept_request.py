"""A request as plain values: as a driver keeps it until it submits it, and as it goes to another machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cellrun.core.disk.whole_files import copy_tree
from cellrun.core.distributed.distribution import Distribution
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.resources import Resources
from cellrun.core.run_data import DataPlaceholder, RunInput, RunOutput
from cellrun.core.run_request import RunCode, RunRequest

_PLAIN = (
    *("kind", "program", "source_directory", "target", "max_run_duration_seconds", "name", "type", "properties"),
    "cell",
)
_ADDED = ("parent", "experiment", "workspace", "repeats", "trust", "signed", "options", "env_in_engine")
"""What a request that an earlier version kept has none of."""


class KeptCode(RunCode):
    """The code of a child, as it was when its driver was submitted. `folder` has a `snapshot` and maybe a `context`."""

    def __init__(self, folder: RunLayout, links: Mapping[str, str]) -> None:
        self.folder = folder
        self._links = links

    def problems(self, workspace: WorkspaceLayout) -> Sequence[str]:  # noqa: ARG002  # it is in the same
        """Return what of it is gone."""
        return () if self.folder.snapshot.is_dir() else (f"its code {self.folder.snapshot} is gone",)

    def links(self) -> Mapping[str, str]:
        """Return what is linked into the child's working folder."""
        return self._links

    def copy_to(self, draft: RunLayout) -> None:
        """Copy it into a child's folder."""
        copy_tree(self.folder.snapshot, draft.snapshot)
        if self.folder.context.is_dir():
            copy_tree(self.folder.context, draft.context)


def request_to_json(request: RunRequest) -> dict[str, Any]:
    """Return a request as plain values: without its code and without the values of its variables, maybe secrets."""
    wanted = request.environment
    return {
        **{name: getattr(request, name) for name in (*_PLAIN, *_ADDED)},
        "properties": dict(request.properties),
        "options": dict(request.options),
        "cell": None if request.cell is None else dict(request.cell),
        "arguments": [{"data": one.name} if isinstance(one, DataPlaceholder) else one for one in request.arguments],
        "inputs": [one.to_json() for one in request.inputs],
        "outputs": [one.to_json() for one in request.outputs],
        "environment": None if isinstance(wanted, EnvironmentSpec) else wanted,
        "environment_spec": wanted.to_json() if isinstance(wanted, EnvironmentSpec) else None,
        "resources": request.resources.to_json(),
        "distribution": None if request.distribution is None else request.distribution.to_json(),
        "links": dict(request.code.links()),
    }


def request_from_json(data: Mapping[str, Any], code: RunLayout, variables: Mapping[str, str]) -> RunRequest:
    """Return the request that `request_to_json` gave, with its code where it is kept."""
    spec = data["environment_spec"]
    environment = data["environment"] if spec is None else EnvironmentSpec.from_json(spec)
    own = environment.variables if isinstance(environment, EnvironmentSpec) else {}
    return RunRequest(
        **{name: data[name] for name in (*_PLAIN, *_ADDED) if name not in _ADDED or name in data},
        arguments=tuple(one if isinstance(one, str) else DataPlaceholder(one["data"]) for one in data["arguments"]),
        inputs=tuple(map(RunInput.from_json, data["inputs"])),
        outputs=tuple(map(RunOutput.from_json, data["outputs"])),
        environment=environment,
        variables={**own, **variables},
        resources=Resources.from_json(data["resources"]),
        distribution=None if data["distribution"] is None else Distribution.from_json(data["distribution"]),
        code=KeptCode(code, data["links"]),
    )
