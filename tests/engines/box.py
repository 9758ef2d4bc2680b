"""A machine elsewhere, on this one: Debian's sshd in namespaces of its own (host name, processes, mounts, boot).

Its user, disk, `/tmp`, `/home` and boot id are its own; folders of this side are empty there, so that nothing passes
because "there" is here. `Host box` of an ssh config leads to it through a `Wire`; a shim called `ssh`, first on PATH,
hands that config to the system's OpenSSH, which reads the config of the user's own home otherwise.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.engines import machine
from tests.engines.machine import Machine, free_port, wait
from tests.engines.wire import Wire

NAME = "box"
USER, UID = "ann", 4242
HOME = f"/home/{USER}"
PATH = "/usr/local/bin:/usr/bin:/bin"
_TOOLS = ("cat", "chmod", "cp", "date", "env", "head", "id", "ls", "mkdir", "mv", "rm", "sh", "sleep", "tail", "uname")
"""What is found there at least, where no Python is."""

NAMESPACES = ("--mount", "--uts", "--pid", "--time")

_BOOT = f"""
mount --make-rprivate /
mount --bind "$1" /mnt
shift
for hidden; do [ ! -d "$hidden" ] || mount -t tmpfs -o mode=755 hidden "$hidden"; done
for own in /root /tmp /var/tmp /run /home /dev/shm; do mount -t tmpfs -o mode=1777 own "$own"; done
mkdir -m 755 /run/sshd {HOME}
mount --bind /mnt/home {HOME}
mount --bind /mnt/passwd /etc/passwd
mount --bind /mnt/empty /etc/motd 2>/dev/null || true
mount -t proc proc /proc
mount --bind /mnt/boot_id /proc/sys/kernel/random/boot_id
hostname {NAME}
"""

_CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey /mnt/host_key
AuthorizedKeysFile /mnt/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PrintMotd no
LogLevel VERBOSE
"""


def why_not() -> str:
    """Return why there can be no such machine here; "" if there can be one."""
    if missing := [each for each in ("/usr/sbin/sshd", "/usr/bin/ssh", "/usr/bin/python3") if not Path(each).exists()]:
        return f"{', '.join(missing)} isn't there: .ci/need sshd installs it"
    return machine.why_not(NAMESPACES)


