import pytest

from cellrun.core.distributed.distribution import Distribution
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.resources import Resources
from cellrun.core.run_request import RunRequest
from cellrun.core.targets.contract import TargetPython
from cellrun.core.targets.ssh.facts import Facts

SETTINGS = {"host": "box"}
TOLD = {
    "python": "3.12.4",
    "executable": "/usr/bin/python3",
    "host": "gpu-box",
    "packages": {"numpy": "2.1.0"},
    "uv": None,
    "cpus": 16,
    "gpus": 2,
    "memory_bytes": 64_000_000_000,
    "disk_free_bytes": 5,
}


def test_what_a_machine_told_is_known_as_long_as_it_is_reached_the_same_way(home):
    assert Facts.known(SETTINGS) is None
    kept = Facts.keep(SETTINGS, TOLD)
    assert Facts.known(SETTINGS) == kept
    assert kept.capacity == Resources(16, 2, 64_000_000_000)
    assert Facts.known({"host": "box", "python": "/opt/python"}) is None


def test_the_python_of_a_run_without_an_environment_is_known_with_its_packages():
    kept = Facts.keep(SETTINGS, TOLD)
    assert kept.python_of(None) == TargetPython(
        "/usr/bin/python3", "3.12.4", {"numpy": "2.1.0"}, builds=bool(TOLD["uv"])
    )
    assert kept.python_of("/opt/python") == TargetPython("/opt/python")
    assert kept.python_of(EnvironmentSpec(packages=("numpy",), python="3.11")).version == "3.11"


def test_what_a_machine_hasn_t_is_said_before_there_is_a_run():
    kept = Facts.keep(SETTINGS, TOLD)
    asked = RunRequest("script", "train.py", resources=Resources(17, 3, 65_000_000_000))
    assert kept.problems(asked, "box") == [
        "cpus=17: 'box' has 16",
        "gpus=3: 'box' has 2",
        "memory=65.0 GB: 'box' has 64.0 GB",
    ]
    assert kept.problems(RunRequest("script", "train.py", resources=Resources(16, 2)), "box") == []


def test_a_run_of_several_nodes_is_too_many_for_one_machine(home):
    asked = RunRequest("script", "train.py", distribution=Distribution("pytorch", 2, nodes=2))
    (problem,) = Facts.keep(SETTINGS, TOLD).problems(asked, "box")
    assert problem == "node_count=2: 'box' is one machine; give node_count=1"


def test_what_an_engine_told_is_known_as_it_came(home):
    Facts.keep(SETTINGS, {**TOLD, "engine": {"partitions": ["gpu"]}})
    known = Facts.known(SETTINGS)
    assert known
    assert known.engine == {"partitions": ["gpu"]}
    with pytest.raises(ValueError, match="more of its engine"):
        Facts.keep(SETTINGS, {**TOLD, "engine": {"x": "y" * (1 << 20)}})


def test_an_environment_to_be_built_needs_uv_there():
    asked = RunRequest("script", "train.py", environment=EnvironmentSpec(packages=("numpy",)))
    (problem,) = Facts.keep(SETTINGS, TOLD).problems(asked, "box")
    assert "uv isn't there; install it" in problem
    assert Facts.keep(SETTINGS, {**TOLD, "uv": "/usr/bin/uv"}).problems(asked, "box") == []


@pytest.mark.parametrize("damaged", ["", "{}", "[]", '{"learned_at": "x"}'])
def test_damaged_facts_are_none(home, damaged):
    Facts.keep(SETTINGS, TOLD)
    (path,) = (home / "machines").glob("*.json")
    path.write_text(damaged)
    assert Facts.known(SETTINGS) is None


def test_a_machine_that_tells_of_nothing_is_no_machine():
    with pytest.raises(ValueError, match="executable"):
        Facts.keep(SETTINGS, {"python": "3.12"})
