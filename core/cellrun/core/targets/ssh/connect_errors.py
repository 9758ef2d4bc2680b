"""Translates ssh's connection errors into what to do about them.

ssh ends with 255 for all of it, and its own words are all that tells one from another: those of OpenSSH 7 to 10, which
has no translations.
"""

from __future__ import annotations

import re
import shlex
from typing import NamedTuple

from cellrun.core.errors import AuthenticationError, ComputeTargetException
from cellrun.core.front_end import plain

SSH_FAILED = 255
"""What ssh ends with for a failure of its own."""


class _Row(NamedTuple):
    """What is looked for in stderr, and what is said then. `{0}` is the host, `{name}` a group of the pattern."""

    pattern: str
    words: str
    is_authentication: bool = False
    """Whether another user's session, with its keys and agent, may fare better."""


_CHANGED = (
    "the key of {0} isn't the one that is known for it ({place}): it was installed anew, or somebody stands between; "
    "ask whoever runs it for the fingerprint {fingerprint}; only when that fits: ssh-keygen -f {file} -R {name}"
)
_ROWS = (
    _Row(
        r"(?m)^@ +WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! +@\n"
        r"(?:.*\n){0,9}(?P<fingerprint>(?:SHA256|MD5):\S+?)\.?\n"
        r"(?:.*\n){0,4}Offending (?:key for IP|\S+ key) in (?P<place>(?P<file>.+):\d+)\n"
        r"(?:.*\n){0,4}Host key for (?P<name>\S+) has changed",
        _CHANGED,
        is_authentication=True,
    ),
    _Row(
        r"Host key verification failed",
        "the key of {0} isn't known yet; run `ssh {0}` once by hand and accept it, if its fingerprint is right",
        is_authentication=True,
    ),
    _Row(
        r"(?P<key>Permissions \d+ for '[^']*' are too open)",
        "{0}: ssh doesn't use a private key that others can read: {key}; chmod 600 it",
        is_authentication=True,
    ),
    _Row(
        r"Too many authentication failures",
        "{0} was offered too many keys; say IdentitiesOnly yes and IdentityFile for it in ~/.ssh/config",
        is_authentication=True,
    ),
    _Row(
        r"(?P<who>[^\s:]*): ?Permission denied \((?P<ways>[^)]*)\)",
        "{0} doesn't let {who} in (it takes {ways}); a key with a passphrase has to be in your agent (ssh-add), one "
        "that isn't there yet is put there by `ssh-copy-id {0}`; `ssh -o BatchMode=yes {0} true` tries it",
        is_authentication=True,
    ),
    _Row(
        r"Could not resolve hostname (?P<name>[^\s:]+): (?P<why>[^\n]+)",
        "{0}: no host {name} is known ({why}); is it spelt so, is there a network, or a VPN to be on?",
    ),
    _Row(
        r"connect to host (?P<name>\S+) port (?P<port>\d+): Connection refused",
        "{0}: {name} is there, and nothing takes connections at its port {port}: is sshd running, is it another "
        "port (Port in ~/.ssh/config)?",
    ),
    _Row(
        r"connect to host (?P<name>\S+) port \d+: "
        r"(?P<why>No route to host|Network is unreachable|Host is down)",
        "{0}: {name} can't be reached ({why}): is it switched on, is there a network, or a VPN to be on?",
    ),
    _Row(
        r"Connection to \S+ port \d+ timed out|timed out during|Connection timed out|Operation timed out",
        "{0} doesn't answer: is it switched on, is there a network, or a VPN to be on?",
    ),
    _Row(
        r"(?P<file>[^\n:]+)(?:: | )line (?P<line>\d+): "
        r"(?P<why>Bad configuration option[^\n]*|[^\n]*(?:argument|keyword)[^\n]*)",
        "{0}: your ssh config can't be read: {file}, line {line}: {why}",
    ),
    _Row(
        r"(?P<why>Bad owner or permissions on \S+|Can't open user config file [^\n]+)",
        "{0}: your ssh config can't be read: {why}",
    ),
    _Row(
        r"(?P<why>Unable to negotiate with [^\n]*?: no matching [^.\n]*)",
        "ssh and {0} have no method in common: {why}; one of them is old",
    ),
    _Row(
        r"(?P<why>[^\n]*(?:exec: \S+: not found|ProxyCommand|stdio forwarding failed)[^\n]*)",
        "the way to {0} that your ssh config says can't be gone: {why}",
    ),
    _Row(
        r"Session open refused by peer|administratively prohibited",
        "{0} takes no further session of a connection (MaxSessions of its sshd); try again when others have ended",
    ),
    _Row(
        r"(?P<why>[^\n]*(?:kex_exchange_identification|Connection (?:reset|closed) by|closed by remote host|"
        r"Shared connection to \S+ closed|"
        r"Broken pipe|not responding)[^\n]*)",
        "{0} ended the connection: it restarts, has too many (MaxStartups of its sshd), or refuses this machine for a "
        "while; ssh says: {why}",
    ),
    _Row(
        r"Cannot execute command-line and remote command",
        "your ssh config has a RemoteCommand for {0}; attach it by a name that has none",
    ),
    _Row(r"No space left on device|Disk quota exceeded", "the disk of {0} is full; free some room there"),
)
_MOST_LINE_CHARS = 500
"""What the machine says comes here, too: a pattern that it is looked for in takes the square of a line's length."""
_DECORATION = re.compile(r"^[\s@*#=-]*$|^\*\* |^Warning: Permanently added")


def connect_error(host: str, stderr: str) -> ComputeTargetException:
    """Return the error that says why ssh, which ended with `SSH_FAILED`, didn't lead to a host, and what to do.

    AuthenticationError where keys or an agent are in question.
    """
    text = "\n".join(plain(line)[:_MOST_LINE_CHARS] for line in stderr.replace("\r\n", "\n").split("\n"))
    for row in _ROWS:
        if found := re.search(row.pattern, text):
            made = AuthenticationError if row.is_authentication else ComputeTargetException
            told = found.groupdict()
            if row.words is _CHANGED:  # the machine itself may have said so: nothing of it may be a command
                told |= {name: shlex.quote(told[name]) for name in ("file", "name")}
            return made(row.words.format(host, **told))
    return ComputeTargetException(
        f"ssh can't connect to {host}; the last that it said: {_last_line(text) or 'nothing'}"
    )


def no_ssh() -> ComputeTargetException:
    """Return the error that says that there is no ssh here."""
    return ComputeTargetException("there is no program `ssh` on this machine's PATH; install OpenSSH's client")


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if not _DECORATION.match(line)]
    return lines[-1][:300] if lines else ""
