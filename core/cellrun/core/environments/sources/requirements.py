"""Requirements files, as pip reads them."""

from __future__ import annotations

import codecs
import os
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename

from cellrun.core.disk.control_file import is_system_text
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.package_lines import local_path, requirement
from cellrun.core.errors import UserErrorException, shown, system_reason

_COMMENT = re.compile(r"(^|\s+)#.*$")
_URL = re.compile(r"(?:(?:git|hg|svn|bzr)\+[\w+]+|https?|ftp|file)://")
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9][\w.-]*)(\[[^\]]*\])?")
_EXTRAS = re.compile(r"(.*?)(\[[\w\s,.-]+\])?$")
_ARCHIVES = (".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz")
_WITH_VALUE = {
    **dict.fromkeys(("-i", "--index-url", "--pypi-url"), "--index-url"),
    "--extra-index-url": "--extra-index-url",
    **dict.fromkeys(("-f", "--find-links"), "--find-links"),
    "--no-binary": "--no-binary",
    "--only-binary": "--only-binary",
    "--trusted-host": "--allow-insecure-host",
}
_FLAGS = {"--no-index": "--no-index", "--pre": "--prerelease allow", "--require-hashes": "--require-hashes"}
_FOR_PIP_ALONE = frozenset({"--prefer-binary", "--use-pep517", "--process-dependency-links", "--use-wheel", "-Z"})
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


@dataclass
class Requirements:
    """What lines of requirements ask for, gathered as they are read: as an EnvironmentSpec has it."""

    packages: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    _read: set[tuple[Path, bool]] = field(default_factory=set)

    def read_file(self, path: Path, *, constrains: bool = False) -> None:
        """Add what a file asks for, and the files that it names. Raises UserErrorException."""
        path = path.resolve()
        if (path, constrains) in self._read:  # files that name one another
            return
        self._read.add((path, constrains))
        self.read(_lines_of(text_of(path)), path.parent, str(path), constrains=constrains)

    def read(self, lines: Iterable[tuple[int, str]], folder: Path, title: str, *, constrains: bool = False) -> None:
        """Add what numbered lines ask for; paths in them are relative to a folder. Raises UserErrorException."""
        for number, line in lines:
            try:
                if line.startswith("-"):
                    self._option(line, folder)
                else:
                    (self.constraints if constrains else self.packages).extend(self._package(line, folder))
            except UserErrorException as error:
                raise UserErrorException(f"{title}, line {number}: {error}") from error

    def _option(self, line: str, folder: Path) -> None:
        words = _words(line)
        while words:
            name, is_joined, value = words.pop(0).partition("=")
            if name[:2] in {"-r", "-c", "-e", "-i", "-f"} and name[2:]:  # -rother.txt
                name, value, is_joined = name[:2], name[2:] + is_joined + value, "="
            if name in _FLAGS:
                self._add_option(_FLAGS[name])
                continue
            if name in _FOR_PIP_ALONE:
                continue
            if not is_joined:
                value = words.pop(0) if words else ""
            if not value:
                raise UserErrorException(f"the option {name} needs a value")
            self._option_with(name, value, folder)

    def _option_with(self, name: str, value: str, folder: Path) -> None:
        if name in {"-r", "--requirement", "-c", "--constraint"}:
            if _URL.match(value):
                raise UserErrorException(f"{value} isn't fetched; download it and give the file")
            self.read_file(folder / path_of(value), constrains=name in {"-c", "--constraint"})
        elif name in {"-e", "--editable"}:
            self.packages += self._package(value, folder)
        elif name in _WITH_VALUE:
            is_local = name in {"-f", "--find-links"} and (folder / path_of(value)).exists()
            self._add_option(f"{_WITH_VALUE[name]} {(folder / value).resolve() if is_local else value}")
        elif name != "--use-feature":
            known = ", ".join(sorted({*_WITH_VALUE, *_FLAGS, "-r", "-c", "-e"} - {"--pypi-url"}))
            raise UserErrorException(f"the option {name} isn't known here; known: {known}")

    def _package(self, line: str, folder: Path) -> list[str]:
        text, marker = _without_marker(line)
        if _URL.match(text) and not text.startswith("file:"):
            return [f"{_named_by_url(text)} @ {_EGG.sub('', text)}{marker}"]
        path, extras = _path_in(text, folder)
        if path is None:
            file = local_path(line)
            if file is not None and file.is_file() and "#" not in line:
                line = line.replace(str(requirement(line).url), file_url(file))
            return [" ".join(line.split())]
        if not path.exists():
            raise UserErrorException(f"{text} isn't there; paths are relative to {folder}")
        if path.is_dir():
            self._add_option(f"--editable {path}{extras}")
            self._say(f"{path} is used where it is: another machine hasn't got it")
            return []
        self._say(f"{path} is a file of this machine: another one hasn't got it")
        hashed = text.partition("#sha256=")[2]  # of a file that may be another one by now
        address = f"{path.resolve().as_uri()}#sha256={hashed}" if hashed else file_url(path)
        return [f"{named_by_file(path.name)}{extras} @ {address}{marker}"]

    def _add_option(self, option: str) -> None:
        if option not in self.options:
            self.options.append(option)

    def _say(self, notice: str) -> None:
        if notice not in self.notices:
            self.notices.append(notice)

    def spec(self, name: str = "") -> EnvironmentSpec:
        """Return the environment that was asked for."""
        return EnvironmentSpec(
            name=name,
            packages=tuple(dict.fromkeys(self.packages)),
            constraints=tuple(dict.fromkeys(self.constraints)),
            options=tuple(self.options),
            notices=tuple(self.notices),
        )


