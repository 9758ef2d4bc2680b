"""squeue's list is read strictly, and what it says of a run's job is told in words."""

import pytest

from cellrun.core.errors import ComputeTargetException
from cellrun.core.targets.contract import JobState
from cellrun.core.targets.slurm.accounting import Accounting
from cellrun.core.targets.slurm.job_list import JobList, SlurmJob
from cellrun.core.targets.slurm.programs import SlurmPrograms

HEADER = "JOBID|STATE|REASON|NODELIST|NAME\n"


def listed(slurm, text):
    slurm.goes_wrong("squeue", says=text)
    return JobList.asked(SlurmPrograms())


def test_a_banner_and_jobs_of_others_mean_nothing(slurm):
    found = listed(slurm, f"Welcome to the cluster!\n\n{HEADER}7|RUNNING|None|n1|mine\n8|RUNNING|None|n2|cellrun-a\n")
    assert found.of("a") == SlurmJob("8", "RUNNING", "None", "n2")
    assert found.of("mine") is None
    assert found.count(JobState.RUNNING) == 1


@pytest.mark.parametrize("said", ["", "Welcome!\n", "squeue: cannot reach it\n", "8|RUNNING|None|n2|cellrun-a\n"])
def test_an_answer_without_its_headline_is_none(slurm, said):
    with pytest.raises(ComputeTargetException, match="squeue printed no list of jobs; it said"):
        listed(slurm, said)


def test_a_number_without_an_end_is_none(slurm):
    found = listed(slurm, f"{HEADER}{'9' * 5000}|RUNNING|None|n1|cellrun-a\n8|RUNNING|None|n2|cellrun-b\n")
    assert found.of("a") is None
    assert found.of("b").number == "8"
    slurm.keep_accounts(f"{'9' * 5000}|cellrun-a|COMPLETED", "٣|cellrun-c|COMPLETED", "8|cellrun-b|COMPLETED")
    slurm.goes_well()
    assert list(Accounting(SlurmPrograms()).jobs(["a", "b", "c"])) == ["b"]


def test_a_name_that_looks_like_a_job_of_ours_is_no_other_line(slurm):
    found = listed(slurm, f"{HEADER}7|RUNNING|None|n1|x\n9|COMPLETED|None|n1\n|cellrun-a|\n")
    assert found.of("a") is None


def test_of_two_jobs_of_a_run_the_one_that_lives_is_its_own(slurm):
    found = listed(slurm, f"{HEADER}10|FAILED|None|n1|cellrun-a\n9|RUNNING|None|n1|cellrun-a\n")
    assert found.of("a").number == "9"
    found = listed(slurm, f"{HEADER}9|FAILED|None|n1|cellrun-a\n10|RUNNING|None|n1|cellrun-a\n")
    assert found.of("a").number == "10"


@pytest.mark.parametrize(
    ("state", "reason", "known", "words"),
    [
        ("PENDING", "Priority", JobState.WAITING, "Priority: others go before it"),
        ("PENDING", "Resources", JobState.WAITING, "Resources: it is the next one, as soon as there is room"),
        ("PENDING", "QOSGrpNodeLimit", JobState.WAITING, "QOSGrpNodeLimit"),
        ("PENDING", "None", JobState.WAITING, ""),
        (
            "REQUEUE_HOLD",
            "JobHeldUser",
            JobState.WAITING,
            "JobHeldUser: it is held back: `scontrol release` lets it go on",
        ),
        (
            "PENDING",
            "ReqNodeNotAvail, UnavailableNodes:n1",
            JobState.WAITING,
            "ReqNodeNotAvail: a node that it needs is down or reserved",
        ),
        ("COMPLETING", "None", JobState.RUNNING, ""),
        ("OUT_OF_MEMORY", "None", JobState.ENDED, "OUT_OF_MEMORY: it used more memory than it was given"),
        ("FAILED", "NonZeroExitCode", JobState.ENDED, "FAILED"),
        ("SOMETHING_NEW", "None", JobState.RUNNING, ""),
    ],
)
def test_what_slurm_says_is_told_in_words(state, reason, known, words):
    assert SlurmJob("1", state, reason).observation == (known, words)
