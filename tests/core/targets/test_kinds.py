"""Kinds of targets: the built-in ones, and those that are found by entry point."""

import subprocess
import sys
import textwrap

import pytest

from cellrun.core.errors import ComputeTargetException
from cellrun.core.targets.kinds import kind_named, kind_names


def test_the_built_in_ones_are_there():
    assert {"local", "fake"} <= set(kind_names())
    assert kind_named("local").kind == "local"


@pytest.mark.parametrize(
    ("given", "facts"),
    [("locale", ["'locale'", "fake, local", "did you mean 'local'"]), ("gpu-cluster", ["fake, local"]), (7, ["7"])],
)
def test_an_unknown_kind_is_refused_with_those_that_there_are(given, facts):
    with pytest.raises(ComputeTargetException) as caught:
        kind_named(given)
    assert not [fact for fact in facts if fact not in str(caught.value)]


@pytest.fixture
def installed(tmp_path):
    """Install a package that registers kinds, and ask for them in a fresh interpreter."""
    info = tmp_path / "site" / "strangers-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: strangers\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[cellrun.compute_targets]\nbroken = strangers:Nothing\nhalf = strangers:Half\nother = strangers:Other\n"
        "alias = cellrun.core.targets.local.target:LocalTarget\n"
    )
    (tmp_path / "site" / "strangers.py").write_text(
        "from cellrun.core.targets.contract import ComputeTarget\n"
        "class Half(ComputeTarget):\n    def problems(self, request):\n        return []\n"
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
        from cellrun.core.targets.kinds import kind_named
        for name in ("broken", "half", "other", "alias"):
            try:
                kind_named(name)
            except ComputeTargetException as error:
                print(error)
        """
    ).splitlines()
    assert "'broken' (strangers:Nothing) can't be loaded: AttributeError" in told[0]
    assert "'half' (strangers:Half) lacks cancel, describe, doctor, launch, observe, python" in told[1]
    assert "'other' (strangers:Other) is no subclass of cellrun.core.targets.contract.ComputeTarget" in told[2]
    assert "'alias' (cellrun.core.targets.local.target:LocalTarget) calls its kind 'local'; expected 'alias'" in told[3]


def test_it_keeps_no_other_from_being_listed(installed):
    told = installed(
        """
        import json, sys, warnings
        from cellrun.core import Workspace
        from cellrun.core.targets.kinds import kind_names
        print(kind_names(), "strangers" in sys.modules)
        ws = Workspace.create("tests")
        ws.attach("mine", "fake", folder="/far")
        for kind in ("broken", "half", "other"):
            data = {"kind": kind, "settings": {}}
            (ws.layout.targets / f"{kind}.json").write_text(json.dumps(data))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            print(sorted(ws.compute_targets), len(caught))
        """
    )
    ours = ["amlcompute", "computeinstance", "fake", "local", "ray", "slurm", "ssh"]
    kinds = sorted([*ours, "alias", "broken", "half", "other"])
    assert told == f"{kinds} False\n['local', 'mine'] 3\n"
