"""What uploads and downloads cost: one large file and many small ones, to the workspace's own store and to S3 (moto).

References: `cp -r` for the store that is a folder, fsspec's own `put` and `get` for both; all take turns. Each round
begins with an empty place. `--many` and `--large` set how many files of 10 kB, and how many bytes the one has; moto
keeps what it gets in memory, so its large file is a tenth of that by default (`--large-s3`).

    python -m bench.transfer --rounds 3
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from uuid import uuid4

from bench import kit
from cellrun.core import Datastore, Workspace
from tests.stores import moto

SMALL_BYTES = 10_000
GB = 1_000_000_000


def main() -> None:
    """Print a line for each of them: seconds, megabytes a second, and what ours took to it."""
    options = kit.parser(__doc__, rounds=3)
    options.add_argument("--many", type=int, default=10_000)
    options.add_argument("--large", type=int, default=GB)
    options.add_argument("--many-s3", type=int, default=2_000)
    options.add_argument("--large-s3", type=int, default=GB // 10)
    options.add_argument("--folder", type=Path, default=None, help="where the files are; the temporary folder if not")
    given = options.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        kit.use_home(folder)
        os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
        ws = Workspace.from_config()
        large, many = _files(folder / "large", 1, given.large), _files(folder / "many", given.many, SMALL_BYTES)
        for source in (large, many):
            _local(ws, source, folder, given.rounds)
        shutil.rmtree(large)
        shutil.rmtree(many)
        with moto(folder / "moto.log") as url:
            for source in (
                _files(folder / "large", 1, given.large_s3),
                _files(folder / "many", given.many_s3, SMALL_BYTES),
            ):
                _remote(ws, source, folder, url, given.rounds)


def _local(ws: Workspace, source: Path, folder: Path, rounds: int) -> None:
    there, back = folder / "there", folder / "back"
    store = _registered(ws, there)
    filesystem = store.filesystem()
    _told(
        f"upload to a folder: {source.name}",
        source,
        _turns(
            {
                "ours": lambda: store.upload(source, "x", show_progress=False),
                "cp": lambda: _cp(source, there / "x"),
                "fsspec": lambda: filesystem.put(f"{source}/", "x/", recursive=True),
            },
            rounds,
            there,
        ),
    )
    store.upload(source, "x", show_progress=False)
    _told(
        f"download from a folder: {source.name}",
        source,
        _turns(
            {
                "ours": lambda: store.download(back, show_progress=False),
                "cp": lambda: _cp(there, back / "x"),
                "fsspec": lambda: filesystem.get("x/", f"{back}/x/", recursive=True),
            },
            rounds,
            back,
        ),
    )
    shutil.rmtree(there)
    shutil.rmtree(back)


def _remote(ws: Workspace, source: Path, folder: Path, url: str, rounds: int) -> None:
    back = folder / "back"

    def place() -> Datastore:
        return _bucket(ws, url)

    def put_by_fsspec() -> None:
        place().filesystem().put(f"{source}/", "x/", recursive=True)

    ours: Callable[[], object] = lambda: place().upload(source, "x", show_progress=False)  # noqa: E731  # as those below
    _told(f"upload to S3: {source.name}", source, _turns({"ours": ours, "fsspec": put_by_fsspec}, rounds, back))
    store = place()
    store.upload(source, "x", show_progress=False)
    filesystem = store.filesystem()
    by: dict[str, Callable[[], object]] = {
        "ours": lambda: store.download(back, show_progress=False),
        "fsspec": lambda: filesystem.get("x/", f"{back}/x/", recursive=True),
    }
    _told(f"download from S3: {source.name}", source, _turns(by, rounds, back))
    shutil.rmtree(back)


def _turns(by: Mapping[str, Callable[[], object]], rounds: int, emptied: Path) -> dict[str, list[float]]:
    def measure(name: str, _: int) -> float:
        if emptied.exists():
            shutil.rmtree(emptied)
        emptied.mkdir()
        os.sync()  # else one pays for what another has written
        began = time.perf_counter()
        by[name]()
        return time.perf_counter() - began

    return kit.take_turns(by, rounds, measure)


def _told(what: str, source: Path, times: Mapping[str, list[float]]) -> None:
    size = sum(file.stat().st_size for file in source.iterdir())
    files = len(list(source.iterdir()))
    for name, found in times.items():
        ratio = kit.pair_ratio(times["ours"], found)
        took = statistics.median(found)
        kit.emit(what=what, by=name, files=files, bytes=size, s=took, mb_s=size / took / 1e6, ours_to_it=ratio)


def _cp(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-r", source, target], check=True)


def _files(folder: Path, count: int, size: int) -> Path:
    folder.mkdir()
    block = os.urandom(min(size, 1 << 24))
    for n in range(count):
        with (folder / f"{n}.bin").open("wb") as file:
            left = size
            while left > 0:
                left -= file.write(block[:left])
    return folder


def _registered(ws: Workspace, folder: Path) -> Datastore:
    folder.mkdir()
    return Datastore.register_folder(ws, f"f{uuid4().hex}", folder)


def _bucket(ws: Workspace, url: str) -> Datastore:
    import boto3  # type: ignore[import-untyped]  # noqa: PLC0415  # takes half a second

    name = f"b{uuid4().hex}"
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
    boto3.client("s3", endpoint_url=url, **keys).create_bucket(Bucket=name)
    return Datastore.register_s3(ws, name, name, access_key="key", secret_key="secret", endpoint=url)


if __name__ == "__main__":
    kit.start(main)
