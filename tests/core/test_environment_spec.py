"""What an environment consists of, as data."""

import json

import pytest

from cellrun.core.environment_spec import EnvironmentSpec, has_login
from cellrun.core.errors import UserErrorException

WHOLE = EnvironmentSpec(
    name="digits",
    version="3",
    python="3.11",
    packages=("scikit-learn==1.5", "numpy"),
    constraints=("scipy<1.14",),
    options=("--extra-index-url https://packages.example/simple",),
    conda_packages=("ffmpeg=4",),
    channels=("conda-forge",),
    variables={"A": "1"},
    is_lenient=True,
    notices=("docker.base_image isn't used",),
)


def test_it_is_the_same_after_json():
    again = EnvironmentSpec.from_json(json.loads(json.dumps(WHOLE.to_json())))
    assert again == WHOLE
    assert EnvironmentSpec.from_json({**EnvironmentSpec().to_json(), "later": 1}) == EnvironmentSpec()


def test_its_digest_is_of_what_is_built_alone():
    same = EnvironmentSpec.from_json(
        {
            **WHOLE.to_json(),
            "name": "another",
            "version": None,
            "variables": {},
            "notices": [],
            "packages": ["numpy", "scikit-learn==1.5"],
        }
    )
    assert same.digest == WHOLE.digest
    assert len(WHOLE.digest) == 32
    changes = {
        "interpreter": "/opt/python",
        "python": "3.12",
        "packages": ["numpy"],
        "constraints": [],
        "options": [],
        "conda_packages": [],
        "channels": [],
        "is_lenient": False,
    }
    digests = {EnvironmentSpec.from_json({**WHOLE.to_json(), name: value}).digest for name, value in changes.items()}
    assert len(digests | {WHOLE.digest}) == len(changes) + 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", None),
        ("version", 3),
        ("interpreter", 7),
        ("python", 3.11),
        ("packages", "numpy"),
        ("packages", [1]),
        ("options", {"a": "b"}),
        ("variables", {"A": 1}),
        ("variables", ["A"]),
        ("is_lenient", "yes"),
        ("notices", None),
    ],
)
def test_what_is_of_another_type_is_refused_by_its_name(name, value):
    with pytest.raises(UserErrorException, match=f"environment is wrong: {name} is "):
        EnvironmentSpec.from_json({**WHOLE.to_json(), name: value})


@pytest.mark.parametrize("given", [None, [], "text"])
def test_what_is_no_object_is_refused(given):
    with pytest.raises(UserErrorException, match="an environment is a JSON object"):
        EnvironmentSpec.from_json(given)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("--index-url https://me:s3cret@packages.example/simple", True),
        ("--index-url https://${NAME}:s3cret@packages.example/simple", True),
        ("--index-url https://t0ken@packages.example/simple", True),
        ("ours @ git+https://oauth2:t0ken@git.example/ours.git", True),
        ("--index-url https://me:${TOKEN}@packages.example/simple", False),
        ("--index-url https://${NAME}:${TOKEN}@packages.example/simple", False),
        ("--index-url https://${TOKEN}@packages.example/simple", False),
        ("ours @ git+ssh://git@git.example/ours.git@v1", False),
        ("ours @ git+https://git.example/ours.git@v1", False),
        ("numpy==1.24", False),
    ],
)
def test_a_password_in_an_address_is_seen(line, expected):
    assert has_login(line) == expected


def test_a_password_is_refused_without_being_said():
    with pytest.raises(UserErrorException, match=r"write \$\{NAME\} in its place") as caught:
        EnvironmentSpec(options=("--index-url https://me:s3cret@packages.example/simple",))
    assert "s3cret" not in str(caught.value)
    assert "packages.example" in str(caught.value)


def test_variables_are_not_shown():
    assert "hidden" not in repr(EnvironmentSpec(variables={"KEY": "hidden"}))
