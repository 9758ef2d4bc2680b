"""Every file name of a workspace and of a run folder, in one place.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import os
from pathlib import Path

RUN_FOLDERS = frozenset({"outputs", "logs"})
"""Names in a job's working directory that are the run's own: no file of the user's takes their place."""

PREPARATION_LOG = "user_logs/prepare_log.txt"
FINISH_LOG = "user_logs/finish_log.txt"


class RunLayout:
    """The files of one run. `folder` is the run's folder, absolute."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)

    @property
    def run_id(self) -> str:
        """The run's id, which is the folder's name."""
        return self.folder.name

    def is_same(self, other: RunLayout) -> bool:
        """Whether both are one folder: it may be reached by several paths, and a copy of it is another one."""
        if self.folder == other.folder:
            return True
        try:
            return self.run_id == other.run_id and self.folder.samefile(other.folder)
        except OSError:  # one of them is gone
            return False

    @property
    def record(self) -> Path:
        """What was submitted, written once."""
        return self.folder / "run.json"

    @property
    def snapshot(self) -> Path:
        """The code as it was submitted; never touched afterwards."""
        return self.folder / "snapshot"

    @property
    def context(self) -> Path:
        """A captured cell's context: names, values by hash, modules."""
        return self.folder / "context"

    @property
    def signed(self) -> Path:
        """The hashes of what was submitted: of the record, the context and the snapshot's files; signed by its user."""
        return self.folder / "signed.json"

    @property
    def inputs(self) -> Path:
        """The run's inputs by name, as far as they aren't read in place: links to their files."""
        return self.folder / "inputs"

    @property
    def input_files(self) -> Path:
        """Which files its inputs had when it started, with sizes and times; their hashes once these are known."""
        return self.folder / "input_files.json"

    @property
    def used_data(self) -> Path:
        """The datasets that its code named as inputs while it went on."""
        return self.folder / "used_data.json"

    @property
    def delivery(self) -> Path:
        """The outputs by name that are brought into their datastores when the run has completed."""
        return self.folder / "delivery"

    @property
    def delivered(self) -> Path:
        """What became of its outputs: where they are, and as what they were registered."""
        return self.folder / "delivered.json"

    @property
    def results(self) -> Path:
        """The values that a cell gave back when it had completed, as a context; not there if none were asked for."""
        return self.folder / "results"

    @property
    def work(self) -> Path:
        """The job's working directory: a copy of the snapshot."""
        return self.folder / "work"

    @property
    def outputs(self) -> Path:
        """The run's outputs."""
        return self.work / "outputs"

    @property
    def logs(self) -> Path:
        """Log files that the user's code writes."""
        return self.work / "logs"

    @property
    def files(self) -> Path:
        """Uploaded files whose names are neither below `outputs/` nor below `logs/`."""
        return self.folder / "files"

    @property
    def log(self) -> Path:
        """The job's stdout and stderr, raw bytes (Azure ML's name for it)."""
        return self.folder / "user_logs" / "std_log.txt"

    @property
    def statuses(self) -> Path:
        """The folder of status files, `<n>.json`; the highest n is the status."""
        return self.folder / "status"

    @property
    def events(self) -> Path:
        """The folder of event logs, `<writer>.jsonl`."""
        return self.folder / "events"

    @property
    def summaries(self) -> Path:
        """The folder of summaries, `<writer>.json`, one per event log."""
        return self.folder / "summary"

    @property
    def notes(self) -> Path:
        """What others than its status's owner have to say about the run, one JSON object per line."""
        return self.folder / "notes.jsonl"

    @property
    def arriving(self) -> Path:
        """What has come of a run that goes on elsewhere and isn't in its place yet; gone when it is home."""
        return self.folder / "arriving"

    @property
    def arriving_lock(self) -> Path:
        """Held by whoever takes in what comes of a run elsewhere."""
        return self.folder / "arriving.lock"

    @property
    def environment(self) -> Path:
        """What the run was run by: packages, hardware, uncommitted changes; written beside the running job."""
        return self.folder / "environment.json"

    @property
    def launch(self) -> Path:
        """How the run's process is to be started, without secrets."""
        return self.folder / "launch.json"

    @property
    def target(self) -> Path:
        """Where the run was started: its target, and what that calls it."""
        return self.folder / "target.json"

    @property
    def last_log(self) -> Path:
        """The log that says last how the run went: of one whose job never began, how things were made ready for it."""
        is_silent = not self.log.exists() or not self.log.stat().st_size
        return self.preparation_log if is_silent and self.preparation_log.exists() else self.log

    @property
    def preparation_log(self) -> Path:
        """What the commands printed that made things ready before the job started."""
        return self.folder / PREPARATION_LOG

    def rank_log(self, rank: int) -> Path:
        """Return where the process of a rank above 0 prints, of a run of several; the first one does into `log`."""
        return self.log.with_name(f"std_log_{rank}.txt")

    def rank_logs(self) -> list[Path]:
        """Return those of them that are there, in order."""
        found = (path for path in self.log.parent.glob("std_log_*.txt") if path.stem[8:].isdecimal())
        return sorted(found, key=lambda path: int(path.stem[8:]))

    @property
    def finish_log(self) -> Path:
        """What the commands printed that took care of what the job had made."""
        return self.folder / FINISH_LOG

    @property
    def claim(self) -> Path:
        """Made by the one supervisor that starts the job: a run is never started twice."""
        return self.folder / "started"

    def claim_of(self, attempt: int) -> Path:
        """Return what the supervisor of an attempt makes, from 1 on: an engine may start a run again by itself."""
        return self.claim if attempt == 1 else self.folder / f"{self.claim.name}-{attempt}"

    @property
    def processes(self) -> Path:
        """Identities of the supervisor and the job, written as they start."""
        return self.folder / "process.json"

    @property
    def completion(self) -> Path:
        """The exit code that the job's own interpreter has left, for want of a supervisor that could ask for it."""
        return self.folder / "completion.json"

    @property
    def cancel_request(self) -> Path:
        """Its existence asks the owner to cancel the run."""
        return self.folder / "requests" / "cancel.json"

    @property
    def workspace(self) -> WorkspaceLayout:
        """The workspace that the run folder stands in."""
        return WorkspaceLayout(self.folder.parent.parent)


