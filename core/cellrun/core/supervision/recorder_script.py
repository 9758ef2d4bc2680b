"""Records what a run is run by, as the program of a process that `recorder.py` starts.

Run by the run's own interpreter, whichever that is: so it needs the standard library alone, and no new one. It stands
back behind all others that want a processor, says nothing, and a part that fails costs that part alone. The run's own
processes import nothing of it.
"""

from __future__ import annotations

import json
import os
import re
import stat
import sys
import time
from contextlib import suppress
from functools import lru_cache

TYPE_CHECKING = (
    False  # each run pays for what is imported: typing, subprocess and shutil take longer than all else here
)
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

VERSION = 1
FILE = "environment.json"
FILE_BYTES = 64_000_000
DIFF_BYTES = 200_000
ADDRESS_CHARS = 4096
"""A longer address is none, and would take long to be looked through."""
PROGRAM_S = 60.0
"""So long may git or nvidia-smi take: a repository of gigabytes on a slow disk isn't looked through to its end."""

_RUNS_NOTHING = (
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "diff.autoRefreshIndex=false"),  # git diff would write the index, and then run a hook
    *("-c", "safe.bareRepository=explicit"),  # a folder that only looks like one has a configuration too
)
"""A repository may have come from anybody, in an archive: its configuration names programs that git would run."""
_OWN_ALONE = ("--ignore-submodules=dirty", "--no-renames")  # a submodule has a configuration of its own


def main(folder: str, source: str) -> None:
    """Write the record of a run's folder, whole. `sys.path` begins with the folder of this module."""
    os.nice(19)  # SCHED_IDLE would be kinder still, but beside a training on all cores nothing would ever be done
    del sys.path[0]  # none of the run's packages
    run = _object_in(os.path.join(folder, "run.json"))  # noqa: PTH118  # as little as can be is loaded
    parts: dict[str, Callable[[], Any]] = {
        "python": python,
        "packages": packages,
        "host": host,
        "gpus": gpus,
        "cuda_visible_devices": lambda: os.environ.get("CUDA_VISIBLE_DEVICES"),
        "git": lambda: git_of(folder, source, run),
    }
    record: dict[str, Any] = {"version": VERSION, "recorded_at": time.time()}
    problems = []
    for name, find in parts.items():
        try:
            record[name] = find()
        except Exception as error:  # noqa: BLE001  # whatever a strange machine or interpreter comes up with
            problems.append(f"{name}: {type(error).__name__}: {error}")
    record["problems"] = problems
    write(folder, json.dumps(record))


def write(folder: str, text: str) -> None:
    """Write a record into a run's folder, whole."""
    if not _written_unnamed(folder, text):
        _write_draft(folder, text)


def _written_unnamed(folder: str, text: str) -> bool:
    """Write the record as a file that gets its name when it is whole: whoever is killed meanwhile leaves nothing.

    Returns whether that is done: it needs a file system with such files (Linux), and no record there.
    """
    fds = []
    try:
        fds.append(os.open(folder, os.O_RDONLY | os.O_DIRECTORY))
        fds.append(os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o666))
        rest = memoryview(text.encode("ascii"))
        while rest:
            rest = rest[os.write(fds[1], rest) :]
        os.link(f"/proc/self/fd/{fds[1]}", FILE, dst_dir_fd=fds[0])  # a folder for it: else the link isn't followed
    except (AttributeError, OSError):
        return False
    finally:
        for fd in fds:
            os.close(fd)
    return True


def _write_draft(folder: str, text: str) -> None:
    draft = os.path.join(folder, f".{FILE}.{os.getpid()}")  # noqa: PTH118
    try:
        with open(draft, "w", encoding="ascii") as file:  # noqa: PTH123
            file.write(text)
        os.replace(draft, os.path.join(folder, FILE))  # noqa: PTH105, PTH118
    except OSError:  # a full disk: nothing is left there
        with suppress(OSError):
            os.unlink(draft)  # noqa: PTH108
        raise


