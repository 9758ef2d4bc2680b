"""Values that make a run's package larger than a cluster takes: they go by a datastore that its nodes reach too.

A value is there once, by its hash, in the folder `cellrun-values`; it stays, as the next run may need it. A node reads
it without a package of ours: by the path of a folder that it shares, or by a URL that the store has signed for a while.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellrun.core.context.value_store import SHA256, hash_of
from cellrun.core.errors import CellrunError, DatastoreError, problem_of
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.targets.payload import Payload
from cellrun.core.targets.ray.opened_workspace import opened_workspace

if TYPE_CHECKING:
    from cellrun.core.data.stores.datastore import Datastore

FOLDER, _PROBE = "cellrun-values", "probe"
_VALID_S = 24 * 3600.0
"""So long a signed URL holds: a job that waits at the cluster is given up much earlier."""
_AT_ONCE_S = 2.0
"""What is sent within this needn't wait for the next pass."""
_AGAIN_S = 10.0
_SHARE = 0.95
"""How much of a package may be what is known beforehand: the rest is its order and the names in it."""


class StoredValues:
    """The values of one target's runs in a datastore. It may be made anew: the store knows what it has."""

    def __init__(self, store: str) -> None:
        self._store = store
        self._hashes: dict[str, str] = {}
        """The SHA-256 of values, by their own hashes: what any Python can check."""
        self._sending: _Sending | None = None
        self._failed: _Sending | None = None
        self._again_at = 0.0

    def problem(self, workspace: WorkspaceLayout) -> str:
        """Return why no value could go by it, as far as that is known without asking it; "" if they could."""
        try:
            store = self._opened(workspace)
            if store.kind and not store.kind.signs_urls:
                return (
                    f"{self.named} is of the kind {store.kind.type}: nodes read a folder that they share, S3 or Azure"
                )
            if store.kind:
                store.signed_url(FOLDER, _VALID_S)
        except CellrunError as error:
            return problem_of(error)
        return ""

    def probe(self, workspace: WorkspaceLayout) -> dict[str, str]:
        """Put something small there; return where nodes find it. Raises DatastoreError, OSError."""
        if why := self.problem(workspace):
            raise DatastoreError("", why)
        store = self._opened(workspace)
        with tempfile.NamedTemporaryFile(prefix="cellrun-") as file:
            file.write(b"cellrun's doctor was here\n")
            file.flush()
            _put(store, {_PROBE: Path(file.name)})
        return _where(store, _PROBE)

    def words(self, run: RunLayout) -> str:
        """Return what a run waits for; empty if it isn't this."""
        if self._sending and self._sending.run == run:
            return f"its values are sent to {self.named}"
        if self._failed and self._failed.run == run:
            return f"its values can't be sent yet: {self._failed.why_not}"
        return ""

    def places(self, run: RunLayout, values: Mapping[str, Path]) -> dict[str, dict[str, Any]] | None:
        """Return where nodes find values, by their hashes: `path` or `url`, `size`, `sha256`; None while they are sent.

        Those of one run go at a time, and while the store doesn't take them they are tried again every ten seconds.
        """
        sending, wait_s = self._sending, 0.0
        if sending is None and time.monotonic() >= self._again_at:
            sending, wait_s = _Sending(run, self._opened(run.workspace), values, self._hashes), _AT_ONCE_S
            self._sending = sending
        if sending is None or not sending.is_over(wait_s):
            return None
        self._sending, self._failed = None, sending if sending.why_not else None
        if sending.why_not:
            self._again_at = time.monotonic() + _AGAIN_S
        return sending.places() if sending.run == run and not sending.why_not else None

    @property
    def named(self) -> str:
        """What the store is called in a sentence."""
        return f"the datastore {self._store!r}"

    def _opened(self, workspace: WorkspaceLayout) -> Datastore:
        from cellrun.core.data.stores.datastore import Datastore  # noqa: PLC0415  # few runs are so large

        return Datastore(opened_workspace(workspace), self._store)


class _Sending:
    """The values of a run on their way, by a thread of its own: they may take long, and others are to be looked at."""

    def __init__(self, run: RunLayout, store: Datastore, values: Mapping[str, Path], hashes: dict[str, str]) -> None:
        self.run = run
        self.why_not = ""
        self._store, self._values, self._hashes = store, values, hashes
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def is_over(self, wait_s: float) -> bool:
        """Whether they are there, or `why_not` says why they aren't; waits so long for that."""
        self._thread.join(wait_s)
        return not self._thread.is_alive()

    def places(self) -> dict[str, dict[str, Any]]:
        """Return where nodes find them."""
        return {each: self._place(each, path) for each, path in self._values.items()}

    def _place(self, name: str, path: Path) -> dict[str, Any]:
        return {**_where(self._store, name), "size": path.stat().st_size, "sha256": self._hashes[name]}

    def _send(self) -> None:
        try:
            for name, path in self._values.items():
                if name not in self._hashes:
                    self._hashes[name] = str(hash_of(path, like=SHA256)).removeprefix(SHA256)
            _put(self._store, self._values)
        except (CellrunError, OSError) as error:
            self.why_not = problem_of(error)


def _put(store: Datastore, files: Mapping[str, Path]) -> None:
    from cellrun.core.data.stores.store_transfer import side_of  # noqa: PLC0415  # few runs are so large
    from cellrun.core.data.stores.transfer import send  # noqa: PLC0415  # as above

    send(side_of(store), {f"{FOLDER}/{name}": path for name, path in files.items()})


def _where(store: Datastore, name: str) -> dict[str, str]:
    root, there = store.local_root, f"{FOLDER}/{name}"
    return {"url": store.signed_url(there, _VALID_S)} if root is None else {"path": str(root / there)}


def too_large(payload: Payload, most_bytes: int) -> dict[str, Path]:
    """Return the values without which a run's package is no larger than that: the largest, as few as will do."""
    sizes = {name: path.stat().st_size for name, path in payload.values.items()}
    left = sum(payload.file_sizes().values()) + sum(sizes.values())
    found: dict[str, Path] = {}
    for name in sorted(sizes, key=lambda each: (-sizes[each], each)):
        if left <= most_bytes * _SHARE:
            break
        found[name] = payload.values[name]
        left -= sizes[name]
    return found