class WorkspaceLayout:
    """The files of one workspace."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)

    @property
    def record(self) -> Path:
        """The workspace's id and name."""
        return self.folder / "workspace.json"

    @property
    def azure_names(self) -> Path:
        """What old code has said of it: its subscription, its resource group and the like."""
        return self.folder / "azure.json"

    @property
    def runs(self) -> Path:
        """All run folders."""
        return self.folder / "runs"

    @property
    def experiments(self) -> Path:
        """One folder per experiment."""
        return self.folder / "experiments"

    @property
    def values(self) -> Path:
        """Captured values and snapshot files, content-addressed, shared by runs."""
        return self.folder / "values"

    @property
    def orphans(self) -> Path:
        """Is there while `values` may hold what no run names: somebody was killed, or could not free it."""
        return self.values / ".orphans"

    @property
    def changes(self) -> Path:
        """One run id per line, appended by whoever changes a run: where the index reads on from."""
        return self.folder / "changes"

    @property
    def targets(self) -> Path:
        """The compute targets that were attached, `<name>.json`."""
        return self.folder / "targets"

    @property
    def data(self) -> Path:
        """What the workspace's own datastore holds."""
        return self.folder / "data"

    @property
    def datastores(self) -> Path:
        """The datastores that were registered, `<name>.json`; no credentials are in them."""
        return self.folder / "datastores"

    @property
    def default_datastore(self) -> Path:
        """The name of the datastore that is used when none is named; not there while it is the workspace's own."""
        return self.datastores / ".default.json"

    @property
    def datasets(self) -> Path:
        """The datasets that were registered, one folder a name: `<version>.json`, and beside it what can be changed."""
        return self.folder / "datasets"

    @property
    def environments(self) -> Path:
        """The environments that were registered, `<name>/<version>.json`."""
        return self.folder / "environments"

    @property
    def models(self) -> Path:
        """The models that were registered, `<name>/<version>/`: what is known of them, and their files."""
        return self.folder / "models"

    @property
    def step_runs(self) -> Path:
        """By a hash of all that a pipeline's step was, the id of the last run that has completed it."""
        return self.folder / "step_runs"

    @property
    def wheels(self) -> Path:
        """Wheels that environments of this workspace install."""
        return self.folder / "wheels"

    def run(self, run_id: str) -> RunLayout:
        """Return the layout of one run."""
        return RunLayout(self.runs / run_id)

    def experiment(self, name: str) -> Path:
        """Return the folder of one experiment (its record and the run numbers taken)."""
        return self.experiments / name
