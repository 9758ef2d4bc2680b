"""Texts that look like a key to somebody's account: nobody means to keep one with a run, and many do."""

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
