"""Parses the values of `--input` and `--output` in a magic's line; nothing is looked up."""

from __future__ import annotations

import argparse
from typing import NamedTuple

from cellrun.core.errors import UserErrorException
from cellrun.core.run_data import data_name
from cellrun.magics.options import is_python_name


class NamedData(NamedTuple):
    """What stands behind an option: a name in the run, and what is to be there."""

    name: str
    what: str
    """Empty if it was left out."""


def named_input(text: str) -> NamedData:
    """Read `NAME=DATA`; as argparse's `type`."""
    name, equals, what = text.partition("=")
    if not equals or not what:
        raise argparse.ArgumentTypeError(f"{text!r} is no input; give NAME=DATA, as in train=mydata")
    return NamedData(_name(name), what)


def named_output(text: str) -> NamedData:
    """Read `NAME` or `NAME=DATASET`; as argparse's `type`."""
    name, equals, what = text.partition("=")
    if equals and not what:
        raise argparse.ArgumentTypeError(f"{text!r} is no output; give NAME, or NAME=DATASET to have it registered")
    return NamedData(_name(name), what)


def _name(name: str) -> str:
    try:
        if is_python_name(name):
            return data_name(name)
    except UserErrorException as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    raise argparse.ArgumentTypeError(f"{name!r} is no name for a variable; give one such as train")
