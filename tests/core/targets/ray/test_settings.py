"""What stands in a target of kind ray."""

import pytest

from cellrun.core.errors import UserErrorException
from cellrun.core.targets.ray.settings import checked


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"address": "http://head:8265/"}, {"address": "http://head:8265"}),
        ({"address": "https://head/ray", "server": None}, {"address": "https://head/ray"}),
        (
            {"address": "http://[::1]:8265", "server": "https://me:8888/", "secret": "token"},
            {"address": "http://[::1]:8265", "server": "https://me:8888", "secret": "token"},
        ),
    ],
)
def test_settings_are_kept_as_they_are_used(given, kept):
    assert checked(given) == kept


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "needs address="),
        ({"address": "ray://head:10001"}, "Ray Client's"),
        ({"address": "head:8265"}, "http://host:port"),
        ({"address": "http://head:many"}, "http://host:port"),
        ({"address": "http://head:8265?token=x"}, "http://host:port"),
        ({"address": "http://head:8265\nX: y"}, "http://host:port"),
        ({"address": "http://me:secret@head:8265"}, "no user and no password"),
        ({"address": "http://head:8265", "server": "8888"}, "server is http://"),
        ({"address": "http://head:8265", "secret": "../x"}, "secret is a name"),
        ({"address": 8265}, "address is a text"),
    ],
)
def test_what_cant_be_is_refused_in_words(given, says):
    with pytest.raises(UserErrorException, match=says):
        checked(given)


def test_a_password_in_an_address_isnt_repeated():
    with pytest.raises(UserErrorException) as refused:
        checked({"address": "http://me:hunter2@head:8265"})
    assert "hunter2" not in str(refused.value)
