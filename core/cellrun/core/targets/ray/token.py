"""The token by which a cluster lets us in, where it asks for one: found each time, kept nowhere by us."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cellrun.core.errors import AuthenticationError, KeyvaultError
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.targets.ray.opened_workspace import opened_workspace

_VARIABLE, _PATH_VARIABLE = "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"
_SENDABLE = re.compile(r"[\x21-\x7e]{1,8192}", re.ASCII)


class Token(NamedTuple):
    """A token, and where it was found."""

    value: str
    source: str

    def __repr__(self) -> str:
        """Return what may be shown of it."""
        return f"Token(from {self.source})"


def token(settings: Mapping[str, Any], workspace: WorkspaceLayout | None) -> Token | None:
    """Return the token for a cluster: the keyvault's, Ray's own variable or file; None if there is none.

    Raises AuthenticationError, without any of it, for one that can't be read or sent.
    """
    found = _of_keyvault(settings["secret"], workspace) if settings.get("secret") else _of_ray()
    if found and not _SENDABLE.fullmatch(found.value):
        raise AuthenticationError(f"the token from {found.source} isn't one line of plain characters; set it again")
    return found


def _of_keyvault(name: str, workspace: WorkspaceLayout | None) -> Token:
    from cellrun.core.data.stores.keyvault import Keyvault  # noqa: PLC0415  # few clusters need it

    line = f"ws.get_default_keyvault().set_secret({name!r}, …)"
    if workspace is None:
        raise AuthenticationError(f"the secret {name!r} is a workspace's; ask for the target by ws.compute_targets")
    try:
        value = Keyvault(opened_workspace(workspace)).get_secret(name)
    except KeyvaultError as error:
        raise AuthenticationError(str(error)) from None
    if not value:
        raise AuthenticationError(f"the keyvault has no secret {name!r} that the cluster's token is to be; {line}")
    return Token(value.strip(), f"the keyvault's secret {name!r}")


def _of_ray() -> Token | None:
    if value := os.environ.get(_VARIABLE, "").strip():
        return Token(value, _VARIABLE)
    given = os.environ.get(_PATH_VARIABLE)
    path = Path(given) if given else Path.home() / ".ray" / "auth_token"
    try:
        value = path.read_text("ascii").strip()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise AuthenticationError(f"the token in {path} can't be read: {why}") from None
    return Token(value, str(path)) if value else None
