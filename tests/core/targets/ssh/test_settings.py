import pytest

from cellrun.core.errors import UserErrorException
from cellrun.core.targets.ssh.settings import checked


@pytest.mark.parametrize("host", ["box", "me@10.0.0.9", "ssh://me@box:2222", "me@fe80::1%eth0", "gpu-1.lab.example"])
def test_what_ssh_is_called_with_is_kept_as_it_is(host):
    assert checked({"host": host, "python": None, "folder": ""}) == {"host": host}


@pytest.mark.parametrize(
    "host",
    [
        "-oProxyCommand=touch /tmp/x",
        "me@-oProxyCommand",
        "ssh://-oProxyCommand",
        "box true",
        "box\n",
        "box\x1b[2J",
        "$(id)",
        "box;id",
        "`id`",
        "@",
        "",
    ],
)
def test_what_is_an_option_or_no_one_word_is_refused(host):
    with pytest.raises(UserErrorException, match=r"what `ssh` is called with|one word"):
        checked({"host": host})


def test_all_mistakes_are_said_at_once():
    with pytest.raises(UserErrorException) as refused:
        checked({"host": "-v", "python": "-c", "folder": "runs"})
    assert [line.split()[0] for line in str(refused.value).splitlines()] == ["host", "python", "folder"]


@pytest.mark.parametrize("given", [7, ["box"], {"box": 1}])
def test_a_host_that_is_no_text_is_refused(given):
    with pytest.raises(UserErrorException, match="host is a text"):
        checked({"host": given})


@pytest.mark.parametrize("folder", ["~", "~/cellrun", "/data/cell run"])
def test_a_folder_over_there_may_be_the_home_or_absolute(folder):
    assert checked({"host": "box", "folder": folder})["folder"] == folder


@pytest.mark.parametrize("host", ["box:2222", "me@box:2222"])
def test_a_port_behind_a_name_is_refused_with_how_it_is_said(host):
    with pytest.raises(UserErrorException, match=rf"'ssh://{host}', or '{host[:-5]}' and Port 2222"):
        checked({"host": host})
