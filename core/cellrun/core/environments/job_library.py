"""What a job needs of cellrun, for a Python that hasn't got it: a copy, made once for each version.

Its folder stands first in PYTHONPATH, so that a script's processes find it too; it holds `cellrun.core` and the names
of Azure ML's first SDK, with an `azureml` that lets them be found.
cloudpickle stands apart and is looked for last: what the environment has of it comes first.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from cellrun.core.environments.last_library import LAST_LIBRARY
from cellrun.core.places import home, home_folder

CORE = Path(__file__).parents[1]
PYTHON_PATH = "PYTHONPATH"
_LIBRARY = "library"
_UNUSED_S = 30 * 24 * 3600.0


def job_library() -> Path:
    """Return the folder of this cellrun's copy, made if needed."""
    import cloudpickle  # type: ignore[import-untyped]  # noqa: PLC0415  # for runs in other environments alone

    packages = {
        "cellrun/core": CORE,
        f"{LAST_LIBRARY}/cloudpickle": Path(str(cloudpickle.__file__)).parent,
    }
    if old_names := _old_names():
        packages["cellrun/azureml"] = old_names
    sources = {f"{place}/{path}": file for place, package in packages.items() for path, file in _sources(package)}
    if old_names:
        sources["azureml/__init__.py"] = old_names / "bootstrap.py"
    folder = home_folder(_LIBRARY) / _mark(sources)
    if folder.is_dir():
        with suppress(OSError):
            os.utime(folder)  # it is in use
    else:
        _make(folder, sources)
        _remove_unused(folder.parent)
    return folder


def _old_names() -> Path | None:
    """Return where the old SDK's names are: beside this package, or in a folder of their own."""
    found = find_spec("cellrun.azureml")
    return Path(found.origin).parent if found and found.origin else None


def with_library(python_path: str) -> str:
    """Return a PYTHONPATH with this cellrun's copy in front; another version's gives way to it."""
    root = _folder()
    others = [path for path in python_path.split(os.pathsep) if path and Path(path).parent != root]
    return os.pathsep.join([str(job_library()), *others])


def has_library(python_path: str) -> bool:
    """Whether some version's copy is in a PYTHONPATH."""
    root = _folder()
    return any(Path(path).parent == root for path in python_path.split(os.pathsep))


def _folder() -> Path:
    return home() / _LIBRARY


def _sources(package: Path) -> Iterator[tuple[str, Path]]:
    for folder, folders, names in os.walk(package):
        folders.sort()
        for name in sorted(names):
            if name.endswith(".py"):
                file = Path(folder, name)
                yield file.relative_to(package).as_posix(), file


def _mark(sources: dict[str, Path]) -> str:
    """Return a name for files of this content: an edited one makes another copy."""
    from blake3 import blake3  # noqa: PLC0415  # whoever submits to the kernel's own Python needn't load it

    mark = blake3()
    for path, file in sources.items():
        found = file.stat()
        mark.update(f"{path} {found.st_size} {found.st_mtime_ns}\n".encode())
    return mark.hexdigest(length=8)


def _make(folder: Path, sources: dict[str, Path]) -> None:
    fresh = folder.with_name(f".{folder.name}.{os.urandom(4).hex()}")
    try:
        for path, file in sources.items():
            target = fresh / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
        fresh.rename(folder)
    except BaseException as error:  # Ctrl-C as well
        shutil.rmtree(fresh, ignore_errors=True)
        if not isinstance(error, OSError) or not folder.is_dir():  # else another process was first
            raise


def _remove_unused(root: Path) -> None:
    """Remove the copies, and parts of such, that nobody has submitted a run with for a long time."""
    for folder in root.iterdir():
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > _UNUSED_S:
                shutil.rmtree(folder)
