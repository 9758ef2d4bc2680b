"""What is made of ssh's words: they were said by OpenSSH 10 (7 to 9 where they differ), against a real sshd."""

import re
import shlex

import pytest

from cellrun.core.errors import AuthenticationError, ComputeTargetException
from cellrun.core.targets.ssh.connect_errors import connect_error, no_ssh

CHANGED = """\
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!
Someone could be eavesdropping on you right now (man-in-the-middle attack)!
It is also possible that a host key has just been changed.
The fingerprint for the ED25519 key sent by the remote host is
SHA256:8GsW9J9wbzG7ng9FYadrglMoOYdFk+VcUEybuNVe8qk.
Please contact your system administrator.
Add correct host key in /home/me/.ssh/known_hosts to get rid of this message.
Offending ED25519 key in /home/me/.ssh/known_hosts:4
  remove with:
  ssh-keygen -f '/home/me/.ssh/known_hosts' -R '[127.0.0.1]:29022'
Host key for [127.0.0.1]:29022 has changed and you have requested strict checking.
Host key verification failed.
"""
OPEN_KEY = """\
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
Permissions 0644 for '/home/me/.ssh/id' are too open.
It is required that your private key files are NOT accessible by others.
This private key will be ignored.
Load key "/home/me/.ssh/id": bad permissions
me@127.0.0.1: Permission denied (publickey).
"""
NO_CONFIG = "/home/me/.ssh/config: line 3: Bad configuration option: hots\r\n/home/me/.ssh/config: terminating, 1 bad"

CASES = [
    ("ssh: Could not resolve hostname bxo: Name or service not known", False, "no host bxo .*known.*spelt"),
    ("ssh: Could not resolve hostname bxo: Temporary failure in name resolution", False, "Temporary failure.*network"),
    ("ssh: connect to host 10.0.0.9 port 22: Connection refused", False, "10.0.0.9 is there.*port 22: is sshd"),
    ("ssh: connect to host 10.0.0.9 port 22: No route to host", False, "can't be reached.*switched on"),
    ("ssh: connect to host 10.0.0.9 port 22: Network is unreachable", False, "can't be reached.*VPN"),
    ("ssh: connect to host 10.0.0.9 port 22: Connection timed out", False, "box doesn't answer.*switched on"),
    (
        "Connection timed out during banner exchange\r\nConnection to 10.0.0.9 port 22 timed out",
        False,
        "doesn't answer",
    ),
    ("Timeout, server 10.0.0.9 not responding.", False, "ended the connection.*not responding"),
    (CHANGED, True, r"known_hosts:4.*SHA256:8Gs.*8qk; only when that fits: ssh-keygen -f /home/me.* -R '\[127"),
    ("Host key verification failed.", True, "isn't known yet; run `ssh box` once by hand"),
    (
        "No ED25519 host key is known for box and you have requested strict checking.\r\nHost key verification failed.",
        True,
        "run `ssh box` once by hand",
    ),
    ("me@10.0.0.9: Permission denied (publickey,password).", True, "let me@10.0.0.9 in .*ssh-add.*ssh-copy-id box"),
    (
        "no such identity: /home/me/.ssh/gone: No such file or directory\r\nme@box: Permission denied (publickey).",
        True,
        "ssh-add",
    ),
    (OPEN_KEY, True, "Permissions 0644 for '/home/me/.ssh/id' are too open; chmod 600"),
    ("Received disconnect from 10.0.0.9 port 22:2: Too many authentication failures", True, "IdentitiesOnly"),
    (NO_CONFIG, False, "config can't be read: /home/me/.ssh/config, line 3: Bad configuration option: hots$"),
    ("/home/me/.ssh/config line 7: keyword port extra arguments at end of line", False, "config, line 7: keyword port"),
    ("Bad owner or permissions on /home/me/.ssh/config", False, "can't be read: Bad owner.*config"),
    (
        "ssh: connect to host 10.0.0.1 port 22: Connection refused\r\nConnection closed by UNKNOWN port 65535",
        False,
        "10.0.0.1 is there",
    ),
    (
        "/bin/bash: line 1: exec: nosuchprog: not found\r\nConnection closed by UNKNOWN port 65535",
        False,
        "way to box.*nosuchprog",
    ),
    (
        "Unable to negotiate with 10.0.0.9 port 22: no matching key exchange method found. Their offer: a",
        False,
        "no method in common: .*no matching key exchange method found; one of them is old",
    ),
    ("mux_client_request_session: session request failed: Session open refused by peer", False, "MaxSessions"),
    (
        "kex_exchange_identification: read: Connection reset by peer\r\nConnection reset by 10.0.0.9 port 22",
        False,
        "MaxStartups.*ssh says: kex",
    ),
    ("Connection to 10.0.0.9 closed by remote host.", False, "box ended the connection: it restarts"),
    ("Cannot execute command-line and remote command.", False, "has a RemoteCommand for box"),
    ("bash: line 1: cannot create temp file for here-document: No space left on device", False, "disk of box is full"),
]


@pytest.mark.parametrize(("stderr", "is_authentication", "words"), CASES)
def test_each_failure_says_what_to_do(stderr, is_authentication, words):
    error = connect_error("box", stderr)
    assert isinstance(error, AuthenticationError) == is_authentication
    error_text = str(error)
    assert re.search(words, error_text), error_text
    assert "\\x0d" not in error_text


def test_what_nobody_has_a_word_for_is_quoted():
    assert (
        str(connect_error("box", "** hello\r\nit rains\r\n"))
        == "ssh can't connect to box; the last that it said: it rains"
    )
    assert "the last that it said: nothing" in str(connect_error("box", ""))


def test_what_the_far_side_prints_reaches_no_terminal_as_codes():
    assert "\x1b" not in str(connect_error("box", "\x1b[2Jnasty"))


def test_no_ssh_here_is_an_error_of_its_own():
    assert isinstance(no_ssh(), ComputeTargetException)
    assert "OpenSSH" in str(no_ssh())


def test_what_the_machine_itself_says_becomes_no_command():
    """Its words come on the same way as ssh's own, and it may choose to end with 255."""
    said = CHANGED.replace("/home/me/.ssh/known_hosts:4", "x'; rm -rf ~; ':4").replace("[127.0.0.1]:29022", "$(id)")
    told = str(connect_error("box", said))
    command = told.partition("only when that fits: ")[2]
    assert shlex.split(command) == ["ssh-keygen", "-f", "x'; rm -rf ~; '", "-R", "$(id)"]


def test_no_words_keep_the_others_waiting(monkeypatch):
    """Python's regular expressions hold up all threads, and the machine may say 4 kB of whatever takes them longest."""
    longest = max(
        (len(line) for text in (CHANGED, "ProxyCommand" * 400, "x" * 4096) for line in _looked_at(text, monkeypatch)),
    )
    assert longest <= 500


def _looked_at(text, monkeypatch):
    seen = []
    monkeypatch.setattr(re, "search", lambda _, text: seen.append(text))
    connect_error("box", text)
    monkeypatch.undo()
    return [line for each in seen for line in each.split("\n")]
