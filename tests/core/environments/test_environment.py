"""Azure ML's Environment: made in its ways, changed, saved, loaded, and as plain data."""

import json
import os
import pickle
import sys
from pathlib import Path

import pytest

from cellrun.core import CondaDependencies, Environment, UserErrorException
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.lenient import Available, lenient

FILES = Path(__file__).parents[2] / "data" / "environments"


def test_a_new_one_is_the_python_that_submits():
    env = Environment("new")
    assert (env.name, env.version, env.environment_variables) == ("new", None, {})
    assert env.spec() == EnvironmentSpec(name="new", is_lenient=True)
    assert lenient(env.spec(), Available.here()).interpreter == sys.executable


def test_packages_and_variables_are_given_by_its_sections():
    env = Environment(name="digits")
    env.python.conda_dependencies = CondaDependencies.create(conda_packages=["numpy"], pip_packages=["azureml-core"])
    env.python.conda_dependencies.add_pip_package("scikit-learn==1.5")
    env.python.conda_dependencies.set_python_version("3.8")
    env.environment_variables["LEVEL"] = 3
    spec = env.spec()
    assert (spec.python, spec.conda_packages) == ("3.8", ("numpy",))
    assert spec.packages == ("azureml-core", "scikit-learn==1.5")
    assert spec.variables == {"LEVEL": "3"}
    assert spec.is_lenient
    assert spec.notices == ()


def test_strict_is_said_by_a_variable(monkeypatch):
    monkeypatch.setenv("CELLRUN_BUILD", "strict")
    assert not Environment("a").spec().is_lenient


def test_a_requirements_file_is_read_at_once(here):
    (here / "limits.txt").write_text("scipy<1.14")
    (here / "more.txt").write_text("pandas  # why\n\n# nothing\n")
    path = here / "requirements.txt"
    path.write_text("numpy==1.26\n-r more.txt\n-c limits.txt\n--extra-index-url https://a.example/simple\n")
    env = Environment.from_pip_requirements("r", path, pip_version="20.1")
    path.unlink()
    (here / "limits.txt").unlink()
    assert Environment.from_json(json.loads(repr(env))).spec() == env.spec()
    assert env.python.conda_dependencies.pip_packages == ["numpy==1.26", "pandas"]
    spec = env.spec()
    assert (spec.packages, spec.constraints) == (("numpy==1.26", "pandas"), ("scipy<1.14",))
    assert spec.options == ("--extra-index-url https://a.example/simple",)
    assert spec.conda_packages == ()


@pytest.mark.parametrize("file", sorted(path.name for path in FILES.glob("*.txt")))
def test_requirements_of_those_years_are_read(file):
    assert Environment.from_pip_requirements("r", FILES / file).spec().packages


def test_condas_file_is_read_at_once_or_each_time(here):
    path = here / "environment.yml"
    path.write_text("dependencies: [python=3.8, numpy, {pip: [six]}]")
    env, reading = Environment.from_conda_specification("c", path), Environment("reading")
    reading.python.conda_dependencies_file = "environment.yml"
    assert reading.python.conda_dependencies_file == str(path)
    path.write_text("dependencies: [pandas]")
    assert env.spec().conda_packages == ("numpy",)
    assert reading.spec().conda_packages == ("pandas",)
    assert Environment.from_json(reading.to_json()).spec().conda_packages == ("pandas",)


def test_files_named_in_condas_file_are_found_from_elsewhere(here):
    (here / "deep").mkdir()
    (here / "deep" / "more.txt").write_text("six==1.16")
    (here / "deep" / "environment.yml").write_text("dependencies: [{pip: [-r more.txt, '-e .']}]")
    env = Environment.from_conda_specification("c", "deep/environment.yml")
    spec = Environment.from_json(env.to_json()).spec()
    assert (spec.packages, spec.options) == (("six==1.16",), (f"--editable {here / 'deep'}",))


@pytest.mark.parametrize("path", ["", "python", sys.executable])
def test_a_python_of_ones_own_is_used_as_it_is(path):
    env = Environment("mine")
    env.python.user_managed_dependencies = True
    env.python.conda_dependencies.add_pip_package("rarely")
    env.python.interpreter_path = path
    spec = env.spec()
    assert (spec.interpreter, spec.packages, spec.is_given) == (sys.executable, (), True)


