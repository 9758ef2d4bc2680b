"""Whose a folder is: others are kept out, and nobody honest is."""

import grp
import json
import os
import pwd
import struct
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from cellrun.core.disk import ownership
from cellrun.core.disk.ownership import SAFE_FOLDERS, doubt, is_mine, refuse_foreign
from cellrun.core.errors import WorkspaceException

ANOTHER = 12345

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")


class Account(NamedTuple):
    pw_name: str
    pw_uid: int
    pw_gid: int


class Group(NamedTuple):
    gr_name: str
    gr_gid: int
    gr_mem: list


@pytest.fixture
def folder(tmp_path):
    """Return a folder two below one that is this user's."""
    made = tmp_path / "way" / "folder"
    made.mkdir(parents=True)
    return made


@pytest.fixture
def accounts(monkeypatch):
    """Return what sets the accounts and groups of the machine; this user is `ada`."""

    def known(*others, groups=(), is_listed=True, my_name="ada"):
        me = Account(my_name, os.geteuid(), 1000)
        everyone = [*([me] if is_listed else []), *others]
        monkeypatch.setattr(pwd, "getpwall", lambda: everyone)
        monkeypatch.setattr(pwd, "getpwuid", lambda uid: {each.pw_uid: each for each in [me, *others]}[uid])
        monkeypatch.setattr(grp, "getgrgid", lambda gid: {each.gr_gid: each for each in groups}[gid])
        ownership._others_in.cache_clear()

    yield known
    ownership._others_in.cache_clear()


def group_writable(folder, gid, monkeypatch):
    """Let a folder look as if a group could write to it; who isn't root can't give it to one."""
    folder.chmod(0o770)
    real = os.lstat

    def of_the_group(path, **more):
        found = real(path, **more)
        if Path(path) != folder:
            return found
        return os.stat_result([*found[:5], gid, *found[6:]])

    monkeypatch.setattr(os, "lstat", of_the_group)


def test_ones_own_is_ones_own(folder):
    assert is_mine(folder)
    refuse_foreign(folder, "so")


def test_what_isnt_there_is_judged_by_its_way(folder):
    assert is_mine(folder / "to" / "come")
    folder.chmod(0o777)
    assert doubt(folder / "to" / "come").culprit == folder


@pytest.mark.parametrize("culprit", [".", ".."])
def test_nobody_else_may_write_to_it_nor_to_what_leads_there(folder, culprit):
    other = (folder / culprit).resolve()
    other.chmod(0o777)
    with pytest.raises(WorkspaceException, match=rf"by every user \(mode 777\); run: chmod go-w {other}; or so"):
        refuse_foreign(folder, "so")


def test_one_line_to_paste_is_enough(folder):
    for each in (folder.parent, folder):
        each.chmod(0o777)
    remedy = doubt(folder).remedy
    assert remedy == f"run: chmod go-w {folder.parent} {folder}"
    subprocess.run(remedy.removeprefix("run: "), shell=True, check=True)
    assert is_mine(folder)


@as_root
def test_chmod_is_not_advised_where_it_helps_only_half(folder):
    folder.parent.chmod(0o777)
    os.chown(folder, ANOTHER, ANOTHER)
    found = doubt(folder)
    assert found.culprit == folder.parent
    assert found.remedy.startswith("if you trust them: ")


def test_a_sticky_folder_may_lead_to_it_and_isnt_ones_own_itself(folder):
    folder.parent.chmod(0o1777)
    assert is_mine(folder)
    assert not is_mine(folder.parent)


@as_root
def test_another_owner_is_named(folder, monkeypatch):
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    for culprit in (folder, folder.parent):
        os.chown(culprit, ANOTHER, ANOTHER)
        found = doubt(folder)
        assert (found.culprit, found.why) == (culprit, f"belongs to uid {ANOTHER}")
        assert "chmod" not in str(found)
        assert f"export {SAFE_FOLDERS}={folder}" in str(found)


@as_root
def test_in_a_sticky_folder_what_another_put_there_is_his(folder):
    folder.parent.chmod(0o1777)
    os.chown(folder, ANOTHER, ANOTHER)
    assert not is_mine(folder)


