"""What travels to a cluster."""

import json
import zipfile

from cellrun.core.run_request import RunRequest, request_to_json
from cellrun.core.targets.pending_launch import Order
from cellrun.core.targets.ray.package import CorePackage, RunPackage


def packaged(new_run):
    run = new_run(kind="script")
    run.snapshot.mkdir()
    (run.snapshot / "train.py").write_text("print(1)\n")
    tool = run.snapshot / "tool.sh"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    order = Order(request_to_json(RunRequest("script", "train.py")), "digits", {"PASSWORD": "hunter2"})
    return RunPackage.of(run, order, 1, {"way": "lines"}, {})


def test_a_package_has_a_runs_files_and_its_order_without_a_secret(ws, new_run):
    package = packaged(new_run)
    with package.packed() as made, zipfile.ZipFile(made.path) as held:
        order = json.loads(held.read("order.json"))
        assert held.read("run/snapshot/train.py") == b"print(1)\n"
        assert all(b"hunter2" not in held.read(name) for name in held.namelist())
    assert not made.path.exists()
    assert order["run"] == package.run.run_id
    assert order["attempt"] == 1
    modes = {each["path"]: each["mode"] for each in order["files"]}
    assert modes["snapshot/tool.sh"] == 0o755  # which Ray's unpacking loses
    assert "run.json" in modes


def test_the_same_run_makes_the_same_package_and_another_attempt_another_one(ws, new_run):
    package = packaged(new_run)
    with package.packed() as first, package.packed() as second:
        assert first.name == second.name
    with package._replace(order={**package.order, "attempt": 2}).packed() as third:
        assert third.name != first.name


def test_the_code_is_known_by_its_content_and_has_what_a_job_imports():
    core = CorePackage()
    assert core.name == CorePackage().name
    with core.packed() as made, zipfile.ZipFile(made.path) as held:
        assert made.name == core.name
        assert "cellrun/core/supervision/supervisor.py" in held.namelist()
        assert not [name for name in held.namelist() if name.endswith((".pyc", "/"))]
