"""What machines of tests have of cellrun before anybody connects: it is compiled by whoever comes first."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from cellrun.core.environments import library_folder
from cellrun.core.environments.job_library import library_archive


@cache
def library() -> Path:
    """Return the library's folder, the same for all tests of this process."""
    above = tempfile.mkdtemp(prefix="cellrun-tests-library-")
    atexit.register(shutil.rmtree, above, ignore_errors=True)
    archive = library_archive()
    folder = Path(above) / archive.name
    library_folder.make(folder, library_folder.unpacked(archive.data))
    return folder


def give_library(cellrun_home: Path) -> None:
    """Let a machine that has nothing yet have it."""
    (cellrun_home / "library").mkdir(parents=True, mode=0o700)
    cellrun_home.chmod(0o700)
    (cellrun_home / "library" / library().name).symlink_to(library())