def _object_in(path: str) -> dict[str, Any]:
    """Return the JSON object in a run's file: a regular one of a size, never waited for (`control_file` in short)."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode) or about.st_size > FILE_BYTES:
            raise ValueError(f"{path} is no regular file of {FILE_BYTES:,} bytes at most")
        found: dict[str, Any] = json.loads(file.read(FILE_BYTES))
    return found


def python() -> dict[str, str]:
    """Return which Python this is."""
    implementation = "CPython" if sys.implementation.name == "cpython" else _platform("python_implementation")
    return {"version": sys.version.split()[0], "implementation": implementation, "executable": sys.executable}


def packages() -> dict[str, str | None]:
    """Return the version of each installed distribution; of two of one name, that of the one which is imported.

    They are those that importlib.metadata finds, which parses each one's file to its end at ten times the price.
    """
    found: dict[str, str | None] = {}
    for folder in sys.path:
        for name, version in _distributions(folder):
            if name:
                found.setdefault(name, version)
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


def _distributions(folder: str) -> Iterator[tuple[str | None, str | None]]:
    try:
        entries = os.listdir(folder or ".")  # noqa: PTH208
    except NotADirectoryError:  # an archive: seldom one with packages
        from importlib.metadata import distributions  # noqa: PLC0415  # where it is missing, it costs this part alone

        for distribution in distributions(path=[folder]):
            yield distribution.metadata["Name"], distribution.metadata["Version"]
        return
    except OSError:
        return
    for entry in entries:
        kind = entry.lower()
        if kind.endswith((".dist-info", ".egg-info")) or (kind == "egg-info" and folder.lower().endswith(".egg")):
            yield _name_and_version(os.path.join(folder, entry))  # noqa: PTH118


def _name_and_version(place: str) -> tuple[str | None, str | None]:
    """Return what the head of a distribution's file says; an old egg-info is that file itself."""
    head: dict[str, str] = {}
    for path in (os.path.join(place, "METADATA"), os.path.join(place, "PKG-INFO"), place):  # noqa: PTH118
        try:
            with open(path, "rb") as file:  # noqa: PTH123
                for line in file:
                    field, _, text = line.partition(b":")
                    if field.lower() in {b"name", b"version"}:
                        head.setdefault(field.lower().decode(), text.decode("utf-8", "replace").strip())
                    if len(head) == 2 or not line.strip():
                        break
        except OSError:
            continue
        if head:
            break
    return head.get("name"), head.get("version")


def host() -> dict[str, Any]:
    """Return which machine this is and what it has."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "name": os.uname().nodename,
        "os": _system(),
        "cpu": _processor(),
        "cpus": usable,
        "memory_bytes": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
    }


def gpus() -> list[dict[str, Any]]:
    """Return the machine's GPUs as NVIDIA's tool tells them; none where it isn't installed."""
    if not _is_installed("nvidia-smi"):
        return []
    told = _output("nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader,nounits")
    rows = [[cell.strip() for cell in line.split(",")] for line in told.splitlines() if line.strip()]
    return [{"name": name, "memory_bytes": int(mib) << 20, "driver": driver} for name, mib, driver in rows]


def git_of(folder: str, source: str, run: dict[str, Any]) -> dict[str, Any] | None:
    """Return the state of the source folder's repository; of a run that repeats another one, what that one recorded."""
    if run.get("repeats"):
        return _git_of_first(os.path.join(os.path.dirname(folder), run["repeats"], FILE))  # noqa: PTH118, PTH120
    if not source or not _may_be_in_repository(source) or not _is_installed("git"):
        return None
    if _git(source, "rev-parse", "--git-dir", check=False) == "":
        return None
    is_copied = run["kind"] in {"script", "command"}
    told = _git(source, "status", "--porcelain", "-z", *_OWN_ALONE, "--", ".")
    status = [entry for entry in told.split("\0") if entry]
    untracked = sum(entry.startswith("??") for entry in status)
    head = _git(source, "rev-parse", "--verify", "-q", "HEAD", check=False).strip()
    changed = _changed(source, os.path.join(folder, "snapshot"), is_copied=is_copied) if head else []  # noqa: PTH118
    diff = _diff(source, changed) if changed else ""
    return {
        "remote": without_credentials(_remote(source)),
        "branch": _git(source, "symbolic-ref", "-q", "--short", "HEAD", check=False).strip() or None,
        "head": head or None,
        "files_changed": len(status) - untracked,
        "untracked": untracked,
        "diff": diff[:DIFF_BYTES],
        "diff_truncated": len(diff) > DIFF_BYTES,
    }


def _may_be_in_repository(source: str) -> bool:
    """Whether git is to be asked: a folder of no repository, as many are, shows that without it."""
    folder, above = os.path.realpath(source), ""
    while folder != above and not os.path.lexists(os.path.join(folder, ".git")):  # noqa: PTH118
        folder, above = os.path.dirname(folder), folder  # noqa: PTH120
    return folder != above or "GIT_DIR" in os.environ


def without_credentials(remote: str) -> str | None:
    """Return a remote's address without what opens it; None for none.

    All that stands before its last `@` goes, whatever is before and in it: a token may stand for the user, and a
    password may hold any character. Only `git@`, the user of every server, is no secret.
    """
    if len(remote) > ADDRESS_CHARS:
        return None
    address = re.sub(r"[?#;].*$", "", remote, flags=re.DOTALL)
    address = re.sub(r"(:/+)(?!/|git@[^@]*$).*@", r"\1", address, count=1, flags=re.DOTALL)
    if not re.search(r":/", address):  # as ssh takes it: user@host:path
        address = re.sub(r"^[^@]*:.*@", "", address, flags=re.DOTALL)
    return address or None


