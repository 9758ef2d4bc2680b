"""The program that a remote Python is sent first: it installs the library, unless it is there, and becomes the agent.

It is sent as text and executed with nothing but the interpreter, so it imports nothing of ours. The words for people
are made at the other end: here stands what the system says.
"""

import errno
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

MARKER = "cellrun-far-1:"


def home() -> Path:
    """Return the folder of all that cellrun keeps there, as `places.home` does."""
    given = os.environ.get("CELLRUN_HOME")
    if given:
        return Path(given).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "cellrun"
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data and Path(data).is_absolute() else Path.home() / ".local" / "share") / "cellrun"


def answer(marker: str = "", **facts: object) -> None:
    """Write one line, whole."""
    rest = f"{marker}{json.dumps(facts)}\n".encode()
    while rest:
        rest = rest[os.write(1, rest) :]


def refuse(error: OSError, marker: str = "") -> None:
    """Say why it goes no further, and end."""
    full = {errno.ENOSPC, errno.EDQUOT}
    kind = "disk_full" if error.errno in full else "folder"
    answer(marker, error=error.strerror or str(error), kind=kind, path=str(error.filename or home()))
    sys.exit(1)


def make_private(folder: Path) -> None:
    """Make a folder for this user alone, and what is missing on the way to it."""
    if not folder.parent.is_dir():
        make_private(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir(0o700)


def library_maker() -> dict[str, Any]:
    """Take the text that knows a library by its content, and makes one of an archive; return its names."""
    maker: dict[str, Any] = {"__name__": "library_folder"}
    exec(piece(), maker)  # noqa: S102  # as with this text itself: there is nothing yet to import it from
    return maker


def piece() -> bytes:
    """Read bytes whose number comes before them, in a line."""
    return sys.stdin.buffer.read(int(sys.stdin.buffer.readline()))


def main() -> None:
    """Take what is wanted from stdin, say what is there, and go on as the agent."""
    wanted = json.loads(sys.stdin.buffer.readline())
    folder, maker = home() / "library" / wanted["library"], library_maker()
    try:
        make_private(folder.parent)
        has = maker["is_whole"](folder)
        if has:
            os.utime(folder)  # it is in use
    except OSError as error:
        refuse(error, MARKER)
    told = {"python": ".".join(map(str, sys.version_info[:3])), "executable": sys.executable, "home": str(home())}
    answer(MARKER, **told, has=has)
    if not has:
        try:
            maker["make"](folder, maker["unpacked"](piece()))
        except OSError as error:
            refuse(error)
        except ValueError as error:
            answer(error=str(error), kind="library")
            sys.exit(1)
        answer(ready=True)
    sys.path.insert(0, str(folder))
    try:
        from cellrun.core.remote.agent import main as go_on  # noqa: PLC0415  # it is there by now
    except ImportError as error:  # a Python without parts of its standard library
        answer(error=f"{sys.executable} can't run cellrun: {error}; give another Python there", kind="python")
        sys.exit(1)
    go_on()


if __name__ == "__main__":
    main()
