"""The dependencies of a project."""

import pytest

from cellrun.core.environments.sources.pyproject import spec_of_pyproject
from cellrun.core.errors import UserErrorException

WHOLE = """
[project]
name = "digits"
version = "1"
requires-python = ">=3.10,<3.13"
dependencies = ["scikit-learn>=1.4", "numpy"]

[project.optional-dependencies]
plot = ["matplotlib"]
Deep_Learning = ["torch>=2"]

[dependency-groups]
test = ["pytest", {include-group = "lint"}]
lint = ["ruff"]
"""


@pytest.fixture
def project(tmp_path):
    def project(text):
        path = tmp_path / "pyproject.toml"
        path.write_text(text)
        return path

    return project


def test_dependencies_and_the_python_are_taken(project):
    spec = spec_of_pyproject(project(WHOLE))
    assert (spec.packages, spec.python) == (("scikit-learn>=1.4", "numpy"), ">=3.10,<3.13")


@pytest.mark.parametrize(
    ("extras", "more"),
    [
        (["plot"], ("matplotlib",)),
        (["deep-learning"], ("torch>=2",)),
        (["test"], ("pytest", "ruff")),
        (["plot", "lint"], ("matplotlib", "ruff")),
    ],
)
def test_groups_are_added(project, extras, more):
    assert spec_of_pyproject(project(WHOLE), extras).packages == ("scikit-learn>=1.4", "numpy", *more)


def test_a_group_that_isnt_there_is_refused_with_those_that_are(project):
    with pytest.raises(UserErrorException, match=r"no group 'plots'; its groups: Deep_Learning, lint, plot, test"):
        spec_of_pyproject(project(WHOLE), ["plots"])


def test_groups_in_a_circle_are_refused(project):
    text = WHOLE.replace('lint = ["ruff"]', 'lint = [{include-group = "test"}]')
    with pytest.raises(UserErrorException, match=r"includes itself: test → lint → test"):
        spec_of_pyproject(project(text), ["test"])


def test_dynamic_dependencies_are_read_from_the_file_that_setuptools_reads(project, tmp_path):
    (tmp_path / "reqs.txt").write_text("numpy\n# no\nscipy")
    text = """
[project]
name = "a"
dynamic = ["version", "dependencies"]
[tool.setuptools.dynamic]
dependencies = {file = ["reqs.txt"]}
"""
    assert spec_of_pyproject(project(text)).packages == ("numpy", "scipy")
    with pytest.raises(UserErrorException, match="its dependencies are dynamic; write them to a requirements file"):
        spec_of_pyproject(project('[project]\nname = "a"\ndynamic = ["dependencies"]'))


def test_uvs_sources_and_indexes_are_followed(project, tmp_path):
    (tmp_path / "lib").mkdir()
    text = """
[project]
name = "a"
dependencies = ["One_Tool>=1", "two[fast]", "lib", "six"]
[tool.uv.sources]
one-tool = { git = "https://git.example/one.git", tag = "v1" }
two = { url = "https://a.example/two-1.0.tar.gz" }
lib = { path = "lib" }
[[tool.uv.index]]
url = "https://a.example/simple"
[[tool.uv.index]]
url = "https://b.example/simple"
default = true
[[tool.uv.index]]
url = "https://c.example/simple"
explicit = true
"""
    spec = spec_of_pyproject(project(text))
    assert spec.packages == (
        "One_Tool @ git+https://git.example/one.git@v1",
        "two[fast] @ https://a.example/two-1.0.tar.gz",
        "six",
    )
    assert spec.options == (
        f"--editable {tmp_path / 'lib'}",
        "--extra-index-url https://a.example/simple",
        "--index-url https://b.example/simple",
    )
    with pytest.raises(UserErrorException, match=r"where \[tool.uv.sources\] has six from isn't understood"):
        spec_of_pyproject(project(f"{text}\n[tool.uv.sources.six]\nworkspace = true"))


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("[tool.poetry.dependencies]\nnumpy = '1'", ["no [project] table", "requirements file"]),
        ("[project\n", ["is no TOML", "line 1"]),
        ("project = 3", ["[project] is a table; got 3"]),
        ("[project]\nname='a'\ndependencies = 'numpy'", ["dependencies is a list of texts; got 'numpy'"]),
        ("[project]\nname='a'\ndependencies = ['a b']", ["'a b'", "expected a name"]),
        ("[project]\nname='a'\nrequires-python = 'new'", ["requires-python", "'new'", ">=3.10,<3.13"]),
        ("[project]\nname='a'\nrequires-python = 3.11", ["requires-python is a text; got 3.11"]),
    ],
)
def test_what_cant_be_read_is_refused(project, text, facts):
    with pytest.raises(UserErrorException) as caught:
        spec_of_pyproject(project(text))
    assert [fact for fact in facts if fact not in str(caught.value)] == []