class Box:
    """One such machine. `make` starts it, `close` ends it and all that runs there.

    Responsibilities:
    - boots: off, on, again with another boot id; what was written to its disk stays
    - its sshd: gone, frozen, with another key of its own, without the user's key
    - its account: what the login shell prints, which programs and variables it has, how large its disk is
    - a look from outside: commands as its user, its processes
    """

    def __init__(self, folder: Path, hidden: Sequence[Path] = ()) -> None:
        """Keep all in a folder; `hidden` are this side's folders."""
        self.folder, self._hidden = folder, hidden
        self.machine = Machine(NAMESPACES, _BOOT)
        self._has_run = False
        self._variables: dict[str, str] = {"PATH": PATH}
        self.home = folder / "home"
        """Its user's home, looked at from here."""
        self.log = folder / "sshd.log"
        self._port = free_port()
        self._make_account()
        self.wire = Wire(self._port)
        self._make_client()
        self.power_on()

    @property
    def shims(self) -> Path:
        """The folder of the `ssh` that finds it: for PATH."""
        return self.folder / "shims"

    @property
    def config(self) -> Path:
        """The ssh config that has `Host box`."""
        return self.folder / "config"

    def close(self) -> None:
        """End it."""
        self.power_off()
        self.wire.close()

    # The machine

    def power_on(self) -> None:
        """Start it, with a boot id and a time of boot of its own, and its sshd."""
        (self.folder / "boot_id").write_text(f"{uuid.uuid4()}\n")
        # Its clock of seconds since its start, by which /proc/stat tells when that was, is set to 0: in whole seconds,
        # so that up to one would be before what was written when it went off.
        up_s = int(time.clock_gettime(time.CLOCK_BOOTTIME))
        if self._has_run:
            up_s += 2
            time.sleep(up_s - time.clock_gettime(time.CLOCK_BOOTTIME))
        self._has_run = True
        self.machine.turn_on(str(self.folder), *map(str, self._hidden), options=[f"--boottime=-{up_s}"])
        self.start_sshd()

    def power_off(self) -> None:
        """Kill all that runs there, at once."""
        self.machine.turn_off()

    def reboot(self) -> None:
        """Power off and on."""
        self.power_off()
        self.power_on()

    # Its sshd

    def start_sshd(self) -> None:
        """Let connections come."""
        variables = " ".join(f'"{name}={text}"' for name, text in self._variables.items())
        (self.folder / "sshd_config").write_text(f"{_CONFIG.format(port=self._port)}SetEnv {variables}\n")
        self.machine.run("/usr/sbin/sshd", "-f", "/mnt/sshd_config", "-E", "/mnt/sshd.log").check_returncode()
        wait(lambda: _answers(self._port), "sshd")

    def stop_sshd(self) -> None:
        """Refuse connections; those that are there stay: see `Wire.cut`."""
        listening = [pid for pid in self._sshd() if _parent(pid) == self.machine.first]  # its sessions too, later
        for pid in listening:
            os.kill(pid, signal.SIGTERM)
        wait(lambda: not _answers(self._port), "the end of sshd")

    def freeze(self) -> None:
        """Let sshd and its sessions stand still: what connects waits, what is connected hears nothing."""
        for pid in self._sshd():
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on."""
        for pid in self._sshd():
            os.kill(pid, signal.SIGCONT)

    def change_host_key(self) -> None:
        """Be, for all that a client knows, another machine."""
        self.stop_sshd()
        _new_key(self.folder / "host_key")
        self.start_sshd()

    def accept_key(self, *, accepted: bool = True) -> None:
        """Let the user in by the key, or don't."""
        key = (self.folder / "user_key.pub").read_text() if accepted else ""
        (self.folder / "authorized_keys").write_text(key)

    # Its account

    def set_variables(self, variables: Mapping[str, str]) -> None:
        """Give sessions from here on other variables, such as another PATH; none is left that ssh could share."""
        self._variables |= variables
        self.stop_sshd()
        self.start_sshd()
        self.wire.cut()
        self.wire.mend()

    def shift_clock(self, seconds: int) -> bool:
        """Let its clock be wrong for all that sessions start; return whether that can be had here (faketime)."""
        library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
        if library:
            # The clock that never runs back is right: it counts from the start, and no process knows another one's.
            self.set_variables(
                {"LD_PRELOAD": str(library), "FAKETIME": f"{seconds:+d}", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
            )
        return library is not None

    def print_banner(self, text: str) -> None:
        """Let the login shell print something at each start, as many a `.bashrc` does."""
        (self.home / ".bashrc").write_text(f"echo '{text}'\n")

    def take_python_away(self) -> None:
        """Leave a few programs of the system, and no Python."""
        self.set_variables({"PATH": self._with_tools()})

    def have_only_python(self, python: str) -> None:
        """Leave a bare environment of another Python of the system as the only one."""
        done = self.run(f"{python} -m venv --without-pip {HOME}/python")
        assert done.returncode == 0, done.stderr
        self.set_variables({"PATH": f"{HOME}/python/bin:{self._with_tools()}"})

    def have_small_disk(self, size_bytes: int) -> None:
        """Let its user's home be a disk of that size, empty."""
        options = f"size={size_bytes},mode=755,uid={UID}"
        self.machine.run("mount", "-t", "tmpfs", "-o", options, "small", HOME).check_returncode()
        self.home = Path(f"/proc/{self.machine.first}/root{HOME}")

    # A look from outside

    def seen_there(self, path: Path) -> str:
        """Return what a path below this one's folder is called there."""
        return f"/mnt/{path.relative_to(self.folder)}"

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a line of shell there as its user, without ssh."""
        variables = {"HOME": HOME, "USER": USER, **self._variables}
        as_user = ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups"]
        given = [f"{name}={text}" for name, text in variables.items()]
        return self.machine.run("env", "-i", *given, *as_user, "sh", "-c", f"cd && {command}")

    def processes(self) -> list[str]:
        """Return the command lines of its user's processes, those of sshd aside."""
        return [line for pid, line in self.machine.everything().items() if _owner(pid) == UID and "sshd" not in line]

    def _sshd(self) -> list[int]:
        return [pid for pid, line in self.machine.everything().items() if line.startswith("sshd")]

    def _with_tools(self) -> str:
        tools = self.home / "tools"
        tools.mkdir(exist_ok=True)
        for name in _TOOLS:
            if not (tools / name).exists():
                (tools / name).symlink_to(shutil.which(name, path=PATH) or f"/bin/{name}")
        return f"{HOME}/tools"

    def _make_account(self) -> None:
        self.folder.chmod(0o755)
        self.home.mkdir()
        os.chown(self.home, UID, UID)
        (self.folder / "empty").touch()
        users = "\n".join(":".join(map(str, each)) for each in pwd.getpwall() if each.pw_name != USER)
        (self.folder / "passwd").write_text(f"{users}\n{USER}:x:{UID}:{UID}::{HOME}:/bin/bash\n")
        _new_key(self.folder / "host_key")
        _new_key(self.folder / "user_key")
        self.accept_key()

    def _make_client(self) -> None:
        key = (self.folder / "host_key.pub").read_text()
        (self.folder / "known_hosts").write_text(f"[127.0.0.1]:{self.wire.port} {key}")
        self.config.write_text(
            f"Host {NAME}\n  HostName 127.0.0.1\n  Port {self.wire.port}\n  User {USER}\n"
            f"  IdentityFile {self.folder / 'user_key'}\n  IdentitiesOnly yes\n"
            f"  UserKnownHostsFile {self.folder / 'known_hosts'}\n  GlobalKnownHostsFile /dev/null\n"
            "  StrictHostKeyChecking yes\n"
        )
        self.shims.mkdir()
        shim = self.shims / "ssh"
        shim.write_text(f'#!/bin/sh\nexec /usr/bin/ssh -F {self.config} "$@"\n')
        shim.chmod(0o755)


def _new_key(path: Path) -> None:
    path.unlink(missing_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True, capture_output=True)


def _answers(port: int) -> bool:
    """Whether somebody listens; sshd turns away for a while who connects and says nothing, so nobody does."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(local.endswith(f":{port:04X}") and state == "0A" for _, local, _, state, *_ in lines)


def _owner(pid: int) -> int | None:
    try:
        return Path(f"/proc/{pid}").stat().st_uid
    except OSError:
        return None


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