@as_root
def test_links_are_followed_and_both_ends_judged(folder, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(folder, target_is_directory=True)
    assert is_mine(link)
    os.chown(link, ANOTHER, ANOTHER, follow_symlinks=False)
    assert doubt(link).culprit == link
    os.chown(link, 0, 0, follow_symlinks=False)
    folder.parent.chmod(0o777)
    assert doubt(link).culprit == folder.parent


def test_links_that_lead_upwards_and_in_circles(folder, tmp_path):
    (tmp_path / "up").symlink_to("way/../way/folder")
    assert is_mine(tmp_path / "up")
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(OSError, match="symbolic links"):
        is_mine(tmp_path / "circle")


ACL_TAGS = {"owner": 1, "user": 2, "group": 4, "named group": 8, "mask": 16, "others": 32}


def give_acl(folder, *entries):
    """Give a folder an access list, of (kind, permissions, id); the test is skipped where there are none."""
    everyone = [("owner", 7, -1), *entries, ("mask", 7, -1), ("others", 5, -1)]
    packed = [struct.pack("<HHi", ACL_TAGS[kind], may, who) for kind, may, who in sorted(everyone, key=_acl_order)]
    try:
        os.setxattr(folder, "system.posix_acl_access", struct.pack("<I", 2) + b"".join(packed))
    except (OSError, AttributeError) as error:
        pytest.skip(f"no access lists here: {error}")


def _acl_order(entry):
    return ACL_TAGS[entry[0]], entry[2]


def test_whom_an_access_list_names_is_found(folder, accounts):
    accounts(Account("bob", ANOTHER, 7), groups=[Group("team", 42, ["bob"]), Group("alone", 43, ["ada"])])
    give_acl(folder, ("user", 7, ANOTHER), ("user", 7, os.geteuid()), ("group", 5, -1))
    found = doubt(folder)
    assert found.why == f"can be written to by whom its access list names (bob (uid {ANOTHER}))"
    assert found.remedy == f"run: chmod go-w {folder}"
    subprocess.run(found.remedy.removeprefix("run: ").split(), check=True)
    assert is_mine(folder)
    give_acl(folder, ("group", 5, -1), ("named group", 7, 42), ("named group", 7, 43))
    assert doubt(folder).why == "can be written to by whom its access list names (team: bob)"


def test_whom_an_access_list_lets_read_alone_is_no_danger(folder, accounts):
    accounts(Account("bob", ANOTHER, 7), groups=[Group("team", 42, ["bob"])])
    give_acl(folder, ("user", 5, ANOTHER), ("user", 7, os.geteuid()), ("group", 5, -1), ("named group", 5, 42))
    assert folder.stat().st_mode & 0o020, "its mask, which isn't what its group may do"
    assert is_mine(folder)


def test_a_file_is_judged_as_a_folder_is(folder):
    file = folder / "config.json"
    file.touch()
    assert is_mine(file)
    file.chmod(0o666)
    assert not is_mine(file)


# Groups


def test_a_group_of_ones_own_is_no_others(folder, accounts, monkeypatch):
    accounts(Account("bob", 1001, 1001), groups=[Group("ada", 1000, [])])
    group_writable(folder, 1000, monkeypatch)
    assert is_mine(folder)


@pytest.mark.parametrize(
    ("others", "members", "named"),
    [
        ([Account("bob", 1001, 100)], [], "bob"),
        ([Account("bob", 1001, 1001)], ["ada", "bob"], "bob"),
        ([], ["bob", "cyd", "dan", "eve"], "bob, cyd, dan …"),
    ],
)
def test_a_group_with_another_member_is_named_with_its_members(folder, accounts, monkeypatch, others, members, named):
    accounts(*others, groups=[Group("lab", 100, members)])
    group_writable(folder, 100, monkeypatch)
    assert doubt(folder).why == f"can be written to by others of its group (lab: {named})"


def test_a_shared_group_without_another_member(folder, accounts, monkeypatch):  # docker-stacks: users, gid 100
    accounts(groups=[Group("users", 100, [])])
    group_writable(folder, 100, monkeypatch)
    assert is_mine(folder)


def test_a_group_that_no_account_has(folder, accounts, monkeypatch):  # a volume's fsGroup
    accounts()
    group_writable(folder, 2000, monkeypatch)
    assert is_mine(folder)


def test_roots_group_and_a_user_without_an_account(folder, accounts, monkeypatch):  # OpenShift; its images list others
    accounts(Account("sync", 5, 0), Account("operator", 11, 0), groups=[Group("root", 0, [])], is_listed=False)
    group_writable(folder, 0, monkeypatch)
    assert is_mine(folder)


def test_accounts_that_cant_be_listed(folder, accounts, monkeypatch):  # a directory service
    accounts(groups=[Group("domain users", 513, []), Group("ada", 1000, [])], is_listed=False)
    group_writable(folder, 513, monkeypatch)
    assert "whose members can't be listed" in doubt(folder).why
    group_writable(folder, 1000, monkeypatch)
    assert is_mine(folder)


def test_what_was_there_and_is_gone_is_not_ones_own(folder):
    folder.rmdir()
    refuse_foreign(folder, "so")  # to be made
    with pytest.raises(WorkspaceException, match="was taken away while it was looked at; so"):
        refuse_foreign(folder, "so", is_there=True)


# What the user says


@pytest.mark.parametrize("text", ["{folder}", "/none:{way}", "*", "{folder}:*", "{way}/"])
def test_safe_folders_and_what_is_below_them_are_taken(folder, monkeypatch, text):
    folder.chmod(0o777)
    assert not is_mine(folder)
    monkeypatch.setenv(SAFE_FOLDERS, text.format(folder=folder, way=folder.parent))
    assert is_mine(folder)
    assert is_mine(folder / "below")


@pytest.mark.parametrize("text", ["", ":", "/none", "{folder}x", "{folder}/below"])
def test_other_folders_are_not(folder, monkeypatch, text):
    folder.chmod(0o777)
    monkeypatch.setenv(SAFE_FOLDERS, text.format(folder=folder))
    assert not is_mine(folder)


def test_the_line_to_paste_keeps_what_was_said(folder, monkeypatch):
    monkeypatch.setattr(ownership, "_shows_modes_only", lambda _: True)
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    folder.chmod(0o777)
    monkeypatch.setenv(SAFE_FOLDERS, "/data one")
    assert doubt(folder).remedy == f"if you trust them: export {SAFE_FOLDERS}='/data one:{folder}'"
    monkeypatch.setitem(sys.modules, "ipykernel", None)
    assert doubt(folder).remedy == f"if you trust them: %env {SAFE_FOLDERS}=/data one:{folder}"


@pytest.mark.parametrize(
    ("kind", "is_known"), [("cifs", True), ("9p", True), ("fuse.sshfs", True), ("vfat", True), ("ext4", False)]
)
def test_chmod_is_never_advised_where_it_changes_nothing(folder, tmp_path, monkeypatch, kind, is_known):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "20 1 254:0 / / rw - ext4 /dev/vda rw\n"
        f"21 20 0:41 / {folder.parent} rw,relatime shared:7 master:2 - {kind} //server/share rw\n"
    )
    monkeypatch.setattr(ownership, "_MOUNTS", mounts)
    folder.chmod(0o777)
    assert ("run: chmod" not in str(doubt(folder))) == is_known


# User namespaces

IN_A_NAMESPACE = """
import json, os, sys
from pathlib import Path
from cellrun.core.disk.ownership import doubt
print(json.dumps([os.stat(path).st_uid for path in sys.argv[1:]]), file=sys.stderr)
print(json.dumps([str(doubt(Path(path)) or "") for path in sys.argv[1:]]))
"""


@as_root
def test_in_a_user_namespace_those_outside_count_as_root_where_nobody_else_writes(folder, tmp_path):
    theirs, open_to_all = tmp_path / "theirs", tmp_path / "open"
    for made in (theirs, open_to_all):
        made.mkdir()
        os.chown(made, ANOTHER, ANOTHER)
    open_to_all.chmod(0o777)
    command = ["unshare", "--user", "--map-root-user", sys.executable, "-c", IN_A_NAMESPACE]
    paths = [str(folder), str(theirs), str(open_to_all)]
    done = subprocess.run([*command, *paths], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no user namespaces here: {done.stderr[-200:]}")
    assert json.loads(done.stderr) == [0, 65534, 65534]
    mine, outside, everyones = json.loads(done.stdout)
    assert (mine, outside) == ("", "")
    assert "belongs to" in everyones
