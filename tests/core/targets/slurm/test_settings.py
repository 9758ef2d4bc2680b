"""What may be kept of a target of kind slurm: nothing that could be taken for an option, or a line, of its own (H5)."""

import pytest

from cellrun.core.errors import UserErrorException
from cellrun.core.targets.slurm.cluster import SlurmCluster


def test_what_is_well_is_kept():
    given = {
        "partition": "gpu,long",
        "account": "phys",
        "qos": "normal",
        "sbatch": ["--constraint=a100", "--exclusive"],
    }
    assert SlurmCluster.checked_settings({**given, "python": None}) == given


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"partition": "a\nb"}, "partition is one line of text that doesn't begin with '-'"),
        ({"account": "--uid=0"}, "account is one line of text"),
        ({"qos": 3}, "qos is a text; got 3"),
        ({"python": "--uid=0"}, "python is one line of text that doesn't begin with '-'"),
        ({"sbatch": "--exclusive"}, "sbatch is a list of texts"),
        ({"sbatch": ["-p gpu"]}, "'-p gpu' is no long option on one line"),
        ({"sbatch": ["--constraint=a\n#SBATCH --uid=0"]}, "is no long option on one line"),
        ({"sbatch": ["--constraint=a\0b"]}, "is no long option on one line"),
        ({"sbatch": ["--partition=gpu"]}, "'--partition=gpu' is the setting partition=…"),
        ({"sbatch": ["--part=gpu"]}, "'--part=gpu' is the setting partition=…"),
        ({"sbatch": ["--job-name=mine"]}, "is cellrun's own matter"),
        ({"sbatch": ["--exp=ALL"]}, "is cellrun's own matter"),
        ({"sbatch": ["--wrap=id"]}, "is cellrun's own matter"),
        ({"sbatch": ["--array=1-9"]}, "is cellrun's own matter"),
    ],
)
def test_what_is_not_is_refused_and_said(given, problem):
    with pytest.raises(UserErrorException) as caught:
        SlurmCluster.checked_settings(given)
    assert problem in str(caught.value)


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(UserErrorException) as caught:
        SlurmCluster.checked_settings({"partition": "-x", "sbatch": ["--wait", "x"]})
    assert len(str(caught.value).splitlines()) == 3
