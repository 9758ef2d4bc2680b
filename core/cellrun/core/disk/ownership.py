"""Whose a folder is: one that another user can write to, or replace, isn't trusted.

A folder is one's own if oneself or root owns it and nobody else can write to it, and the same of all that leads to it;
a sticky folder (/tmp) may lead to it. Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import errno
import os
import shlex
import stat
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from cellrun.core.errors import WorkspaceException

SAFE_FOLDERS = "CELLRUN_SAFE_FOLDERS"
"""Environment variable: folders, joined by colons, where all who can write are trusted, with all below; `*` for any."""

_MOST_LINKS = 40  # as Linux has it
_MOST_NAMED = 3
_UID_MAP, _OVERFLOW_UID = Path("/proc/self/uid_map"), Path("/proc/sys/kernel/overflowuid")
_MOUNTS = Path("/proc/self/mountinfo")
_WITHOUT_MODES = frozenset(
    {"cifs", "smb3", "smbfs", "9p", "drvfs", "vfat", "exfat", "msdos", "ntfs", "ntfs3", "vboxsf", "fuseblk"}
)
"""File systems that show modes and don't keep them: chmod changes nothing."""


_ACL = "system.posix_acl_access"
_ACL_USER, _ACL_OF_GROUP, _ACL_GROUP = 2, 4, 8  # as linux/posix_acl.h has them


class Doubt(NamedTuple):
    """Why a folder isn't one's own alone."""

    folder: Path
    """The folder that was asked for."""
    culprit: Path
    """It, or what leads to it."""
    why: str
    """What is wrong with that: `belongs to bob (uid 1001)`."""
    remedy: str
    """What helps, as a line to paste: `run: chmod go-w /data/ws`."""

    def __str__(self) -> str:
        way = "" if self.culprit == self.folder else f"is reached by {self.culprit}, which "
        return f"{self.folder} {way}{self.why}; {self.remedy}"


def doubt(path: Path, *, is_there: bool = False) -> Doubt | None:
    """Return why a folder or file isn't one's own alone, None if it is; one that isn't there is judged by its way.

    `is_there`: it was seen there. Raises FileNotFoundError then, if it isn't: whoever took it away may put it back.
    """
    path = path.absolute()
    if is_declared_safe(path):
        return None
    culprits: list[tuple[Path, os.stat_result, str]] = []
    try:
        for each, found, is_last in _way(path, is_there=is_there):
            if why := _why(each, found, is_last=is_last):
                culprits.append((Path(each), found, why))
    except OSError:
        if not culprits:  # else it is of a folder that isn't one's own
            raise
    if not culprits:
        return None
    culprit, _, why = culprits[0]
    return Doubt(path, culprit, why, _remedy(path, [(each, found) for each, found, _ in culprits]))


def is_mine(path: Path) -> bool:
    """Return whether nobody else can write to a folder, or put another in its place."""
    return doubt(path) is None


def owner(path: Path) -> str:
    """Return who a folder or file belongs to, in words: `bob (uid 1001)`."""
    try:
        return user(path.stat().st_uid)
    except OSError:  # behind another one that is closed
        return "another user"


def refuse_foreign(folder: Path, otherwise: str, *, is_there: bool = False) -> None:
    """Raise WorkspaceException for a folder that isn't one's own alone. `otherwise` says how to take another.

    `is_there`: it was just made, or found; one that somebody has taken away since is refused as well.
    """
    try:
        found = doubt(folder, is_there=is_there)
    except FileNotFoundError:
        raise WorkspaceException(f"{folder} was taken away while it was looked at; {otherwise}") from None
    if found:
        raise WorkspaceException(f"{found}; or {otherwise}")


def _way(path: Path, *, is_there: bool) -> Iterator[tuple[str, os.stat_result, bool]]:
    """Iterate over each folder and link that leads to a path, as far as it is there; at last the path itself."""
    names, at, links = list(path.parts[:0:-1]), os.sep, 0
    yield at, os.lstat(at), not names
    while names:
        name = names.pop()
        if name == os.pardir:
            at = os.path.dirname(at)  # noqa: PTH120  # text, as links have it
            continue
        here = os.path.join(at, name)  # noqa: PTH118  # as above
        try:
            found = os.lstat(here)
        except FileNotFoundError:
            if is_there:
                raise
            return
        if not stat.S_ISLNK(found.st_mode):
            at = here
            yield here, found, not names
            continue
        links += 1
        if links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
        yield here, found, False
        target = Path(here).readlink()
        at = os.sep if target.is_absolute() else at
        names += reversed([part for part in target.parts if part != os.sep])


def _why(path: str, found: os.stat_result, *, is_last: bool) -> str:
    """Return what others can do with a folder or link on the way, in words; empty if nothing."""
    others_write = found.st_mode & (stat.S_IWOTH | stat.S_IWGRP)
    is_sticky = bool(found.st_mode & stat.S_ISVTX)
    if found.st_uid not in {os.geteuid(), 0} and not (
        is_outside(found.st_uid) and (is_sticky or not others_write or stat.S_ISLNK(found.st_mode))
    ):
        return f"belongs to {user(found.st_uid)}"
    if stat.S_ISLNK(found.st_mode) or (is_sticky and not is_last):
        return ""
    if found.st_mode & stat.S_IWOTH:
        return f"can be written to by every user (mode {stat.S_IMODE(found.st_mode):o})"
    if found.st_mode & stat.S_IWGRP and (others := _others_in_group_class(path, found.st_gid)):
        return f"can be written to by {others}"
    return ""


