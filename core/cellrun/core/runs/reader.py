"""The reading side of a run: its metrics, tags, files, notes and details."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

from cellrun.core.disk.ownership import owner
from cellrun.core.errors import UserErrorException
from cellrun.core.front_end import plain
from cellrun.core.layout import RunLayout
from cellrun.core.runs.details import run_details
from cellrun.core.runs.files import RunFiles
from cellrun.core.store.environment import read_environment
from cellrun.core.store.notes import run_notes
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import check_is_there
from cellrun.core.store.status import Status

if TYPE_CHECKING:
    from cellrun.core.runs.kept_snapshot import KeptSnapshot
    from cellrun.core.store.events.metrics import Metrics
    from cellrun.core.store.events.reader import Damage
    from cellrun.core.store.events.summary import Summary
    from cellrun.core.store.status import StatusRecord


_DAMAGE_TOLD = 3
"""Of so many damaged records each is told by itself."""


class RunReader:
    """The reading side of a run. Each look costs what is new since the last one.

    What reads events is imported when it is first needed: a job that only logs doesn't wait for it.
    """

    def __init__(self, layout: RunLayout) -> None:
        self._layout = layout
        self._files = RunFiles(layout)
        self._damage_told: set[Damage] = set()

    def check_is_there(self) -> None:
        """Raise RunNotFoundError if the run has been deleted: what is remembered of it is no answer then."""
        check_is_there(self._layout)

    @cached_property
    def record(self) -> RunRecord:
        """What was submitted; it never changes."""
        self.check_is_there()
        return RunRecord.read(self._layout)

    @cached_property
    def _metrics(self) -> Metrics:
        from cellrun.core.store.events.metrics import Metrics  # noqa: PLC0415  # see above
        from cellrun.core.store.events.reader import EventReader  # noqa: PLC0415

        return Metrics(EventReader(self._layout), self.record.tags)

    def metrics(self, name: str | None, *, populate: bool = False) -> dict[str, Any]:
        """Return the metrics by name, in Azure ML's shapes; only the one asked for, if any.

        `populate`: of images and documents what is in their files, in place of their addresses.
        """
        self.check_is_there()
        self._metrics.update()
        self._tell_damage()
        shapes = self._metrics.plain(self._files.content if populate else None, name)
        if name is None:
            return shapes
        return {name: shapes[name]} if name in shapes else {}

    def document(self, name: object) -> dict[str, Any] | None:
        """Return the document that was logged last under a name; None if none was."""
        self.check_is_there()
        self._metrics.update()
        paths = [path for logged, path in self._metrics.images if logged == name]
        content = self._files.content(paths[-1]) if paths else None
        return content if isinstance(content, dict) else None

    def tags(self) -> dict[str, str | None]:
        """Return the tags."""
        self.check_is_there()
        return self._summary().apply_tags(self.record.tags)

    def properties(self) -> dict[str, str]:
        """Return the properties."""
        self.check_is_there()
        return self._summary().apply_properties(self.record.initial_properties)

    def display_name(self) -> str:
        """Return the name that the run was given last; its own name if none was."""
        self.check_is_there()
        given = self._summary().display_name
        return (given and given[1]) or self.record.display_name or self.record.name

    def description(self) -> str | None:
        """Return what was said last that the run is about."""
        self.check_is_there()
        self._metrics.update()
        return self._metrics.description

    def details(self, status: StatusRecord) -> dict[str, Any]:
        """Return what is known of the run under Azure ML's keys, with the status it has."""
        from cellrun.core.runs.results import kept_results  # noqa: PLC0415  # see above

        written = self._files.written_beside() if status.status.is_terminal else []
        return run_details(
            self.record,
            status,
            self._layout.last_log,
            properties=self.properties(),
            logs=self._files.logs(),
            submitted_by=owner(self._layout.folder),
            warnings=self.notes(status),
            files_written={name: str(self._layout.work / name) for name in written},
            environment=read_environment(self._layout),
            results=kept_results(self._layout) if status.status is Status.COMPLETED else (),
            **self._data(),
        )

    def datasets(self, side: Literal["inputs", "outputs"]) -> Mapping[str, Any]:
        """Return its inputs or its outputs by name, as its code gets them."""
        from cellrun.core.data.in_run.run_datasets import RunDatasets  # noqa: PLC0415  # few runs have data

        return RunDatasets(self._layout, self.record, side)

    def _data(self) -> dict[str, Any]:
        """Return what there is to tell of its data."""
        if not self.record.inputs and not self.record.outputs and not self._layout.used_data.exists():
            return {}
        from cellrun.core.data.in_run.run_datasets import input_details, output_details  # noqa: PLC0415  # few runs have data

        return {
            "inputs": input_details(self._layout, self.record),
            "outputs": output_details(self._layout, self.record),
        }

    def notes(self, status: StatusRecord) -> list[str]:
        """Return what the run's user should know though it is no failure: processes left over, values logged late."""
        found = run_notes(self._layout, status)
        if status.ended_at is None or self.record.kind != "interactive":  # no process of a submitted run is left then
            return found
        late = self._summary().later_than(status.ended_at)
        return [*found, f"logged after the run had ended, and kept: {', '.join(late)}"] if late else found

    def file_names(self) -> list[str]:
        """Return the names of the run's files."""
        self.check_is_there()
        return self._files.names()

    def log_texts(self) -> dict[str, str]:
        """Return what is in each log, by its name."""
        from cellrun.core.store.files.log_tail import LogReader  # noqa: PLC0415  # see above

        self.check_is_there()
        logs = {name: LogReader(path) for name, path in self._files.logs().items()}
        return {name: log.read(0, log.size).decode("utf-8", "replace") for name, log in logs.items()}

    def download_logs(self, folder: Path | None) -> list[str]:
        """Copy all logs below a folder, one of the run's id if none is given. Returns where they are now."""
        self.check_is_there()
        below = Path(self.record.id) if folder is None else folder
        for name in (logs := self._files.logs()):
            self._files.fetch(name, below / name)
        return [str(below / name) for name in logs]

    @property
    def snapshot(self) -> KeptSnapshot:
        """The run's snapshot."""
        from cellrun.core.runs.kept_snapshot import KeptSnapshot  # noqa: PLC0415  # rarely asked for

        self.check_is_there()
        return KeptSnapshot(self._layout)

    def download_file(self, name: str, given: str | os.PathLike[str] | None) -> Path:
        """Copy a file to a path, or into a folder that is there or ends in a slash. Returns where it is now."""
        self.check_is_there()
        target = Path(given or ".")
        if target.is_dir() or os.fspath(given or ".").endswith("/"):
            target /= PurePosixPath(name).name
        self._files.fetch(name, target)
        return target

    def download_files(
        self,
        prefix: str,
        folder: Path,
        *,
        append_prefix: bool,
        paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = None,
    ) -> None:
        """Copy the files whose names begin with a prefix below a folder; the prefix becomes part of their paths or not.

        `paths`: where they go instead, one for each. Raises UserErrorException unless it is so.
        """
        self.check_is_there()
        found = [name for name in self._files.names() if name.startswith(prefix)]
        if paths is None:
            below = [name if append_prefix else _without(prefix, name) for name in found]
            targets = [folder / name for name in below]
        else:
            targets = [folder / path for path in ([paths] if isinstance(paths, (str, os.PathLike)) else paths)]
        if len(targets) != len(found):
            raise UserErrorException(
                f"output_paths takes a path for each file; got {len(targets)}, and {len(found)} files begin with "
                f"{prefix!r}: {', '.join(found[:5])}"
            )
        for name, target in zip(found, targets, strict=True):
            self._files.fetch(name, target)

    def _tell_damage(self) -> None:
        """Warn of records that couldn't be read, of each once: what is returned lacks them."""
        new = [each for each in self._metrics.reader.damage if each not in self._damage_told]
        self._damage_told.update(new)
        for each in new[:_DAMAGE_TOLD]:
            warnings.warn(plain(f"run {self.record.id}: {each}"), RuntimeWarning, stacklevel=4)
        if len(new) > _DAMAGE_TOLD:
            more = len(new) - _DAMAGE_TOLD
            warnings.warn(plain(f"run {self.record.id}: {more} more damaged records"), RuntimeWarning, stacklevel=4)

    def _summary(self) -> Summary:
        """Return the run's events in short."""
        from cellrun.core.store.events.summary import run_summary  # noqa: PLC0415  # see above

        return run_summary(self._layout)


def _without(prefix: str, name: str) -> str:
    return name[len(prefix) :].lstrip("/") or PurePosixPath(name).name
