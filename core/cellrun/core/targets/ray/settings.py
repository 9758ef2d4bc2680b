"""The settings of a target of kind ray, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from cellrun.core.errors import UserErrorException, shown
from cellrun.core.names import is_plain

SETTINGS = {
    "address": "where the cluster's Jobs API listens, as the dashboard: http://head:8265",
    "server": "the address of a cellrun server of yours as jobs reach it; left out: CELLRUN_PUBLIC_URL, else none",
    "datastore": "a datastore that the cluster reaches, too, for values that are too large for the Jobs API",
    "secret": "the name of the keyvault's secret that holds the token; left out: RAY_AUTH_TOKEN, ~/.ray/auth_token",
}
PUBLIC_URL = "CELLRUN_PUBLIC_URL"
"""Environment variable: our server's address from outside."""
_CONTROL = re.compile(r"[\s\x00-\x1f\x7f]")


def checked(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the settings as they are kept. Raises UserErrorException with everything that is wrong in them."""
    given = {name: value for name, value in settings.items() if value is not None}
    problems = [f"{name} is a text; got {shown(value)}" for name, value in given.items() if not isinstance(value, str)]
    if not problems:
        problems = [problem for name in SETTINGS if (problem := _CHECKS[name](name, given.get(name, "")))]
    if problems:
        raise UserErrorException("\n".join(problems))
    return {
        name: value.rstrip("/") if name in {"address", "server"} else value for name, value in given.items() if value
    }


def is_address(given: str) -> bool:
    """Whether a text is an address by http that may be one of ours."""
    return bool(given) and not _url_problem("server", given)


def _address_problem(name: str, address: str) -> str:
    """Return what is wrong with the cluster's address."""
    if not address:
        return "a target of kind 'ray' needs address='http://head:8265': where the cluster's Jobs API listens"
    if address.startswith("ray://"):
        return f"address is the Jobs API's, by http, mostly at port 8265; got {shown(address)}, Ray Client's"
    return _url_problem(name, address)


def _url_problem(name: str, address: str) -> str:
    """Return what is wrong with an address by http; nothing with none."""
    if not address:
        return ""
    try:
        parts = urlsplit(address)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, half a bracket
        return f"{name} is http://host:port or https://host:port; got {shown(address)}"
    if parts.username is not None or parts.password is not None:
        return f"{name} holds no user and no password: a token is a secret of the keyvault, or RAY_AUTH_TOKEN"
    if not is_address or parts.query or parts.fragment or _CONTROL.search(address):
        return f"{name} is http://host:port or https://host:port; got {shown(address)}"
    return ""


def _name_problem(name: str, value: str) -> str:
    return f"{name} is a name; got {shown(value)}" if value and not is_plain(value) else ""


_CHECKS = {"address": _address_problem, "server": _url_problem, "datastore": _name_problem, "secret": _name_problem}
