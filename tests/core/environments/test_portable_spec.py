"""What goes of an environment to another machine, and what can't."""

import sys

import pytest

from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.portable_spec import PortableSpec
from cellrun.core.environments.sources import notebook

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"


def test_a_python_that_nobody_named_is_this_ones_minor_version():
    spec = EnvironmentSpec(packages=("numpy",), options=("--extra-index-url https://x.org/simple",))
    sent, problems = PortableSpec.of(spec)
    assert (sent.python, sent.packages, sent.options, problems) == (HERE, spec.packages, spec.options, ())
    assert PortableSpec.of(EnvironmentSpec(python=">=3.10")).spec.python == ">=3.10"


def test_a_python_that_is_there_stays_the_path_that_it_is():
    spec = EnvironmentSpec(interpreter="/opt/there/python")
    assert PortableSpec.of(spec) == (spec, ())


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({"packages": ("mine @ file:///home/me/mine-1.0-py3-none-any.whl",)}, "has mine from /home/me/mine-1.0"),
        ({"constraints": ("mine @ file:///home/me/mine.zip",)}, "has mine from /home/me/mine.zip"),
        ({"options": ("--editable /home/me/project",)}, "has what is in the folder /home/me/project"),
        ({"options": ("--find-links /wheels",)}, "looks for packages in /wheels"),
        ({"options": ("--extra-index-url file:///index",)}, "looks for packages in /index"),
    ],
)
def test_what_is_on_this_machine_alone_is_named(line, words):
    spec = EnvironmentSpec(**line)
    [problem] = PortableSpec.of(spec).problems
    assert words in problem
    assert "which no other machine has; put it where" in problem


def test_what_cannot_be_read_is_a_problem():
    [problem] = PortableSpec.of(EnvironmentSpec(packages=("!!",))).problems
    assert "the package '!!' can't be read" in problem


def test_of_the_notebooks_own_is_left_out_what_its_notices_tell(monkeypatch, tmp_path):
    path = tmp_path / "project"
    path.mkdir()
    written = {
        "numpy": ("numpy==1.26", "", ""),
        "mine": (
            "",
            f"--editable {path}",
            f"mine is from the folder {path}, which another …",
        ),
        "theirs": (f"theirs @ file://{path}/t.whl", "", f"theirs is from the file {path}/t.whl, which another …"),
    }
    monkeypatch.setattr(notebook, "_installed", lambda: [Named(name) for name in written])
    monkeypatch.setattr(notebook, "_written_down", lambda each: written[each.name])
    spec = notebook.spec_of_notebook()
    sent, problems = PortableSpec.of(spec)
    assert (sent.packages, sent.options, problems) == (("numpy==1.26",), (), ())
    assert len(sent.notices) == 2
    added = spec.with_packages([f"other @ file://{tmp_path}/o.whl"])
    assert len(PortableSpec.of(added).problems) == 1


class Named:
    def __init__(self, name):
        self.name = name


def test_an_old_environment_is_eased_for_a_machine_of_which_nothing_is_known():
    spec = EnvironmentSpec(python="3.6", packages=("pytest",), conda_packages=("numpy=1.16",), is_lenient=True)
    sent, problems = PortableSpec.of(spec)
    assert (sent.is_given, sent.python, problems) == (False, HERE, ())
    assert {"pytest", "numpy"} <= {line.partition("=")[0].partition("~")[0] for line in sent.packages}
    assert not sent.conda_packages
