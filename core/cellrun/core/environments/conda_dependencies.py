"""What conda and pip are to install: Azure ML's CondaDependencies, which is conda's environment file with verbs."""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cellrun.core.environment_spec import EnvironmentSpec, login_problems
from cellrun.core.environments.conda_lines import conda_package
from cellrun.core.environments.package_lines import package_name, requirement
from cellrun.core.environments.sources.requirements import Requirements, path_of, text_of
from cellrun.core.errors import UserErrorException, shown

FILE_NAME = "conda_dependencies.yml"
_PYPI = "https://pypi.org/simple"
_PATH = re.compile(
    r"(?P<option>(?:-r|-c|--requirement|--constraint)[ =]\s*)(?P<path>(?![a-z+]+://).+)"
    r"|(?P<bare>(?:(?:-e|--editable)[ =]\s*)?)(?P<place>\.{1,2}(?:/.*)?)"
)
_EXPECTED = "expected conda's form: name, channels, dependencies: [python=3.11, numpy, {pip: [scikit-learn==1.5]}]"


class CondaDependencies:
    """Packages for an environment, by conda and by pip.

    `CondaDependencies("environment.yml")` reads conda's file. What is new names no Python, which stands for the one
    that submits (Azure ML: 3.8), and has no packages (there: azureml-defaults).
    Raises UserErrorException for a file that isn't there, and what conda's form hasn't got.
    """

    def __init__(
        self,
        conda_dependencies_file_path: str | os.PathLike[str] | None = None,
        _underlying_structure: Mapping[str, Any] | None = None,
    ) -> None:
        self._folder = Path.cwd()
        self._title = "conda dependencies"
        if conda_dependencies_file_path is not None:
            path = path_of(conda_dependencies_file_path).absolute()
            self._folder, self._title = path.parent, str(path)
            _underlying_structure = _read(path)
            if _underlying_structure is None:
                raise UserErrorException(f"{path} is empty; {_EXPECTED}")
        self._data = _checked(_underlying_structure, self._title)
        if conda_dependencies_file_path is not None:  # what it names stays found where it is registered or saved
            self._set_pip([_absolute(line, self._folder) for line in self._pip])

    @classmethod
    def create(
        cls,
        pip_indexurl: str | None = None,
        pip_packages: Iterable[str] | None = None,
        conda_packages: Iterable[str] | None = None,
        python_version: str | None = None,
        pin_sdk_version: bool = True,  # noqa: ARG003, FBT001, FBT002  # Azure ML's: of a package that isn't installed
    ) -> CondaDependencies:
        """Return new dependencies. No `python_version` stands for the Python that submits (Azure ML: 3.10)."""
        made = cls()
        if python_version is not None:
            made.set_python_version(python_version)
        for package in _texts(conda_packages, "conda_packages"):
            made.add_conda_package(package)
        for package in _texts(pip_packages, "pip_packages"):
            made.add_pip_package(package)
        if pip_indexurl is not None:
            made.set_pip_index_url(pip_indexurl)
        return made

    @property
    def conda_channels(self) -> list[str]:
        """Where conda looks, the first one first."""
        return list(self._data["channels"])

    @property
    def conda_packages(self) -> list[str]:
        """What conda is to install, without Python itself."""
        return [line for line in self._conda_lines if conda_package(line).name != "python"]

    @property
    def pip_packages(self) -> list[str]:
        """What pip is to install."""
        return [line for line in self._pip if not line.startswith("-")]

    @property
    def pip_options(self) -> list[str]:
        """Options for pip: where it looks for packages."""
        return [line for line in self._pip if line.startswith("-")]

    @property
    def python_version(self) -> str | None:
        """The Python that is wanted; None for the one that submits."""
        return self.get_python_version()

    def get_python_version(self) -> str | None:
        """Return the Python that is wanted; None for the one that submits."""
        return next((found.python for found in map(conda_package, self._conda_lines) if found.name == "python"), None)

    def set_python_version(self, version: str | float | None) -> None:
        """Set the Python that is wanted: `3.11`, `>=3.10`; None for the one that submits."""
        lines = [line for line in self._conda_lines if conda_package(line).name != "python"]
        text = "" if version is None else str(version)
        python = [f"python{text if text[:1] in '<>=!~' else f'={text}'}"] if text else []
        self._set_conda([*python, *lines])

    def add_channel(self, channel: str) -> None:
        """Add a place where conda looks."""
        if channel not in self._data["channels"]:
            self._data["channels"].append(_text(channel, "channel"))

    def remove_channel(self, channel: str) -> None:
        """Remove a place where conda looks; nothing happens if it isn't there."""
        self._data["channels"] = [each for each in self._data["channels"] if each != channel]

    def add_conda_package(self, conda_package: str) -> None:
        """Add what conda is to install; one of the same name gives way to it."""
        self._set_conda(_with(self._conda_lines, _text(conda_package, "conda_package"), _conda_name))

    def remove_conda_package(self, conda_package: str) -> None:
        """Remove what conda is to install, by its name; nothing happens if it isn't there."""
        name = _conda_name(conda_package)
        self._set_conda([line for line in self._conda_lines if _conda_name(line) != name])

    def add_pip_package(self, pip_package: str) -> None:
        """Add what pip is to install, or an option for it; a package of the same name gives way to it."""
        self._set_pip(_with(self._pip, _text(pip_package, "pip_package").strip(), _pip_name))

    def remove_pip_package(self, pip_package: str) -> None:
        """Remove what pip is to install, by its name; nothing happens if it isn't there."""
        name = _pip_name(pip_package)
        self._set_pip([line for line in self._pip if _pip_name(line) != name])

    def set_pip_requirements(self, pip_requirements: Iterable[str]) -> None:
        """Set all that pip is to install; its options stay."""
        self._set_pip([*self.pip_options, *_texts(pip_requirements, "pip_requirements")])

    def set_pip_index_url(self, index_url: str) -> None:
        """Set where pip looks for packages instead of PyPI."""
        text = _text(index_url, "index_url")
        self.set_pip_option(text if text.startswith("-") else f"--index-url {text}")

    def set_pip_option(self, pip_option: str) -> None:
        """Set an option for pip: `--extra-index-url https://…`; one of its kind gives way to it, other indexes stay."""
        name = _option_name(_text(pip_option, "pip_option"))
        if not name.startswith("-"):
            raise UserErrorException(f"pip_option is an option such as --extra-index-url URL; got {shown(pip_option)}")
        gives_way = {pip_option} if name in {"--extra-index-url", "-f", "--find-links"} else {name}
        kept = [line for line in self._pip if not {line, _option_name(line)} & gives_way]
        self._set_pip([pip_option, *kept])

    def remove_pip_option(self, pip_option: str) -> None:
        """Remove an option for pip, by its name; nothing happens if it isn't there."""
        self._set_pip([line for line in self._pip if _option_name(line) != _option_name(pip_option)])

    def add_tensorflow_pip_package(self, core_type: str = "cpu", version: str | None = None) -> None:
        """Add TensorFlow, by pip: `core_type` is "cpu" or "gpu", which are one package today."""
        self.add_pip_package(f"{_tensorflow(core_type)}{f'=={version}' if version else ''}")

    def add_tensorflow_conda_package(self, core_type: str = "cpu", version: str | None = None) -> None:
        """Add TensorFlow, by conda: `core_type` is "cpu" or "gpu"."""
        self.add_conda_package(f"{_tensorflow(core_type)}{f'={version}' if version else ''}")

    def add_cntk_package(self, core_type: str = "cpu") -> None:
        """Raise UserErrorException: CNTK is no more made, and no Python that cellrun knows can have it."""
        raise UserErrorException(f"CNTK ({core_type}) can't be installed: its last release is for Python 3.6")

    def get_default_number_of_packages(self) -> int:
        """Return how many packages there are in new dependencies: none (Azure ML: one)."""
        return 0

    @staticmethod
    def sdk_origin_url() -> str:
        """Return where pip looks."""
        return _PYPI

    @staticmethod
    def merge_requirements(requirements: Iterable[str]) -> list[str]:
        """Return lines of packages with one line a name: what each says of versions is joined."""
        merged: dict[str, str] = {}
        for line in _texts(requirements, "requirements"):
            name, text = _pip_name(line), line.strip()
            first = merged.get(name)
            merged[name] = text if first is None or line.startswith("-") else _joined(first, text)
        return list(merged.values())

    def as_dict(self) -> dict[str, Any]:
        """Return it as conda's file has it."""
        return copy.deepcopy(self._data)

    def serialize_to_string(self) -> str:
        """Return conda's file. Raises UserErrorException if a password is in it."""
        if problems := login_problems([*self._pip, *self._conda_lines, *self._data["channels"]]):
            raise UserErrorException("; ".join(problems))
        import yaml  # type: ignore[import-untyped]  # noqa: PLC0415  # as in `_read`

        return str(yaml.safe_dump(self._data, sort_keys=False))

    def save(self, path: str | os.PathLike[str] | None = None) -> str:
        """Write conda's file, `conda_dependencies.yml` if no other is given; return its path."""
        file = Path(path or FILE_NAME)
        file.write_text(self.serialize_to_string(), encoding="utf-8")
        return str(file)

    def save_to_file(
        self, base_directory: str | os.PathLike[str], conda_file_path: str | os.PathLike[str] | None = None
    ) -> str:
        """Write conda's file below a folder; return its path there."""
        path = str(conda_file_path or FILE_NAME)
        self.save(Path(base_directory) / path)
        return path

    def spec(self) -> EnvironmentSpec:
        """Return what is to be built. Raises UserErrorException for a package that can't be read."""
        pip = Requirements()
        pip.read(enumerate(self._pip, 1), self._folder, f"{self._title}: pip")
        found = pip.spec()
        conda = tuple(line for line in self.conda_packages if _conda_name(line) != "pip")
        return EnvironmentSpec(
            python=self.get_python_version(),
            packages=found.packages,
            constraints=found.constraints,
            options=found.options,
            conda_packages=conda,
            channels=tuple(self._data["channels"]) if conda else (),
            variables=self._data.get("variables") or {},
            notices=found.notices,
        )

    @property
    def _conda_lines(self) -> list[str]:
        return [each for each in self._data["dependencies"] if isinstance(each, str)]

    @property
    def _pip(self) -> list[str]:
        return [line for each in self._data["dependencies"] if isinstance(each, dict) for line in each["pip"]]

    def _set_conda(self, lines: Sequence[str]) -> None:
        self._set(lines, self._pip)

    def _set_pip(self, lines: Sequence[str]) -> None:
        self._set(self._conda_lines, lines)

    def _set(self, conda: Sequence[str], pip: Sequence[str]) -> None:
        self._data["dependencies"] = [*conda, *([{"pip": list(pip)}] if pip else [])]

    def __repr__(self) -> str:
        return f"CondaDependencies({self._data['dependencies']})"


