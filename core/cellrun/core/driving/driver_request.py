"""From a plan to the run that drives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.resources import Resources
from cellrun.core.run_request import RunCode, RunRequest
from cellrun.core.submission.submission import problems_of_target

if TYPE_CHECKING:
    from cellrun.core.driving.plan import Plan

DRIVE = "drive.py"
_HOLDS_NOTHING = Resources(cpus=0)  # else a machine full of drivers would have no room for what they drive


def driver_request(  # noqa: PLR0913  # a run has so many sides
    driver: str,
    plan: Plan,
    *,
    type: str,  # noqa: A002  # as the request has it
    properties: Mapping[str, str],
    name: str | None = None,
    source_directory: str | None = None,
) -> RunRequest:
    """Return the request of a run on this machine whose job drives a plan; it holds no core.

    `driver` names the class that decides, `module:Class`, a `Driver`. The children's code is taken along as it is now.
    """
    return RunRequest(
        "script",
        DRIVE,
        code=DriverCode(driver, plan),
        source_directory=source_directory,
        variables=plan.variables(),
        resources=_HOLDS_NOTHING,
        name=name,
        type=type,
        properties=properties,
    )


class DriverCode(RunCode):
    """The snapshot of a driver's run: its plan, the code of its children, and the line that starts it."""

    def __init__(self, driver: str, plan: Plan) -> None:
        self._driver = driver
        self._plan = plan

    def problems(self, workspace: WorkspaceLayout) -> Sequence[str]:
        """Return every reason why one of the children could never run."""
        return [
            f"{request.name or key}: {problem}"
            for key, request in self._plan.requests.items()
            for problem in (*problems_of_target(workspace, request), *request.code.problems(workspace))
        ]

    def warnings(self) -> Sequence[str]:
        """Return what of the children's code is left out."""
        found = (warning for request in self._plan.requests.values() for warning in request.code.warnings())
        return list(dict.fromkeys(found))

    def copy_to(self, draft: RunLayout) -> None:
        """Write it into a run folder that is being built."""
        self._plan.write(draft)
        lines = f"from cellrun.core.driving.drive import drive\n\ndrive({self._driver!r})\n"
        (draft.snapshot / DRIVE).write_text(lines, encoding="utf-8")
