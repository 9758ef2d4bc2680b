"""The writing side of a run: metrics, tags, images and files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from cellrun.core import names
from cellrun.core.errors import CellrunError, InvalidMetricError, UserErrorException, shown
from cellrun.core.runs.files import RunFiles, files_below
from cellrun.core.store.events.event_line import Value
from cellrun.core.store.values import is_plain, plain, plain_list, plain_row, plain_table

if TYPE_CHECKING:
    from cellrun.core.runs.files import FileSource
    from cellrun.core.runs.logged_image import LoggedImage


_DESCRIPTION_CHARS = 100_000
"""More of a text is for a file."""


class EventSink(Protocol):
    """Where events go: a run's event log, or memory for a run that is offline."""

    def log(self, name: str, value: Value, step: float | None = None) -> None:
        """Take one value."""

    def row(self, name: str, columns: Mapping[str, Value]) -> None:
        """Take one row."""

    def list_(self, name: str, values: list[Value]) -> None:
        """Take several values."""

    def table(self, name: str, columns: Mapping[str, list[Value]]) -> None:
        """Take several rows."""

    def page(self, name: str, path: str) -> None:
        """Take the name of a displayed page's file."""

    def image(self, name: str, path: str) -> None:
        """Take the name of an image's file."""

    def file(self, path: str, size_bytes: int) -> None:
        """Take the name of a file that was added."""

    def tag(self, name: str, value: str | None) -> None:
        """Take a tag."""

    def untag(self, name: str) -> None:
        """Take a tag's removal."""

    def property_(self, name: str, value: str) -> None:
        """Take a property that is new."""

    def rename(self, display_name: str) -> None:
        """Take a new display name."""

    def describe(self, description: str) -> None:
        """Take what the run is about."""

    def release(self) -> None:
        """Hold nothing open for a run that has ended."""

    def close(self) -> None:
        """Bring everything to the disk."""


