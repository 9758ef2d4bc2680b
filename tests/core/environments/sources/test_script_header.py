"""The header of a script or cell (PEP 723)."""

import pytest

from cellrun.core.environments.sources.script_header import spec_of_script
from cellrun.core.errors import UserErrorException

CELL = """%%time
# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "requests<3",
#   "rich",
# ]
#
# [[tool.uv.index]]
# url = "https://a.example/simple"
# ///
import requests
"""


@pytest.mark.parametrize("text", [CELL, CELL.replace("\n", "\r\n"), "#!/usr/bin/env python\n" + CELL])
def test_a_header_says_what_is_needed(text):
    spec = spec_of_script(text)
    assert spec.packages == ("requests<3", "rich")
    assert spec.python == ">=3.11"
    assert spec.options == ("--extra-index-url https://a.example/simple",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "import os",
        "# /// pyproject\n# a = 1\n# ///\n",
        "x = '''\n  # /// script\n  # ///\n'''",
        "print('# /// script')",
    ],
)
def test_without_one_there_is_none(text):
    assert spec_of_script(text) is None


def test_an_empty_one_is_an_environment_without_packages():
    assert spec_of_script("# /// script\n# dependencies = []\n# ///\n").packages == ()


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        (CELL + CELL, "is there 2 times"),
        ("# /// script\n# dependencies = ['a']\nimport a", "has no end"),
        ("# /// script\n# dependencies = [\n# ///\n", "is no TOML"),
        ("# /// script\n# dependencies = 'a'\n# ///\n", "dependencies is a list of texts; got 'a'"),
        ("# /// script\n# dependencies = ['a b']\n# ///\n", "'a b' can't be read"),
        ("# /// script\n# requires-python = 'x'\n# ///\n", "requires-python: the Python version 'x'"),
    ],
)
def test_one_that_cant_be_read_is_refused(text, fact):
    with pytest.raises(UserErrorException) as caught:
        spec_of_script(text)
    assert fact in str(caught.value)
    assert "the header # /// script" in str(caught.value)
