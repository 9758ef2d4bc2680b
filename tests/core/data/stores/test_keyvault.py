"""A workspace's secrets: where they are, who reads them, and that nobody else does."""

import json
import os
import pickle
import subprocess
import sys
import warnings

import keyring
import pytest
from keyring.backend import KeyringBackend

from cellrun.core import InvalidNameError, KeyvaultError, Run, Workspace
from cellrun.core.submission.script_run_config import ScriptRunConfig
from tests.files_below import files_with

IN_A_FILE = pytest.mark.filterwarnings("ignore:there is no system keyring here")


class Ring(KeyringBackend):
    """A keyring as a system has one."""

    priority = 5

    def __init__(self):
        super().__init__()
        self.kept, self.is_locked = {}, False

    def set_password(self, service, username, password):
        if self.is_locked:
            raise keyring.errors.KeyringLocked("password hunter2")
        self.kept[service, username] = password

    def get_password(self, service, username):
        if self.is_locked:
            raise keyring.errors.KeyringLocked("password hunter2")
        return self.kept.get((service, username))

    def delete_password(self, service, username):
        del self.kept[service, username]


@pytest.fixture
def ring(monkeypatch):
    ring = Ring()
    monkeypatch.setattr(keyring, "get_keyring", lambda: ring)
    return ring


@pytest.fixture
def vault(ws):
    return ws.get_default_keyvault()


def test_without_a_keyring_a_secret_is_in_one_file_that_nobody_else_reads_said_once(vault, home, ws):
    with pytest.warns(UserWarning, match=r"no system keyring here: secrets are kept in .*keyvault.json"):
        vault.set_secret("token", "hunter2")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        vault.set_secret("other", "hunter3")
    file = home / "private" / "keyvault.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in files_with(home, "hunter2")] == ["keyvault.json"]
    assert "hunter2" not in repr(vault) + repr(pickle.dumps(vault))
    assert pickle.loads(pickle.dumps(vault)).get_secret("token") == "hunter2"


def test_that_a_store_needs_no_credentials_is_no_secret(vault, home):
    vault.set_credentials("web", "https://here", {})
    with pytest.warns(UserWarning, match="no system keyring here"):
        vault.set_secret("token", "hunter2")
    assert vault.credentials("web", "https://here") == {}


@IN_A_FILE
def test_secrets_are_listed_changed_and_forgotten(vault):
    vault.set_secrets({"a": "1", "b": "2"})
    vault.set_secret("a", "3", "text/plain")
    assert vault.get_secrets(["a", "b", "c"]) == {"a": "3", "b": "2", "c": None}
    assert (vault.get_secret_content_type("a"), vault.get_secret_content_type("b")) == ("text/plain", None)
    assert vault.list_secrets() == ["a", "b"]
    vault.delete_secrets(["a", "c"])
    vault.delete_secret("b")
    assert (vault.list_secrets(), vault.get_secret("a")) == ([], None)


@IN_A_FILE
def test_each_workspace_has_its_own(vault):
    vault.set_secret("token", "hunter2")
    assert Workspace.create("another").get_default_keyvault().get_secret("token") is None


@pytest.mark.parametrize("name", ["", "a/b", "../x", None, "x" * 128])
def test_a_name_that_is_none_is_refused(vault, name):
    with pytest.raises(InvalidNameError, match="secret name"):
        vault.set_secret(name, "1")


@pytest.mark.parametrize("value", [None, b"hunter2", 12])
def test_a_value_is_a_text_and_is_not_repeated(vault, value):
    with pytest.raises(InvalidNameError, match="is a text") as error:
        vault.set_secret("token", value)
    assert "hunter2" not in str(error.value)


def test_the_systems_keyring_is_used_where_there_is_one(vault, ring, home, ws):
    vault.set_secret("token", "hunter2")
    assert vault.get_secret("token") == "hunter2"
    assert vault.list_secrets() == ["token"]
    assert files_with(home, "hunter2") == []
    assert ring.kept == {(f"cellrun {ws.id}", "token"): "hunter2"}
    vault.delete_secret("token")
    assert ring.kept == {}


