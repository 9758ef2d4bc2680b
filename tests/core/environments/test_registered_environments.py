"""Environments of a workspace: registered, found by any process, never changed."""

import json
import subprocess
import sys
import threading

import pytest

from cellrun.core import Environment, InvalidNameError, UserErrorException, Workspace
from cellrun.core.environments.given import spec_from
from cellrun.core.environments.registered_environments import RegisteredEnvironments


def made(*packages, name="digits"):
    env = Environment(name)
    for package in packages:
        env.python.conda_dependencies.add_pip_package(package)
    return env


def packages_of(env):
    return env.python.conda_dependencies.pip_packages


def test_versions_are_numbers_and_the_same_content_is_the_same_version(ws):
    first = made("six").register(ws)
    assert first.version == "1"
    assert made("six").register(workspace=ws).version == "1"
    assert made("six", "numpy").register(ws).version == "2"
    assert made("six").register(ws).version == "3"
    assert packages_of(Environment.get(ws, "digits")) == ["six"]
    assert packages_of(Environment.get(workspace=ws, name="digits", version="2")) == ["six", "numpy"]
    assert Environment.get(ws, "digits", version=1).version == "1"
    assert Environment.get(ws, "digits", label="Latest").version == "3"
    files = sorted(path.name for path in (ws.folder / "environments" / "digits").glob("*.json"))
    assert files == ["1.json", "2.json", "3.json"]


def test_all_of_it_is_kept_so_the_same_is_known_again(ws):
    def whole():
        env = made("six")
        env.environment_variables = {"A": 1}
        env.docker.enabled, env.docker.arguments = True, ["-v", "/a:/a"]
        env.docker.base_image_registry.address = "a.example"
        env.spark.packages, env.databricks.jar_libraries, env.r = ["a"], ["b"], {"version": "3.6"}
        env.python.user_managed_dependencies, env.python.interpreter_path = True, sys.executable
        env.inferencing_stack_version = "latest"
        return env

    assert [whole().register(ws).version for _ in range(2)] == ["1", "1"]
    got = Environment.get(ws, "digits")
    assert got.to_json() == {**whole().to_json(), "version": "1"}
    assert got.register(ws).version == "1"


def test_numbers_are_compared_as_numbers(ws):
    for number in range(11):
        assert made(f"six=={number}").register(ws).version == str(number + 1)
    assert Environment.get(ws, "digits").version == "11"


def test_one_that_is_changed_and_registered_again_gets_the_next_number(ws):
    env = made("six").register(ws)
    env.python.conda_dependencies.add_pip_package("numpy")
    assert env.register(ws).version == "2"
    got = Environment.get(ws, "digits", version="1")
    got.environment_variables["A"] = "1"
    assert got.register(ws).version == "3"
    assert packages_of(Environment.get(ws, "digits", version="1")) == ["six"]


def test_a_version_that_was_set_is_taken_once(ws):
    env = made("six")
    env.version = "2021-11-01"
    assert env.register(ws).version == "2021-11-01"
    again = made("six")
    again.version = "2021-11-01"
    assert again.register(ws).version == "2021-11-01"
    other = made("numpy")
    other.version = "2021-11-01"
    with pytest.raises(UserErrorException, match=r"'digits' has a version '2021-11-01' already, which is another one"):
        other.register(ws)
    other.version = None
    assert other.register(ws).version == "1"
    assert Environment.get(ws, "digits").version == "1"  # registered last
    assert [made("numpy").register(ws).version, made("pandas").register(ws).version] == ["1", "2"]


