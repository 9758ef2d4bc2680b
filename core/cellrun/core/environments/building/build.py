"""The build of an environment: once for all who wait for it, whole or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from cellrun.core.disk.lock import hold_lock
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.building.builder import BuildError, Say
from cellrun.core.environments.building.built_environments import CachedEnvironment, remove, words_of
from cellrun.core.environments.building.plan import builder_of
from cellrun.core.environments.building.relaxing import relaxed
from cellrun.core.identity import own_run
from cellrun.core.resources import size_text
from cellrun.core.store.record import RunRecord

_PACKAGES = """
import json, sys
from importlib.metadata import distributions
heads = [each.metadata for each in distributions()]  # each time it is asked for it is parsed
print(json.dumps({
    "python": "%d.%d.%d" % sys.version_info[:3],
    "packages": {head["Name"]: head["Version"] for head in heads if head["Name"]},
}))
"""


def build(kept: CachedEnvironment, say: Say) -> None:
    """Build an environment that was ordered, unless somebody else does or did: then wait for that.

    Of many who call it at once one builds. If that one is killed the next builds, from the beginning; what it had
    brought is in uv's cache. Raises BuildError in the words of what builds, and what `CachedEnvironment.spec` raises.
    """
    spec = kept.spec
    name = words_of(spec)

    def wait(holder: str) -> None:
        say(f"Environment {name} is being built by {holder or 'another process'}; waiting for it.")

    with hold_lock(kept.lock, _who(), wait):
        if kept.is_whole:
            say(f"Environment {name} is there: {kept.prefix}")
            return
        for path in kept.remains():
            remove(path)
        began, said = time.monotonic(), list[str]()

        def log(line: str) -> None:
            said.append(line)
            say(line)

        say(f"Building environment {name}, kept as {kept.folder}")
        try:
            prefix, built = _built(kept, spec, log)
            facts, notices = _facts(prefix), built.notices[len(spec.notices) :]
            seconds = time.monotonic() - began
            kept.finish(
                prefix, {**facts, "seconds": round(seconds, 3), "built_at": time.time(), "notices": list(notices)}
            )
        except OSError as error:  # a full disk
            raise BuildError(": ".join(map(str, filter(None, (error.strerror, error.filename))))) from error
        finally:
            with suppress(OSError):
                kept.log.write_text("\n".join(said) + "\n", encoding="utf-8")
            for path in kept.remains():
                remove(path)
        count, size = len(facts["packages"]), size_text(kept.size_bytes)
        say(f"Environment {name} is built: {count} package{'s' * (count != 1)}, {size}, {seconds:.1f} s")


def _built(kept: CachedEnvironment, spec: EnvironmentSpec, log: Say) -> tuple[Path, EnvironmentSpec]:
    """Build a spec; a lenient one that can't be had is asked less of, package by package, each time said."""
    while True:
        place = kept.new_place()
        try:
            return builder_of(spec).build(spec, kept.base, place, log), spec
        except BuildError as error:
            less = relaxed(spec, str(error)) if spec.is_lenient else None
            if less is None:
                raise
            for notice in less.notices[len(spec.notices) :]:
                log(f"WARNING: {notice}")
            spec = less
            remove(place)


def _who() -> str:
    run = own_run()
    return f"run {RunRecord.read(run).name}" if run else f"process {os.getpid()}"


def _facts(prefix: Path) -> dict[str, Any]:
    """Ask a Python that was just made for its version and packages. Raises BuildError if it doesn't run."""
    python = prefix / "bin" / "python"
    done = subprocess.run(
        [python, "-I", "-c", _PACKAGES], capture_output=True, text=True, errors="replace", cwd="/", check=False
    )
    try:
        facts: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, LookupError):
        said = (done.stderr.strip() or f"it ended with {done.returncode}").splitlines()[-1]
        raise BuildError(f"the Python that was made, {python}, doesn't run: {said}") from None
    return facts
