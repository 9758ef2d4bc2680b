"""How a run's process is to be started: what a queued run is started from, and the environment variables it gets.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cellrun.core.disk import control_file
from cellrun.core.disk.control_file import are_texts, is_mapping_of, is_number, is_number_or_none, is_text
from cellrun.core.disk.whole_files import write_once
from cellrun.core.identity import is_of_a_run, own_run, run_variables
from cellrun.core.layout import RunLayout
from cellrun.core.resources import Resources

try:  # the interpreter's own: `hashlib` loads OpenSSL, which costs each supervisor 4 MB
    from _sha2 import sha256  # type: ignore[import-not-found, unused-ignore]  # Python 3.12 on
except ImportError:
    try:
        from _sha256 import sha256  # type: ignore[import-not-found, unused-ignore]
    except ImportError:  # left out when that Python was built
        from hashlib import sha256

VERSION = 2
_SINCE_VERSION_2: dict[str, Any] = {"python": "", "silence_s": 120.0, "before": [], "beside": [], "finishing": []}
_SHAPE: control_file.Shape = {
    "argv": lambda value: are_texts(value) and bool(value),
    "supervisor": lambda value: are_texts(value) and bool(value),
    "python": is_text,
    "is_shell": lambda value: isinstance(value, bool),
    "resources": is_mapping_of(is_number),
    "max_run_duration_seconds": is_number_or_none,
    "grace_s": is_number,
    "heartbeat_s": is_number,
    "silence_s": is_number,
    "set_variables": is_mapping_of(is_text),
    "given_names": are_texts,
    "inherited_names": are_texts,
    "before": lambda value: isinstance(value, list) and all(map(are_texts, value)),
    "afterwards": are_texts,
    "beside": are_texts,
    "finishing": lambda value: isinstance(value, list) and all(map(are_texts, value)),
}
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


class LaunchSpec(NamedTuple):
    """The content of a run's launch.json. It holds no secret: of variables that don't find programs, only names."""

    argv: tuple[str, ...]
    supervisor: tuple[str, ...]
    """The command that starts its supervisor, without the run folder: another cellrun may start a run that waited."""
    python: str
    """The Python that runs it, or would: by which its packages are recorded."""
    is_shell: bool
    """Whether the program is a shell with a command."""
    resources: Resources
    max_run_duration_seconds: float | None
    grace_s: float
    heartbeat_s: float
    silence_s: float
    """After so long without a sign of life a run is NotResponding."""
    set_variables: Mapping[str, str]
    """By value: what finds programs, and what cellrun sets."""
    given_names: tuple[str, ...]
    """Variables of the config; their values go with the start, or in the queue's ticket."""
    inherited_names: tuple[str, ...]
    """Variables that whatever process starts the run passes on."""
    before: tuple[tuple[str, ...], ...]
    """Commands that make things ready before the job starts, one after another, in its folder and environment; the run
    is Preparing meanwhile, and Failed if one fails."""
    afterwards: tuple[str, ...]
    """A module, and what its `main` is called with when the run has ended, and its `tend` with each heartbeat; empty
    for none."""
    beside: tuple[str, ...] = ()
    """A command that notes what the run's data was: started in the background with the job, and with `ended` after it
    when that has ended; empty for none."""
    finishing: tuple[tuple[str, ...], ...] = ()
    """Commands that take care of what the job has made, one after another, once it has completed; the run is Finalizing
    meanwhile, and Failed if one fails."""

    @classmethod
    def read(cls, layout: RunLayout, digest: str = "") -> LaunchSpec:
        """Read a run's launch.json. Raises OSError, and DamagedRunError also if its hash isn't this one."""
        content = control_file.read_control_file(layout.folder, layout.launch)
        if digest and _digest(content) != digest:
            raise control_file.damaged(layout.folder, layout.launch, "was changed after the run had been submitted")
        return cls.of_bytes(content, layout)

    @classmethod
    def of_bytes(cls, content: bytes, layout: RunLayout) -> LaunchSpec:
        """Read the bytes of a run's launch.json. Raises DamagedRunError."""
        read = control_file.parsed(layout.folder, layout.launch, content)
        data: dict[str, Any] = {**_SINCE_VERSION_2, **read}
        control_file.check(layout.folder, layout.launch, data, _SHAPE)
        values = {name: data[name] for name in cls._fields}
        lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        lists |= {name: tuple(map(tuple, values[name])) for name in ("before", "finishing")}
        spec = cls(**{**values, **lists, "resources": Resources.from_json(data["resources"])})
        if read.get("version") != 1:
            return spec
        from cellrun.core.moved import moved_command  # noqa: PLC0415  # what 0.1 wrote names modules where they were

        return spec._replace(
            argv=moved_command(spec.argv, spec.set_variables.get("PYTHONPATH", "")),
            supervisor=moved_command(spec.supervisor),
        )

    def write(self, layout: RunLayout) -> None:
        """Write it into a run's folder, once. Raises FileExistsError if the run was launched before."""
        write_once(layout.launch, self._content())

    def digest(self) -> str:
        """Return the hash of what `write` writes, by which another process knows that it is what was submitted."""
        return _digest(self._content().encode())

    def _content(self) -> str:
        data = {**self._asdict(), "resources": self.resources.to_json()}
        return json.dumps({"version": VERSION, **data})


def _digest(content: bytes) -> str:
    return str(sha256(content).hexdigest())


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
