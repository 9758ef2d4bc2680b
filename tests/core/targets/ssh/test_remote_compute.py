from pathlib import Path

import pytest

from cellrun.core.errors import UserErrorException
from cellrun.core.targets.ssh.remote_compute import RemoteComputeNames

attach_configuration = RemoteComputeNames.attach_configuration


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ({"address": "box"}, "box"),
        ({"address": "10.0.0.9", "username": "me"}, "me@10.0.0.9"),
        ({"address": "10.0.0.9", "username": "me", "ssh_port": 2222}, "ssh://me@10.0.0.9:2222"),
        ({"address": "box", "ssh_port": 22, "password": "", "private_key_file": ""}, "box"),
    ],
)
def test_an_address_is_what_ssh_is_called_with(given, host):
    made = attach_configuration(**given)
    assert made == ("ssh", {"host": host})


def test_secrets_are_refused_and_never_repeated():
    with pytest.raises(UserErrorException) as refused:
        attach_configuration(
            address="box", username="me", password="hunter2", private_key_passphrase="hunter3", resource_id="/subscr"
        )
    text = str(refused.value)
    assert "ssh-copy-id me@box" in text
    assert "ssh-add" in text
    assert "resource_id" in text
    assert "hunter" not in text


def test_a_key_file_belongs_into_the_ssh_config():
    with pytest.raises(UserErrorException) as refused:
        attach_configuration(address="10.0.0.9", username="me", ssh_port=2222, private_key_file="~/keys/azure")
    assert str(refused.value).splitlines()[1:] == [
        "Host box",
        "  HostName 10.0.0.9",
        "  User me",
        "  Port 2222",
        "  IdentityFile ~/keys/azure",
    ]


def test_a_key_file_that_ssh_tries_anyway_is_no_matter():
    key = str(Path("~/.ssh/id_rsa").expanduser())
    assert attach_configuration(address="box", private_key_file=key).settings == {"host": "box"}


@pytest.mark.parametrize("port", [0, 65536, "22", True])
def test_a_port_that_is_none_is_refused(port):
    with pytest.raises(UserErrorException, match="ssh_port is a number"):
        attach_configuration(address="box", ssh_port=port)


def test_without_an_address_it_says_what_is_missing():
    with pytest.raises(UserErrorException, match="address='box'"):
        attach_configuration()
