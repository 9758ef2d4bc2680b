"""Azure ML's names for a machine that is reached by ssh: `RemoteCompute`."""

from __future__ import annotations

from pathlib import Path

from cellrun.core.errors import UserErrorException, shown
from cellrun.core.targets.resource import ComputeResource, Provisioning

_SSH, _SSH_PORT = "ssh", 22
_MOST_PORT = 65535
_DEFAULT_KEYS = frozenset({"id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk"})


class RemoteComputeNames(ComputeResource):
    """What `RemoteCompute` has beside what any target has."""

    @staticmethod
    def attach_configuration(  # noqa: PLR0913, PLR0917  # Azure ML's signature
        resource_id: str | None = None,
        address: str | None = None,
        ssh_port: int = _SSH_PORT,
        username: str | None = None,
        password: str | None = None,
        private_key_file: str | None = None,
        private_key_passphrase: str | None = None,
    ) -> Provisioning:
        """Return what `ComputeTarget.attach` takes to start runs on a machine by ssh.

        `address` is what `ssh` is called with: a name from your ssh config, or a host's. Keys, agent and jump hosts are
        those of your own ssh. Raises UserErrorException for a password, a passphrase and a key file that ssh doesn't
        try by itself, none of which is taken here, with what to do instead.
        """
        problems = []
        if resource_id:
            problems.append("resource_id names a machine in Azure, and nothing here asks Azure; give its address")
        elif not address:
            problems.append("address='box' is what `ssh` is called with; it is missing")
        if isinstance(ssh_port, bool) or not isinstance(ssh_port, int) or not 0 < ssh_port <= _MOST_PORT:
            problems.append(f"ssh_port is a number from 1 to {_MOST_PORT}; got {shown(ssh_port)}")
        if password:
            problems.append(
                "password isn't taken: your own ssh keys let you in, and nothing is stored; put a key there once by "
                f"`ssh-copy-id {_destination(address, ssh_port, username)}`"
            )
        if private_key_passphrase:
            problems.append("private_key_passphrase isn't taken: unlock the key in your agent by `ssh-add`")
        if private_key_file and not _is_tried_anyway(private_key_file):
            problems.append(_by_config(address, ssh_port, username, private_key_file))
        if problems:
            raise UserErrorException("\n".join(problems))
        return Provisioning(_SSH, {"host": _destination(address, ssh_port, username)})

    @property
    def address(self) -> str:
        """The machine's address."""
        return self._parts[1]

    @property
    def ssh_port(self) -> int:
        """The port of its sshd, as far as it was said here; your ssh config may say another one."""
        return self._parts[2]

    @property
    def username(self) -> str | None:
        """Who runs start as there; None for what your ssh config says."""
        return self._parts[0] or None

    @property
    def _parts(self) -> tuple[str, str, int]:
        host = str(self.settings["host"])
        user, _, address = host.removeprefix("ssh://").rpartition("@")
        name, _, port = address.rpartition(":")
        has_port = host.startswith("ssh://") and port.isdecimal() and bool(name)
        return user, name if has_port else address, int(port) if has_port else _SSH_PORT


def _destination(address: str | None, port: int, user: str | None) -> str:
    host = f"{user}@{address}" if user else str(address)
    return host if port == _SSH_PORT else f"ssh://{host}:{port}"


def _is_tried_anyway(key: str) -> bool:
    """Whether ssh tries a key file without being told."""
    path = Path(key).expanduser()
    return path.parent == Path("~/.ssh").expanduser() and path.name in _DEFAULT_KEYS


def _by_config(address: str | None, port: int, user: str | None, key: str) -> str:
    """Return the lines of an ssh config that do what a key file was to do."""
    lines = [
        "Host box",
        f"  HostName {address}",
        *([f"  User {user}"] if user else []),
        *([f"  Port {port}"] if port != _SSH_PORT else []),
        f"  IdentityFile {key}",
    ]
    return "\n".join(
        [
            "private_key_file isn't taken: it is for your ssh config; add to ~/.ssh/config, and say address='box':",
            *lines,
        ]
    )