def test_a_hundred_at_once_get_versions_of_their_own(ws):
    barrier, versions = threading.Barrier(100), []

    def register(number):
        barrier.wait()
        versions.append(made(f"six=={number}").register(ws).version)

    threads = [threading.Thread(target=register, args=(number,)) for number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(versions, key=int) == [str(number) for number in range(1, 101)]
    kept = {packages_of(Environment.get(ws, "digits", version=version))[0] for version in versions}
    assert kept == {f"six=={number}" for number in range(100)}


def test_of_many_that_register_the_same_there_is_one_version(ws):
    barrier, versions = threading.Barrier(20), []

    def register():
        barrier.wait()
        versions.append(made("six").register(ws).version)

    threads = [threading.Thread(target=register) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert versions == ["1"] * 20


def test_any_process_sees_them(ws):
    made("six").register(ws)
    program = (
        "from cellrun.core import Environment, Workspace\nws = Workspace.from_config()\n"
        "print(list(ws.environments), Environment.list(ws)['digits'].python.conda_dependencies.pip_packages)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "['digits'] ['six']\n"
    assert list(Workspace.create("another").environments) == []


def test_a_workspace_has_them_by_name(ws):
    assert ws.environments == {}
    made("six", name="b").register(ws)
    made("numpy", name="a").register(ws)
    made("pandas", name="a").register(ws)
    assert {name: (env.version, packages_of(env)) for name, env in ws.environments.items()} == {
        "a": ("2", ["pandas"]),
        "b": ("1", ["six"]),
    }
    with pytest.raises(KeyError):
        ws.environments["c"]


@pytest.mark.parametrize("given", ["digist", "", "../runs", 7, None])
def test_an_unknown_one_is_refused_with_those_that_are_there(ws, given):
    made("six").register(ws)
    with pytest.raises(UserErrorException) as caught:
        Environment.get(ws, given)
    assert f"no environment {given!r} in this workspace; known: digits" in str(caught.value)
    assert ("did you mean 'digits'?" in str(caught.value)) == (given == "digist")


def test_an_unknown_version_or_label_is_refused(ws):
    for number in range(10):
        made(f"six=={number}").register(ws)
    with pytest.raises(UserErrorException, match=r"no version '11'; its versions: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10$"):
        Environment.get(ws, "digits", version="11")
    with pytest.raises(UserErrorException, match="label 'Latest' alone; got 'prod'"):
        Environment.get(ws, "digits", label="prod")
    with pytest.raises(UserErrorException, match=r"aren't kept .*'prod'.*version: '3'"):
        Environment.label(ws, "digits", "3", ["prod"])


@pytest.mark.parametrize("name", ["a/b", "..", ".hidden", "with space", "x" * 256])
def test_a_name_that_climbs_out_is_refused_before_anything_is_written(ws, name):
    with pytest.raises(InvalidNameError, match="environment name may contain"):
        Environment(name).register(ws)
    env = Environment("a")
    env.version = name
    with pytest.raises(InvalidNameError, match="environment version may contain"):
        env.register(ws)
    assert not ws.layout.environments.exists()


@pytest.mark.parametrize(
    ("set_it", "facts"),
    [
        (
            lambda env: env.python.conda_dependencies.set_pip_option("--index-url https://me:s3cret@a.example"),
            ["password", "a.example"],
        ),
        (lambda env: env.environment_variables.update(STORAGE_ACCOUNT_KEY="s3cret"), ["STORAGE_ACCOUNT_KEY", "--env"]),
        (lambda env: env.environment_variables.update(WANDB_API_KEY="s3cret"), ["WANDB_API_KEY"]),
    ],
)
def test_a_secret_is_not_kept(ws, set_it, facts):
    env = made("six")
    set_it(env)
    with pytest.raises(UserErrorException, match="'digits' isn't registered") as caught:
        env.register(ws)
    assert [fact for fact in facts if fact not in str(caught.value)] == []
    assert "s3cret" not in str(caught.value)
    assert not ws.layout.environments.exists()


def test_variables_that_only_sound_alike_are_kept(ws):
    env = made("six")
    env.environment_variables = {"TOKENIZERS_PARALLELISM": "false", "KEYBOARD": "de", "MONKEY": "1"}
    env.docker.base_image_registry.password = "s3cret"
    env.register(ws)
    assert Environment.get(ws, "digits").environment_variables == env.environment_variables
    assert "s3cret" not in (ws.layout.environments / "digits" / "1.json").read_text()


def broken(ws, text):
    path = ws.layout.environments / "digits" / "1.json"
    path.unlink()
    path.write_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"environment": {}}',
        '{"registered": "now", "environment": {}}',
        '{"registered": 1, "environment": []}',
        '{"registered": 1, "environment": {"python": 3}}',
        '{"registered": 1, "environment": {"python": {"condaDependencies": {"dependencies": 3}}}}',
    ],
)
def test_a_damaged_one_is_said_and_hides_no_other(ws, text):
    made("six").register(ws)
    made("six", name="whole").register(ws)
    broken(ws, text)
    with pytest.raises(UserErrorException, match=r"environment 'digits', version '1'.*1\.json"):
        Environment.get(ws, "digits")
    with pytest.warns(UserWarning, match="environment 'digits'"):
        assert list(ws.environments) == ["whole"]


