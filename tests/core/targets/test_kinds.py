"""Targets are found by entry point, the built-in ones like anyone's."""

import subprocess
import sys
import textwrap

import pytest

from cellrun.core.errors import ComputeTargetException
from cellrun.core.targets.registry import compute_target, compute_targets


def test_local_is_the_default():
    assert compute_target().name == compute_target("local").name == "local"
    assert "local" in compute_targets()


@pytest.mark.parametrize(
    ("given", "facts"), [("locale", ["'locale'", "local"]), ("gpu-cluster", ["local"]), (7, ["7"])]
)
def test_an_unknown_target_is_refused_with_those_that_there_are(given, facts):
    with pytest.raises(ComputeTargetException) as caught:
        compute_target(given)
    assert not [fact for fact in facts if fact not in str(caught.value)]


@pytest.fixture
def installed(tmp_path):
    """Install a package that registers targets, and ask for them in a fresh interpreter."""
    info = tmp_path / "site" / "strangers-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: strangers\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[cellrun.compute_targets]\nbroken = strangers:Nothing\nhalf = strangers:Half\nother = strangers:Other\n"
    )
    (tmp_path / "site" / "strangers.py").write_text(
        "from cellrun.core.targets.contract import ComputeTarget\n"
        "class Half(ComputeTarget):\n    def validate(self, resources):\n        return []\n"
        "Other = dict\n"
    )

    def ask(program):
        program = textwrap.dedent(program)
        command = [sys.executable, "-c", f"import sys; sys.path.append({str(tmp_path / 'site')!r})\n{program}"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    return ask


def test_one_that_cannot_be_loaded_says_so_with_its_own_error(installed):
    told = installed(
        """
        from cellrun.core.errors import ComputeTargetException
        from cellrun.core.targets.registry import compute_target
        for name in ("broken", "half", "other"):
            try:
                compute_target(name)
            except ComputeTargetException as error:
                print(error)
        """
    ).splitlines()
    assert "'broken' (strangers:Nothing) can't be loaded: AttributeError" in told[0]
    assert "'half' (strangers:Half) lacks cancel, describe, doctor, fetch, logs, start, status" in told[1]
    assert "'other' (strangers:Other) is no subclass of cellrun.core.targets.contract.ComputeTarget" in told[2]


def test_it_keeps_no_other_from_being_listed(installed):
    told = installed(
        """
        import warnings
        from cellrun.core.targets.registry import compute_targets
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            print(sorted(compute_targets()), len(caught))
        """
    )
    assert told == "['local'] 3\n"
