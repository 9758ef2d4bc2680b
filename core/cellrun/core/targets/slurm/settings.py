"""The settings of a target of kind slurm, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cellrun.core.errors import UserErrorException, shown
from cellrun.core.targets.ssh.settings import checked as check_place

OPTIONS = {
    "partition": "the partition, or several with commas; left out: the cluster's default one",
    "account": "the account that the time is charged to",
    "qos": "the quality of service",
}
"""What a run may choose otherwise than its target."""
SETTINGS = {
    "host": "its login node, as `ssh` is called with it; left out: sbatch is on this machine",
    "python": "the Python there that runs and cellrun's own helper use; left out: this one, or there its python3",
    "folder": "with host: where runs are kept there, on a disk that its nodes share",
    **OPTIONS,
    "sbatch": "a list of further long options of sbatch, as ['--constraint=a100']",
}
OURS = (
    *("array", "batch", "chdir", "clusters", "comment", "error", "export", "export-file", "help", "hold", "input"),
    *("job-name", "no-requeue", "nodes", "ntasks", "ntasks-per-node", "open-mode", "output", "parsable", "requeue"),
    *("quiet", "signal", "test-only", "uid", "gid", "usage", "verbose", "version", "wait", "wrap"),
)
"""What cellrun says itself, or what would leave it without its job."""
_PLACE = frozenset({"host", "python", "folder"})
_NO_FOLDER = "folder is where runs are kept beyond a login node (host=); without one they are in the workspace"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_OPTION = re.compile(r"--([A-Za-z][A-Za-z0-9-]*)(=.*)?", re.DOTALL)


def checked(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings as they are kept. Raises UserErrorException with everything that is wrong in them."""
    given = {name: value for name, value in settings.items() if value not in (None, "", [], ())}
    further = given.pop("sbatch", [])
    problems = [f"{name} is a text; got {shown(value)}" for name, value in given.items() if not isinstance(value, str)]
    problems += _place_problems(given)
    problems += option_problems({name: value for name, value in given.items() if isinstance(value, str)})
    if isinstance(further, str) or not all(isinstance(each, str) for each in further):
        problems.append(f"sbatch is a list of texts, as ['--constraint=a100']; got {shown(further)}")
    else:
        problems += [problem for each in further if (problem := _further_problem(each))]
    if problems:
        raise UserErrorException("\n".join(problems))
    return {**given, **({"sbatch": list(further)} if further else {})}


def _place_problems(given: Mapping[str, Any]) -> list[str]:
    """Return what can't be of where it is: what ssh and the other machine take, of a login node."""
    place = {name: value for name, value in given.items() if name in _PLACE and isinstance(value, str)}
    if not given.get("host"):
        return [_NO_FOLDER] if "folder" in place else []
    try:
        check_place(place)
    except UserErrorException as error:
        return str(error).splitlines()
    return []


def option_problems(given: Mapping[str, str]) -> list[str]:
    """Return what can't be of values that Slurm gets; whether it knows them it says itself."""
    return [
        f"{name} is one line of text that doesn't begin with '-'; got {shown(value)}"
        for name, value in given.items()
        if not value or value.startswith("-") or _CONTROL.search(value)
    ]


def _further_problem(option: str) -> str:
    found = _OPTION.fullmatch(option)
    if not found or _CONTROL.search(option):
        return f"sbatch: {shown(option)} is no long option on one line, as '--constraint=a100'"
    name = found[1]
    if given := next((each for each in OPTIONS if each.startswith(name)), ""):
        return f"sbatch: {shown(option)} is the setting {given}=…"
    if next((each for each in OURS if each.startswith(name)), ""):  # sbatch takes the beginning of a name for it
        return f"sbatch: {shown(option)} is cellrun's own matter, or would keep it from its job"
    return ""
