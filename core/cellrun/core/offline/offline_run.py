"""The run of code that runs outside a run: the whole interface, in memory, printing what Azure ML's prints."""

from __future__ import annotations

import os
import sys
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from cellrun.core import names
from cellrun.core.errors import RunEnvironmentException, UserErrorException
from cellrun.core.layout import RunLayout
from cellrun.core.runs import printing
from cellrun.core.runs.control import RunControl
from cellrun.core.runs.details import BriefDetails, run_details
from cellrun.core.runs.family_verbs import tags_of_children
from cellrun.core.runs.files import RunFiles, copy_file
from cellrun.core.runs.reader import RunReader
from cellrun.core.runs.run import Run
from cellrun.core.runs.writer import RunWriter
from cellrun.core.store.record import RunRecord
from cellrun.core.store.status import Status, StatusRecord

if TYPE_CHECKING:
    from cellrun.core.experiment import Experiment
    from cellrun.core.models.model_files import ModelSource
    from cellrun.core.offline.memory_events import MemoryEvents
    from cellrun.core.run_request import RunConfig
    from cellrun.core.runs.files import FileSource
    from cellrun.core.runs.found_runs import Wanted
    from cellrun.core.runs.kept_snapshot import KeptSnapshot
    from cellrun.core.store.events.metrics import Metrics
    from cellrun.core.workspace import Workspace

_has_said_so = False
_of_this_process: WeakValueDictionary[str, _OfflineRun] = WeakValueDictionary()


class _OfflineRun(Run):
    """A run outside a run: what it is given is kept in memory and goes with the process.

    Code asks `type(run) == _OfflineRun`, as with Azure ML; its id begins with `OfflineRun_` there too.
    """

    def __init__(
        self,
        parent_logger: object = None,  # noqa: ARG002  # Azure ML's signature
        run_id: str | None = None,
        *,
        name: str | None = None,
        parent: _OfflineRun | None = None,
        is_announced: bool = False,
        **kwargs: object,  # noqa: ARG002  # as above
    ) -> None:
        """Make one, maybe as another one's child; the first of a process says that it is offline, if nobody has yet."""
        run_id = run_id or f"OfflineRun_{uuid.uuid4()}"
        files = _TrackedFiles(run_id)

        @cache
        def events() -> MemoryEvents:
            from cellrun.core.offline.memory_events import MemoryEvents  # noqa: PLC0415  # many scripts only ask for a context

            return MemoryEvents(run_id)

        record = RunRecord(
            experiment=names.experiment_from(Path.cwd().name),
            kind="interactive",
            id=run_id,
            name=run_id,
            display_name=name,
            parent=None if parent is None else parent.id,
            target="local",
            created_at=time.time(),
            argv=list(sys.argv),
        )
        self._reader = _OfflineReader(record, events, files)
        self._writer = _PrintingWriter(events, files)
        self._control = _OfflineControl(run_id)
        self._parent = parent
        self._children: list[_OfflineRun] = []
        _of_this_process[run_id] = self
        if parent is None and not is_announced:
            _say_so(run_id)

    def __reduce__(self) -> tuple[Callable[[str], Run], tuple[str]]:
        """Pickle it as what another process has instead: the run that it is part of."""
        return _itself_or_context, (self.id,)

    @property
    def layout(self) -> RunLayout:  # type: ignore[override]  # is read alone
        """None: it has no files. Raises RunEnvironmentException."""
        raise RunEnvironmentException(
            f"{self.id} is offline: this code is part of no run, and what it logs is kept in memory alone"
        )

    @property
    def input_datasets(self) -> Mapping[str, Any]:
        """None: it was given no data."""
        return {}

    @property
    def output_datasets(self) -> Mapping[str, Any]:
        """None: it was given nowhere to put data."""
        return {}

    @property
    def experiment(self) -> Experiment:  # type: ignore[override]  # is read alone
        """The experiment that a run started from this folder would be in."""
        from cellrun.core.experiment import Experiment  # noqa: PLC0415  # rarely asked for
        from cellrun.core.workspace import Workspace  # noqa: PLC0415

        return Experiment(Workspace.from_config(), self._reader.record.experiment)

    def _models_workspace(self) -> Workspace:
        return self.experiment.workspace

    def _model_origin(self) -> None:
        """Return None: of a model that is registered here no run is known."""

    def _model_source(self, path: str) -> ModelSource:
        """Return what is at a path below the current folder: the run has no files of its own."""
        from cellrun.core.models.model_files import LocalFiles  # noqa: PLC0415  # few scripts register a model

        return LocalFiles(path)

    @property
    def parent(self) -> Run | None:
        """The offline run that it is a child of."""
        return self._parent

    def child_run(
        self,
        name: str | None = None,
        run_id: str | None = None,
        outputs: str | os.PathLike[str] | bool | None = None,  # noqa: ARG002, FBT001  # as Run's
    ) -> _OfflineRun:
        """Return a child that is offline too: it goes with the process."""
        child = _OfflineRun(run_id=run_id, name=name, parent=self)
        self._children.append(child)
        return child

    def create_children(
        self, count: int | None = None, tag_key: str | None = None, tag_values: Sequence[Any] | None = None
    ) -> list[Run]:
        """Return several children that are offline too."""
        children: list[Run] = []
        for tags in tags_of_children(count, tag_key, tag_values):
            children.append(self.child_run())
            children[-1].set_tags(tags)
        return children

    def get_children(
        self,
        recursive: bool = False,  # noqa: FBT001, FBT002  # as Run's
        tags: Wanted = None,
        properties: Wanted = None,
        type: str | None = None,  # noqa: A002
        status: str | Collection[str] | None = None,
        _rehydrate_runs: bool = True,  # noqa: FBT001, FBT002
    ) -> Iterator[Run]:
        """Iterate over the children of this process, newest first."""
        for child in reversed(self._children):
            if recursive:
                yield from child.get_children(True, tags, properties, type, status)  # noqa: FBT003
            statuses = [status] if isinstance(status, str) else status
            if (
                type is None
                and (statuses is None or child.get_status() in statuses)
                and _fits(child.tags, tags)
                and _fits(child.properties, properties)
            ):
                yield child

    def submit_child(self, config: RunConfig, tags: Mapping[str, Any] | None = None, **kwargs: Any) -> Run:  # noqa: ARG002  # as Run's
        """Submit a config to the experiment that a run started from this folder would be in; it is no child there."""
        return self.experiment.submit(config, tags)

    def start(self) -> None:
        """Do nothing: it has begun."""

    def wait_for_completion(
        self,
        show_output: bool = False,  # noqa: ARG002, FBT001, FBT002  # as Run's
        wait_post_processing: bool = False,  # noqa: ARG002, FBT001, FBT002
        raise_on_error: bool = True,  # noqa: ARG002, FBT001, FBT002
    ) -> dict[str, Any]:
        """Return `get_details()` at once: it ends with the code that calls this."""
        return BriefDetails(self.get_details())

    def get_portal_url(self) -> str:
        """Return an empty text: it has no page, and code that prints its address goes on."""
        return ""

    def delete(self) -> None:
        """Do nothing: it is gone with its process."""

    def __repr__(self) -> str:
        record = self._reader.record
        return printing.run_text(record.experiment, record.id, record.type, self.get_status())

    def __str__(self) -> str:
        return repr(self)

    def _repr_html_(self) -> str:
        record = self._reader.record
        return printing.run_html(record.experiment, record.name, record.id, record.type, self.get_status())


