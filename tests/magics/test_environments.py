"""`%environments`."""

import pytest

from cellrun.core.environments.building.build_now import build_now
from cellrun.core.environments.building.built_environments import cached_environments
from cellrun.core.errors import UserErrorException
from tests.wheels import packages  # noqa: F401  # a fixture


def test_what_was_built_is_listed_with_its_size_and_removed(notebook, packages):  # noqa: F811
    assert "No environment was built yet" in notebook.run("%environments")
    build_now(packages.spec("tinything", name="digits", version="2"), show_output=False)
    build_now(packages.spec("tinything==1.0"), show_output=False)
    listed = notebook.run("%environments").splitlines()
    [line] = [line for line in listed if "digits:2" in line]
    [other] = [line for line in listed if "of tinything==1.0" in line]
    assert " kB" in line or " KB" in line or " B" in line
    key = line.split()[1]
    assert "is removed" in notebook.run(f"%environments --remove {key}")
    listed = notebook.run("%environments")
    assert "digits:2" not in listed
    assert other.split()[0] in listed
    assert len(list(cached_environments())) == 1


@pytest.mark.parametrize("key", ["nothing", "a"])
def test_a_key_that_is_none_is_refused_with_those_that_there_are(notebook, packages, key):  # noqa: F811
    build_now(packages.spec("tinything"), show_output=False)
    [kept] = cached_environments()
    with pytest.raises(UserErrorException, match=kept.key[:8]):
        notebook.run(f"%environments --remove {key}")
