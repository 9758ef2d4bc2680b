"""Names for content, the same with BLAKE3 installed and without."""

import os
import sys
from hashlib import sha256

import pytest
from blake3 import blake3

from cellrun.core.digest import digest, hasher


@pytest.mark.parametrize("size", [0, 1, 64, 65, 1023, 1024, 1025, 2048, 3073, 5000, 16385])
def test_a_name_is_the_same_without_blake3(monkeypatch, size):
    data = os.urandom(size)
    name = digest(data, 24)
    monkeypatch.setitem(sys.modules, "blake3", None)
    assert digest(data, 24) == name == blake3(data).hexdigest()[:24]
    assert digest(data) == blake3(data).hexdigest()


def test_what_is_large_says_by_which_hash_it_is_known(monkeypatch):
    assert (hasher(b"x").name, hasher(b"x").hexdigest()) == ("blake3", blake3(b"x").hexdigest())
    monkeypatch.setitem(sys.modules, "blake3", None)
    assert (hasher(b"x").name, hasher(b"x").hexdigest()) == ("sha256", sha256(b"x").hexdigest())