def test_one_that_somebody_else_registered_is_used_once_it_is_trusted(ws, monkeypatch, tmp_path):
    with monkeypatch.context() as patch:
        patch.setenv("CELLRUN_HOME", str(tmp_path / "home of another"))
        made("six").register(ws)
    with pytest.raises(UserErrorException, match="its signature isn't yours") as caught:
        Environment.get(ws, "digits")
    assert "Environment.get(ws, 'digits', '1', trust=True).register(ws)" in str(caught.value)
    with pytest.raises(UserErrorException, match="its signature isn't yours"):
        spec_from("digits", ws.layout)
    with pytest.warns(UserWarning, match="its signature isn't yours"):
        assert not ws.environments
    assert Environment.get(ws, "digits", "1", trust=True).register(ws).version == "1"
    assert packages_of(Environment.get(ws, "digits")) == ["six"]


def test_one_that_was_changed_is_not_used(ws):
    made("six").register(ws)
    made("numpy").register(ws)
    folder = ws.layout.environments / "digits"
    data = json.loads((folder / "1.json").read_text())
    data["environment"]["python"] |= {"userManagedDependencies": True, "interpreterPath": "/home/other/python"}
    broken(ws, json.dumps(data))
    for version in ("1", "3"):
        with pytest.raises(UserErrorException, match="it was changed after it had been signed"):
            Environment.get(ws, "digits", version)
        for ending in ("json", "sig"):  # what is signed is that version of that name
            (folder / f"3.{ending}").write_bytes((folder / f"2.{ending}").read_bytes())
    assert packages_of(Environment.get(ws, "digits", "2")) == ["numpy"]


def test_no_signature_is_written_through_a_link(ws, tmp_path):
    made("six").register(ws)
    signature, mine = ws.layout.environments / "digits" / "1.sig", tmp_path / "mine"
    mine.write_text("mine")
    signature.unlink()
    signature.symlink_to(mine)
    made("six").register(ws)
    assert packages_of(Environment.get(ws, "digits")) == ["six"]
    assert mine.read_text() == "mine"


def test_a_link_is_not_followed(ws, tmp_path):
    made("six").register(ws)
    path = ws.layout.environments / "digits" / "1.json"
    path.rename(tmp_path / "elsewhere.json")
    path.symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(UserErrorException, match="is a link"):
        Environment.get(ws, "digits")


def test_what_a_killed_writer_left_is_no_version(ws):
    made("six").register(ws)
    folder = ws.layout.environments
    (folder / "digits" / ".2.json.0a1b").write_text("{")
    (folder / "empty").mkdir()
    (folder / "a file").write_text("")
    assert list(ws.environments) == ["digits"]
    assert made("numpy").register(ws).version == "2"


def test_a_workspace_that_cant_be_written_is_said(ws):
    ws.layout.environments.write_text("in the way")
    with pytest.raises(UserErrorException, match=r"'digits' can't be registered in .*digits"):
        made("six").register(ws)


