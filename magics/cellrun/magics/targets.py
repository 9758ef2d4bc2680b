"""`%targets`: where the runs of the workspace can be started, and whether all is well there."""

from __future__ import annotations

from collections.abc import Iterator

from IPython.display import display

from cellrun.core.errors import ComputeTargetException
from cellrun.core.sizes import size_text
from cellrun.core.targets.contract import Capability, ComputeTarget
from cellrun.core.targets.keeper import client
from cellrun.core.targets.keeper.kept_state import said_of
from cellrun.core.targets.kinds import kind_names
from cellrun.core.targets.workspace_targets import WorkspaceTargets
from cellrun.core.workspace import Workspace
from cellrun.magics.options import MagicParser
from cellrun.magics.table import Table
from cellrun.magics.view import plain_errors

_HEADER = ("Target", "Kind", "Running", "Waiting", "CPUs", "GPUs", "Memory", "What it can do")
_ATTACH = (
    "Workspace.from_config().attach(name, kind, **settings) adds one (kinds: {kinds}); "
    "%targets NAME looks whether all is well there"
)


def _parser() -> MagicParser:
    parser = MagicParser("targets", "%targets local")
    parser.add_argument("name", nargs="?", help="look at this one closely; left out, list all; e.g. local")
    return parser


_PARSER = _parser()


@_PARSER.explains
def targets(line: str) -> None:
    """List the compute targets of the workspace, with how full they are, or look closely at one.

        %targets
        %targets local

    %%submit --target NAME starts a run there.
    """
    given = _PARSER.parse_line(line)
    with plain_errors():
        workspace = Workspace.from_config().layout
        known = WorkspaceTargets(workspace)
        if given.name:
            findings = known.get(given.name).doctor()
            if given.name in client.states(workspace):
                client.wake(workspace, given.name)  # what was amiss may be put right
            rows = [("✓" if finding.is_well else "✕", finding.subject, finding.text) for finding in findings]
            table = Table(("", "Looked at", "Found"), rows)
        else:
            kept = [f"{name}: {said_of(state)}" for name, state in sorted(client.states(workspace).items())]
            table = Table(_HEADER, _listed(known), [*kept, _ATTACH.format(kinds=", ".join(kind_names()))])
    display(table)  # type: ignore[no-untyped-call]


def _listed(known: WorkspaceTargets) -> Iterator[tuple[str, ...]]:
    for name in known.names():
        try:
            yield _cells(known.get(name))
        except ComputeTargetException as error:  # damaged, of a kind that isn't here, or silent: the others are listed
            yield (name, *[""] * (len(_HEADER) - 2), f"✕ {error}")


def _cells(target: ComputeTarget) -> tuple[str, ...]:
    described = target.describe()
    used, most = described.in_use, described.capacity
    memory = f"{size_text(used.memory_bytes)} of {size_text(most.memory_bytes)}"
    abilities = [str(each).replace("_", " ") for each in Capability if each in target.capabilities]
    abilities += [f"shares {folder}" for folder in described.shared_folders]
    abilities += ["reaches this machine"] if described.reaches_server else []
    return (
        target.name,
        target.kind,
        str(described.running),
        str(described.waiting),
        f"{used.cpus} of {most.cpus}",
        f"{used.gpus} of {most.gpus}",
        memory,
        ", ".join(abilities),
    )
