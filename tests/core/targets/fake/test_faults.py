"""What goes wrong on demand, as it is written down and read."""

import pytest

from cellrun.core.errors import ComputeTargetException
from cellrun.core.targets.fake.faults import FAULTS, UNREACHABLE, Faults


def test_what_is_written_is_read(tmp_path):
    faults = Faults(loss=0.2, bytes_per_s=1e6, engine="forgot", preemptions=1, seed=7)
    faults.write(tmp_path / "far side")
    assert Faults.read(tmp_path / "far side") == faults


def test_without_a_file_all_is_well(tmp_path):
    assert Faults.read(tmp_path / "not there") == Faults()


def test_a_file_of_its_own_cuts_it_off_whatever_else_is_wrong(tmp_path):
    Faults(loss=0.5).write(tmp_path)
    (tmp_path / UNREACHABLE).touch()
    assert Faults.read(tmp_path) == Faults(loss=0.5, unreachable=True)


@pytest.mark.parametrize(
    ("given", "facts"),
    [
        ('{"loss": 2}', ["loss", "from 0 to 1", "2"]),
        ('{"loss": NaN}', ["loss", "nan"]),
        ('{"repetition": true}', ["repetition", "True"]),
        ('{"delay_s": -1}', ["delay_s", "-1"]),
        ('{"bytes_per_s": 0}', ["bytes_per_s", "above 0"]),
        ('{"engine": "asleep"}', ["engine", "'forgot'", "'asleep'"]),
        ('{"engine": []}', ["engine", "[]"]),
        ('{"preemptions": 1.5}', ["preemptions", "whole number"]),
        ('{"los": 0.1}', ["no fault 'los'", "did you mean 'loss'?"]),
        ('{"xyzxyz": 1, "loss": "all"}', ["known: loss, repetition", "'all'"]),
        ("[0.2]", ["object", "[0.2]"]),
        ("{", ["JSON", "correct it or remove it"]),
        ("[" * 100_000, ["JSON"]),
    ],
)
def test_what_cannot_be_is_refused_with_all_that_is_wrong(tmp_path, given, facts):
    (tmp_path / FAULTS).write_text(given)
    with pytest.raises(ComputeTargetException) as refused:
        Faults.read(tmp_path)
    assert all(fact in str(refused.value) for fact in (str(tmp_path / FAULTS), *facts)), refused.value


def test_what_cannot_be_is_not_written(tmp_path):
    with pytest.raises(ComputeTargetException, match="loss is a share"):
        Faults(loss=-1).write(tmp_path)
    assert not (tmp_path / FAULTS).exists()
