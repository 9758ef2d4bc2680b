"""What file and tabular datasets have in common: a definition, a workspace, and, once registered, a name."""

from __future__ import annotations

import json
import uuid
import warnings
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from cellrun.core.data.datasets.consumption import DatasetConsumptionConfig
from cellrun.core.data.datasets.registered_datasets import LATEST, About, DatasetVersion, RegisteredDatasets
from cellrun.core.data.files.data_files import DataFile, FilesSeen, found_files
from cellrun.core.data.files.definition import DatasetDefinition
from cellrun.core.data.files.partition_format import PartitionFormat
from cellrun.core.data.files.sampling import seed_of, share_of
from cellrun.core.errors import CellrunError, DatasetError, shown

if TYPE_CHECKING:
    from typing_extensions import Self

    from cellrun.core.data.datasets.dataset import Dataset
    from cellrun.core.runs.run import Run
    from cellrun.core.workspace import Workspace


class _Factory:
    """A factory of datasets as an attribute of these: `FileDataset.File`, as with Azure ML."""

    def __init__(self, module: str, name: str) -> None:
        self._module = f"cellrun.core.data.datasets.{module}"
        self._name = name

    def __get__(self, dataset: object, kind: type) -> Any:
        return getattr(import_module(self._module), self._name)


class AbstractDataset:
    """Some files, by where they are, and what is done with them. Nothing is read before it is needed.

    It never changes: each verb that does something with it returns another one.
    """

    items: ClassVar[str] = "files"
    """What it consists of, which its verbs take some of."""
    step_names: ClassVar[Mapping[str, str]] = {
        "skip": "Skip",
        "take": "Take",
        "take_sample": "TakeSample",
        "random_split": "RandomSplit",
        "filter": "Filter",
    }
    """What `print(dataset)` calls its steps, as Azure ML does."""

    File = _Factory("file_dataset_factory", "FileDatasetFactory")
    Tabular = _Factory("tabular_dataset_factory", "TabularDatasetFactory")

    @staticmethod
    def get_by_name(workspace: Workspace, name: str, version: int | str = LATEST) -> AbstractDataset:
        """Return `Dataset.get_by_name(workspace, name, version)`."""
        return _datasets().get_by_name(workspace, name, version)

    @staticmethod
    def get_by_id(workspace: Workspace, id: str) -> AbstractDataset:  # noqa: A002  # Azure ML's name
        """Return `Dataset.get_by_id(workspace, id)`."""
        return _datasets().get_by_id(workspace, id)

    @staticmethod
    def get_all(workspace: Workspace) -> Mapping[str, AbstractDataset]:
        """Return `Dataset.get_all(workspace)`."""
        return _datasets().get_all(workspace)

    def __init__(
        self,
        definition: DatasetDefinition,
        workspace: Workspace | None = None,
        registration: DatasetVersion | None = None,
    ) -> None:
        self._definition = definition
        self._workspace = workspace
        self._registration = registration
        self._is_change_told = False

    @property
    def definition(self) -> DatasetDefinition:
        """Where its files are and what is done with them: plain data."""
        return self._definition

    @property
    def workspace(self) -> Workspace | None:
        """The workspace whose datastores it names, or where it is registered."""
        return self._workspace

    @property
    def kind(self) -> str:
        """Whether it is a "file" or a "tabular" one."""
        return self._definition.kind

    @property
    def id(self) -> str:
        """What tells it from others: the id that it got when it was registered, else one made of its definition."""
        return self._registration.id if self._registration else str(uuid.UUID(self._definition.digest[:32]))

    @property
    def name(self) -> str | None:
        """The name that it is registered under, None unless it is."""
        return self._registration and self._registration.name

    @property
    def version(self) -> int | None:
        """Which version of its name it is, None unless it is registered."""
        return self._registration and self._registration.version

    @property
    def description(self) -> str | None:
        """What it was said to be when it was registered, or since."""
        return self._about().description

    @property
    def tags(self) -> dict[str, str]:
        """Its tags; none unless it is registered."""
        return dict(self._about().tags)

    @property
    def partition_keys(self) -> list[str]:
        """The columns that its files' paths tell, by its partition format."""
        form = self._partition_format
        return form.columns if form else []

    def get_partition_key_values(self, partition_keys: list[str] | None = None) -> list[dict[str, Any]]:
        """Return which values its files' paths tell, each combination once; of some keys alone if they are given."""
        keys = self.partition_keys if partition_keys is None else list(partition_keys)
        missing = [key for key in keys if key not in self.partition_keys]
        if missing or not keys:
            told = ", ".join(self.partition_keys) or "none, as it has no partition_format"
            raise DatasetError(f"the paths of its files don't tell {missing or 'anything'}; told are: {told}")
        found: dict[tuple[Any, ...], None] = {}
        for file in self.source_files():
            values = self.partition_values(file)
            found[tuple(values[key] for key in keys)] = None
        return [dict(zip(keys, values, strict=True)) for values in found]

    def partition_values(self, file: DataFile) -> dict[str, Any]:
        """Return what a file's path tells, by column."""
        form = self._partition_format
        return form.values(file.inside) if form else {}

    @cached_property
    def _partition_format(self) -> PartitionFormat | None:
        text = self._definition.read.get("partition_format")
        return PartitionFormat(text) if text else None

    def get_runs(self) -> Iterator[Run]:
        """Return the runs that it was an input of, newest first."""
        return iter(()) if self._workspace is None else self._workspace.get_runs_of(self)

    def to_json(self) -> dict[str, Any]:
        """Return its definition as JSON has it, to be kept. Raises DatasetError if its address holds a key."""
        self._refuse_keys()
        return self._definition.to_json()

    @property
    def data_changed_time(self) -> datetime | None:
        """When one of its files was last changed, in UTC; None where that isn't told."""
        times = [file.modified for file in self.source_files() if file.modified is not None]
        return datetime.fromtimestamp(max(times), timezone.utc) if times else None

    def source_files(self, *, ignore_not_found: bool = False) -> list[DataFile]:
        """Return the files that its paths name, as they are now.

        A registered dataset warns once if they aren't as they were when it was registered. Raises DatasetError for a
        path that names none, DatastoreError for a store that can't be asked.
        """
        files = found_files(
            self._definition.paths,
            self._workspace,
            are_files=bool(self._definition.read.get("is_file")),
            is_missing_fine=ignore_not_found,
        )
        self._tell_change(files)
        return files

    def register(  # noqa: PLR0913  # Azure ML's signatures
        self,
        workspace: Workspace,
        name: str,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        create_new_version: bool = False,  # noqa: FBT001, FBT002  # Azure ML's signature
        *,
        exist_ok: bool = False,
        update_if_exist: bool = False,
    ) -> Self:
        """Give it a name in a workspace, and return it registered.

        `exist_ok` and `update_if_exist`, as Azure ML's first versions had them, make a new version as well.

        A name that has the same dataset already keeps its version, also with `create_new_version`, unless the files
        have changed since. Raises DatasetError if the name has another one and `create_new_version` isn't given, or for
        a dataset whose files are in stores of another workspace.
        """
        is_new = create_new_version or exist_ok or update_if_exist
        if self._workspace is not None and self._workspace.id != workspace.id and self._names_stores:
            raise DatasetError(
                f"the dataset's files are in datastores of the workspace {self._workspace.name!r}; it can't be "
                f"registered in {workspace.name!r}"
            )
        return self.registered(workspace, name, About(description, dict(tags or {})), is_new=is_new)

    def registered(
        self, workspace: Workspace, name: str, about: About, *, is_new: bool, run: str | None = None
    ) -> Self:
        """Register it as `register` does; `run` is the id of the run whose output it is."""
        self._refuse_keys()
        known = RegisteredDatasets(workspace.layout)
        seen = self._seen_now(workspace)
        made = known.add(name, self._definition, about, seen, create_new_version=is_new, run=run)
        before = known.about(made)
        said = About(
            before.description if about.description is None else about.description, {**before.tags, **about.tags}
        )
        if said != before:
            known.say(made, said)
        return type(self)(self._definition, workspace, made)

    def skip(self, count: int) -> Self:
        """Return it without its first files or rows."""
        return self._then("skip", count_of(count, f"how many {self.items} to skip"))

    def take(self, count: int) -> Self:
        """Return its first files or rows alone; nothing is read that comes after them."""
        return self._then("take", count_of(count, f"how many {self.items} to take"))

    def take_sample(self, probability: float, seed: int | None = None) -> Self:
        """Return a sample of it: each file or row with a probability. A seed gives the same one each time."""
        return self._then("take_sample", share_of(probability, "a probability"), seed_of(seed))

    def random_split(self, percentage: float, seed: int | None = None) -> tuple[Self, Self]:
        """Return two that have each of its files or rows once, the first one about a share (0 to 1) of them."""
        share, chosen = share_of(percentage, "a percentage"), seed_of(seed)
        first, second = (self._then("random_split", share, chosen, side) for side in (0, 1))
        return first, second

    def unregister_all_versions(self) -> None:
        """Forget the name that it is registered under; its files stay. Raises DatasetError unless it is registered."""
        registration = self._needed("unregister it")
        self._known().remove(registration.name)
        self._registration = None

    def update(self, description: str | None = None, tags: Mapping[str, str] | None = None) -> Self:
        """Change its description and its tags; what isn't given stays. Raises DatasetError unless it is registered."""
        before = self._about()
        self._say(
            About(
                before.description if description is None else description,
                before.tags if tags is None else dict(tags),
            )
        )
        return self

    def add_tags(self, tags: Mapping[str, str] | None = None) -> Self:
        """Add tags, or change them. Raises DatasetError unless it is registered."""
        before = self._about()
        self._say(About(before.description, {**before.tags, **(tags or {})}))
        return self

    def remove_tags(self, tags: list[str] | None = None) -> Self:
        """Take tags away. Raises DatasetError unless it is registered."""
        before = self._about()
        gone = set(tags or ())
        self._say(About(before.description, {tag: value for tag, value in before.tags.items() if tag not in gone}))
        return self

    def as_named_input(self, name: str) -> DatasetConsumptionConfig:
        """Return it as an input of a run, which finds it by this name: `.as_mount()` and `.as_download()` as a path."""
        return DatasetConsumptionConfig(name, self)

    def _then(self, *step: Any) -> Self:
        return type(self)(self._definition.then(*step), self._workspace)

    @property
    def _names_stores(self) -> bool:
        return any("datastore" in path for path in self._definition.paths)

    def _refuse_keys(self) -> None:
        """Raise DatasetError where it would be kept in a workspace or with a run, and its address holds a key."""
        if keys := self._definition.keys:
            raise DatasetError(
                f"an address of the dataset holds what looks like a key ({keys[0]}=…), which nobody else should find "
                "in a workspace or with a run: register a datastore for that place, whose credentials are kept apart, "
                "and take (datastore, 'path')"
            )

    def _seen_now(self, workspace: Workspace) -> FilesSeen | None:
        try:
            return FilesSeen.of(
                found_files(self._definition.paths, workspace, are_files=bool(self._definition.read.get("is_file")))
            )
        except CellrunError:  # that its files are there is asked when it is made, by validate=True
            return None

    def _tell_change(self, files: list[DataFile]) -> None:
        if self._registration is None or self._registration.files is None or self._is_change_told:
            return
        if change := self._registration.change(FilesSeen.of(files)):
            self._is_change_told = True
            warnings.warn(change, stacklevel=4)

    def _about(self) -> About:
        return self._known().about(self._registration) if self._registration else About()

    def _say(self, about: About) -> None:
        self._known().say(self._needed("change what is said of it"), about)

    def _needed(self, what: str) -> DatasetVersion:
        if self._registration is None:
            raise DatasetError(f"the dataset isn't registered; dataset.register(ws, name) comes before you can {what}")
        return self._registration

    def _known(self) -> RegisteredDatasets:
        if self._workspace is None:  # a registered one has a workspace
            raise DatasetError("the dataset isn't registered; dataset.register(ws, name) does that")
        return RegisteredDatasets(self._workspace.layout)

    def __repr__(self) -> str:
        about: dict[str, Any] = {
            "source": [_shown_path(path) for path in self._definition.paths],
            "definition": self._shown_steps(),
        }
        if self._registration:
            about["registration"] = {
                "id": self.id,
                "name": self.name,
                "version": self.version,
                **{key: value for key, value in self._about()._asdict().items() if value},
                "workspace": self._workspace and self._workspace.name,
            }
        return f"{type(self).__name__}\n{json.dumps(about, indent=2)}"

    def _shown_steps(self) -> list[str]:
        first = "GetDatastoreFiles" if self._names_stores else "GetFiles"
        return [first, *(self.step_names.get(step[0], step[0]) for step in self._definition.steps)]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AbstractDataset):
            return NotImplemented
        return (self._definition.digest, self.id) == (other._definition.digest, other.id)

    def __hash__(self) -> int:
        return hash((self._definition.digest, self.id))

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how it is pickled: by reference, as its definition and its registration; no data goes along."""
        self._refuse_keys()
        return type(self), (self._definition, self._workspace, self._registration)


def _datasets() -> type[Dataset]:
    from cellrun.core.data.datasets.dataset import Dataset  # noqa: PLC0415  # it imports this module

    return Dataset


def count_of(given: object, what: str) -> int:
    """Return a number of files or rows if it can be one. Raises DatasetError."""
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        raise DatasetError(f"{what} is a whole number from 0 on; got {shown(given)}")
    return given


def _shown_path(path: Mapping[str, str]) -> str:
    if "datastore" in path:
        return f"({path['datastore']!r}, {path['path']!r})"
    return path["url"].partition("?")[0] if "url" in path else path["local"]
