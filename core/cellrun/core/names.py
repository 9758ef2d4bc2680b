"""Checks the names that users give, and makes names of them."""

from __future__ import annotations

import os
import re
import time
import unicodedata

from cellrun.core.errors import InvalidNameError
from cellrun.core.resources import limits

_NOT_PLAIN = r"[^A-Za-z0-9_.-]+"  # compiled by `re` when first used: most of them never are
_PLAIN = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}"
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})  # controls, lone surrogates, line and paragraph separators

_PLAIN_RULE = "may contain letters, digits, _ - . and begins with a letter or digit, {} characters at most"
EXPERIMENT_RULE = _PLAIN_RULE.format(255)
_SHORT_CHARS = 64
_SECRET_CHARS = 127
_DATASET = r"[^\W_](?:[\w .()-]{0,98}[\w()-])?"
_NO_DATASET = r"[^\w .()-]"
_DATASET_BYTES = 240
_DATASET_RULE = (
    "may contain letters, digits, spaces and _ - . ( ), begins with a letter or digit and ends with no space or dot, "
    "100 characters at most"
)
TAG_VALUE_CHARS = 5_000
"""Of one tag; whatever is longer is for a file, or for `run.log`."""


def experiment_name(given: object) -> str:
    """Return the name of an experiment if it is one: ASCII letters, digits, `_ - .`, the first a letter or digit."""
    return _plain("experiment name", given, EXPERIMENT_RULE)


def run_id(given: object) -> str:
    """Return the id of a run if it can be one; it names a folder."""
    return _plain("run id", given, EXPERIMENT_RULE)


def target_name(given: object) -> str:
    """Return the name of a compute target if it can be one; it names a file."""
    return _short("target name", given)


def datastore_name(given: object) -> str:
    """Return the name of a datastore if it can be one; it names a file."""
    return _short("datastore name", given)


def dataset_name(given: object) -> str:
    """Return the name of a dataset if it can be one; it names a folder. Azure ML's may have spaces."""
    if not isinstance(given, str) or not re.fullmatch(_DATASET, given) or len(given.encode()) > _DATASET_BYTES:
        wrong = re.search(_NO_DATASET, given) if isinstance(given, str) else None
        raise InvalidNameError("dataset name", given, _DATASET_RULE, bad=wrong.group() if wrong else "")
    return given


def is_dataset_name(given: str) -> bool:
    """Whether a text can be a dataset's name, and so a folder's that leads nowhere else."""
    return bool(re.fullmatch(_DATASET, given)) and len(given.encode()) <= _DATASET_BYTES


def environment_name(given: object) -> str:
    """Return the name of an environment if it can be one; it names a folder."""
    return _plain("environment name", given, EXPERIMENT_RULE)


def environment_version(given: object) -> str:
    """Return the version of an environment if it can be one; it names a file."""
    rule = _PLAIN_RULE.format(_SHORT_CHARS)
    version = _plain("environment version", given, rule)
    if len(version) > _SHORT_CHARS:
        raise InvalidNameError("environment version", given, rule)
    return version


def model_name(given: object) -> str:
    """Return the name of a model if it can be one; it names a folder."""
    return _plain("model name", given, EXPERIMENT_RULE)


def is_plain(given: str) -> bool:
    """Whether a text can be an experiment's name or a run's id, and so a folder's name that leads nowhere else."""
    return bool(re.fullmatch(_PLAIN, given))


def experiment_from(text: str) -> str:
    """Return a valid experiment name made of any text, such as a notebook's file name."""
    return slug(text, most=255) or "experiment"


def display_name(given: object) -> str:
    """Return a display name: any text up to 256 characters, kept as it is and never used as a path or a shell word."""
    most = limits().display_name_chars
    if not isinstance(given, str) or not 0 < len(given) <= most:
        raise InvalidNameError("display name", given, f"is a text of 1 to {most} characters")
    return given


def metric_name(given: object) -> str:
    """Return the name of a metric or of one of its columns: printable Unicode, 255 characters at most."""
    return _printable("metric name", given)


def tag_name(given: object) -> str:
    """Return the name of a tag: the same rule as for metrics."""
    return _printable("tag name", given)


def tag_value(given: object) -> str:
    """Return the value of a tag if it can be one: lists show it, and keep it for each run."""
    if not isinstance(given, str) or len(given) > TAG_VALUE_CHARS:
        raise InvalidNameError("tag value", given, f"is a text of {TAG_VALUE_CHARS:,} characters at most")
    return given


def slug(text: str, most: int = 40) -> str:
    """Return an ASCII word made of a text, for a folder's name; empty if nothing of it is left."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(_NOT_PLAIN, "-", ascii_text).lstrip("-_.")[:most].rstrip("-.")


def new_run_id(experiment: str) -> str:
    """Return a new run id: `<slug, 40 characters at most>_<unixtime>_<8 hex>` (Azure ML's form)."""
    return f"{slug(experiment) or 'run'}_{int(time.time())}_{os.urandom(4).hex()}"


def secret_name(given: object) -> str:
    """Return the name of a secret if it can be one: 127 characters at most, as with Azure's vaults."""
    return _short("secret name", given, _SECRET_CHARS)


def _short(kind: str, given: object, most: int = _SHORT_CHARS) -> str:
    rule = _PLAIN_RULE.format(most)
    name = _plain(kind, given, rule)
    if len(name) > most:
        raise InvalidNameError(kind, given, rule)
    return name


def _plain(kind: str, given: object, rule: str) -> str:
    if not isinstance(given, str):
        raise InvalidNameError(kind, given, rule)
    if not re.fullmatch(_PLAIN, given):
        wrong = re.findall(_NOT_PLAIN, given) or re.findall(r"^[_.-]", given)
        raise InvalidNameError(kind, given, rule, bad="".join(dict.fromkeys("".join(wrong))))
    return given


def _printable(kind: str, given: object) -> str:
    most = limits().metric_name_chars
    rule = f"is printable text of 1 to {most} characters"
    if not isinstance(given, str) or not given.strip() or len(given) > most:
        raise InvalidNameError(kind, given, rule)
    for character in given:
        if unicodedata.category(character) in _UNPRINTABLE:
            raise InvalidNameError(kind, given, rule, bad=character)
    return given


def camel(name: str) -> str:
    """Return a name as Azure ML's files spell it."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))
