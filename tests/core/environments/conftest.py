"""Packages that environments are built from."""

from tests.wheels import packages  # noqa: F401  # a fixture of the tests beside this
