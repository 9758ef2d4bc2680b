"""Where a run is: where its target started it, or that it was sent to this machine, without its workspace.

What the code of a run that was sent would write into the workspace here never comes home, and what is in the workspace
isn't here: both are refused, in words, where they are asked for. Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Literal, NamedTuple

from cellrun.core.disk import control_file
from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.disk.whole_files import replace_file
from cellrun.core.errors import WorkspaceElsewhereError
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.own_run import own_run
from cellrun.core.store.record import RunRecord

_VERSION = 1


class RunTarget(NamedTuple):
    """The content of a run's target.json."""

    name: str
    kind: str
    shares_processes: bool
    """Whether the run's processes are this machine's, so that their death can be proven from here."""
    handle: Mapping[str, Any] = {}
    """What the target finds the run by; none of it is a secret. `host` and `folder` say where that is, to people."""

    @classmethod
    def read(cls, layout: RunLayout) -> RunTarget | None:
        """Return where a run was started; None if it wasn't yet, or the file is damaged."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            data = control_file.read_object(layout.folder, layout.target)
            return cls(str(data["name"]), str(data["kind"]), bool(data["shares_processes"]), dict(data["handle"]))
        return None

    def write(self, layout: RunLayout) -> None:
        """Write it into the run's folder, in place of an earlier one."""
        replace_file(layout.target, json.dumps({"version": _VERSION, **self._asdict()}))


def place_text(layout: RunLayout, name: str) -> str:
    """Return where a run is, for people: the name of its target, and of its machine if that has another."""
    target = RunTarget.read(layout)
    host = str(target.handle.get("host") or "") if target else ""
    return name if host in {"", name} else f"{name} ({host})"


def is_elsewhere(layout: RunLayout) -> bool:
    """Whether a run's processes aren't this machine's: whoever is here can't prove that they died."""
    target = RunTarget.read(layout)
    return target is not None and not target.shares_processes


Missed = Literal["runs", "children", "parent", "models", "datasets", "datastores", "environments", "secrets"]

_OUTPUTS = "write files to outputs/, which comes home with the run"
_INSTEAD: Mapping[Missed, str] = {
    "runs": "log to the run itself, which Run.get_context() gives; start other runs in the notebook",
    "children": "log to the run itself; make its children where it was submitted (run.create_children, "
    "run.submit_child)",
    "parent": "log to the run itself: its parent can read that, where it was submitted",
    "models": "write the model to outputs/, and register it in the notebook once the run is home: "
    "run.register_model(…)",
    "datasets": f"{_OUTPUTS}, and register them in the notebook once it is there",
    "datastores": _OUTPUTS,
    "environments": "register and read them where the run was submitted",
    "secrets": "give the run what it needs as environment variables (--env NAME)",
}


def is_sent(layout: RunLayout) -> bool:
    """Whether a run's folder was sent to this machine: where it was made, its number was taken beside it.

    Raises as `RunRecord.read` does.
    """
    record = RunRecord.read(layout)
    return not (layout.workspace.experiment(record.experiment) / str(record.number)).exists()


def own_sent_run() -> RunLayout | None:
    """Return the run that this process is part of, if that was sent to this machine."""
    run = own_run()
    with suppress(*UNREADABLE):
        return run if run is not None and is_sent(run) else None
    return None


def refuse_elsewhere(workspace: WorkspaceLayout, what: Missed) -> None:
    """Raise WorkspaceElsewhereError if this process's run was sent here and asks for something of its workspace."""
    run = own_sent_run()
    if run is not None and run.workspace.folder.absolute() == workspace.folder.absolute():
        raise elsewhere_error(run, what)


def elsewhere_error(run: RunLayout, what: Missed) -> WorkspaceElsewhereError:
    """Return what says that something of a run's workspace can't be had where it runs, and what to do."""
    return WorkspaceElsewhereError(
        f"{_WORDS.get(what, f'{what} of its workspace')} can't be had or made in run {run.run_id}: it runs on another "
        f"machine than its workspace is on, and nothing but the run itself comes home from there; {_INSTEAD[what]}"
    )


_WORDS: Mapping[Missed, str] = {
    "runs": "other runs",
    "children": "children",
    "parent": "its parent",
    "secrets": "secrets of its workspace's keyvault",
}
