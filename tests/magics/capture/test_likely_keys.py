"""Values that look like a key are named: on the card, and in a note."""

import pytest

from cellrun.core.likely_secrets import likely_key

# In parts, so that nobody's scanner takes these for keys that were lost.
KEYS = {
    "a private key": "-----BEGIN " + "OPENSSH PRIVATE KEY-----\nb3Bl",
    "an AWS access key": "AKIA" + "IOSFODNN7EXAMPLE",
    "a temporary AWS access key": "ASIA" + "IOSFODNN7EXAMPLE",
    "a fine-grained GitHub token": "github_pat_" + "a1B2" * 20,
    "an Azure storage key": "EndpointSuffix=x;AccountKey=" + "ab+/" * 21 + "Zg==",
    "a GitHub token": "ghp_" + "a1B2" * 9,
    "a GitLab token": "glpat-" + "a1B2" * 5,
    "a Google API key": "AIza" + "a1B2c" * 7,
    "a Hugging Face token": "hf_" + "abCD" * 8,
    "a Slack token": "xoxb-" + "1234567890-" * 3 + "abc",
    "an API key (sk-…)": "sk-" + "proj-" + "a1B2" * 10,
    "an address with a password": "postgresql+psycopg://ada:" + "hunter2pass@db.example.org/x",
    "a JSON web token": "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0." + "a1B2" * 8,
}
NONE = [
    "sk-learn",
    "task-" + "a" * 40,
    "hf_hub",
    "AKIA",
    "token",
    "eyJhIjoxfQ",
    "ghp_short",
    "https://x.org:80/@a",
    "s3://u:{password}@h",
    "http://u@h/a:b@c",
    "risk-" + "a1" * 30,
]


@pytest.mark.parametrize(("kind", "key"), KEYS.items())
def test_a_key_is_seen_in_a_text_and_in_a_value(notebook, kind, key):
    assert likely_key(f"before {key} after".encode()) == kind
    notebook.run(f"cfg = {{'name': 'x', 'auth': [{key!r}]}}\nplain = 'no key'")
    printed = notebook.run("%%submit --dry\nprint(cfg, plain)")
    assert f"looks like {kind}" in printed
    assert f"'cfg' (line 2) holds what looks like {kind}, and is kept with the run" in printed
    assert printed.count("looks like") == 2


@pytest.mark.parametrize("text", NONE)
def test_other_texts_are_none(text):
    assert likely_key(text.encode()) == ""


def test_a_key_in_the_cell_itself_is_said(notebook):
    printed = notebook.run(f"%%submit --dry\nkey = '{KEYS['a GitHub token']}'")
    assert "the cell itself holds what looks like a GitHub token, and is kept with the run" in printed
