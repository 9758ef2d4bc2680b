"""sbatch, squeue, scancel, scontrol, sinfo and sacct of a Slurm that isn't one: each shim calls this with its name.

Standard library only. What it is to do wrong a file `faults.json` says; each call is one line of `calls.jsonl`.
"""

import fcntl
import json
import os
import sys
import time
from pathlib import Path

HERE = Path(sys.argv[1])
SIGTERM = 15  # `signal` takes a while to load
PROGRAM, ARGUMENTS = sys.argv[2], sys.argv[3:]
JOBS = HERE / "jobs"
LINES = {
    "%A|%T|%r|%N|%j": "JOBID|STATE|REASON|NODELIST|NAME",
    "%P|%a|%D|%c|%m|%G|%C|%l|%t": "PARTITION|AVAIL|NODES|CPUS|MEMORY|GRES|CPUS(A/I/O/T)|TIMELIMIT|STATE",
}
PARTITIONS = """main*|up|2|8|16000|gpu:a100:2(S:0-1)|3/13/0/16|1-00:00:00|mix
main*|up|1|64|256000|(null)|0/0/64/64|1-00:00:00|down*
long|up|2|8|16000|gpu:a100:2|3/13/0/16|infinite|mix
"""
DISABLED = "Slurm accounting storage is disabled\n"


def option(name, default=""):
    return next((each.split("=", 1)[1] for each in ARGUMENTS if each.startswith(f"--{name}=")), default)


def jobs():
    found = [json.loads(path.read_bytes()) for path in sorted(JOBS.glob("*.json"), key=lambda path: int(path.stem))]
    return [{**job, "state": state(job)} for job in found]


def state(job):
    """Return the state of a job by what is left of it."""
    end = JOBS / f"{job['number']}.end"
    if job["state"] != "RUNNING":
        return job["state"]
    return end.read_text() if end.exists() else "RUNNING"


def keep(job):
    path = JOBS / f"{job['number']}.json"
    path.with_suffix(".new").write_text(json.dumps(job))
    path.with_suffix(".new").replace(path)


def start(job):
    """Start a job as another machine does: nothing of the submitter's environment, a process of its own."""
    end, log = JOBS / f"{job['number']}.end", Path(job["output"])
    given = {"SLURM_JOB_ID": str(job["number"]), "PATH": os.defpath}
    if os.fork():
        os.wait()
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    os.closerange(3, 256)  # the lock is one of them
    with log.open("ab") as out, Path(os.devnull).open("rb") as nothing:
        for fd in (1, 2):
            os.dup2(out.fileno(), fd)
        os.dup2(nothing.fileno(), 0)
        script = HERE / f"script-{job['number']}"
        import subprocess  # noqa: PLC0415  # costs a third of each call, and few start a job

        done = subprocess.Popen(["/bin/sh", str(script)], cwd=job["chdir"], env=given, close_fds=True)
        (JOBS / f"{job['number']}.pid").write_text(str(done.pid))
        code = done.wait()
    canceled = (JOBS / f"{job['number']}.canceled").exists()
    end.write_text("CANCELLED" if canceled else "FAILED" if code else "COMPLETED")
    os._exit(0)


def sbatch():
    script, number = sys.stdin.read(), len(list(JOBS.glob("*.json"))) + 1
    if not script:  # who handed it over was killed before a byte of it had come
        sys.exit("sbatch: error: Batch script is empty!")
    (HERE / f"script-{number}").write_text(script)
    is_held = (HERE / "hold").exists()
    job = {
        "number": number,
        "name": option("job-name"),
        "state": "PENDING" if is_held else "RUNNING",
        "reason": (HERE / "hold").read_text() if is_held else "None",
        "output": option("output"),
        "chdir": option("chdir", "/"),
    }
    keep(job)
    if not is_held:
        start(job)
    return f"{number}\n"


def squeue():
    rows = [
        "|".join((str(job["number"]), job["state"], job["reason"], "n1", job["name"]))
        for job in jobs()
        if not (JOBS / f"{job['number']}.forgotten").exists()
    ]
    return "\n".join((LINES[option("format")], *rows, ""))


def scancel():
    number = ARGUMENTS[-1]
    for job in jobs():
        if str(job["number"]) != number:
            continue
        if job["state"] in {"PENDING", "--state=PENDING" not in ARGUMENTS and "REQUEUE_HOLD"}:
            keep({**job, "state": "CANCELLED"})
        elif "--state=PENDING" not in ARGUMENTS and job["state"] == "RUNNING":
            (JOBS / f"{number}.canceled").touch()
            os.kill(int((JOBS / f"{number}.pid").read_text()), SIGTERM)
    return ""


def sinfo():
    if "--version" in ARGUMENTS:
        return "slurm 24.11\n"
    if "--noheader" in ARGUMENTS:
        return "n1 gpu:a100:1(IDX:0)\nn2 gpu:a100:0(IDX:N/A)\n"
    return f"{LINES[option('format')]}\n{PARTITIONS}"


def sacct():
    path = HERE / "accounts"
    if not path.exists():
        sys.stderr.write(DISABLED)
        sys.exit(1)
    return f"JobIDRaw|JobName|State\n{path.read_text()}"


def scontrol():
    number = ARGUMENTS[-1]
    return f"JobId={number} JobState={'CANCELLED' if (JOBS / f'{number}.canceled').exists() else 'RUNNING'}\n"


def main():
    with (HERE / "calls.jsonl").open("a") as calls:
        fcntl.flock(calls, fcntl.LOCK_EX)
        names = sorted(os.environ)
        calls.write(json.dumps({"program": PROGRAM, "arguments": ARGUMENTS, "environment": names}) + "\n")
    faults = json.loads((HERE / "faults.json").read_bytes()) if (HERE / "faults.json").exists() else {}
    fault = faults.get(PROGRAM, {})
    if fault.get("hangs"):
        time.sleep(600)
    if "says" in fault:
        sys.stdout.write(fault["says"])
        sys.stderr.write(fault.get("complains", ""))
        sys.exit(fault.get("code", 0))
    with (HERE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        said = {each.__name__: each for each in (sbatch, squeue, scancel, scontrol, sinfo, sacct)}[PROGRAM]()
    if fault.get("loses_answer"):
        time.sleep(600)
    sys.stdout.write(fault.get("banner", "") + said)


main()
