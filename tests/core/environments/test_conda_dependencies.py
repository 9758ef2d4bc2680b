"""Azure ML's CondaDependencies: conda's environment file with verbs."""

from pathlib import Path

import pytest
import yaml

from cellrun.core.environments.conda_dependencies import CondaDependencies
from cellrun.core.errors import UserErrorException

FILES = Path(__file__).parents[2] / "data" / "environments"


@pytest.fixture
def new():
    return CondaDependencies()


def test_new_ones_ask_for_nothing(new):
    assert new.as_dict() == {
        "name": "project_environment",
        "dependencies": [],
        "channels": ["anaconda", "conda-forge"],
    }
    assert (new.conda_packages, new.pip_packages, new.pip_options, new.python_version) == ([], [], [], None)
    assert new.spec().packages == new.spec().conda_packages == new.spec().channels == ()
    assert new.get_default_number_of_packages() == 0


def test_they_are_made_with_all_at_once():
    made = CondaDependencies.create(
        pip_indexurl="https://a.example/simple",
        pip_packages=["azureml-defaults", "torch==1.6.0"],
        conda_packages=["numpy=1.18", "pip=20"],
        python_version="3.6.2",
        pin_sdk_version=False,
    )
    assert made.as_dict()["dependencies"] == [
        "python=3.6.2",
        "numpy=1.18",
        "pip=20",
        {"pip": ["--index-url https://a.example/simple", "azureml-defaults", "torch==1.6.0"]},
    ]
    assert CondaDependencies.create(pip_packages=["a"], python_version=3.8).python_version == "3.8"
    spec = made.spec()
    assert (spec.python, spec.packages) == ("3.6.2", ("azureml-defaults", "torch==1.6.0"))
    assert spec.options == ("--index-url https://a.example/simple",)
    assert (spec.conda_packages, spec.channels) == (("numpy=1.18",), ("anaconda", "conda-forge"))


def test_packages_are_added_changed_and_removed_by_their_name(new):
    for line in ("numpy=1.18", "scikit-learn", "conda-forge::NumPy=1.19"):
        new.add_conda_package(line)
    for line in ("torch==1.5", "pandas", "Torch==1.6", "git+https://git.example/a.git#egg=a"):
        new.add_pip_package(line)
    assert new.conda_packages == ["conda-forge::NumPy=1.19", "scikit-learn"]
    assert new.pip_packages == ["Torch==1.6", "pandas", "git+https://git.example/a.git#egg=a"]
    new.remove_conda_package("numpy")
    new.remove_pip_package("pandas==2")
    new.remove_pip_package("never")
    assert (new.conda_packages, new.pip_packages) == (["scikit-learn"], ["Torch==1.6", new.pip_packages[1]])
    new.set_pip_requirements(["one", "two==2"])
    assert new.pip_packages == ["one", "two==2"]
    new.pip_packages.append("three")
    assert new.pip_packages == ["one", "two==2"]


def test_the_python_is_set_and_taken_back(new):
    new.add_conda_package("numpy")
    for version, line in (("3.8", "python=3.8"), (3.7, "python=3.7"), (">=3.10", "python>=3.10")):
        new.set_python_version(version)
        assert new.as_dict()["dependencies"] == [line, "numpy"]
    assert new.get_python_version() == new.python_version == ">=3.10"
    new.set_python_version(None)
    assert new.as_dict()["dependencies"] == ["numpy"]


def test_channels_and_options_of_pip(new):
    new.add_channel("pytorch")
    new.add_channel("pytorch")
    new.remove_channel("anaconda")
    assert new.conda_channels == ["conda-forge", "pytorch"]
    new.set_pip_option("--pre")
    new.set_pip_option("--extra-index-url https://a.example")
    new.set_pip_option("--extra-index-url https://b.example")
    new.set_pip_index_url("https://c.example")
    new.set_pip_index_url("--index-url https://d.example")
    assert set(new.pip_options) == {
        "--pre",
        "--extra-index-url https://a.example",
        "--extra-index-url https://b.example",
        "--index-url https://d.example",
    }
    new.remove_pip_option("--extra-index-url")
    new.remove_pip_option("--pre")
    assert new.pip_options == ["--index-url https://d.example"]
    with pytest.raises(UserErrorException, match="is an option such as"):
        new.set_pip_option("numpy")


