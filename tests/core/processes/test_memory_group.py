"""The control group that bounds a process's memory."""

import os
from pathlib import Path

import pytest

from cellrun.core.processes import memory_group
from cellrun.core.processes.memory_group import MemoryGroup

V1, V2 = memory_group._V1, memory_group._V2


@pytest.mark.parametrize(
    ("names", "files", "kills", "use"),
    [
        (V2, {"memory.events": "low 0\noom 2\noom_kill 3\n", "memory.max": "40000000\n"}, 3, "limit 40.0 MB"),
        (V2, {"memory.events": "oom_kill 0\n", "memory.max": "max\n", "memory.peak": "9\n"}, 0, ""),
        (
            V1,
            {
                "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
                "memory.limit_in_bytes": "40000000\n",
                "memory.max_usage_in_bytes": "39900000\n",
            },
            1,
            "limit 40.0 MB, peak 39.9 MB",
        ),
        (V1, {"memory.oom_control": "oom_kill_disable 0\n", "memory.limit_in_bytes": f"{2**63 - 4096}\n"}, None, ""),
        (V2, {}, None, ""),
    ],
)
def test_what_its_files_tell(tmp_path, names, files, kills, use):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    group = MemoryGroup(tmp_path, tmp_path, names)
    assert (group.kills(), group.use()) == (kills, use)


def test_the_smallest_limit_above_it_holds(tmp_path):
    inner = tmp_path / "user.slice" / "job"
    inner.mkdir(parents=True)
    (inner / "memory.max").write_text("max\n")
    (inner.parent / "memory.max").write_text("2000000000\n")
    (tmp_path / "memory.max").write_text("4000000000\n")
    assert MemoryGroup(inner, tmp_path, V2).use() == "limit 2.0 GB"


def test_a_process_has_the_group_that_the_system_says(tmp_path, monkeypatch):
    """As in a container, which sees its own part of the tree alone."""
    top = tmp_path / "cgroup"
    (top / "job").mkdir(parents=True)
    (top / "job" / "memory.events").write_text("oom_kill 5\n")
    mounts = b"30 23 8:1 / /media/M\xfcller\xe2\x80\xa8 rw - vfat /dev/sdb1 rw\n"  # a name that is no text
    mounts += f"31 23 0:28 /docker/a1 {top} rw - cgroup2 cgroup2 rw\n".encode()
    texts = {"/proc/self/mountinfo": mounts, f"/proc/{os.getpid()}/cgroup": b"1:cpu:/x\n0::/docker/a1/job\n"}
    real = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: texts[str(path)] if str(path) in texts else real(path))
    group = MemoryGroup.of(os.getpid())
    assert group is not None
    assert group.kills() == 5
    texts[f"/proc/{os.getpid()}/cgroup"] = b"1:cpu:/x\n"
    assert MemoryGroup.of(os.getpid()) is None
