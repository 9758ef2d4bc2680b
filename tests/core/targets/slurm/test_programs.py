"""Slurm's programs are believed when they answer, in time, without an error (H4)."""

import pytest

from cellrun.core.errors import ComputeTargetException
from cellrun.core.targets.slurm.programs import NoAnswerError, SlurmPrograms


def test_a_program_that_is_not_there_is_named_with_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ComputeTargetException, match="sbatch isn't on PATH here; is this a machine of the cluster"):
        SlurmPrograms().ask("sbatch")


def test_a_program_that_hangs_is_ended_with_all_that_it_has_started(slurm, until):
    slurm.goes_wrong("squeue", hangs=True)
    with pytest.raises(NoAnswerError, match=r"squeue didn't answer in 0\.5 s"):
        SlurmPrograms().ask("squeue", timeout_s=0.5)


def test_a_program_that_fails_is_quoted(slurm):
    slurm.goes_wrong("sinfo", says="", complains="sinfo: error: no such cluster\n", code=1)
    with pytest.raises(ComputeTargetException, match="sinfo: sinfo: error: no such cluster"):
        SlurmPrograms().ask("sinfo")


def test_a_program_that_fails_without_a_word_is_quoted_by_its_exit_code(slurm):
    slurm.goes_wrong("sinfo", says="", code=3)
    with pytest.raises(ComputeTargetException, match="sinfo: it ended with exit code 3 and said nothing"):
        SlurmPrograms().ask("sinfo")


def test_an_error_with_exit_code_0_is_an_error(slurm):
    slurm.goes_wrong("squeue", says="", complains="slurm_load_jobs error: Unable to contact slurm controller\n")
    with pytest.raises(ComputeTargetException, match="Unable to contact slurm controller"):
        SlurmPrograms().ask("squeue")


def test_an_error_beside_an_answer_is_none(slurm):
    slurm.goes_wrong("squeue", says="JOBID\n", complains="squeue: error: Unable to resolve backup controller\n")
    assert SlurmPrograms().ask("squeue") == "JOBID\n"


def test_no_option_that_a_variable_holds_reaches_a_program(slurm, monkeypatch):
    for name in ("SBATCH_PARTITION", "SQUEUE_FORMAT", "SLURM_TIME_FORMAT", "SLURM_CLUSTERS", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("SLURM_CONF", "/etc/elsewhere.conf")
    SlurmPrograms().ask("sinfo", "--version")
    assert slurm.environments() & {"SLURM_CONF", "PATH"} == {"SLURM_CONF", "PATH"}
    assert {name for name in slurm.environments() if name.startswith(("SBATCH", "SQUEUE", "AWS", "SLURM_"))} == {
        "SLURM_CONF"
    }