def test_tensorflow_has_verbs_and_cntk_is_refused(new):
    new.add_tensorflow_pip_package("gpu", "2.1")
    new.add_tensorflow_conda_package(version="2.1")
    assert (new.pip_packages, new.conda_packages) == (["tensorflow-gpu==2.1"], ["tensorflow=2.1"])
    with pytest.raises(UserErrorException, match="core_type is"):
        new.add_tensorflow_pip_package("tpu")
    with pytest.raises(UserErrorException, match="CNTK"):
        new.add_cntk_package()


def test_lines_of_one_package_are_merged():
    assert CondaDependencies.merge_requirements(
        ["numpy>=1.18", "six", "NumPy<2", "six==1.16", "a @ https://a.example/a-1.zip", "a", "-f x", "numpy>=1.18"]
    )[1:] == ["six==1.16", "a", "-f x"]


@pytest.mark.parametrize("file", sorted(path.name for path in FILES.glob("*.yml")))
def test_files_of_those_years_are_read_and_written_back(file, tmp_path):
    read = CondaDependencies(FILES / file)
    path = read.save(tmp_path / "copy.yml")
    assert yaml.safe_load(Path(path).read_text()) == read.as_dict()
    assert CondaDependencies(conda_dependencies_file_path=path).as_dict() == read.as_dict()
    assert "prefix" not in read.as_dict()


def test_a_file_without_packages_of_conda_needs_no_conda():
    spec = CondaDependencies(FILES / "plain_2022.yml").spec()
    assert (spec.python, spec.packages, spec.conda_packages) == ("3.11", ("scikit-learn==1.5.0",), ())
    assert not spec.needs_conda


def test_variables_and_other_files_are_taken_along():
    assert CondaDependencies(FILES / "nlp_2022.yml").spec().variables == {"TOKENIZERS_PARALLELISM": "false"}
    assert "keras==2.3.1" in CondaDependencies(FILES / "gpu_2020.yml").spec().packages


def test_they_are_saved_beside_or_below(new, here):
    new.add_pip_package("numpy")
    assert new.save() == "conda_dependencies.yml"
    (here / "sub").mkdir()
    assert new.save_to_file("sub") == "conda_dependencies.yml"
    assert new.save_to_file(here / "sub", "b.yml") == "b.yml"
    assert CondaDependencies("sub/b.yml").pip_packages == CondaDependencies("conda_dependencies.yml").pip_packages
    assert CondaDependencies(_underlying_structure=new.as_dict()).as_dict() == new.as_dict()


def test_a_password_is_not_written(new, here):
    new.set_pip_option("--extra-index-url https://me:s3cret@a.example/simple")
    with pytest.raises(UserErrorException, match="has a password in it") as caught:
        new.save("a.yml")
    assert "s3cret" not in str(caught.value)
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("", ["is empty", "dependencies: ["]),
        ("numpy\npandas", ["is a str", "conda's form"]),
        ("- numpy", ["is a list"]),
        ("a: [", ["is no YAML", "line 1"]),
        ("dependencies: numpy", ["dependencies is a list; got 'numpy'"]),
        ("dependencies: [{conda: [a]}]", ["a dependency is {'conda': ['a']}"]),
        ("dependencies: [3.8]", ["a dependency is 3.8"]),
        ("dependencies: ['=1']", ["conda package '=1' can't be read"]),
        ("dependencies: [{pip: numpy}]", ["pip is a list; got 'numpy'"]),
        ("channels: [1]", ["channel is a text; got 1"]),
        ("variables: [a]", ["variables are a mapping"]),
        ("a: !!python/object/apply:os.system ['true']", ["is no YAML"]),
        ("[" * 3000, ["is no YAML"]),
    ],
)
def test_what_is_no_such_file_is_refused(text, facts, tmp_path):
    path = tmp_path / "environment.yml"
    path.write_text(text)
    with pytest.raises(UserErrorException) as caught:
        CondaDependencies(path)
    assert [fact for fact in ["environment.yml", *facts] if fact not in str(caught.value)] == []


def test_what_pip_cant_read_is_said_when_it_is_to_be_built(new):
    new.add_pip_package("scikit learn")
    with pytest.raises(UserErrorException, match=r"conda dependencies: pip, line 1: the package 'scikit learn'"):
        new.spec()


@pytest.mark.parametrize("given", ["numpy", ["numpy", 3], [""]])
def test_what_is_no_list_of_texts_is_refused(given):
    with pytest.raises(UserErrorException, match="pip_packages is a"):
        CondaDependencies.create(pip_packages=given)
