"""A real Slurm of two nodes on this machine: Debian's daemons, each node in namespaces of its own.

A node has its own processes, host name, boot id and `/run`, `/var/tmp`, `/dev/shm`, as another machine has; the disk is
shared, as clusters share it. It starts in a second or two and needs root, on Linux; no systemd.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tests.engines import machine
from tests.engines.box import Box
from tests.engines.machine import Machine, children, free_port, wait

NODES = ("n1", "n2")
CPUS, MEMORY_MB, GPUS = 8, 16_000, 2
"""What each node says it has."""
_PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "unshare", "nsenter")
_NAMESPACES = ("--mount", "--uts", "--pid")
_OWN = ("/run", "/var/tmp", "/dev/shm")

_BOOT = """
mount --make-rprivate /
mount -t proc proc /proc
mount --bind "$2" /proc/sys/kernel/random/boot_id
hostname "$1"
shift 2
for own; do mount -t tmpfs -o mode=1777 own "$own"; done
"""

_CONFIG = """
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CredType=auth/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=100
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=1,sched_min_interval=100000,batch_sched_delay=0
MailProg=/bin/true
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
GresTypes=gpu
SlurmdParameters=config_overrides
SlurmdTimeout=6
SlurmctldTimeout=30
KillWait={kill_wait_s}
MinJobAge={forgets_after_s}
ReturnToService=2
{nodes}
PartitionName=main Nodes=n1,n2 Default=YES PriorityTier=10 PreemptMode=OFF MaxTime=1-0 State=UP
PartitionName=spot Nodes=n1,n2 PriorityTier=1 PreemptMode=REQUEUE GraceTime={grace_s} State=UP
PartitionName=scrap Nodes=n1,n2 PriorityTier=1 PreemptMode=CANCEL GraceTime={grace_s} State=UP
"""


def why_not() -> str:
    """Return why there can be no Slurm here; "" if there can be one."""
    if missing := [each for each in _PROGRAMS if not shutil.which(each)]:
        return f"{', '.join(missing)} isn't there: .ci/need slurm installs it"
    return machine.why_not(_NAMESPACES)


class SlurmCluster:
    """One such cluster. It is up when it is made, and `close` ends it and all that runs there.

    Responsibilities:
    - its controller: stopped, started, without any memory of its jobs; what it does after minutes, at once
    - its nodes: killed at once with all that runs there, started again as after a boot; one that loses a job
    - a look from outside: commands with its configuration, what runs on a node

    Partitions: `main`, and two whose jobs make room for those of `main`: `spot`, to be started again, and `scrap`.
    """

    def __init__(self, folder: Path, box: Box | None = None, **settings: int) -> None:
        """Keep all in a folder of this machine, or of a box's, in which it then stands: its users have it there.

        `grace_s`, `kill_wait_s` and `forgets_after_s` are what Slurm calls GraceTime, KillWait and MinJobAge.
        """
        self._folder, self._within = folder, box.machine.inside if box else []
        self._there = box.seen_there(folder) if box else str(folder)
        self._own = (*_OWN, "/tmp") if box else _OWN  # on this machine a test's own folder may be there
        self._munged: subprocess.Popen[bytes] | None = None
        self._controller: subprocess.Popen[bytes] | None = None
        self._ports = {name: free_port() for name in ("controller", *NODES)}
        self.nodes = {name: Machine(_NAMESPACES, _BOOT, self._within) for name in NODES}
        for name in ("munge", "state", "spool"):
            (folder / name).mkdir(parents=True)
        self._configure({"grace_s": 3, "kill_wait_s": 5, "forgets_after_s": 300, **settings})
        self._start_munge()
        self.start_controller()
        for node in NODES:
            self.start_node(node)

    @property
    def config(self) -> str:
        """What SLURM_CONF is to be, for whoever asks it something."""
        return f"{self._there}/slurm.conf"

    def close(self) -> None:
        """End it."""
        for node in NODES:
            self.nodes[node].turn_off()
        self.stop_controller()
        _end(self._munged)

    # The controller

    def start_controller(self, *options: str) -> None:
        """Let it answer."""
        self._controller = self._daemon("slurmctld", "-D", "-f", self.config, *options)
        wait(lambda: "UP" in self.ask("scontrol", "ping").stdout, "slurmctld")

    def stop_controller(self) -> None:
        """Let nobody answer; what runs goes on."""
        _end(self._controller)

    def forget(self) -> None:
        """Let it know none of its jobs any more, as after its disk was lost; its nodes end those that they have."""
        self.stop_controller()
        shutil.rmtree(self._folder / "state")
        (self._folder / "state").mkdir()
        self.start_controller("-c")

    def hurry(self, job: str) -> None:
        """Spare a job that is to start again the two minutes for which Slurm lets it wait (`BeginTime`)."""
        wait(lambda: "BeginTime" in self.ask("squeue", "--jobs", job).stdout, f"job {job}, which is to start again")
        # Not at once: a node takes nothing of the job that was begun in the second in which it was ended there.
        self.ask("scontrol", "update", f"JobId={job}", "StartTime=now+3").check_returncode()

    # The nodes

    def start_node(self, name: str) -> None:
        """Boot it, and wait until it takes jobs."""
        (self._folder / f"boot_id-{name}").write_text(f"{uuid.uuid4()}\n")
        self.nodes[name].turn_on(name, f"{self._there}/boot_id-{name}", *self._own)
        self.nodes[name].run(shutil.which("slurmd") or "slurmd", "-N", name, "-f", self.config).check_returncode()
        wait(lambda: self.state(name) in {"IDLE", "MIXED", "ALLOCATED"}, f"node {name}")

    def kill_node(self, name: str) -> None:
        """Take its power away; Slurm notices some seconds later."""
        self.nodes[name].turn_off()

    def state(self, name: str) -> str:
        """Return what Slurm says of a node."""
        told = self.ask("scontrol", "show", "node", name, "--oneliner").stdout
        return told.partition("State=")[2].partition(" ")[0]

    def lose(self, name: str) -> None:
        """Kill all processes of the job of that name, as a node that runs out of memory does."""
        job = self.ask("squeue", "--noheader", "--format=%A", f"--name={name}").stdout.strip()
        waiting = [
            pid for each in self.nodes.values() for pid, line in each.everything().items() if f"[{job}.batch]" in line
        ]
        assert waiting, f"no node runs {name}"
        found: list[int] = []
        while waiting:
            below = children(waiting.pop())
            waiting += below
            for pid in below:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)  # so that nobody notices another one's end meanwhile
                    found.append(pid)
        for pid in found:
            with suppress(ProcessLookupError):  # it had ended before it could be stopped, or has gone with another one
                os.kill(pid, signal.SIGKILL)

    # A look from outside

    def ask(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command with its configuration, as root."""
        given = ["env", f"SLURM_CONF={self.config}", "SLURM_TIME_FORMAT=%s"]
        return subprocess.run([*self._within, *given, *command], capture_output=True, text=True, check=False)

    def log(self) -> str:
        """Return what its daemons have written, for a test that fails."""
        return "\n".join(f"== {path.name}\n{path.read_text()}" for path in sorted(self._folder.glob("*.log")))

    def _daemon(self, *command: str) -> subprocess.Popen[bytes]:
        with (self._folder / f"{Path(command[0]).name}.out").open("ab") as out:
            return subprocess.Popen([*self._within, *command], stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def _start_munge(self) -> None:
        munge = self._folder / "munge"
        munge.chmod(0o755)  # whoever has a socket in it may reach it
        (munge / "key").write_bytes(os.urandom(128))
        (munge / "key").chmod(0o600)
        named = {name: f"{self._there}/munge/{name}" for name in ("key", "socket", "pid", "log", "seed")}
        options = [f"--key-file={named['key']}", f"--socket={named['socket']}", f"--pid-file={named['pid']}"]
        options += [f"--log-file={named['log']}", f"--seed-file={named['seed']}", "--foreground", "--force"]
        self._munged = self._daemon(shutil.which("munged") or "munged", *options)
        wait((munge / "socket").exists, "munged")

    def _configure(self, settings: Mapping[str, int]) -> None:
        host = subprocess.run([*self._within, "hostname"], capture_output=True, text=True, check=True).stdout.strip()
        nodes = "\n".join(
            f"NodeName={name} NodeHostname={name} NodeAddr=127.0.0.1 Port={self._ports[name]} CPUs={CPUS}"
            f" RealMemory={MEMORY_MB} Gres=gpu:{GPUS} State=UNKNOWN"
            for name in NODES
        )
        text = _CONFIG.format(folder=self._there, host=host, port=self._ports["controller"], nodes=nodes, **settings)
        (self._folder / "slurm.conf").write_text(text)
        (self._folder / "cgroup.conf").write_text("CgroupPlugin=disabled\n")
        for number in range(GPUS):
            (self._folder / f"gpu{number}").symlink_to("/dev/null")  # a device it has to be; nobody opens it
        gpus = f"Name=gpu File={self._there}/gpu[0-{GPUS - 1}]"
        (self._folder / "gres.conf").write_text(f"AutoDetect=off\nNodeName={','.join(NODES)} {gpus}\n")


def _end(daemon: subprocess.Popen[bytes] | None) -> None:
    if daemon:
        daemon.terminate()
        daemon.wait()