def _fits(found: Mapping[str, str | None], wanted: Wanted) -> bool:
    """Whether names and values are there as a condition has them."""
    if not isinstance(wanted, Mapping):
        return not wanted or wanted in found
    texts = {name: value if value is None else str(value) for name, value in wanted.items()}
    return texts.items() <= found.items()


class _PrintingWriter(RunWriter):
    """Prints what is logged, and hands it to memory."""

    def log(self, name: str, value: Any, step: float | None = None) -> None:
        super().log(name, value, step)
        _print(printing.offline_metric("scalar", name, value))

    def log_list(self, name: str, values: Iterable[Any]) -> None:
        values = values if hasattr(values, "__len__") else list(values)
        super().log_list(name, values)
        _print(printing.offline_metric("list", name, values))

    def log_row(self, name: str, columns: Mapping[str, Any]) -> None:
        super().log_row(name, columns)
        _print(printing.offline_metric("row", name, columns))

    def log_table(self, name: str, columns: Any) -> None:
        super().log_table(name, columns)
        _print(printing.offline_metric("table", name, columns))

    def log_image(self, name: str, path: Any, plot: Any) -> None:
        super().log_image(name, path, plot)
        _print(printing.offline_metric("image", name, plot if path is None else path))

    def log_document(self, name: str, value: Any, schema: str) -> None:
        super().log_document(name, value, schema)
        _print(printing.offline_metric(schema.replace("_", " "), name, value))

    def set_tags(self, tags: Mapping[str, object]) -> None:
        super().set_tags(tags)
        for key, value in tags.items():
            _print(printing.offline_tag(key, value))

    def upload_file(self, name: str, source: FileSource) -> None:
        super().upload_file(name, source)
        _print(printing.offline_file(name, source))


