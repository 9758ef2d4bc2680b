import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cellrun.core.remote import logout, python_packages
from cellrun.core.remote.link import OrderError
from cellrun.core.remote.logout import logout_finding
from cellrun.core.remote.python_packages import PythonPackages
from tests.core.remote.boxes import OTHER_PYTHON, Box, Made
from tests.core.remote.test_run_orders import WAITS

pytestmark = pytest.mark.usefixtures("warm_agents")


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of a machine with systemd, whose user isn't root and doesn't linger."""
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    monkeypatch.setattr(logout, "_user", lambda: "ada")
    monkeypatch.setenv("PATH", str(tmp_path))  # no loginctl
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_runs_outlive_the_logout_where_systemd_lets_them(system: Path):
    assert logout_finding(system).is_well
    write(system / "etc/systemd/logind.conf", "[Login]\n#KillUserProcesses=yes\nKillUserProcesses=no\n")
    assert logout_finding(system).is_well


def test_a_machine_that_ends_runs_with_the_logout_is_said(system: Path):
    write(system / "etc/systemd/logind.conf", "[Login]\nKillUserProcesses=yes\n")
    finding = logout_finding(system)
    assert not finding.is_well
    assert finding.text == (
        "systemd ends all processes of ada there with the last logout (KillUserProcesses=yes in logind.conf), runs "
        "included; let ada stay there by: loginctl enable-linger"
    )


def test_the_last_of_the_systems_files_counts(system: Path):
    write(system / "etc/systemd/logind.conf", "KillUserProcesses = yes\n")
    write(system / "usr/lib/systemd/logind.conf.d/20.conf", "[Login]\nKillUserProcesses=true\n")
    write(system / "etc/systemd/logind.conf.d/10.conf", "[Login]\nKillUserProcesses=no\n")
    assert not logout_finding(system).is_well
    write(system / "etc/systemd/logind.conf.d/20.conf", "[Login]\nKillUserProcesses=0\n")
    assert logout_finding(system).is_well


def test_a_user_who_lingers_loses_nothing(system: Path):
    write(system / "etc/systemd/logind.conf", "KillUserProcesses=1\n")
    write(system / "var/lib/systemd/linger/ada", "")
    assert logout_finding(system).is_well


def test_loginctl_is_asked_who_lingers(system: Path):
    write(system / "etc/systemd/logind.conf", "KillUserProcesses=yes\n")
    write(system / "loginctl", '#!/bin/sh\n[ "$1 $2" = "show-user ada" ] && echo yes\n')
    (system / "loginctl").chmod(0o755)
    assert logout_finding(system).is_well


def test_a_machine_without_systemd_ends_nothing(tmp_path: Path):
    assert logout_finding(tmp_path).is_well


def test_a_python_tells_what_it_has_once(home: Path, monkeypatch: pytest.MonkeyPatch):
    found = PythonPackages.of(sys.executable)
    assert found.version == ".".join(map(str, sys.version_info[:3]))
    assert "pytest" in found.packages
    monkeypatch.setattr(python_packages, "_QUESTION", "raise SystemExit(1)")
    assert PythonPackages.of(sys.executable) == found


def test_a_python_is_asked_again_when_something_was_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert "newcomer" not in PythonPackages.of(sys.executable).packages
    write(tmp_path / "newcomer-1.5.dist-info/METADATA", "Metadata-Version: 2.1\nName: newcomer\nVersion: 1.5\n")
    assert PythonPackages.of(sys.executable).packages["newcomer"] == "1.5"


def test_another_python_of_the_machine_can_be_asked(box: Box):
    if not Path(OTHER_PYTHON).exists():
        pytest.skip(f"there is no {OTHER_PYTHON}")
    link = box.link()
    told = link.ask("python", executable=OTHER_PYTHON).facts
    assert told["executable"] == OTHER_PYTHON
    assert told["python"].startswith("3.13")
    with pytest.raises(OrderError, match=r"box: /nowhere/python can't be started: no such file"):
        link.ask("python", executable="/nowhere/python")
    with pytest.raises(OrderError, match=r"box: /bin/false doesn't tell what it has: it ended with 1"):
        link.ask("python", executable="/bin/false")


def test_it_is_told_how_full_the_machine_is(new_box: Callable[..., Box], make_run: Callable[..., Made], tmp_path: Path):
    box = new_box(variables={"CELLRUN_LOCAL_CPUS": "1"})
    link, runs = box.link(), [make_run(WAITS, tmp_path / "go") for _ in range(2)]
    for run in runs:
        run.launch(link)
    told = link.ask("describe").facts
    assert (told["running"], told["waiting"], told["capacity"]["cpus"], told["in_use"]["cpus"]) == (1, 1, 1, 1)
    (tmp_path / "go").touch()


def test_all_that_a_run_needs_there_is_looked_at(box: Box):
    findings = box.link().ask("doctor").facts["findings"]
    assert {"queue", "interpreter", "processes", "shell", "logout", "disk"} == {each["subject"] for each in findings}
    assert all(each.keys() == {"subject", "is_well", "text"} for each in findings)