def _others_in_group_class(path: str, gid: int) -> str:
    """Return who besides this user and root may do what a mode grants a group: its members, or whom an ACL names.

    Of a file with an ACL the mode shows the most that anybody named there may do, its group aside.
    """
    try:
        entries = os.getxattr(path, _ACL)[4:] if hasattr(os, "getxattr") else b""
    except OSError:  # it has none, or its file system knows none
        entries = b""
    if not entries:
        others = _others_in(gid)
        return f"others of its group ({others})" if others else ""
    import struct  # noqa: PLC0415  # rarely needed

    named = []
    for kind, may, who in struct.iter_unpack("<HHI", entries):
        if may & os.W_OK and kind == _ACL_USER and who not in {os.geteuid(), 0}:
            named.append(user(who))
        elif may & os.W_OK and kind in {_ACL_OF_GROUP, _ACL_GROUP}:
            named.append(_others_in(gid if kind == _ACL_OF_GROUP else who))
    told = ", ".join(filter(None, named))
    return f"whom its access list names ({told})" if told else ""


def _remedy(path: Path, culprits: Sequence[tuple[Path, os.stat_result]]) -> str:
    """Return what helps against all of them at once."""
    if all(
        found.st_uid == os.geteuid() and not stat.S_ISLNK(found.st_mode) and not _shows_modes_only(culprit)
        for culprit, found in culprits
    ):
        return f"run: chmod go-w {shlex.join(str(culprit) for culprit, _ in culprits)}"
    known = os.environ.get(SAFE_FOLDERS, "")
    value = f"{known}{os.pathsep}{path}" if known else str(path)
    if "ipykernel" in sys.modules:
        return f"if you trust them: %env {SAFE_FOLDERS}={value}"
    return f"if you trust them: export {SAFE_FOLDERS}={shlex.quote(value)}"


def is_declared_safe(path: Path) -> bool:
    """Return whether the user has said that all who can write to a place are trusted (`CELLRUN_SAFE_FOLDERS`)."""
    for text in filter(None, os.environ.get(SAFE_FOLDERS, "").split(os.pathsep)):
        safe = Path(text).expanduser()
        if text == "*" or path.is_relative_to(safe) or path.resolve().is_relative_to(safe.resolve()):
            return True
    return False


@cache
def _others_in(gid: int) -> str:
    """Return who besides this user and root is known to be in a group, in words; empty if nobody.

    Root's own group counts as root. Where accounts can't be listed (a directory service), only a group of the user's
    own name is known to hold nobody else.
    """
    import grp  # noqa: PLC0415  # rarely needed
    import pwd  # noqa: PLC0415  # rarely needed

    if gid == 0:
        return ""
    try:
        group = grp.getgrgid(gid)
    except KeyError:  # nobody's in the lists of accounts: of a volume, or of a container
        return ""
    accounts, me = pwd.getpwall(), os.geteuid()
    own = {account.pw_name for account in accounts if account.pw_uid in {me, 0}}
    try:
        own.add(pwd.getpwuid(me).pw_name)
        is_listed = any(account.pw_uid == me for account in accounts)
    except KeyError:  # a container's random user
        is_listed = True
    others = {*group.gr_mem, *(account.pw_name for account in accounts if account.pw_gid == gid)} - own
    if others:
        named = sorted(others)[:_MOST_NAMED]
        return f"{group.gr_name}: {', '.join(named)}{' …' if len(others) > _MOST_NAMED else ''}"
    return "" if is_listed or group.gr_name in own else f"{group.gr_name}: whose members can't be listed"


def user(uid: int) -> str:
    """Return a user's name, as far as there is one, and number: `bob (uid 1001)`."""
    import pwd  # noqa: PLC0415  # rarely needed

    try:
        return f"{pwd.getpwuid(uid).pw_name} (uid {uid})"
    except KeyError:
        return f"uid {uid}"


def is_outside(uid: int) -> bool:
    """Return whether it stands for all users that the own user namespace doesn't know, root among them."""
    try:
        if uid != int(_OVERFLOW_UID.read_text()):
            return False
        spans = [tuple(map(int, line.split())) for line in _UID_MAP.read_text().splitlines()]
    except (OSError, ValueError):
        return False
    return not any(start <= uid < start + count for start, _, count in spans)


def _shows_modes_only(path: Path) -> bool:
    """Return whether a file system is known not to keep what chmod says."""
    real, best, kind = path.resolve(), Path("/"), ""
    try:
        lines = _MOUNTS.read_text().splitlines()
    except OSError:
        return False
    for line in lines:
        before, _, after = line.partition(" - ")
        point = Path(before.split()[4].encode().decode("unicode_escape"))
        if real.is_relative_to(point) and len(point.parts) >= len(best.parts):
            best, kind = point, after.split()[0]
    return kind in _WITHOUT_MODES or kind.startswith("fuse")
