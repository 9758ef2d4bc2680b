"""The driver of a pipeline: starts a step when those before it have completed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from cellrun.core.data.in_run.binding import store_of
from cellrun.core.disk.whole_files import copy_plain, copy_tree
from cellrun.core.driving.children import Children
from cellrun.core.driving.drive import say
from cellrun.core.driving.driver import Driver
from cellrun.core.driving.plan import Plan
from cellrun.core.errors import CellrunError
from cellrun.core.layout import RunLayout
from cellrun.core.pipelines import reuse
from cellrun.core.pipelines.edge import found
from cellrun.core.run_data import RunInput, RunOutput
from cellrun.core.run_request import RunRequest
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.submission.submission import record_of

REUSED = "azureml.reusedrunid"


class PipelineDriver(Driver):
    """Starts each step when those have completed that it waits for.

    Responsibilities: where a step finds what others made, whether an earlier run does as well, which steps never begin
    once one has failed.
    """

    def __init__(self, plan: Plan, children: Children) -> None:
        super().__init__(plan, children)
        self._steps: Mapping[str, Any] = plan.options["steps"]
        self._waiting = list(self._steps)
        self._running: dict[str, RunLayout] = {}
        self._completed: dict[str, RunLayout] = {}
        self._failed: dict[str, str] = {}
        """Why, by step."""
        self._hashes: dict[str, str] = {}
        say(f"pipeline of {len(self._steps)} steps: {', '.join(self._names())}")

    def advance(self) -> bool:
        """Take notice of steps that have ended, begin those that can."""
        self._look()
        self._skip()
        for key in [key for key in self._waiting if self._completed.keys() >= {*self._steps[key]["after"]}]:
            self._waiting.remove(key)
            try:
                self._start(key)
            except (CellrunError, OSError) as error:
                self._fail(key, f"could not be started: {error}")
        return not self._waiting and not self._running

    def failure(self) -> str:
        """Return which steps have failed, and why."""
        return "; ".join(f"step {self._name(key)!r} {why}" for key, why in self._failed.items()).replace("\n", " ")

    def _look(self) -> None:
        seen = self.children.look()
        for key, run in list(self._running.items()):
            end = seen[run]
            if not end.status.is_terminal:
                continue
            del self._running[key]
            if end.status is Status.COMPLETED:
                say(f"step {self._name(key)!r} completed: {run.run_id}")
                self._completed[key] = run
                if key in self._hashes:
                    reuse.note_completed(self._hashes[key], run)
            else:
                why = f": {end.reason}" if end.reason else ""
                self._fail(key, f"{end.status.word} ({run.run_id}){why}")

    def _fail(self, key: str, why: str) -> None:
        self._failed[key] = why
        say(f"step {self._name(key)!r} {why}")

    def _skip(self) -> None:
        """Let steps go that will never begin."""
        if not self._failed:
            return
        goes_on = self.plan.options["continue_on_step_failure"]
        gone = {*self._steps} - {*self._waiting} - self._running.keys() - self._completed.keys()
        for key in list(self._waiting):  # in the order in which they could run
            if not goes_on or gone & {*self._steps[key]["after"]}:
                self._waiting.remove(key)
                gone.add(key)
                say(f"step {self._name(key)!r} isn't started: {', '.join(map(repr, self._names(self._failed)))} failed")

    def _start(self, key: str) -> None:
        request, workspace = self._with_data(key), self.children.run.workspace
        if self._steps[key]["allow_reuse"]:
            digest = reuse.step_hash(request, workspace)
            request = _with_properties(request, {reuse.HASH: digest})
            if earlier := reuse.earlier_run(digest, workspace):
                self._completed[key] = run = self._reused(request, earlier)
                say(f"step {self._name(key)!r} reuses {earlier.run_id}: {run.run_id}")
                return
            self._hashes[key] = digest
        self._running[key] = run = self.children.start(request)
        say(f"step {self._name(key)!r} is submitted: {run.run_id}")

    def _with_data(self, key: str) -> RunRequest:
        """Return a step's request with its inputs where the steps before have put them."""
        edges = self._steps[key]["edges"]
        inputs = tuple(self._found(one, *edges[one.name]) if one.name in edges else one for one in self._inputs(key))
        request = replace(self.plan.requests[key], inputs=inputs)
        return _with_properties(request, {"azureml.pipelinerunid": self.children.record.id, "azureml.nodeid": key})

    def _inputs(self, key: str) -> Iterator[RunInput]:
        return iter(self.plan.requests[key].inputs)

    def _found(self, wanted: RunInput, maker: str, name: str, is_dataset: bool) -> RunInput:  # noqa: FBT001  # as the plan has it
        run = self._completed[maker]
        output = RunOutput.from_json(RunRecord.read(run).outputs[name])
        store = store_of(run.workspace, output.datastore).name
        return found(wanted, output, store, run.run_id, is_dataset=is_dataset)

    def _reused(self, request: RunRequest, earlier: RunLayout) -> RunLayout:
        """Make a run of a step that an earlier one has completed: it has that one's files, values and outputs."""
        before = RunRecord.read(earlier)
        first = before.initial_properties.get(REUSED, before.id)
        outputs = (RunOutput.from_json(one) for one in before.outputs.values())
        request = replace(
            _with_properties(request, {REUSED: first, "azureml.isreused": "true"}),
            outputs=tuple(replace(one, path=one.path_of(before.id)) for one in outputs),
            parent=self.children.record.id,
            experiment=self.children.record.experiment,
        )
        record = record_of(earlier.workspace, request)
        run = RunStore(earlier.workspace).create(
            record._replace(workspace_id=before.workspace_id, git=before.git), lambda draft: _copy(earlier, draft)
        )
        StatusFile(run).change(Status.COMPLETED, expected={Status.NOT_STARTED}, reason=f"reused {first}")
        return run

    def _names(self, keys: Any = None) -> list[str]:
        return [self._name(key) for key in (self._steps if keys is None else keys)]

    def _name(self, key: str) -> str:
        return str(self._steps[key]["name"])


def _with_properties(request: RunRequest, properties: Mapping[str, str]) -> RunRequest:
    return replace(request, properties={**request.properties, **properties})


def _copy(earlier: RunLayout, draft: RunLayout) -> None:
    """Copy what an earlier run has logged and kept, and its code."""
    for name in ("snapshot", "events", "summaries", "outputs", "logs"):
        source, target = getattr(earlier, name), getattr(draft, name)
        if source.is_dir():
            copy_tree(source, target)
    if earlier.log.is_file() and not earlier.log.is_symlink():
        copy_plain(earlier.log, draft.log)
