"""The environments that were built on this machine, each in a folder of its own: what is in it, who uses it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from cellrun.core.disk.control_file import UNREADABLE, read_object
from cellrun.core.disk.lock import hold_lock
from cellrun.core.disk.ownership import refuse_foreign
from cellrun.core.disk.whole_files import json_text, remove_tree, replace_file, size_on_disk, write_once
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.errors import UserErrorException
from cellrun.core.layout import RunLayout
from cellrun.core.places import home, home_folder
from cellrun.core.store.using_runs import UsingRuns

_ENVIRONMENTS = "environments"
_MARK = "cellrun-environment.json"


class CachedEnvironment:
    """One environment of the cache below the home, whole or not: `<home>/environments/<key>/`.

    Each build makes a folder of its own in it, `made-<hex>`, at the place where it stays: what is installed knows where
    it is. `env` is a link to the one that is whole, made when that has its mark; so what a killed build left, or one
    whose uv still writes, is never taken for an environment.

    Responsibilities: what is wanted in it, where its Python is, who uses it, its removal.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of_key(cls, key: str) -> CachedEnvironment:
        """Return the one of a key, which needn't be there."""
        return cls(_folder() / key)

    @property
    def key(self) -> str:
        """What it is known by: made from all that decides what is built."""
        return self.folder.name

    @property
    def prefix(self) -> Path:
        """The environment's folder, once it is whole; the same path before."""
        return self.folder / "env"

    @property
    def interpreter(self) -> str:
        """Its Python, once it is whole."""
        return str(self.prefix / "bin" / "python")

    @property
    def lock(self) -> Path:
        """Held by whoever builds or removes it."""
        return self.folder.with_name(f"{self.key}.lock")

    @property
    def log(self) -> Path:
        """What the last build printed."""
        return self.folder / "build_log.txt"

    @property
    def is_whole(self) -> bool:
        """Whether it was built to its end."""
        return os.path.exists(self.prefix / _MARK)  # noqa: PTH110  # at each submission: half the price of Path's

    @property
    def facts(self) -> Mapping[str, Any]:
        """What was noted when it was whole: python, packages, seconds, built_at, notices; empty if it isn't."""
        with suppress(*UNREADABLE):
            return read_object(self.folder, self.prefix.resolve() / _MARK)
        return {}

    @property
    def notices(self) -> tuple[str, ...]:
        """What of it is otherwise than it was asked for, as its build came to know."""
        noted = self.facts.get("notices", ())
        return tuple(map(str, noted)) if isinstance(noted, list) else ()

    @property
    def spec(self) -> EnvironmentSpec:
        """What is wanted in it. Raises OSError, DamagedRunError, UserErrorException."""
        return EnvironmentSpec.from_json(self._wanted["spec"])

    @property
    def base(self) -> str:
        """The Python that it is made with; of one that uv is to bring, the version. Raises as `spec` does."""
        return str(self._wanted["base"])

    @property
    def name(self) -> str:
        """What its user calls it, as far as that is known."""
        with suppress(*UNREADABLE, UserErrorException, KeyError):
            return words_of(self.spec)
        return self.key

    @property
    def size_bytes(self) -> int:
        """What it takes on the disk. What it shares with uv's own cache is counted: both have it."""
        return size_on_disk(self.folder)

    @property
    def last_used(self) -> float:
        """When a run was last submitted that uses it, epoch seconds."""
        for path in (self._using.folder, self.folder):
            with suppress(OSError):
                return path.stat().st_mtime
        return 0.0

    @property
    def choices(self) -> Mapping[str, list[str]]:
        """The variables of whoever asked for it that its key has (`kept_choices`). Raises as `spec` does."""
        return dict(self._wanted["choices"])

    def order(self, spec: EnvironmentSpec, base: str, choices: Mapping[str, list[str]]) -> None:
        """Write what is wanted in it, for whoever will build it; the values of its variables aren't."""
        home_folder(_ENVIRONMENTS)
        self.folder.mkdir(mode=0o700, exist_ok=True)
        with suppress(FileExistsError):
            wanted = {"spec": replace(spec, variables={}).to_json(), "base": base, "choices": choices}
            write_once(self._wanted_file, json_text(wanted))

    def is_wanted(self) -> bool:
        """Whether it is whole, for a run that will use it: from now on it isn't taken for one that nobody uses."""
        for path in (self.folder, self._using.folder):
            with suppress(OSError):
                os.utime(path)
        return self.is_whole

    def use(self, layout: RunLayout) -> None:
        """Note that a run uses it, until that has ended: it isn't removed before."""
        with suppress(OSError):  # a full disk: then it is as old as its last use
            self._using.add(layout)

    def users(self) -> list[RunLayout]:
        """Return the runs that use it and haven't ended."""
        return self._using.living()

    def new_place(self) -> Path:
        """Return where the next build is to make it."""
        return self.folder / f"made-{os.urandom(4).hex()}"

    def finish(self, prefix: Path, facts: Mapping[str, Any]) -> None:
        """Take the environment in a folder for whole: its mark first, then its name."""
        replace_file(prefix / _MARK, json_text(facts))
        link = self.folder / f".env.{os.urandom(4).hex()}"
        link.symlink_to(prefix.relative_to(self.folder))
        link.replace(self.prefix)

    def remains(self) -> list[Path]:
        """Return what builds left that didn't come to their end; only under its lock it is known that none goes on."""
        whole = self.prefix.resolve() if self.is_whole else None
        made = [path for path in self.folder.glob("made-*") if whole is None or not whole.is_relative_to(path)]
        return [*made, *self.folder.glob(".*")]

    @property
    def is_being_built(self) -> bool:
        """Whether somebody builds it now, or removes it."""
        if not self.lock.exists():
            return False
        with hold_lock(self.lock, "", None) as is_held:
            return not is_held

    def remove(self) -> None:
        """Remove it. Raises UserErrorException while it is being built, or a run uses it."""
        with hold_lock(self.lock, f"process {os.getpid()}, which removes it", None) as is_held:
            if not is_held:
                raise UserErrorException(f"environment {self.name} is being built; cancel the runs that wait for it")
            if users := self.users():
                ids = ", ".join(layout.run_id for layout in users[:3])
                raise UserErrorException(
                    f"environment {self.name} is in use by {len(users)} of your runs ({ids}); wait for their end, or "
                    "cancel them"
                )
            self.prefix.unlink(missing_ok=True)  # from here on nobody takes it for whole
            remove_tree(self.folder)
            self.lock.unlink(missing_ok=True)

    @property
    def _wanted_file(self) -> Path:
        return self.folder / "wanted.json"

    @property
    def _wanted(self) -> Mapping[str, Any]:
        return read_object(self.folder, self._wanted_file)

    @property
    def _using(self) -> UsingRuns:
        return UsingRuns(self.folder / "used_by")