def spec_of_requirements(path: Path) -> EnvironmentSpec:
    """Return the environment that a requirements file asks for. Raises UserErrorException."""
    found = Requirements()
    found.read_file(path)
    return found.spec()


def spec_of_packages(lines: Iterable[str]) -> EnvironmentSpec:
    """Return the environment of packages given one by one: `scikit-learn==1.5`. Raises UserErrorException."""
    found = Requirements()
    for line in lines:
        found.read([(1, line.strip())], Path.cwd(), "packages")
    return found.spec()


def path_of(text: str | os.PathLike[str]) -> Path:
    """Return a path that a user gave, `~` in it followed. Raises UserErrorException for what can't be one."""
    given = os.fspath(text)
    try:
        if is_system_text(given):
            return Path(given).expanduser()
    except RuntimeError:  # ~nobody
        pass
    raise UserErrorException(f"{shown(given)} can't be a path")


def text_of(path: Path) -> str:
    """Return the text of a file of a user's, whatever Windows made of its encoding. Raises UserErrorException."""
    try:
        data = path.read_bytes()
        return data.decode(next((name for bom, name in _BOMS.items() if data.startswith(bom)), "utf-8"))
    except OSError as error:
        raise UserErrorException(f"{path} can't be read: {system_reason(error)}") from error
    except UnicodeDecodeError as error:
        raise UserErrorException(f"{path} is no text in UTF-8: {error.reason} at byte {error.start}") from error


def file_url(path: Path) -> str:
    """Return the address of a file, with its hash: another content is another package."""
    import hashlib  # noqa: PLC0415  # as `#sha256=` has it; needed for a user's own wheels alone

    return f"{path.resolve().as_uri()}#sha256={hashlib.sha256(path.read_bytes()).hexdigest()}"


def _lines_of(text: str) -> Iterator[tuple[int, str]]:
    """Iterate over the lines that say something, numbered from 1; one that goes on has its first number."""
    begun, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        first = first if begun else number
        if line.rstrip().endswith("\\") and not line.lstrip().startswith("#"):
            begun += line.rstrip()[:-1] + " "
            continue
        whole, begun = _COMMENT.sub("", begun + line).strip(), ""
        if whole:
            yield first, whole
    if last := _COMMENT.sub("", begun).strip():
        yield first, last


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise UserErrorException(f"{shown(line)} can't be read: {str(error).lower()}") from error


def _without_marker(line: str) -> tuple[str, str]:
    text, separator, marker = line.partition(" ;")
    return text.strip(), f" ;{marker}" if separator else ""


def _path_in(text: str, folder: Path) -> tuple[Path | None, str]:
    found = _EXTRAS.fullmatch(text)
    path, extras = (found[1], found[2] or "") if found else (text, "")
    if path.startswith("file:"):
        path = unquote(urlsplit(path).path)
    is_path = path.startswith((".", "/", "~")) or (path.endswith(_ARCHIVES) and "@" not in path)
    return ((folder / path_of(path)).resolve() if is_path else None), extras


def _named_by_url(url: str) -> str:
    if egg := _EGG.search(url):
        return egg[1] + (egg[2] or "")
    return named_by_file(url.partition("#")[0].rpartition("/")[2])


def named_by_file(name: str) -> str:
    """Return the package that is in a wheel or an sdist. Raises UserErrorException for a file of another name."""
    try:
        if name.endswith(".whl"):
            return parse_wheel_filename(name)[0]
        return parse_sdist_filename(name)[0]
    except (InvalidWheelFilename, InvalidSdistFilename) as error:
        raise UserErrorException(
            f"{name!r} doesn't say which package it is, as a wheel's or an sdist's name does; write: name @ address"
        ) from error
