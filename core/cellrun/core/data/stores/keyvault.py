"""A workspace's secrets by name: in the system's keyring where there is one, else in a file that its user alone reads.

What is kept of a secret in CELLRUN_HOME/private is its name, and its value where there is no keyring; in a workspace's
own folder there is nothing of it.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellrun.core import names
from cellrun.core.disk.control_file import read_object
from cellrun.core.disk.lock import hold_lock
from cellrun.core.disk.whole_files import replace_file
from cellrun.core.errors import DamagedRunError, InvalidNameError, KeyvaultError, problem_of
from cellrun.core.places import private_folder
from cellrun.core.store.record import refuse_elsewhere

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

    from cellrun.core.workspace import Workspace

_FILE, _LOCK = "keyvault.json", "keyvault.lock"
_OF_CELLRUN = "/"  # in the names of cellrun's own secrets, and in no user's


class Keyvault:
    """The secrets of a workspace (Azure ML's names). Runs on this machine read them as the same user.

    Whatever a workspace's files hold, they are found by its id, below the home of whoever asks.
    """

    def __init__(self, workspace: Workspace) -> None:
        refuse_elsewhere(workspace.layout, "secrets")
        self._workspace = workspace
        self._service = f"cellrun {workspace.id}"

    @property
    def workspace(self) -> Workspace:
        """The workspace whose secrets these are."""
        return self._workspace

    def set_secret(self, name: str, value: str, content_type: str | None = None) -> None:
        """Keep a secret by a name, in the place of the one before.

        Raises InvalidNameError for a name that is none, or a value that is no text; KeyvaultError where it can't be
        kept.
        """
        self._set(names.secret_name(name), value, content_type)

    def set_secrets(self, secrets_batch: Mapping[str, str]) -> None:
        """Keep several. Raises as `set_secret`."""
        for name in secrets_batch:
            names.secret_name(name)
        for name, value in secrets_batch.items():
            self._set(name, value)

    def get_secret(self, name: str) -> str | None:
        """Return a secret, None if there is none of that name. Raises KeyvaultError if it can't be read."""
        entry = self._entries().get(name)
        if entry is None:
            return None
        if "value" in entry:
            return str(entry["value"])
        backend = _system_keyring()
        try:
            found = backend.get_password(self._service, name) if backend else None
        except Exception as error:  # noqa: BLE001  # each system's keyring has errors of its own
            why = type(error).__name__  # its text may hold anything
            raise KeyvaultError(f"the secret {name!r} can't be read from the system's keyring ({why})") from None
        if found is None:
            where = "has lost it" if backend else "can't be reached from here (its session may have ended)"
            raise KeyvaultError(
                f"the secret {name!r} is in the system's keyring, which {where}; set it again: "
                f"ws.get_default_keyvault().set_secret({name!r}, …)"
            )
        return found

    def get_secrets(self, secrets: Sequence[str]) -> dict[str, str | None]:
        """Return several by their names; None for those that aren't there."""
        return {name: self.get_secret(name) for name in secrets}

    def get_secret_content_type(self, name: str) -> str | None:
        """Return what a secret was said to be, None if nothing was."""
        kind = self._entries().get(name, {}).get("content_type")
        return None if kind is None else str(kind)

    def list_secrets(self) -> list[str]:
        """Return the names."""
        return sorted(name for name in self._entries() if _OF_CELLRUN not in name)

    def delete_secret(self, name: str) -> None:
        """Forget a secret, if it is there."""
        with _changed() as vaults:
            entry = vaults.get(self._workspace.id, {}).pop(name, None)
        if entry is not None and "value" not in entry and (backend := _system_keyring()):
            with suppress(Exception):  # it is forgotten here; what the keyring says isn't known beforehand
                backend.delete_password(self._service, name)

    def delete_secrets(self, secrets: Sequence[str]) -> None:
        """Forget several."""
        for name in secrets:
            self.delete_secret(name)

    def credentials(self, store: str, purpose: str) -> dict[str, str] | None:
        """Return what this user has said opens a datastore, {} if nothing has to; None if he has said nothing of it.

        They are for what was registered alone: `purpose` says which place that is. Raises KeyvaultError if the
        workspace's files say another one by now.
        """
        text = self.get_secret(_of_store(store))
        if text is None:
            return None
        kept = json.loads(text)
        if kept["purpose"] != purpose:
            raise KeyvaultError(
                f"the credentials of datastore {store!r} were given for another place than its file in the workspace "
                "names now; register it again with overwrite=True"
            )
        return dict(kept["credentials"])

    def set_credentials(self, store: str, purpose: str, credentials: Mapping[str, str]) -> None:
        """Keep what opens a datastore at a place; that nothing does is no secret, and kept in the file."""
        text = json.dumps({"purpose": purpose, "credentials": dict(credentials)})
        if credentials:
            self._set(_of_store(store), text)
            return
        with _changed() as vaults:
            vaults.setdefault(self._workspace.id, {})[_of_store(store)] = {"value": text, "is_open": True}

    def forget_credentials(self, store: str) -> None:
        """Forget what opens a datastore, if it is known."""
        self.delete_secret(_of_store(store))

    def _set(self, name: str, value: str, content_type: str | None = None) -> None:
        if not isinstance(value, str):
            raise InvalidNameError(f"the value of the secret {name!r}", type(value), "is a text")
        entry = {} if content_type is None else {"content_type": str(content_type)}
        if not self._is_in_keyring(name, value):
            entry["value"] = value
        with _changed() as vaults:
            vaults.setdefault(self._workspace.id, {})[name] = entry

    def _is_in_keyring(self, name: str, value: str) -> bool:
        backend = _system_keyring()
        if backend is None:
            return False
        try:
            backend.set_password(self._service, name, value)
            return backend.get_password(self._service, name) == value
        except Exception:  # noqa: BLE001  # it is locked, its session is gone: the file does as well
            return False

    def _entries(self) -> dict[str, Any]:
        return _read(private_folder()).get(self._workspace.id, {})

    def __repr__(self) -> str:
        return f"Keyvault(workspace {self._workspace.name!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Keyvault, (self._workspace,)


def _of_store(name: str) -> str:
    return f"datastore{_OF_CELLRUN}{name}"


def _system_keyring() -> KeyringBackend | None:
    """Return the keyring of this system, None where there is none, or one that keeps nothing."""
    import keyring  # noqa: PLC0415  # a job that asks for no secret needs none of it
    from keyring.backends import chainer, fail, null  # noqa: PLC0415  # as above

    try:
        backend = keyring.get_keyring()
    except Exception:  # noqa: BLE001  # a backend of somebody else's that doesn't load
        return None
    if isinstance(backend, (fail.Keyring, null.Keyring)):
        return None
    return None if isinstance(backend, chainer.ChainerBackend) and not backend.backends else backend


@contextmanager
def _changed() -> Iterator[dict[str, dict[str, Any]]]:
    """Change what the file holds, alone: two that do so at once both have their way."""
    folder = private_folder()
    with hold_lock(folder / _LOCK, "", lambda _: None):
        vaults = _read(folder)
        before, had_secrets = json.dumps(vaults), _has_secrets(vaults)
        yield vaults
        if json.dumps(vaults) != before:
            _write(folder, vaults)
        if _has_secrets(vaults) and not had_secrets:
            warnings.warn(
                f"there is no system keyring here: secrets are kept in {folder / _FILE}, which nobody else can read",
                stacklevel=6,
            )


def _read(folder: Path) -> dict[str, dict[str, Any]]:
    try:
        found = read_object(folder, folder / _FILE)
    except FileNotFoundError:
        return {}
    except (OSError, DamagedRunError) as error:
        raise KeyvaultError(f"the secrets can't be read from {folder / _FILE}: {problem_of(error)}") from error
    return {
        str(workspace): {name: entry for name, entry in secrets.items() if isinstance(entry, dict)}
        for workspace, secrets in found.items()
        if isinstance(secrets, dict)
    }


def _write(folder: Path, vaults: Mapping[str, Mapping[str, Any]]) -> None:
    path = folder / _FILE
    try:
        replace_file(path, json.dumps(vaults), mode=0o600)
    except OSError as error:
        raise KeyvaultError(f"the secret isn't kept: {error.strerror}: {path}") from error


def _has_secrets(vaults: Mapping[str, Mapping[str, Any]]) -> bool:
    entries = (entry for secrets in vaults.values() for entry in secrets.values())
    return any("value" in entry and not entry.get("is_open") for entry in entries)