def test_a_python_is_looked_for_on_path_and_from_here(here, monkeypatch):
    (here / "python9").write_text("#!/bin/sh")
    (here / "python9").chmod(0o755)
    monkeypatch.setenv("PATH", str(here))
    env = Environment("mine")
    env.python.user_managed_dependencies = True
    for path in ("python9", "./python9", str(here / "python9")):
        env.python.interpreter_path = path
        assert env.spec().interpreter == str(here / "python9")
    env.python.interpreter_path = "python8"
    with pytest.raises(UserErrorException, match=r"'mine': no program 'python8' is on PATH; give the path"):
        env.spec()


def test_an_environment_of_conda_is_found_by_its_name(here, monkeypatch):
    for place in ("conda/envs/digits", "conda", "mamba/envs/other"):
        (here / place / "conda-meta").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(here))
    monkeypatch.setenv("CONDA_EXE", str(here / "conda/bin/conda"))
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    (here / ".conda").mkdir()
    (here / ".conda/environments.txt").write_text(f"{here}/mamba/envs/other\n/gone/envs/old\n")
    for name, place in (("digits", "conda/envs/digits"), ("base", "conda"), ("other", "mamba/envs/other")):
        env = Environment.from_existing_conda_environment("mine", name)
        assert env.spec().interpreter == str(here / place / "bin/python")
    with pytest.raises(UserErrorException, match=r"no conda environment 'digit' .* known: base, digits, other"):
        Environment.from_existing_conda_environment("mine", "digit")


def test_containers_and_other_kinds_of_runs_are_noticed():
    env = Environment("d")
    env.docker.enabled = True
    env.docker.base_image = "mcr.microsoft.com/azureml/openmpi3.1.2-ubuntu18.04"
    env.docker.base_image_registry.address = "a.example"
    env.docker.shm_size = "2g"
    env.docker.never_heard_of = 1
    env.spark.precache_packages = False
    env.r = {"version": "3.6"}
    assert env.spec().notices == (
        "settings for containers aren't used (enabled, shm_size): a run is a process",
        "settings aren't used that are for other kinds of runs: spark, r",
    )


def test_images_and_their_files_are_noticed_and_packages_given_with_them_taken(here):
    (here / "r.txt").write_text("six")
    (here / "c.yml").write_text("dependencies: [six]")
    image = Environment.from_docker_image("i", "a.example/image:1", pip_requirements="r.txt")
    file = Environment.from_dockerfile("f", "./Dockerfile", conda_specification="c.yml")
    assert (image.docker.base_image, image.spec().packages) == ("a.example/image:1", ("six",))
    assert (file.docker.base_dockerfile, file.spec().conda_packages) == ("./Dockerfile", ("six",))
    assert "(base_image)" in image.spec().notices[0]
    assert "(base_dockerfile)" in file.spec().notices[0]
    assert "(build_context)" in Environment.from_docker_build_context("c", "folder").spec().notices[0]
    with pytest.raises(UserErrorException, match="not both"):
        Environment.from_docker_image("i", "a", conda_specification="c.yml", pip_requirements="r.txt")
    with pytest.raises(UserErrorException, match="has no image"):
        image.get_image_details(None)


def test_a_clone_is_another_one():
    env = Environment("one")
    env.python.conda_dependencies.add_pip_package("six")
    env.version = "4"
    other = env.clone("two")
    other.python.conda_dependencies.add_pip_package("numpy")
    other.environment_variables["A"] = "1"
    assert (other.name, other.version) == ("two", None)
    assert (env.python.conda_dependencies.pip_packages, env.environment_variables) == (["six"], {})


