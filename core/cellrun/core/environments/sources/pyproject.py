"""The dependencies of a project, from its pyproject.toml; the project itself isn't installed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.package_lines import checked, of_any_version, package_name, python_specifier
from cellrun.core.environments.sources.requirements import Requirements, text_of
from cellrun.core.environments.sources.toml import table, text_or_none, texts, toml
from cellrun.core.errors import UserErrorException, shown


def spec_of_pyproject(path: Path, extras: Iterable[str] = ()) -> EnvironmentSpec:
    """Return the environment of a project's dependencies, and of those of its optional or dependency groups.

    Raises UserErrorException for a file without [project], a group that isn't there, and what can't be read.
    """
    title = str(path)
    data = toml(text_of(path), title)
    project = table(data, title, "project")
    if not project:
        raise UserErrorException(
            f"{title} has no [project] table, where dependencies are; write a requirements file and give that instead"
        )
    found = Requirements()
    lines = [*_dependencies(data, project, path, found), *_of_groups(data, project, title, extras)]
    found.read(((number, line) for number, line in _sourced(data, title, lines)), path.parent, f"{title}: dependencies")
    add_indexes(data, title, found)
    python = text_or_none(project, title, "requires-python")
    return replace(checked_python(found.spec(), python, title), name="")


def checked_python(spec: EnvironmentSpec, python: str | None, title: str) -> EnvironmentSpec:
    """Return a spec with the Python that is required. Raises UserErrorException for what says no version."""
    if python is None:
        return spec
    try:
        python_specifier(python)
    except UserErrorException as error:
        raise UserErrorException(f"{title}: requires-python: {error}") from error
    return replace(spec, python=python)


def _dependencies(data: dict[str, Any], project: dict[str, Any], path: Path, found: Requirements) -> list[str]:
    title = str(path)
    if "dependencies" not in texts(project, title, "dynamic"):
        return texts(project, title, "dependencies")
    dynamic = table(data, title, "tool", "setuptools", "dynamic", "dependencies")
    files = dynamic.get("file", [])
    if not files:
        raise UserErrorException(
            f"{title}: its dependencies are dynamic; write them to a requirements file and give that"
        )
    for name in [files] if isinstance(files, str) else texts(dynamic, title, "file"):
        found.read_file(path.parent / name)
    return []


def _of_groups(data: dict[str, Any], project: dict[str, Any], title: str, extras: Iterable[str]) -> Iterator[str]:
    optional = table(project, title, "optional-dependencies")
    groups = table(data, title, "dependency-groups")
    names = {canonicalize_name(name): name for name in optional}
    for extra in extras:
        if name := names.get(canonicalize_name(extra)):
            yield from texts(optional, title, name)
        else:
            yield from _of_group(groups, extra, f"{title}[{extra}]", sorted([*optional, *groups]), ())


def _of_group(
    groups: dict[str, Any], asked: str, title: str, known: list[str], above: tuple[str, ...]
) -> Iterator[str]:
    """Iterate over a dependency group and the groups that it includes (PEP 735)."""
    name = next((each for each in groups if canonicalize_name(each) == canonicalize_name(asked)), "")
    if not name or name in above:
        why = f"includes itself: {' → '.join((*above, name))}" if name else f"has no group {asked!r}"
        raise UserErrorException(f"{title}: the file {why}; its groups: {', '.join(known) or 'none'}")
    for line in groups[name] if isinstance(groups[name], list) else [groups[name]]:
        if isinstance(line, str):
            yield line
        elif isinstance(line, dict) and isinstance(line.get("include-group"), str):
            yield from _of_group(groups, line["include-group"], title, known, (*above, name))
        else:
            raise UserErrorException(f"{title}: a group has texts and {{include-group = 'name'}}; got {shown(line)}")


def _sourced(data: dict[str, Any], title: str, lines: list[str]) -> Iterator[tuple[int, str]]:
    """Iterate over dependencies, numbered; each from where [tool.uv.sources] says that it comes from."""
    told = table(data, title, "tool", "uv", "sources")
    sources: dict[str, Any] = {canonicalize_name(name): source for name, source in told.items()}
    for number, line in enumerate(checked(lines), 1):
        source = sources.get(package_name(line))
        yield number, line if source is None else _from_source(line, source, title)


def _from_source(line: str, source: Any, title: str) -> str:
    name, separator, condition = of_any_version(line).partition(" ;")
    package, bracket, inner = name.partition("[")
    extras, marker = bracket + inner, separator + condition
    if isinstance(source, dict) and isinstance(git := source.get("git"), str) and "subdirectory" not in source:
        at = next((f"@{source[key]}" for key in ("rev", "tag", "branch") if key in source), "")
        return f"{name} @ git+{git}{at}{marker}"
    if isinstance(source, dict) and isinstance(url := source.get("url"), str) and "subdirectory" not in source:
        return f"{name} @ {url}{marker}"
    if isinstance(source, dict) and isinstance(path := source.get("path"), str):
        return f"{path if path.startswith(('.', '/')) else f'./{path}'}{extras}{marker}"
    raise UserErrorException(
        f"{title}: where [tool.uv.sources] has {package} from isn't understood here: {shown(source)}; "
        f"understood are git (with rev, tag or branch), url, path; or write '{package} @ address' in dependencies"
    )


def add_indexes(data: dict[str, Any], title: str, found: Requirements) -> None:
    """Add the indexes that [tool.uv] names, but those that are for single packages only."""
    settings = table(data, title, "tool", "uv")
    if url := text_or_none(settings, title, "index-url"):
        found.options.append(f"--index-url {url}")
    found.options += [f"--extra-index-url {url}" for url in texts(settings, title, "extra-index-url")]
    for index in settings.get("index", []):
        if isinstance(index, dict) and isinstance(index.get("url"), str) and not index.get("explicit"):
            found.options.append(f"--{'' if index.get('default') else 'extra-'}index-url {index['url']}")
