"""Answers, and messages of the stream, held against openapi.yaml: they have the properties that it says, no others."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any

import requests
import yaml  # type: ignore[import-untyped]  # it says nothing of its types
from jsonschema_rs import Draft202012Validator

# libyaml reads it ten times as fast: each process of the tests does
DESCRIBED: dict[str, Any] = yaml.load((files("cellrun.server") / "openapi.yaml").read_bytes(), yaml.CSafeLoader)


class AnswerError(AssertionError):
    """An answer that isn't as openapi.yaml says."""


def check_answer(method: str, path: str, answer: requests.Response) -> None:
    """Raise AnswerError if an answer of a route (`path` below `cellrun/api/`) isn't what is said of it."""
    if answer.headers.get("Content-Type", "").startswith("application/json") and answer.content:
        found = _validator(_route(path), method.lower(), str(answer.status_code))
        if found is not None:
            _check(found, answer.json(), f"{method} {path}")


def check_message(message: dict[str, Any]) -> None:
    """Raise AnswerError if what the stream's server tells isn't as is said of it."""
    schema = {"frame": "Frame", "rows": "RowsNews", "error": "StreamRefusal", "pong": "Pong"}[message["type"]]
    of_channel = ("channel", "epoch", "lengths") if schema == "Frame" else ()
    _check(_named(schema), {name: value for name, value in message.items() if name not in of_channel}, schema)


def check_request(message: dict[str, Any]) -> None:
    """Raise AnswerError if what a page says over the stream isn't as is said of it."""
    _check(_named("ToServer"), message, "ToServer")


def _check(found: Draft202012Validator, value: Any, what: str) -> None:
    wrong = [f"{error.instance_path}: {error.message}" for error in found.iter_errors(value)]
    if wrong:
        raise AnswerError(f"{what}: {wrong}")


def resolved(said: dict[str, Any]) -> dict[str, Any]:
    """Return what a description refers to, or itself."""
    while "$ref" in said:
        found: Any = DESCRIBED
        for name in said["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        said = found
    return said


def _closed(said: Any) -> Any:
    """Return a schema whose objects have no other properties than those that it names."""
    if isinstance(said, list):
        return [_closed(each) for each in said]
    if not isinstance(said, dict):
        return said
    inner = {name: _closed(each) for name, each in said.items()}
    return {"additionalProperties": False, **inner} if isinstance(said.get("properties"), dict) else inner


_COMPONENTS = _closed(DESCRIBED["components"])


def _route(path: str) -> str:
    address = f"/cellrun/api/{path.partition('?')[0]}"
    for route in DESCRIBED["paths"]:
        pattern = re.sub(r"\\{(\w+)\\}", lambda name: ".+" if name[1] == "path" else "[^/]+", re.escape(route))
        if re.fullmatch(pattern, address):
            return str(route)
    raise LookupError(f"openapi.yaml has no route {address}")


@cache
def _validator(route: str, method: str, status: str) -> Draft202012Validator | None:
    """Return what checks an answer; None where a method isn't described, as of one that is refused."""
    responses = DESCRIBED["paths"][route].get(method, {}).get("responses", {})
    content = resolved(responses.get(status) or responses.get("default") or {}).get("content", {})
    if "application/json" not in content:
        return None
    schema = content["application/json"].get("schema", {})
    return Draft202012Validator({**_closed(schema), "components": _COMPONENTS})


@cache
def _named(schema: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/components/schemas/{schema}", "components": _COMPONENTS})
