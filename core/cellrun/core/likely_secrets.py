"""Recognizes likely secrets: keys by their form, files by their names, variables by the option that sets them."""

from __future__ import annotations

import re

# Each with a text that is in all of them: to look for that alone is fast.
_KINDS = {
    "a private key": (b"PRIVATE KEY-----", rb"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
    "an AWS access key": (b"AKIA", rb"AKIA[A-Z0-9]{16}(?![A-Z0-9])"),
    "a temporary AWS access key": (b"ASIA", rb"ASIA[A-Z0-9]{16}(?![A-Z0-9])"),
    "an Azure storage key": (b"AccountKey=", rb"AccountKey=[A-Za-z0-9+/]{60,}={0,2}"),
    "a GitHub token": (b"ghp_", rb"ghp_[A-Za-z0-9]{36}"),
    "a fine-grained GitHub token": (b"github_pat_", rb"github_pat_[A-Za-z0-9_]{60,}"),
    "a GitLab token": (b"glpat-", rb"glpat-[A-Za-z0-9_-]{20,}"),
    "a Google API key": (b"AIza", rb"AIza[A-Za-z0-9_-]{35}"),
    "a Hugging Face token": (b"hf_", rb"hf_[A-Za-z0-9]{30,}"),
    "a Slack token": (b"xox", rb"xox[abprs]-[A-Za-z0-9-]{20,}"),
    "an API key (sk-…)": (b"sk-", rb"sk-(?:[a-z]{2,8}-)?[A-Za-z0-9_-]{30,}"),
    "an address with a password": (
        b"://",
        rb"[a-z][a-z0-9+.-]{2,20}://[^\s/:@'\"]{0,64}:[^\s/:@'\"{}$<>*]{4,128}@[A-Za-z0-9]",
    ),
    "a JSON web token": (b".eyJ", rb"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}"),
}
# In a pickle a short text follows its length, a byte that may be a letter.
_START = rb"(?:(?<![A-Za-z0-9])|(?<=\x8c.))"
_MOST_BYTES = 1 << 20


def likely_key(data: bytes) -> str:
    """Return what the beginning of a text or a pickle seems to hold, such as "a GitHub token"; empty for nothing."""
    for kind, (sign, pattern) in _KINDS.items():
        if data.find(sign, 0, _MOST_BYTES) >= 0 and re.compile(_START + pattern, re.DOTALL).search(
            data, 0, _MOST_BYTES
        ):
            return kind
    return ""


def without_keys(text: str, mask: str) -> str:
    """Return a text with a mask in place of whatever seems to be a key."""
    data = text.encode("utf-8", "surrogatepass")
    for sign, pattern in _KINDS.values():
        if sign in data:
            data = re.sub(_START + pattern, mask.encode(), data, flags=re.DOTALL)
    return data.decode("utf-8", "surrogatepass")


MASK = "***"
_QUOTES = "'\""
# Twins of `labextension/src/badge/masking.ts`; tests/data/masked.json holds them together.
_MAGIC = re.compile(r"^[ \t]*%%?submit\b.*", re.MULTILINE)
_VARIABLE = re.compile(r"""(--env(?:=|[ \t]+))((?:\\.|'[^']*'|"(?:\\.|[^"\\])*"|[^\s'"\\])+)""")


def masked(source: str) -> str:
    """Return a cell's text with `--env NAME=***` for each `--env NAME=value` of a `%%submit` or `%submit` line."""
    return _MAGIC.sub(lambda line: _VARIABLE.sub(_without_value, line[0]), source)


def _without_value(found: re.Match[str]) -> str:
    name, equals, _ = found[2].partition("=")
    return f"{found[1]}{name.lstrip(_QUOTES)}={MASK}" if equals else found[0]


_FILES = re.compile(
    r"""
    \.env(?:\..*(?<!\.example)(?<!\.sample)(?<!\.template))?
    | \.netrc | \.npmrc | \.pypirc | \.git-credentials
    | id_(?:rsa|ecdsa|ed25519|dsa).*(?<!\.pub)
    | .*\.(?:pem|key)
    """,
    re.VERBOSE,
)
_FOLDERS = frozenset({".aws", ".azure", ".ssh"})
_ENV_FILE = re.compile(r"\.env(?:\..+)?")


def is_secret(name: str, *, is_folder: bool = False) -> bool:
    """Whether a file, or all that is in a folder, is secret by its name without the folders above it."""
    return name in _FOLDERS if is_folder else not name.endswith(".py") and _FILES.fullmatch(name) is not None


def is_env_file(name: str) -> bool:
    """Whether it is a file of environment variables, `.env` or `.env.local`."""
    return _ENV_FILE.fullmatch(name) is not None
