"""What is well between this machine and a cluster, and what isn't."""

import sys
import time

import pytest

from cellrun.core.targets.slurm.cluster import SlurmCluster


def found(**settings):
    return {finding.subject: finding for finding in SlurmCluster("cluster", settings).doctor()}


def test_without_its_programs_there_is_nothing_else_to_say(slurm, monkeypatch):
    monkeypatch.setenv("PATH", str(slurm.bin))
    slurm.remove("scancel")
    assert list(found()) == ["slurm"]
    assert "scancel not found" in found()["slurm"].text


def test_a_controller_that_does_not_answer_is_said(slurm):
    slurm.goes_wrong("sinfo", says="", complains="slurm_load_partitions: error: Unable to contact slurm controller")
    assert list(found()) == ["slurm"]
    assert "Unable to contact slurm controller" in found()["slurm"].text


def test_a_partition_that_is_not_there_is_said_and_no_job_is_tried(slurm):
    told = found(partition="gpuu")
    assert told["partition"].text.endswith("attach it again with partition=, one of main, long")
    assert "node" not in told


def test_that_there_are_no_accounts_is_said_and_no_trouble(slurm):
    told = found(partition="gpuu")["accounting"]
    assert told.is_well
    assert "Slurm accounting storage is disabled" in told.text


@pytest.mark.parametrize(
    ("said", "well"),
    [
        ("banner\nprobe 3 12 {now} seen\n", {"node": True, "python": True, "clock": True}),
        ("probe 3 9 {now} seen\n", {"node": True, "python": False, "clock": True}),
        ("probe 3 12 {later} seen\n", {"node": True, "python": True, "clock": False}),
        ("No such file or directory\n", {"node": False}),
    ],
)
def test_a_node_is_tried(slurm, home, said, well):
    srun = slurm.bin / "srun"
    said = said.format(now=time.time(), later=time.time() + 3600)
    srun.write_text(f"#!{sys.executable}\nprint({said!r})\n")
    srun.chmod(0o700)
    told = found()
    if well["node"]:
        assert told["node"].text == f"a node sees {home}"  # where runs are kept: of a login node its `folder`
    assert {name: told[name].is_well for name in told if name not in {"slurm", "partition", "accounting"}} == well


@pytest.mark.parametrize(
    ("complains", "well", "text"),
    [
        ("srun: error: Unable to allocate resources: Requested nodes are busy", True, "no node was free"),
        (
            "srun: error: Unable to allocate resources: Invalid feature specification",
            False,
            "Slurm refuses a job with these settings: srun: srun: error: Unable to allocate resources: Invalid feature",
        ),
        ("srun: unrecognized option '--constrain'\nTry \"srun --help\" for more information", False, "--constrain"),
    ],
)
def test_settings_that_slurm_refuses_are_no_busy_nodes(slurm, tmp_path, monkeypatch, complains, well, text):
    monkeypatch.setenv("HOME", str(tmp_path))
    srun = slurm.bin / "srun"
    srun.write_text(f"#!{sys.executable}\nimport sys\nsys.exit({complains!r})\n")
    srun.chmod(0o700)
    node = found()["node"]
    assert node.is_well == well
    assert text in node.text
