"""The file system of a store: paths are relative to the store's root, and a pickle of it holds no credentials."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from typing import TYPE_CHECKING, Any

from fsspec import AbstractFileSystem
from fsspec.implementations.dirfs import DirFileSystem
from fsspec.implementations.local import LocalFileSystem

from cellrun.core.data.stores.store_errors import StorePlace
from cellrun.core.data.stores.workspace_datastores import OWN_STORES

if TYPE_CHECKING:
    from cellrun.core.data.stores.datastore import Datastore


_TOLD = (
    "cat_file",
    "exists",
    "find",
    "get_file",
    "glob",
    "info",
    "isdir",
    "isfile",
    "ls",
    "open",
    "pipe_file",
)


class StoreFileSystem(DirFileSystem):  # type: ignore[misc]  # fsspec says nothing of its types
    """The files of a store. It is pickled as its store is: by name, and credentials are asked for anew."""

    cachable = False

    def __init__(self, store: Datastore, root: str, inner: AbstractFileSystem, place: StorePlace | None = None) -> None:
        super().__init__(root, inner)
        self._store = store
        self._place = place

    def translate_errors(self, path: str = "", *passes: type[Exception]) -> AbstractContextManager[None]:
        """Raise as a DatastoreError what is raised in a block about a path of it, but for what `passes`."""
        return self._place.translate_errors(path, *passes) if self._place else nullcontext()

    def to_dict(self, *, include_password: bool = True) -> dict[str, Any]:  # noqa: ARG002  # fsspec's signature
        """Refuse: what fsspec writes there holds the credentials. The store has a `to_json`."""
        raise TypeError(f"the file system of datastore {self._store.name!r} has no JSON; its store has: to_json()")

    def __repr__(self) -> str:
        return f"<files of datastore {self._store.name!r}: {self._store.location()}>"

    def __reduce__(self) -> tuple[Callable[[Datastore], AbstractFileSystem], tuple[Datastore]]:
        return files_of, (self._store,)


def _told(verb: str) -> Callable[..., Any]:
    """Return a verb of the file system that raises as the store's errors do, but for what isn't there."""
    plain_verb = getattr(DirFileSystem, verb)

    @wraps(plain_verb)
    def call(self: StoreFileSystem, path: Any, *given: Any, **named: Any) -> Any:
        with self.translate_errors(str(path), FileNotFoundError):
            return plain_verb(self, path, *given, **named)

    return call


for _verb in _TOLD:
    setattr(StoreFileSystem, _verb, _told(_verb))


def files_of(store: Datastore) -> AbstractFileSystem:
    """Return the files of a store, as pickles do."""
    return store.filesystem()


def local_filesystem(store: Datastore) -> AbstractFileSystem:
    """Return the files of a store that is a folder; the workspace's own is made when it is first asked for."""
    root = store.local_root
    assert root is not None  # noqa: S101  # for mypy: who asks has looked
    if store.name in OWN_STORES:
        root.mkdir(mode=0o700, exist_ok=True)
    return StoreFileSystem(store, str(root), LocalFileSystem(auto_mkdir=True))