def test_it_is_saved_and_loaded(here):
    env = Environment("one")
    env.python.conda_dependencies.add_pip_package("six")
    env.environment_variables["A"] = "1"
    env.docker.base_image_registry.password = "s3cret"
    env.save_to_directory("sub/saved")
    assert sorted(os.listdir("sub/saved")) == ["azureml_environment.json", "conda_dependencies.yml"]
    assert "s3cret" not in (here / "sub/saved/azureml_environment.json").read_text()
    loaded = Environment.load_from_directory(here / "sub/saved")
    assert loaded.to_json() == env.to_json()
    assert loaded.spec() == env.spec()
    with pytest.raises(UserErrorException, match="overwrite=True writes over it"):
        env.save_to_directory("sub/saved")
    env.python.conda_dependencies.add_pip_package("numpy")
    env.save_to_directory("sub/saved", overwrite=True)
    assert Environment.load_from_directory("sub/saved").spec().packages == ("six", "numpy")


def test_a_folder_of_azure_mls_is_loaded():
    env = Environment.load_from_directory(FILES / "saved")
    assert (env.name, env.version, env.python.conda_dependencies.get_python_version()) == ("diabetes", "3", "3.6.2")
    spec = env.spec()
    assert spec.conda_packages == ("scikit-learn", "pandas")  # conda's file is what people edit
    assert spec.packages == ("azureml-defaults",)
    assert spec.notices == ()
    assert set(json.loads((FILES / "saved/azureml_environment.json").read_text())) == set(env.to_json())


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        (None, ["no environment can be read from", "no such file"]),
        ("{", ["it is no JSON"]),
        ("[" * 100_000, ["it is no JSON"]),
        ("[]", ["is a JSON object; got []"]),
        ('{"python": 3}', ["python is a JSON object; got 3"]),
        ('{"python": {"condaDependencies": []}}', ["is a list"]),
        ('{"constraints": 3}', ["constraints is a list of texts; got 3"]),
        ('{"name": 3}', ["name is a text; got 3"]),
        ('{"environmentVariables": ["A"]}', ["environmentVariables is a JSON object"]),
    ],
)
def test_what_is_no_such_folder_is_refused(here, text, facts):
    if text is not None:
        (here / "azureml_environment.json").write_text(text)
    with pytest.raises(UserErrorException) as caught:
        Environment.load_from_directory(here)
    assert [fact for fact in facts if fact not in str(caught.value)] == []


def test_a_folder_that_cant_be_written_is_said(here):
    (here / "file").write_text("")
    with pytest.raises(UserErrorException, match=r"'a' can't be saved: .*file"):
        Environment("a").save_to_directory(here / "file")


def test_it_shows_as_json_without_passwords():
    env = Environment("one")
    env.python.conda_dependencies.set_pip_option("--extra-index-url https://me:s3cret@a.example/simple")
    env.docker.base_image_registry.password = "s3cret"
    assert json.loads(repr(env))["name"] == "one"
    assert "s3cret" not in repr(env)
    assert "a.example/simple" in repr(env)
    with pytest.raises(UserErrorException, match="has a password in it"):
        env.spec()


def test_it_is_made_again_from_its_spec():
    spec = EnvironmentSpec(
        name="a",
        version="2",
        python=">=3.10",
        packages=("six==1.16", "numpy"),
        constraints=("scipy<2",),
        options=("--no-index", "--find-links /a"),
        conda_packages=("ffmpeg=4",),
        channels=("conda-forge",),
        variables={"A": "1"},
    )
    assert Environment.from_spec(spec).spec() == spec
    given = EnvironmentSpec(name="a", interpreter=sys.executable, is_lenient=True)
    assert Environment.from_spec(given).spec() == given
    assert Environment.from_spec(EnvironmentSpec(packages=("six",))).spec().packages == ("six",)


def test_it_travels_as_a_pickle():
    env = Environment("one")
    env.python.conda_dependencies.add_pip_package("six")
    env.docker.enabled = True
    again = pickle.loads(pickle.dumps(env))
    assert again.to_json() == env.to_json()
    assert again.spec() == env.spec()


@pytest.mark.parametrize("name", ["", "  ", None, 3])
def test_a_name_is_a_text(name):
    with pytest.raises(UserErrorException, match="name is a text"):
        Environment(name)


def test_what_is_put_in_the_place_of_packages_is_refused():
    env = Environment("one")
    env.python.conda_dependencies = ["numpy"]
    with pytest.raises(UserErrorException, match=r"python.conda_dependencies are CondaDependencies; got \['numpy'\]"):
        env.spec()
