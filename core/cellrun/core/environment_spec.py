"""What an environment consists of, as plain data: what is built is decided by this alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from cellrun.core.digest import digest
from cellrun.core.errors import UserErrorException, shown

_LOGIN = re.compile(r"://(?P<login>[^/@\s]+)@")
_PLACEHOLDER = re.compile(r"\$\{[A-Z0-9_]+\}")
_DIGEST_DIGITS = 32


@dataclass(frozen=True)
class EnvironmentSpec:
    """One environment as it is wanted. Made by whoever reads a requirements file, a conda file, an `Environment`.

    It holds no secret: a package or an index with a password in its address is refused.
    """

    name: str = ""
    """What users call it, for lists and messages; empty for one that was made of a file or a header."""
    version: str | None = None
    """Its version in the workspace; None if it isn't registered."""
    interpreter: str | None = None
    """A Python that is there already, or the folder of its environment: nothing is built."""
    python: str | None = None
    """The Python wanted: a version (`3.11`) or a specifier (`>=3.10,<3.12`); None: the one that submits."""
    packages: tuple[str, ...] = ()
    """What to install, a PEP 508 line each; `--hash=sha256:…` may follow, as in a requirements file."""
    constraints: tuple[str, ...] = ()
    """Which versions are allowed of what is installed, a PEP 508 line each: pip's constraints."""
    options: tuple[str, ...] = ()
    """Where to look for packages, a line of a requirements file each: `--extra-index-url https://…`, `--no-index`.

    A `${NAME}` in them stands for an environment variable. `--editable /path` is among them, and of uv's own options
    `--prerelease allow` and `--allow-insecure-host host`.
    """
    conda_packages: tuple[str, ...] = ()
    """What conda is to install, in conda's own form (`numpy=1.21`), without Python itself."""
    channels: tuple[str, ...] = ()
    """Where conda looks, the first one first."""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Environment variables of whatever runs in it."""
    is_lenient: bool = False
    """Whether what can't be had as it was asked for may be had otherwise, each with a warning."""
    notices: tuple[str, ...] = ()
    """What was asked for and isn't done, a sentence each."""

    def __post_init__(self) -> None:
        """Raise UserErrorException with all that isn't of its type, or holds a password."""
        wrong = [f"{name} is {_EXPECTED[name]}, got {shown(getattr(self, name))}" for name in self._of_another_type()]
        if not wrong:
            wrong = login_problems(self._lines())
        if wrong:
            raise UserErrorException(f"an environment is wrong: {'; '.join(wrong)}")

    def _of_another_type(self) -> Iterable[str]:
        for each in fields(self):
            value = getattr(self, each.name)
            if each.type == "tuple[str, ...]":
                fits = isinstance(value, tuple) and all(isinstance(one, str) for one in value)
            elif each.type == "Mapping[str, str]":
                fits = isinstance(value, Mapping) and all(isinstance(one, str) for one in [*value, *value.values()])
            else:
                fits = isinstance(value, {"str": str, "bool": bool}.get(str(each.type), (str, type(None))))
            if not fits:
                yield each.name

    def _lines(self) -> tuple[str, ...]:
        return self.packages + self.constraints + self.options + self.conda_packages + self.channels

    @property
    def is_given(self) -> bool:
        """Whether it is a Python that is there: nothing is to be built."""
        return self.interpreter is not None

    @property
    def needs_conda(self) -> bool:
        """Whether pip and uv alone can't build it."""
        return bool(self.conda_packages)

    @property
    def digest(self) -> str:
        """What decides what is built, as 32 hex digits: neither names and variables, nor the order of packages."""
        content = [
            self.interpreter,
            self.python,
            sorted(self.packages),
            sorted(self.constraints),
            list(self.options),
            sorted(self.conda_packages),
            list(self.channels),
            self.is_lenient,
        ]
        return digest(json.dumps(content).encode(), _DIGEST_DIGITS)

    def with_packages(self, packages: Iterable[str]) -> EnvironmentSpec:
        """Return it with further packages."""
        return replace(self, packages=(*self.packages, *packages))

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self) | {"variables": dict(self.variables)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> EnvironmentSpec:
        """Return what `to_json` returned; what it doesn't know is passed over. Raises UserErrorException."""
        if not isinstance(data, Mapping):
            raise UserErrorException(f"an environment is a JSON object; got {shown(data)}")
        known: dict[str, Any] = {each.name: data[each.name] for each in fields(cls) if each.name in data}
        known = {name: tuple(value) if isinstance(value, list) else value for name, value in known.items()}
        return cls(**known)


def has_secret_name(variable: str) -> bool:
    """Whether the value of an environment variable is secret, by its name: it isn't kept in a file of ours."""
    return bool(_SECRET_NAME.search(variable.upper()))


def has_login(line: str) -> bool:
    """Whether a package or an option has a name or password in an address, other than `${VARIABLE}`s."""
    for found in _LOGIN.finditer(line):
        user, colon, password = found["login"].partition(":")
        if _PLACEHOLDER.sub("", password if colon else user) not in _NO_SECRETS:
            return True
    return False


def without_logins(text: str) -> str:
    """Return a text without what stands before the @ of an address in it."""
    return _LOGIN.sub("://…@", text)


def placeholders(lines: Iterable[str]) -> set[str]:
    """Return the names of the environment variables whose values are put into lines: `TOKEN` of `${TOKEN}`."""
    return {found[2:-1] for line in lines for found in _PLACEHOLDER.findall(line)}


def login_problems(lines: Iterable[str]) -> list[str]:
    """Return what is wrong with lines that have a password in an address, without saying it."""
    return [_HOLDS_A_LOGIN.format(without_logins(line)) for line in lines if has_login(line)]


_SECRET_NAME = re.compile(
    r"(^|_)(PASSWORD|PASSWD|SECRET|TOKEN|(ACCESS|ACCOUNT|API|PRIVATE)_?KEY|CONNECTION_STRING|SAS)(_|$)"
)
_NO_SECRETS = frozenset({"", "git", "hg", "svn"})  # ssh://git@github.com/… is everybody's user there
_HOLDS_A_LOGIN = (
    "{!r} has a password in it, which would be kept with each run; write ${{NAME}} in its place and set that variable, "
    "or put it into ~/.netrc"
)
_EXPECTED = {
    "name": "a text",
    "version": "a text or None",
    "interpreter": "a path as text or None",
    "python": "a version as text or None",
    "packages": "a tuple of texts",
    "constraints": "a tuple of texts",
    "options": "a tuple of texts",
    "conda_packages": "a tuple of texts",
    "channels": "a tuple of texts",
    "variables": "a dict of texts",
    "is_lenient": "True or False",
    "notices": "a tuple of texts",
}
