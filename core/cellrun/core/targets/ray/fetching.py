"""Values that came by a datastore, as a node fetches them: from a folder that it shares, or by a signed URL.

Standard library only.
"""

from __future__ import annotations

import hashlib
import http.client
import signal
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from cellrun.core.disk.whole_files import make_private_folder
from cellrun.core.errors import ExperimentExecutionException
from cellrun.core.layout import WorkspaceLayout

_BLOCK_BYTES = 1 << 20
_ANSWER_S = 60.0
_PAUSES_S = (1.0, 5.0, 0.0)
"""After each try; the last has none."""
_SERVER_ERRORS = 500


def fetch(values: Mapping[str, Mapping[str, Any]], workspace: WorkspaceLayout) -> None:
    """Bring values, each with `path` or `url`, `size` and `sha256` as the run's order tells it, into a workspace here.

    A stop of Ray's ends it early: the run is canceled then. Raises ExperimentExecutionException for a value that isn't
    there, isn't given, or isn't the one that was sent; OSError for a disk that takes none.
    """
    for name, told in values.items():
        path = workspace.values / name[:2] / name
        make_private_folder(path.parent)
        if not _fetched(told, path):
            return


def _fetched(told: Mapping[str, Any], path: Path) -> bool:
    for pause_s in _PAUSES_S:
        try:
            with closing(_opened(told)) as source:
                found = _copied(source, path, told["size"])
            break
        except HTTPError as error:
            error.close()
            if error.code < _SERVER_ERRORS or not pause_s:
                raise _unfetched(told, f"it answers {error.code} {error.reason}") from None
        except (URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
            if not pause_s:
                raise _unfetched(told, str(getattr(error, "reason", error))) from None
        time.sleep(pause_s)
    if found is None:
        return False
    if found != told["sha256"]:
        path.unlink()
        raise _unfetched(told, "what is there isn't what was sent; remove it there, and run again")
    return True


def _opened(told: Mapping[str, Any]) -> BinaryIO:
    if "path" not in told:
        return cast("BinaryIO", urlopen(told["url"], timeout=_ANSWER_S))  # noqa: S310  # our own, as it was signed
    try:
        return Path(told["path"]).open("rb")
    except OSError as error:
        raise _unfetched(told, f"{error.strerror}; is the folder shared with this node?") from None


def _copied(source: BinaryIO, path: Path, size_bytes: int) -> str | None:
    """Copy to a file; return the SHA-256 of all, None if Ray has begun to stop the job.

    Raises ConnectionError for less than there should be.
    """
    seen = hashlib.sha256()
    with path.open("wb") as to:
        while block := source.read(_BLOCK_BYTES):
            if signal.SIGTERM in signal.sigpending():
                return None
            seen.update(block)
            to.write(block)
        if to.tell() < size_bytes:
            raise ConnectionError(f"it breaks off after {to.tell():,} of {size_bytes:,} bytes")
    return seen.hexdigest()


def _unfetched(told: Mapping[str, Any], why: str) -> ExperimentExecutionException:
    url = urlsplit(told.get("url", ""))
    where = told.get("path") or f"{url.scheme}://{url.netloc}{url.path}"  # without what it was signed by
    return ExperimentExecutionException(f"a value of the run can't be had from {where}: {why}")
