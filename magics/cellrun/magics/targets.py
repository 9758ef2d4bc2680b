"""`%targets`: where the runs of the workspace can be started, and whether all is well there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from IPython.display import display

from cellrun.core.errors import ComputeTargetException
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.sizes import size_text
from cellrun.core.targets.contract import Capability, ComputeTarget, Finding
from cellrun.core.targets.keeper import client as keeper
from cellrun.core.targets.keeper.kept_state import KeptState, said_of
from cellrun.core.targets.kinds import kind_names
from cellrun.core.targets.workspace_targets import WorkspaceTargets
from cellrun.core.workspace import Workspace
from cellrun.magics.options import MagicParser
from cellrun.magics.table import Table
from cellrun.magics.view import plain_errors

_HEADER = ("Target", "Kind", "Where", "Running", "Waiting", "CPUs", "GPUs", "Memory", "What it can do")
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
        layout = Workspace.from_config().layout
        known = WorkspaceTargets(layout)
        if given.name:
            table = Table(("", "Looked at", "Found"), map(_found, _findings(known.get(given.name), layout)))
        else:
            kept = keeper.states(layout)
            heard = [f"{name}: {said_of(state)}" for name, state in sorted(kept.items())]
            table = Table(_HEADER, _listed(known, kept), [*heard, _ATTACH.format(kinds=", ".join(kind_names()))])
    display(table)  # type: ignore[no-untyped-call]


def _findings(target: ComputeTarget, workspace: WorkspaceLayout) -> list[Finding]:
    """Look at a target; what the keeper says of it afterwards comes last."""
    found = target.doctor()
    if target.name in keeper.states(workspace):
        keeper.wake(workspace, target.name)  # what was amiss may be well now
        state = keeper.states(workspace)[target.name]
        found.append(Finding("runs", not (state.why_not or state.problems), said_of(state)))
    return found


def _found(finding: Finding) -> tuple[str, ...]:
    return ("✓" if finding.is_well else "✕", finding.subject, finding.text)


def _listed(known: WorkspaceTargets, kept: Mapping[str, KeptState]) -> Iterator[tuple[str, ...]]:
    """Iterate over the lines of the table. One of which the keeper doesn't hear isn't asked: that would take long."""
    for name in known.names():
        kind, where, why = "", "", kept[name].why_not if name in kept else ""
        try:
            target = known.get(name)
            kind, where = target.kind, target.where
            cells = None if why else _cells(target)
        except ComputeTargetException as error:  # damaged, of a kind that isn't here, or silent: the others are listed
            cells, why = None, str(error)
        yield cells or (name, kind, where, *[""] * (len(_HEADER) - 4), f"✕ {why}")


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
        target.where,
        str(described.running),
        str(described.waiting),
        f"{used.cpus} of {most.cpus}",
        f"{used.gpus} of {most.gpus}",
        memory,
        ", ".join(abilities),
    )