def _read(path: Path) -> Any:
    """Return what is in a file. Raises UserErrorException if that is no YAML."""
    import yaml  # noqa: PLC0415  # 20 ms of each process that submits, for the few that read one

    try:
        return yaml.safe_load(text_of(path))
    except (yaml.YAMLError, RecursionError) as error:
        raise UserErrorException(f"{path} is no YAML: {' '.join(str(error).split())}; {_EXPECTED}") from error


def _checked(given: Any, title: str) -> dict[str, Any]:
    """Return a copy of what conda's file says. Raises UserErrorException for another form."""
    if given is None:
        return {"name": "project_environment", "dependencies": [], "channels": ["anaconda", "conda-forge"]}
    if not isinstance(given, Mapping):
        raise UserErrorException(f"{title} is a {type(given).__name__}; {_EXPECTED}")
    data = dict(copy.deepcopy(given))
    data["channels"] = [_text(each, f"{title}: channel") for each in _list(data.get("channels"), f"{title}: channels")]
    dependencies: list[Any] = []
    for each in _list(data.get("dependencies"), f"{title}: dependencies"):
        if isinstance(each, Mapping) and set(each) == {"pip"}:
            dependencies.append({"pip": [str(line).strip() for line in _list(each["pip"], f"{title}: pip") if line]})
        elif isinstance(each, str):
            try:
                conda_package(each)
            except UserErrorException as error:
                raise UserErrorException(f"{title}: {error}") from error
            dependencies.append(each.strip())
        else:
            raise UserErrorException(f"{title}: a dependency is {shown(each)}; {_EXPECTED}")
    data["dependencies"] = dependencies
    if (variables := data.get("variables")) is not None:
        if not isinstance(variables, Mapping):
            raise UserErrorException(f"{title}: variables are a mapping; got {shown(variables)}")
        data["variables"] = {str(name): str(value) for name, value in variables.items()}
    data.pop("prefix", None)  # where `conda env export` found it
    return data


