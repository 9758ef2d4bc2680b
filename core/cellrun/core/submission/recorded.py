"""The record of a request: all that it asks for, and what git knows about its source folder.

Git's files are read, as starting git costs more than a whole submission. The repository may be one that somebody else
put above the folder, in /tmp: nothing of it is waited for or read without end, what is no commit isn't taken for one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellrun.core.disk.control_file import open_regular
from cellrun.core.environment_spec import EnvironmentSpec, has_secret_name
from cellrun.core.environments.building.built_environments import words_of
from cellrun.core.run_request import RunRequest
from cellrun.core.store.record import RunRecord

if TYPE_CHECKING:
    from cellrun.core.targets.contract import ComputeTarget

_MOST_BYTES = 64_000_000
"""Of packed references, 100,000 have 8 MB."""
_BRANCH_CHARACTERS = 1000
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def recorded(request: RunRequest, target: ComputeTarget) -> RunRecord:
    """Return what is recorded of a request."""
    notebook = (request.cell or {}).get("notebook")
    folder = Path(notebook).parent.absolute() if notebook else Path(request.source_directory or ".").absolute()
    is_command = request.kind == "command"
    return RunRecord(
        experiment=request.experiment,
        kind=request.kind,
        display_name=request.name,
        type=request.type,
        parent=request.parent,
        target=target.name,
        argv=[] if is_command else [request.program, *request.recorded_arguments],
        parameters=_parameters(request),
        inputs={one.name: one.to_json() for one in request.inputs},
        outputs={one.name: one.to_json() for one in request.outputs},
        script=request.program if request.kind == "script" else None,
        command=request.program if is_command else None,
        source_directory=request.source_directory,
        links=dict(request.code.links()),
        environment_variables=sorted(request.variables),
        env_in_engine=request.env_in_engine,
        options=dict(request.options),
        resources=request.resources.to_json(),
        max_run_duration_seconds=request.max_run_duration_seconds,
        distribution=request.distribution and request.distribution.to_json(),
        git=git_head(folder),
        python=str(target.python(request.environment)),
        environment=words_of(wanted) if isinstance(wanted := request.environment, EnvironmentSpec) else wanted,
        environment_spec=_environment(wanted, request.variables) if isinstance(wanted, EnvironmentSpec) else None,
        cell=None if request.cell is None else dict(request.cell),
        properties=dict(request.properties),
        repeats=request.repeats,
    )


def _environment(spec: EnvironmentSpec, given: Mapping[str, str]) -> dict[str, Any]:
    """Return an environment as it is recorded, with the variables that the run has from it and that are no secrets."""
    own = {name: value for name, value in spec.variables.items() if given.get(name) == value}
    kept = {name: value for name, value in own.items() if not has_secret_name(name)}
    return replace(spec, variables=kept).to_json()


def _parameters(request: RunRequest) -> dict[str, str]:
    """Return the pairs in a request's arguments, and each input that stands in none of them."""
    pairs = parameters(request.shown_arguments)
    return {**{one.name: one.words for one in request.inputs if one.words not in pairs.values()}, **pairs}


def parameters(texts: Sequence[str]) -> dict[str, str]:
    """Return the pairs that stand in arguments as `--name value` or `--name=value`; of one name the last."""
    pairs = {}
    for number, text in enumerate(texts):
        name, equals, value = text.removeprefix("--").partition("=")
        if not text.startswith("--") or not name:
            continue
        if equals:
            pairs[name] = value
        elif number + 1 < len(texts) and not texts[number + 1].startswith("--"):
            pairs[name] = texts[number + 1]
    return pairs


def git_head(folder: Path) -> dict[str, str]:
    """Return the commit ("head") and, unless it is detached, the branch ("branch") that a folder's repository is at.

    Empty outside a repository, or if its files say something unknown; a new repository has a branch and no commit.
    """
    for place in (folder, *folder.parents):
        mark = place / ".git"
        try:
            if mark.is_dir():
                return _read_head(mark)
            if mark.is_file():  # a worktree or a submodule: the file names the folder
                return _read_head(place / _text(mark).partition("gitdir:")[2].strip())
        except (OSError, UnicodeDecodeError):
            return {}
    return {}


def _read_head(git: Path) -> dict[str, str]:
    head = _text(git / "HEAD").strip()
    if not head.startswith("ref:"):
        return {"head": head} if _COMMIT.fullmatch(head) else {}
    reference = head.removeprefix("ref:").strip()
    if len(reference) > _BRANCH_CHARACTERS or not reference.startswith("refs/") or ".." in reference:
        return {}
    branch = {"branch": reference.removeprefix("refs/heads/")}
    commit = _commit(git, reference)
    return {"head": commit, **branch} if commit and _COMMIT.fullmatch(commit) else branch


def _commit(git: Path, reference: str) -> str | None:
    shared = git / "commondir"  # in a worktree the branches are the main repository's
    common = git / _text(shared).strip() if shared.is_file() else git
    loose = common / reference
    if loose.is_file():
        return _text(loose).strip()
    packed = common / "packed-refs"
    for line in _text(packed).splitlines() if packed.is_file() else ():
        commit, _, name = line.partition(" ")
        if name == reference:
            return commit
    return None


def _text(file: Path) -> str:
    """Return what is in a regular file, as far as a repository's may be long. Raises OSError, UnicodeDecodeError."""
    with open_regular(file) as opened:
        return opened.read(_MOST_BYTES).decode()
