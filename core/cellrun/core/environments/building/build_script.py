"""Builds an environment before a run starts in it: `python build_script.py <folder of the environment>`.

A supervisor starts it in the run's environment and folder; what it prints is the run's preparation log.
"""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    del sys.path[0]  # where this file is: none of the modules beside it is meant

from pathlib import Path

from cellrun.core.environments.building.build import build
from cellrun.core.environments.building.builder import BuildError
from cellrun.core.environments.building.built_environments import CachedEnvironment
from cellrun.core.environments.building.uv_program import with_choices
from cellrun.core.errors import CellrunError
from cellrun.core.front_end import plain
from cellrun.core.identity import own_run
from cellrun.core.store.notes import add_note
from cellrun.core.supervision.preparation import REASON


def main(folder: str) -> int:
    """Build the environment in a folder of the cache; return the exit code."""
    kept = CachedEnvironment(Path(folder))
    try:
        _choose(kept)
        build(kept, _say)
        if run := own_run():
            for notice in kept.notices:
                add_note(run, notice)
    except (CellrunError, OSError) as error:
        _say(REASON + _failure(kept, error))
        return 1
    except KeyboardInterrupt:
        _say("canceled")
        return 130
    return 0


def _choose(kept: CachedEnvironment) -> None:
    """Let uv be told what it would have been told where the run was submitted: a run that waited is started elsewhere.

    Whoever asks for it later takes what is built now for what those variables give. Raises BuildError.
    """
    environ, lacks = with_choices(os.environ, kept.choices)
    if lacks:
        raise BuildError(
            f"it was asked for with {', '.join(lacks)}, which holds a login, and another process, without it, started "
            "the run, as it had waited; submit it again"
        )
    for name in os.environ.keys() - environ.keys():
        del os.environ[name]
    os.environ.update(environ)


def _failure(kept: CachedEnvironment, error: Exception) -> str:
    """Return why the run fails."""
    return f"environment {kept.name} can't be built: {' '.join(str(error).split())}"


def _say(line: str) -> None:
    print(plain(line), flush=True)  # noqa: T201  # its log


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
