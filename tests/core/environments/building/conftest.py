"""Packages that environments are built from."""

from tests.stores import web  # noqa: F401  # fixtures of the tests beside this
from tests.wheels import packages  # noqa: F401  # as above
