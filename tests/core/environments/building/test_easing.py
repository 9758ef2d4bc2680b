"""What of a resolver's words is asked for otherwise."""

import pytest

from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.building.easing import eased

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
    less = eased(OLD, words)
    assert less.packages == packages
    assert len(less.notices) == 1


@pytest.mark.parametrize("words", ["No space left on device", "Because pandas is broken", ""])
def test_where_no_package_is_named_that_asks_for_a_version_nothing_is(words):
    assert eased(OLD, words) is None