def cached_environments() -> Iterator[CachedEnvironment]:
    """Iterate over the environments of the cache, also those that aren't whole."""
    folder = _folder()
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            yield CachedEnvironment(path)


def cached_environment_of(interpreter: str) -> CachedEnvironment | None:
    """Return the environment of the cache that an interpreter is the Python of; None for any other."""
    folder = Path(interpreter).parent.parent.parent
    kept = CachedEnvironment(folder)
    return kept if interpreter == kept.interpreter and folder.parent == home() / _ENVIRONMENTS else None


def _folder() -> Path:
    """Return where environments are kept; it isn't made. Raises WorkspaceException if others can write there."""
    folder = home() / _ENVIRONMENTS
    if folder.is_dir():
        refuse_foreign(folder, "set CELLRUN_HOME to a folder of yours")  # its Pythons are run
    return folder


def words_of(spec: EnvironmentSpec) -> str:
    """Return what to call an environment in a sentence: its name and version, else its packages."""
    if spec.name:
        return f"{spec.name}:{spec.version}" if spec.version else spec.name
    packages = [*spec.conda_packages, *spec.packages]
    more = f" and {len(packages) - 3} more" if len(packages) > 3 else ""
    return f"of {', '.join(packages[:3])}{more}" if packages else "without packages"


def remove(path: Path) -> None:
    """Remove a file or folder; what somebody still writes to stays."""
    with suppress(OSError):
        remove_tree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
