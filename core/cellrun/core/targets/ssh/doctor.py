"""The doctor of a machine reached by ssh: what is well, what isn't, and what to do about it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from typing import Any

from cellrun.core.errors import ComputeTargetException
from cellrun.core.remote.command import REMOTE_COMMAND
from cellrun.core.remote.messages import quoted
from cellrun.core.resources import size_text
from cellrun.core.targets.contract import Finding
from cellrun.core.targets.ssh.command import ssh_command
from cellrun.core.targets.ssh.connection import Connection
from cellrun.core.targets.ssh.facts import Facts

_MOST_CLOCK_S = 60.0
_VERSION_S = 10.0


def findings(connection: Connection, settings: Mapping[str, str]) -> list[Finding]:
    """Look at ssh here, at the way there, and at the machine; what it tells is kept (`Facts`)."""
    try:
        found = [_ssh(connection.name)]
    except ComputeTargetException as error:
        return [Finding("ssh", is_well=False, text=str(error))]
    began = time.monotonic()
    try:
        with connection.translate_errors():
            told = connection.ask("hello").facts
            facts = Facts.keep(settings, told)
            took = f"{connection.name} answers after {time.monotonic() - began:.1f} s; it calls itself {facts.host}"
            found += [Finding("connection", is_well=True, text=took), *_machine(facts, told)]
            found.append(_clock(connection.clock_ahead_s()))
            found += [_said(each) for each in connection.ask("doctor").facts["findings"]]
    except ComputeTargetException as error:
        found.append(Finding("connection", is_well=False, text=str(error)))
    return found


def _ssh(host: str) -> Finding:
    program = ssh_command(host, REMOTE_COMMAND)[0]
    try:
        said = subprocess.run([program, "-V"], capture_output=True, text=True, check=False, timeout=_VERSION_S).stderr
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding("ssh", is_well=False, text=f"{program} can't be started: {error}; install OpenSSH's client")
    return Finding("ssh", is_well=True, text=f"{program}, {said.strip() or 'of unknown version'}")


def _said(finding: Mapping[str, Any]) -> Finding:
    return Finding(quoted(finding["subject"]), is_well=finding["is_well"] is True, text=quoted(finding["text"]))


def _machine(facts: Facts, told: Mapping[str, Any]) -> list[Finding]:
    python, capacity = facts.python, facts.capacity
    packages = "of unknown packages" if python.packages is None else f"{len(python.packages)} packages"
    has = f"{capacity.cpus} cores, {size_text(capacity.memory_bytes)} of memory, {capacity.gpus} GPUs"
    no_uv = "it isn't there: runs use a Python that is; to build environments there, install it (docs.astral.sh/uv)"
    return [
        Finding("python", is_well=True, text=f"{python.executable}, {python.version}, {packages}"),
        Finding("uv", is_well=True, text=facts.uv or no_uv),
        Finding("machine", is_well=True, text=has),
        Finding("folder", is_well=True, text=f"runs are kept in {quoted(told['home'])}"),
    ]


def _clock(ahead_s: float) -> Finding:
    how = "ahead" if ahead_s > 0 else "behind"
    if abs(ahead_s) <= _MOST_CLOCK_S:
        return Finding("clock", is_well=True, text=f"it is {abs(ahead_s):.1f} s {how}")
    text = (
        f"it is {abs(ahead_s):.0f} s {how}; times of statuses are corrected, those in logs aren't: set it (timedatectl)"
    )
    return Finding("clock", is_well=False, text=text)
