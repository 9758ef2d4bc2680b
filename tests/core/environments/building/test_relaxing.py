"""What of a resolver's words is asked for otherwise."""

import pytest

from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.building.relaxing import relaxed

OLD = EnvironmentSpec(packages=("numpy==1.16.2", "scikit-learn==0.20.3", "gone-package", "pandas"), is_lenient=True)


@pytest.mark.parametrize(
    ("words", "packages"),
    [
        (
            "Because there is no version of numpy==1.16.2 and you require numpy==1.16.2, we can conclude that …",
            ("numpy", "scikit-learn==0.20.3", "gone-package", "pandas"),
        ),
        (
            "Failed to build `scikit-learn==0.20.3` cause: The build backend returned an error",
            ("numpy==1.16.2", "scikit-learn", "gone-package", "pandas"),
        ),
        (
            "Because gone-package was not found in the package registry and you require gone-package, …",
            ("numpy==1.16.2", "scikit-learn==0.20.3", "pandas"),
        ),
    ],
)
def test_the_package_that_is_named_is_asked_less_of(words, packages):
    less = relaxed(OLD, words)
    assert less.packages == packages
    assert len(less.notices) == 1


def test_where_one_fails_for_the_versions_of_others_any_of_all_are_taken():
    less = relaxed(OLD, "Failed to build `pandas==0.20` cause: The build backend returned an error")
    assert less.packages == ("numpy", "scikit-learn", "gone-package", "pandas")
    assert ["together with the others" in notice for notice in less.notices] == [True, True]
    assert relaxed(less, "Failed to build `pandas==0.20` cause: The build backend returned an error") is None


@pytest.mark.parametrize("words", ["No space left on device", "Failed to fetch: `https://a.example/pandas/`", ""])
def test_where_it_isnt_versions_that_are_in_the_way_nothing_is(words):
    assert relaxed(OLD, words) is None
