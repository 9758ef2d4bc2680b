"""How a run's process is to be started: what a queued run is started from, and a supervisor looks at.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from cellrun.core.disk import control_file
from cellrun.core.disk.control_file import are_texts, is_mapping_of, is_number, is_number_or_none, is_text
from cellrun.core.disk.whole_files import write_once
from cellrun.core.layout import RunLayout
from cellrun.core.moved import moved_command
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
    """Variables of the config; their values travel with the start, or in the queue's ticket."""
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