def _changed(source: str, snapshot: str, *, is_copied: bool) -> list[str]:
    """Return the files whose changes are told: those that went along, by the same paths if the folder is copied.

    What an ignore file kept out of the snapshot, or a cell had no need of, stays out for a reason. A cell's modules
    stand in its snapshot by the paths by which they are imported: they are known by their content.
    """
    names = _git(source, "diff", "HEAD", "--name-only", "-z", "--relative", *_OWN_ALONE, "--", ".").split("\0")
    if is_copied:
        return [name for name in names if name and os.path.lexists(os.path.join(snapshot, name))]  # noqa: PTH118
    taken: dict[str, list[str]] = {}
    for folder, _, files in os.walk(snapshot):
        for file in files:
            taken.setdefault(file, []).append(os.path.join(folder, file))  # noqa: PTH118
    return [
        name
        for name in names
        if any(_is_same(os.path.join(source, name), path) for path in taken.get(os.path.basename(name), ()))  # noqa: PTH118, PTH119
    ]


def _is_same(file: str, copy: str) -> bool:
    import filecmp  # noqa: PLC0415  # for a cell alone

    try:
        return filecmp.cmp(file, copy, shallow=False)
    except OSError:  # gone meanwhile
        return False


def _diff(source: str, names: list[str]) -> str:
    """Return the changes of files as a patch, or a beginning of it that is longer than what is kept."""
    options = ("--relative", *_OWN_ALONE, "--submodule=short", "--no-ext-diff", "--no-textconv", "--no-color")
    import subprocess  # noqa: PLC0415  # as in `_output`
    from threading import Timer  # noqa: PLC0415  # as above

    most = names[:1000]  # a command line has an end
    with subprocess.Popen(
        [*_git_command(source), "diff", "HEAD", *options, "--", *(f":(literal){name}" for name in most)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_quiet(),
    ) as process:
        assert process.stdout is not None  # noqa: S101  # asked for above
        limit = Timer(PROGRAM_S, process.kill)  # a pipe may stand where git looks for a file
        limit.start()
        data = process.stdout.read(DIFF_BYTES + 1)
        limit.cancel()
        process.kill()
    return data.decode("utf-8", "replace")


def _remote(source: str) -> str:
    remotes = _git(source, "remote").split()
    if not remotes:
        return ""
    return _git(source, "remote", "get-url", "origin" if "origin" in remotes else remotes[0]).strip()


def _git_of_first(path: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = _object_in(path).get("git")
    return found


def _git(source: str, *arguments: str, check: bool = True) -> str:
    return _output(*_git_command(source), *arguments, check=check)


@lru_cache(maxsize=1)
def _git_command(source: str) -> tuple[str, ...]:
    """Return the beginning of a command that asks git of a folder, and runs no program but git.

    Whoever wrote the repository's attributes chooses which filter is run on which file, also of the user's own; a hook
    may stand in its configuration since git 2.54. Raises OSError for a filter or hook that can't be turned off.
    """
    git = ("git", "-C", source, *_RUNS_NOTHING)
    listed = _output(*git, "config", "-z", "--name-only", "--get-regexp", r"^(filter|hook)\..*\.", check=False)
    named = {name.rpartition(".")[0] for name in listed.split("\0") if name}
    if any("=" in name for name in named):  # what follows it would be taken for the value
        raise OSError("a filter or hook of the repository has '=' in its name")
    off = {"filter": ("clean=", "smudge=", "process=", "required=false"), "hook": ("enabled=false",)}
    return (
        *git,
        *(word for name in sorted(named) for what in off[name.partition(".")[0]] for word in ("-c", f"{name}.{what}")),
    )


def _is_installed(program: str) -> bool:
    """Whether a program is found, as `shutil.which` finds it, which loads three libraries to decompress files."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    paths = (os.path.join(folder, program) for folder in folders)  # noqa: PTH118
    return any(os.access(path, os.X_OK) and os.path.isfile(path) for path in paths)  # noqa: PTH113


def _output(*command: str, check: bool = True) -> str:
    import subprocess  # noqa: PLC0415  # costs 5 ms, and most runs come from no repository

    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PROGRAM_S,
        env=_quiet(),
        check=False,
    )
    if done.returncode and check:
        raise OSError(done.stderr.decode("utf-8", "replace").strip()[-500:])
    return done.stdout.decode("utf-8", "replace") if not done.returncode else ""


def _quiet() -> dict[str, str]:
    """Return the environment of programs that are asked: no lock on what others use, no question, nothing fetched."""
    fetches = {"GIT_ALLOW_PROTOCOL": "", "GIT_NO_LAZY_FETCH": "1"}  # what a partial clone lacks: by a program it names
    return {**os.environ, **fetches, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}


def _system() -> str:
    system = f"{os.uname().sysname} {os.uname().release}"
    try:
        with open("/etc/os-release", encoding="utf-8") as file:  # noqa: PTH123
            name = re.search(r'^PRETTY_NAME="?([^"\n]*)', file.read(), re.MULTILINE)
    except OSError:
        return _platform("platform")
    return f"{name.group(1)} ({system})" if name else system


def _platform(what: str) -> str:
    import platform  # noqa: PLC0415  # loads subprocess

    told: str = getattr(platform, what)()
    return told


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123
            name = re.search(r"^model name\s*:\s*(.*)$", file.read(), re.MULTILINE)
    except OSError:  # macOS
        return _output("sysctl", "-n", "machdep.cpu.brand_string").strip()
    return name.group(1).strip() if name else os.uname().machine
