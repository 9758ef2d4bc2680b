"""The environment variables that a job is started with.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from cellrun.core.layout import RunLayout
from cellrun.core.own_run import is_of_a_run, own_run, run_variables
from cellrun.core.supervision.launch_spec import LaunchSpec

# What ipykernel sets for its own terminal-like output; a log is no kernel. Outside a kernel they are the user's own.
_KERNEL_ONLY = frozenset({"CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "GIT_PAGER", "MPLBACKEND", "PAGER", "TERM"})
_OF_A_SHELL = frozenset({"_", "OLDPWD", "PWD", "SHLVL"})  # what the shell that started Jupyter says of itself
_JUPYTER_PREFIXES = ("JPY_", "PYDEVD_", "JUPYTERHUB_", "JUPYTER_TOKEN")
_KERNEL_MARK = "JPY_PARENT_PID"
PUBLIC_URL_OF_HUB = "JUPYTERHUB_PUBLIC_URL"
"""Where this user's server is from outside, by which a job links to its run's page: no secret."""
_OF_AN_INTERPRETER = ("VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "PYTHONHOME", "PYENV_VERSION")
# What finds programs, libraries, files and the language: a queued run keeps the values it was submitted with.
_BY_VALUE = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ", "LANG", "LANGUAGE"),
        *("VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "PYTHONPATH", "PYTHONHOME", "PYENV_VERSION"),
        *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "CUDA_HOME", "CUDA_VISIBLE_DEVICES"),
        *("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"),
        *("CELLRUN_HOME", "CELLRUN_RUNTIME_DIR", "OMP_NUM_THREADS"),
    }
)


def is_of_jupyter(variable: str) -> bool:
    """Whether a variable says where a server keeps its things, or what it is let in by: of no use to a job."""
    return variable.startswith("JUPYTER")


def inherited(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the part of an environment that a job inherits: not what Jupyter, its shell or an outer run put there."""
    dropped = _OF_A_SHELL | (_KERNEL_ONLY if _KERNEL_MARK in environ else frozenset())
    return {
        name: value
        for name, value in environ.items()
        if name not in dropped
        and not is_of_a_run(name)
        and (name == PUBLIC_URL_OF_HUB or not name.startswith(_JUPYTER_PREFIXES))
    }


def recorded(environ: Mapping[str, str], interpreter: str, threads: int) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return what a launch spec keeps of the submitting process's environment: variables by value, names of the others.

    By value goes what finds programs and files, and what every job gets. Another interpreter than the running one comes
    with its own environment's variables.
    """
    program = Path(interpreter)
    source = inherited(environ)
    if "OMP_NUM_THREADS" in source and source["OMP_NUM_THREADS"] == _threads_of_this_process(environ):
        del source["OMP_NUM_THREADS"]  # cellrun's for the run that submits this one, not its user's
    kept = {name: value for name, value in source.items() if name in _BY_VALUE or name.startswith("LC_")}
    if interpreter != sys.executable:
        for name in _OF_AN_INTERPRETER:
            kept.pop(name, None)
            source.pop(name, None)
        prefix = program.parent.parent
        if (prefix / "pyvenv.cfg").exists():
            kept["VIRTUAL_ENV"] = str(prefix)
        elif (prefix / "conda-meta").exists():
            kept |= {"CONDA_PREFIX": str(prefix), "CONDA_DEFAULT_ENV": prefix.name}
    kept["PATH"] = os.pathsep.join([str(program.parent), source.get("PATH", os.defpath)])
    kept |= {
        "PYTHONUNBUFFERED": "1",  # else nothing is seen until a block is full
        "PYTHONFAULTHANDLER": "1",  # a crash says where
        "MPLBACKEND": "Agg",
    }
    if threads:  # MKL, OpenBLAS, BLIS, numexpr and torch take this one too, if their own isn't set
        kept.setdefault("OMP_NUM_THREADS", str(threads))
    return kept, tuple(sorted(source.keys() - kept.keys()))


def job_environment(
    spec: LaunchSpec, layout: RunLayout, given: Mapping[str, str], environ: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """Return the environment of a job that this process starts, and the names that it should have had but can't.

    `given` are the variables of the config by value, `environ` is the environment of the starting process. Only what
    the submitting process had is inherited; of a supervisor that starts the next run of the queue, what was given to
    its own run isn't.
    """
    source = inherited(environ)
    for name in _given_to_this_process(environ):
        source.pop(name, None)
    known = {**spec.set_variables, **given}
    missing = [name for name in (*spec.inherited_names, *spec.given_names) if name not in source and name not in known]
    passed_on = {name: source[name] for name in spec.inherited_names if name in source}
    variables = {**passed_on, **known, **run_variables(layout)}
    if _is_script_in_subfolder(spec):  # as Azure ML's; of one at the root Python looks there by itself
        variables["PYTHONPATH"] = os.pathsep.join(filter(None, (str(layout.work), variables.get("PYTHONPATH"))))
    return variables, missing


def _is_script_in_subfolder(spec: LaunchSpec) -> bool:
    program = spec.argv[1] if len(spec.argv) > 1 and not spec.is_shell else ""
    return "/" in program and not program.startswith(("-", "/"))


def _threads_of_this_process(environ: Mapping[str, str]) -> str:
    run = own_run(environ)
    try:
        return LaunchSpec.read(run).set_variables.get("OMP_NUM_THREADS", "") if run else ""
    except (OSError, ValueError, KeyError):
        return ""


def _given_to_this_process(environ: Mapping[str, str]) -> Sequence[str]:
    run = own_run(environ)
    try:
        return LaunchSpec.read(run).given_names if run else ()
    except (OSError, ValueError):
        return ()