def test_a_secret_that_the_keyring_does_not_give_is_an_error_not_none(vault, ring, monkeypatch):
    vault.set_secret("token", "hunter2")
    ring.is_locked = True
    with pytest.raises(KeyvaultError, match=r"'token' can't be read.*KeyringLocked") as error:
        vault.get_secret("token")
    assert "hunter2" not in str(error.value)
    ring.is_locked = False
    ring.kept.clear()
    with pytest.raises(KeyvaultError, match="has lost it"):
        vault.get_secret("token")
    monkeypatch.setattr(keyring, "get_keyring", keyring.backends.fail.Keyring)
    with pytest.raises(KeyvaultError, match="can't be reached from here"):
        vault.get_secret("token")


def test_a_keyring_that_takes_nothing_gives_way_to_the_file(vault, ring):
    ring.is_locked = True
    with pytest.warns(UserWarning, match="secrets are kept in"):
        vault.set_secret("token", "hunter2")
    assert vault.get_secret("token") == "hunter2"


@IN_A_FILE
def test_writers_at_once_lose_nothing_of_one_another(vault):
    program = (
        "import sys, warnings; warnings.simplefilter('ignore')\n"
        "from cellrun.core import Workspace\n"
        "vault = Workspace.from_config().get_default_keyvault()\n"
        "for n in range(20): vault.set_secret(f'{sys.argv[1]}-{n}', 'x')"
    )
    writers = [subprocess.Popen([sys.executable, "-c", program, str(n)]) for n in range(4)]
    assert [writer.wait() for writer in writers] == [0, 0, 0, 0]
    assert len(vault.list_secrets()) == 80


@pytest.mark.parametrize("text", ["", "[]", "\xff"])
def test_a_damaged_file_is_said_and_not_written_over(vault, home, text):
    (home / "private").mkdir(mode=0o700, parents=True, exist_ok=True)
    (home / "private" / "keyvault.json").write_text(text, encoding="latin-1")
    with pytest.raises(KeyvaultError, match=r"can't be read from .*keyvault.json"):
        vault.set_secret("token", "1")
    assert (home / "private" / "keyvault.json").read_text(encoding="latin-1") == text


@IN_A_FILE
def test_a_run_reads_them(vault, exp, here):
    vault.set_secrets({"token": "hunter2"})
    (here / "train.py").write_text(
        "from cellrun.core import Run\n"
        "run = Run.get_context()\n"
        "run.log('length', len(run.get_secret('token')))\n"
        "run.log('missing', run.get_secrets(['none'])['none'] is None)\n"
    )
    run = exp.submit(ScriptRunConfig(here, "train.py"))
    run.wait_for_completion()
    assert run.get_metrics() == {"length": 7, "missing": True}
    assert files_with(exp.workspace.folder, "hunter2") == []
    assert run.get_secret("token") == "hunter2"


@IN_A_FILE
def test_an_offline_run_reads_those_of_the_default_workspace(vault):
    vault.set_secret("token", "hunter2")
    assert Run.get_context().get_secret("token") == "hunter2"


@IN_A_FILE
def test_credentials_are_for_the_place_that_they_were_given_for(vault):
    vault.set_credentials("blobs", "https://here", {"account_key": "hunter2"})
    assert vault.credentials("blobs", "https://here") == {"account_key": "hunter2"}
    assert vault.list_secrets() == []
    with pytest.raises(KeyvaultError, match="'blobs' were given for another place") as error:
        vault.credentials("blobs", "https://elsewhere")
    assert "hunter2" not in str(error.value)
    vault.set_credentials("blobs", "https://here", {})
    assert vault.credentials("blobs", "https://here") == {}
    vault.forget_credentials("blobs")
    assert vault.credentials("blobs", "https://here") is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
@IN_A_FILE
def test_a_folder_that_takes_nothing_is_said(vault, home):
    vault.set_secret("token", "1")
    (home / "private").chmod(0o500)
    with pytest.raises((KeyvaultError, PermissionError)):
        vault.set_secret("token", "2")
    (home / "private").chmod(0o700)
    assert json.loads((home / "private" / "keyvault.json").read_text())