class _OfflineReader(RunReader):
    """Reads from memory."""

    def __init__(self, record: RunRecord, events: Callable[[], MemoryEvents], files: RunFiles) -> None:
        self.record = record
        self._damage_told = set()
        self._events = events
        self._files = files

    def check_is_there(self) -> None:
        """Do nothing: it can't be deleted."""

    @cached_property
    def _metrics(self) -> Metrics:
        return self._events().metrics

    @property
    def snapshot(self) -> KeptSnapshot:
        from cellrun.core.runs.kept_snapshot import KeptSnapshot  # noqa: PLC0415  # rarely asked for

        return KeptSnapshot(RunLayout(self.record.id))

    def details(self, status: StatusRecord) -> dict[str, Any]:
        return run_details(self.record, status, None, properties=self.properties())

    def tags(self) -> dict[str, str | None]:
        self._metrics.update()
        return dict(self._metrics.tags)

    def properties(self) -> dict[str, str]:
        self._metrics.update()
        return dict(self._metrics.properties)

    def display_name(self) -> str:
        self._metrics.update()
        return self._metrics.display_name or self.record.name


class _OfflineControl(RunControl):
    """A life in memory: what it is told."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        now = time.time()
        self._status = StatusRecord(0, Status.RUNNING, now, None, {}, now)

    def status(self) -> StatusRecord:
        return self._status

    def cancel(self, reason: str | None = None) -> None:
        self._end(Status.CANCELED, reason)

    def complete(self) -> None:
        self._end(Status.COMPLETED)

    def fail(self, reason: str, **fields: Any) -> None:
        self._end(Status.FAILED, reason, fields)

    def enter(self) -> None:
        _print(printing.offline_start(self._run_id))

    def leave(self, error: BaseException | None) -> bool:  # noqa: ARG002  # as RunControl's
        return False

    def _end(self, to: Status, reason: str | None = None, fields: dict[str, Any] | None = None) -> None:
        if not self._status.status.is_terminal:
            self._status = StatusRecord(1, to, time.time(), reason, fields or {}, self._status.started_at)


class _TrackedFiles(RunFiles):
    """Knows where files are, without a copy of them; what came as a stream is kept."""

    def __init__(self, run_id: str) -> None:
        super().__init__(RunLayout(run_id))
        self._sources: dict[str, Path | bytes] = {}

    def names(self) -> list[str]:
        return sorted(self._sources)

    def has_other(self, name: str, source: FileSource) -> bool:  # noqa: ARG002  # as RunFiles'
        return name in self._sources

    def add(
        self,
        name: str,
        source: FileSource,
        *,
        overwrite: bool = False,  # noqa: ARG002  # as RunFiles'
        is_late_too: bool = False,  # noqa: ARG002
    ) -> int:
        self._artifacts.path(name)  # a name that can't be one is refused here too
        if not isinstance(source, (str, os.PathLike)):
            data = self._sources[name] = source.read()
            return len(data)
        path = Path(source).absolute()
        if not path.is_file():
            raise UserErrorException(f"there is no file {os.fspath(source)!r} to keep as {name!r}")
        self._sources[name] = path
        return path.stat().st_size

    def logs(self) -> dict[str, Path]:
        return {}

    def place(self, name: str) -> Path:
        source = self._source(name)
        return source if isinstance(source, Path) else Path(name)

    def fetch(self, name: str, target: Path) -> None:
        source = self._source(name)
        if isinstance(source, Path):
            copy_file(source, target)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source)

    def read(self, name: str) -> bytes:
        source = self._source(name)
        return source.read_bytes() if isinstance(source, Path) else source

    def _source(self, name: str) -> Path | bytes:
        source = self._sources.get(name)
        if source is None:
            known = ", ".join(map(repr, self.names())) or "none"
            raise UserErrorException(f"the offline run has no file {name!r}; it has: {known}")
        return source


def _say_so(run_id: str) -> None:
    """Say once in a process that nothing is kept."""
    global _has_said_so  # noqa: PLW0603  # a fact about this process
    if not _has_said_so:
        _has_said_so = True
        _print(printing.OFFLINE_NOTICE.format(run_id=run_id))


def _print(text: str) -> None:
    print(text)  # noqa: T201  # what an offline run is there for


def _itself_or_context(run_id: str) -> Run:
    return _of_this_process.get(run_id) or Run.get_context()