class RunWriter:
    """The writing side of a run: makes what users pass plain and exact, and hands it to the run's events.

    When a call returns, what it logged is written: nothing waits in this process. Once the run has ended, every method
    but those for tags and the display name raises RunClosedError.
    """

    def __init__(self, open_events: Callable[[], EventSink], files: RunFiles) -> None:
        self._open_events = open_events
        self._files = files
        self._kept_as_text: set[str] = set()

    @cached_property
    def _events(self) -> EventSink:
        return self._open_events()

    def log(self, name: str, value: Any, step: float | None = None) -> None:
        """Log one value; what is neither number nor text is kept as text, and that is said once a name."""
        try:
            kept = plain(name, value)
        except InvalidMetricError as error:
            kept = self._text_instead(name, value, error)
        try:
            at = None if step is None else _plain_step(name, step)
        except InvalidMetricError as error:
            self._text_instead(name, step, error)
            at = None
        self._events.log(name, kept, at)
        if type(kept) is str and not is_plain(value):
            self._warn_of_text(name, value)

    def log_list(self, name: str, values: Iterable[Any]) -> None:
        """Log several values at once."""
        try:
            kept = plain_list(name, values, partial(self._warn_of_text, name))
        except (InvalidMetricError, UserErrorException) as error:
            kept = [self._text_instead(name, values, error)]
        self._events.list_(name, kept)

    def log_row(self, name: str, columns: Mapping[str, Any]) -> None:
        """Log one row."""
        try:
            kept = plain_row(name, columns, partial(self._warn_of_text, name))
        except InvalidMetricError as error:
            kept = {column: self._cell_instead(name, value, error) for column, value in columns.items()}
        self._events.row(name, kept)

    def log_table(self, name: str, columns: Any) -> None:
        """Log several rows, given as columns of one length or as a DataFrame."""
        try:
            kept = plain_table(name, columns, partial(self._warn_of_text, name))
        except (InvalidMetricError, UserErrorException) as error:
            self._events.log(name, self._text_instead(name, columns, error))
        else:
            self._events.table(name, kept)

    def log_image(self, name: str, path: Any, plot: Any) -> None:
        """Log an image: a file by its path, or a plot. The file is kept with the run."""
        from cellrun.core.runs.logged_image import LoggedImage  # noqa: PLC0415  # most jobs log none

        names.metric_name(name)  # before the file is kept
        self.keep_image(name, LoggedImage.of(name, path, plot))

    def log_document(self, name: str, value: Any, schema: str) -> None:
        """Log a document of a schema of Azure ML's: a file of the run that views draw."""
        from io import BytesIO  # noqa: PLC0415  # as below

        from cellrun.core.runs.logged_document import document_bytes, document_file  # noqa: PLC0415  # most log none
        from cellrun.core.runs.logged_image import LoggedImage  # noqa: PLC0415

        names.metric_name(name)  # before the file is kept
        self.keep_image(name, LoggedImage(document_file(name), BytesIO(document_bytes(name, value, schema))))

    def keep_image(self, name: str, image: LoggedImage) -> None:
        """Log an image whose file's name and content are known."""
        image = image.renamed(lambda taken: self._files.has_other(taken, image.source))
        self._keep(image.file_name, image.source)
        self._events.image(name, image.file_name)

    def tell_page(self, name: str, path: str) -> None:
        """Tell the views of a page or a text that is displayed, by the name of its file."""
        self._events.page(name, path)

    def set_tags(self, tags: Mapping[str, object]) -> None:
        """Set tags; the others stay. A value that is no text becomes one, None is no value."""
        for key, value in plain_tags(tags).items():
            self._events.tag(key, value)
        self._events.release()

    def remove_tags(self, keys: Iterable[str]) -> None:
        """Remove tags; one that isn't there is removed already."""
        for key in [keys] if isinstance(keys, str) else keys:
            self._events.untag(key)
        self._events.release()

    def add_properties(self, properties: Mapping[str, object], known: Mapping[str, str]) -> None:
        """Add properties to those known. Raises UserErrorException for one that has another value already."""
        added = plain_properties(properties)
        for key, value in added.items():
            if known.get(key, value) != value:
                raise UserErrorException(
                    f"property {key!r} is {known[key]!r} and never changes; got {value!r}. "
                    "Give it another name, or keep what changes as a tag: run.tag(name, value)"
                )
        for key, value in added.items():
            if key not in known:
                self._events.property_(key, value)
        self._events.release()

    def rename(self, display_name: str) -> None:
        """Give the run another display name."""
        self._events.rename(names.display_name(display_name))
        self._events.release()

    def describe(self, description: str | None) -> None:
        """Say what the run is about; None is nothing."""
        self._events.describe("" if description is None else str(description)[:_DESCRIPTION_CHARS])
        self._events.release()

    def upload_file(self, name: str, source: FileSource) -> None:
        """Keep a file with the run, by its path or its open binary stream, also after its end."""
        self._events.file(name, self._files.add(name, source, is_late_too=True))
        self._events.release()

    def upload_files(
        self, names: Sequence[str], paths: Sequence[FileSource], datastore: str | None = None
    ) -> dict[str, Path]:
        """Keep several files with the run; return where they are. Raises UserErrorException unless each has a name."""
        names = [names] if isinstance(names, str) else names
        paths = [paths] if isinstance(paths, (str, os.PathLike)) else paths
        if len(names) != len(paths):
            raise UserErrorException(f"upload_files takes a name for each path; got {len(names)} and {len(paths)}")
        _notice_datastore(datastore)
        for name, path in zip(names, paths, strict=True):
            self.upload_file(name, path)
        return {name: self._files.place(name) for name in names}

    def upload_folder(self, name: str, folder: str | os.PathLike[str], datastore: str | None = None) -> None:
        """Keep the files of a folder with the run, each under the name and its path in the folder."""
        _notice_datastore(datastore)
        for below, path in files_below(folder):
            self.upload_file(f"{name.rstrip('/')}/{below}" if name.strip("/") else below, path)

    def close(self) -> None:
        """Bring everything to the disk, against a power cut too. If the run goes on, so can the writer."""
        if "_events" in self.__dict__:  # else nothing was logged from here
            self._events.close()

    def _warn_of_text(self, name: str, value: Any) -> None:
        if name not in self._kept_as_text:
            from cellrun.core.runs.kept_as_text import warn_of_text  # noqa: PLC0415  # most jobs log numbers

            self._kept_as_text.add(name)
            warn_of_text(name, value)

    def _text_instead(self, name: str, value: Any, error: CellrunError) -> str:
        """Return the text that is kept of what is refused. Raises the error where that is to be said at once."""
        from cellrun.core.runs.kept_as_text import text_instead  # noqa: PLC0415  # as above

        text = text_instead(value, error, is_told=name in self._kept_as_text)
        self._kept_as_text.add(name)
        return text

    def _cell_instead(self, name: str, value: Any, error: CellrunError) -> Value:
        try:
            return plain_row(name, {"": value})[""]
        except InvalidMetricError:
            pass  # outside of this, or its traceback would be told first
        return self._text_instead(name, value, error)

    def _keep(self, name: str, source: FileSource) -> None:
        self._events.file(name, self._files.add(name, source))


def _notice_datastore(name: str | None) -> None:
    if name is not None:
        from cellrun.core.unsupported import warn_once  # noqa: PLC0415  # rarely needed

        warn_once(
            f"uploaded files are kept with their run; datastore_name={name!r} changes nothing "
            "(datastore.upload_files(...) brings files to a datastore)"
        )


def _plain_step(name: str, step: Any) -> float:
    number = plain(name, step)
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise InvalidMetricError(name, f"a step is a number; got {shown(step)}")
    return number


def plain_tags(tags: Mapping[str, object]) -> dict[str, str | None]:
    """Return tags as they are kept. Raises InvalidNameError for a name that is none, before any is."""
    return {names.tag_name(key): tag_value(value) for key, value in tags.items()}


def plain_properties(properties: object) -> dict[str, str]:
    """Return properties as they are kept, as text. Raises UserErrorException for what is no dict, InvalidNameError."""
    if not isinstance(properties, Mapping):
        raise UserErrorException(f"properties are a dict of names and values; got {shown(properties)}")
    return {names.tag_name(key): names.tag_value(str(value)) for key, value in properties.items()}


def tag_value(value: object) -> str | None:
    """Return a tag's value as it is kept: text, or None for a tag that has none. Raises InvalidNameError."""
    return None if value is None else names.tag_value(str(value))
