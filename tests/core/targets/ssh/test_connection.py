"""A connection to the machine of a target."""

from collections.abc import Iterator

import pytest

from cellrun.core.errors import ComputeTargetException
from cellrun.core.targets.ssh.connection import Connection
from tests.core.targets.ssh.shim import SshShim


@pytest.fixture
def connection(box: SshShim) -> Iterator[Connection]:  # where it leads to
    made = Connection({"host": "box"})
    yield made
    made.close()


def test_a_session_that_ends_without_a_word_is_opened_once_more(connection: Connection, box: SshShim) -> None:
    box.end_next_silently()
    assert "now" in connection.ask("clock").facts
    assert box.called() == ["box", "box"]


def test_one_that_says_why_is_not(connection: Connection, box: SshShim) -> None:
    refused = "ssh: connect to host box port 22: Connection refused"
    with box.trouble(refused), pytest.raises(ComputeTargetException, match="box"):
        connection.ask("clock")
    assert box.called() == ["box"]