@pytest.mark.parametrize(
    ("name", "packages"),
    [
        ("AzureML-Minimal", []),
        ("AzureML-sklearn-0.24-ubuntu18.04-py37-cpu", ["scikit-learn==0.24.*"]),
        ("AzureML-Scikit-learn-0.20.3", ["scikit-learn==0.20.3.*"]),
        ("AzureML-PyTorch-1.6-GPU", ["torch==1.6.*"]),
        ("AzureML-ACPT-pytorch-1.11-py38-cuda11.3-gpu", ["torch==1.11.*"]),
        ("AzureML-tensorflow-2.4-ubuntu18.04-py37-cuda11-gpu", ["tensorflow==2.4.*"]),
        ("AzureML-lightgbm-3.2-ubuntu18.04-py37-cpu", ["lightgbm==3.2.*"]),
        ("AzureML-Tutorial", ["matplotlib", "numpy", "pandas", "scikit-learn"]),
        ("azureml-xgboost-0.9-ubuntu18.04-py37-cpu", ["xgboost==0.9.*"]),
    ],
)
def test_azure_mls_own_are_what_their_names_tell(ws, name, packages):
    for env in (Environment.get(ws, name), ws.environments[name], Environment.get(ws, name, version="12")):
        assert packages_of(env) == packages
        assert env.spec().is_lenient
        assert f"{name} is an environment of Azure ML's" in env.spec().notices[0]
    mine = Environment.get(ws, name).clone("mine").register(ws)
    assert (mine.version, packages_of(ws.environments["mine"])) == ("1", packages)


def test_a_wheel_is_kept_in_the_workspace(ws, tmp_path):
    wheel = tmp_path / "tiny-1.0-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    url = Environment.add_private_pip_wheel(workspace=ws, file_path=str(wheel))
    wheel.unlink()
    env = made(url)
    assert env.spec().packages == (f"tiny @ {url}",)
    assert "#sha256=" in url
    with pytest.raises(UserErrorException, match="exist_ok=True takes that one"):
        Environment.add_private_pip_wheel(ws, wheel)
    assert Environment.add_private_pip_wheel(ws, wheel, exist_ok=True) == url
    with pytest.raises(UserErrorException, match=r"'tiny\.zip' doesn't say which package"):
        Environment.add_private_pip_wheel(ws, "tiny.zip")
    with pytest.raises(UserErrorException, match=r"can't be kept: no such file"):
        Environment.add_private_pip_wheel(ws, "gone-1.0-py3-none-any.whl")
    (tmp_path / "EthTx-0.0.3.tar.gz").write_bytes(b"sdist")
    assert (
        made(Environment.add_private_pip_wheel(ws, tmp_path / "EthTx-0.0.3.tar.gz")).spec().packages[0][:7] == "ethtx @"
    )
    (ws.layout.wheels / "EthTx-0.0.3.tar.gz").unlink()
    assert [path.name for path in ws.layout.wheels.iterdir()] == ["tiny-1.0-py3-none-any.whl"]


@pytest.mark.filterwarnings("ignore:.*is a file of this machine")
def test_a_wheel_that_was_exchanged_is_not_installed(ws, packages):
    url = Environment.add_private_pip_wheel(ws, packages.folder / "tinything-1.0-py3-none-any.whl")
    made(url).register(ws)
    packages.wheel("tinything", text="WHAT = 'another'")
    kept = ws.layout.wheels / "tinything-1.0-py3-none-any.whl"
    kept.write_bytes((packages.folder / kept.name).read_bytes())
    with pytest.raises(UserErrorException, match=r"(?i)hash mismatch"):
        Environment.get(ws, "digits").build(ws)


def test_a_file_of_a_version_is_for_its_owner_and_names_its_format(ws):
    made("six").register(ws)
    path = ws.layout.environments / "digits" / "1.json"
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert json.loads(path.read_text())["version"] == 1
    assert RegisteredEnvironments(ws.layout).versions("digits") == ["1"]