def _list(given: Any, title: str) -> list[Any]:
    if not isinstance(given, (list, tuple, type(None))):
        raise UserErrorException(f"{title} is a list; got {shown(given)}")
    return list(given or ())


def _text(given: object, title: str) -> str:
    if not isinstance(given, str) or not given.strip():
        raise UserErrorException(f"{title} is a text; got {shown(given)}")
    return given


def _texts(given: Iterable[str] | None, title: str) -> list[str]:
    if isinstance(given, str):
        raise UserErrorException(f"{title} is a list of texts; got the text {shown(given)}")
    return [_text(each, title) for each in given or ()]


def _with(lines: Sequence[str], line: str, name: Callable[[str], str]) -> list[str]:
    """Return lines with another one, in the place of the first of its name."""
    by_name = {name(each): each for each in lines}  # a name that is there keeps its place
    return list((by_name | {name(line): line}).values())


def _absolute(line: str, folder: Path) -> str:
    """Return a line of pip's that names a file or folder, with its path absolute."""
    found = _PATH.fullmatch(line)
    if not found:
        return line
    path = path_of(found["path"] or found["place"])
    return f"{found['option'] or found['bare'] or ''}{(folder / path).resolve()}"


def _conda_name(line: str) -> str:
    return conda_package(line).name


def _pip_name(line: str) -> str:
    """Return the name of a package; of what has none to read (an option, an address), all of it."""
    try:
        return package_name(line)
    except UserErrorException:
        return line.strip()


def _option_name(line: str) -> str:
    return line.replace("=", " ").split(" ")[0]


def _joined(first: str, second: str) -> str:
    """Return one line for two of one package."""
    if first == second:
        return first
    joined, other = requirement(first), requirement(second)
    if joined.url or other.url or joined.marker != other.marker:
        return second
    joined.specifier &= other.specifier
    joined.extras |= other.extras
    return str(joined)


def _tensorflow(core_type: str) -> str:
    if core_type not in {"cpu", "gpu"}:
        raise UserErrorException(f'core_type is "cpu" or "gpu"; got {shown(core_type)}')
    return "tensorflow" if core_type == "cpu" else "tensorflow-gpu"
