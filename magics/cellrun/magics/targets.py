"""`%targets`: where the runs of the workspace can be started, and whether all is well there."""

from __future__ import annotations

from IPython.display import display

from cellrun.core.resources import size_text
from cellrun.core.targets.contract import Capability, Finding
from cellrun.core.targets.keeper.kept_state import state_text
from cellrun.core.targets.kinds import kind_names
from cellrun.core.targets.target_states import TargetState, TargetStates, findings_of_kept
from cellrun.core.targets.workspace_targets import WorkspaceTargets
from cellrun.core.workspace import Workspace
from cellrun.magics.options import MagicParser
from cellrun.magics.shell import plain_errors
from cellrun.magics.table import Table

_HEADER = ("Target", "Kind", "Where", "Running", "Waiting", "CPUs", "GPUs", "Memory", "What it can do")
_ANSWERS_S = 30.0
"""So long the slowest is waited for: a machine that doesn't answer takes ssh a while."""
_ATTACH = (
    "Workspace.from_config().attach(name, kind, **settings) adds one (kinds: {kinds}); "
    "%targets NAME looks whether all is well there"
)


_PARSER = MagicParser("targets", "%targets local")
_PARSER.add_argument("name", nargs="?", help="look at this one closely; left out, list all; e.g. local")


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
        if given.name:
            found = findings_of_kept(WorkspaceTargets(layout).get(given.name), layout)
            table = Table(("", "Looked at", "Found"), map(_found, found))
        else:
            states = TargetStates(layout).answered(_ANSWERS_S)
            heard = [f"{state.name}: {state_text(state.kept)}" for state in states if state.kept]
            how = _ATTACH.format(kinds=", ".join(kind_names()))
            table = Table(_HEADER, map(_cells, states), [*heard, how])
    display(table)  # type: ignore[no-untyped-call]


def _found(finding: Finding) -> tuple[str, ...]:
    return ("✓" if finding.is_well else "✕", finding.subject, finding.text)


def _cells(state: TargetState) -> tuple[str, ...]:
    """Return a line of the table. One that isn't heard of has why in its last place, not how full it was once."""
    why = state.why_unusable or state.why_not or ("it hasn't answered yet" if state.described is None else "")
    if why or state.described is None:
        return (state.name, state.kind, state.where, *[""] * (len(_HEADER) - 4), f"✕ {why}")
    described = state.described
    used, most = described.in_use, described.capacity
    memory = f"{size_text(used.memory_bytes)} of {size_text(most.memory_bytes)}"
    abilities = [str(each).replace("_", " ") for each in Capability if each in state.capabilities]
    abilities += [f"shares {folder}" for folder in described.shared_folders]
    abilities += ["reaches this machine"] if described.reaches_server else []
    return (
        state.name,
        state.kind,
        state.where,
        str(described.running),
        str(described.waiting),
        f"{used.cpus} of {most.cpus}",
        f"{used.gpus} of {most.gpus}",
        memory,
        ", ".join(abilities),
    )
