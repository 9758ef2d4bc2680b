"""What becomes of an environment of an old program today."""

import re
from pathlib import Path

import pytest

from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.conda_dependencies import CondaDependencies
from cellrun.core.environments.lenient import Available, is_strict, lenient, loosened, with_python, without
from cellrun.core.environments.sources.requirements import spec_of_requirements
from cellrun.core.errors import UserErrorException

FILES = Path(__file__).parents[2] / "data" / "environments"
HERE = Available("/here/bin/python", "3.11.7", {"numpy": "1.26.4", "pandas": "2.2.0", "scikit-learn": "1.5.0"})
BARE = Available("/here/bin/python", "3.11.7")
DEFAULT = ("anaconda", "conda-forge")


def spec(file):
    path = FILES / file
    found = spec_of_requirements(path) if path.suffix == ".txt" else CondaDependencies(path).spec()
    return EnvironmentSpec.from_json({**found.to_json(), "is_lenient": True})


def made(**fields):
    return EnvironmentSpec(is_lenient=True, **fields)


PACKAGES = {
    "sklearn_2019.yml": ("pandas", "scikit-learn"),
    "pytorch_2020.yml": ("tensorboard==2.3.0", "torch==1.6.0.*", "torchvision==0.7.0.*"),
    "exported_2021.yml": (
        "joblib==1.0.1",
        "xgboost==1.4.1",
        "numpy==1.20.1.*",
        "pandas==1.2.4.*",
        "setuptools==52.0.0.*",
        "wheel==0.36.2.*",
    ),
    "gpu_2020.yml": (
        "keras==2.3.1",
        'horovod==0.19.1 ; sys_platform == "linux"',
        "tensorflow==2.1.0.*",
        "numpy>=1.16,<1.19",
        "matplotlib",
        "opencv-python==4.2.*",
    ),
    "forecasting_2021.yml": (
        "pmdarima==1.1.1",
        "forecasting-tools @ https://packages.example/wheels/forecasting_tools-0.1-py3-none-any.whl",
        "xgboost<=0.90",
        "prophet==0.5",
        "numpy~=1.18.0",
        "psycopg2-binary",
        "holidays==0.9.11.*",
    ),
    "nlp_2022.yml": (
        "transformers==4.15.0",
        "datasets>=1.17",
        "torch>=1.10",
        "spacy==3.2.*",
        "pyarrow==6.0.*",
        "pillow>=8,<10",
        "scipy",
    ),
    "dogs_2019.yml": (
        "torch==1.1.0",
        "torchvision==0.3.0",
        "pillow<7.0.0",
        "scikit-learn",
        "opencv-python-headless",
    ),
    "spark_2019.yml": ("pyspark==2.4.3.*", "lightgbm"),
    "plain_2022.yml": ("scikit-learn==1.5.0",),
    "requirements_2020.txt": (
        "torch==1.5.0+cu101",
        "numpy>=1.17,<1.19",
        "scikit-learn == 0.22.1",
        'tensorflow==1.15 ; python_version < "3.8"',
    ),
    "requirements_hashes_2022.txt": ("joblib==1.1.0 --hash=sha256:4158fcecd1 --hash=sha256:f21f109b3c",),
    "requirements_frozen_2021.txt": ("certifi==2020.12.5", "numpy", "pandas==1.2.1", "six", "mkl-fft==1.2.0"),
}


WORKING = ("blake3", "fsspec[http]", "keyring", "orjson", "packaging", "pandas", "pathspec", "pyarrow", "pyyaml")
"""What takes the place of Azure ML's own packages needs these to read and register data."""


@pytest.mark.parametrize(("file", "packages"), PACKAGES.items(), ids=PACKAGES)
def test_files_of_those_years_become_packages_of_pypi(file, packages):
    eased, text = lenient(spec(file), BARE), (FILES / file).read_text()
    asked = {re.split(r"[^\w-]", line)[0] for line in packages}
    ours = [name for name in WORKING if name.partition("[")[0] not in asked]
    assert eased.packages == (*packages, *(ours if "- azureml" in text or "\nazureml" in text else ()))
    assert not eased.needs_conda
    assert eased.channels == ()
    assert not [option for option in eased.options if "azureml" in option]


@pytest.mark.parametrize(
    ("file", "left_out"),
    [
        ("pytorch_2020.yml", "cudatoolkit"),
        ("gpu_2020.yml", "cudnn, nb_conda"),
        ("nlp_2022.yml", "cpuonly, spacy-model-en_core_web_sm"),
        ("spark_2019.yml", "r-base, openjdk, gcc_linux-64"),
        (
            "exported_2021.yml",
            "_libgcc_mutex, blas, ca-certificates, intel-openmp, ld_impl_linux-64, libffi, libgcc-ng, libstdcxx-ng, ",
        ),
    ],
)
def test_what_pypi_hasnt_got_is_left_out_with_a_word(file, left_out):
    assert f"left out, as PyPI hasn't got them: {left_out}" in "\n".join(lenient(spec(file), BARE).notices)


@pytest.mark.parametrize(
    ("wanted", "python", "is_said"),
    [
        (None, None, False),
        ("3.6.2", "3.11", True),
        ("3.5", "3.11", True),
        ("3.9", "3.11", True),
        (">=3.6,<3.8", "3.11", True),
        (">=3.6", ">=3.6", False),
        ("3.11", "3.11", False),
        ("3.11.7", "3.11.7", False),
        ("3.11.2", "3.11", False),
        ("3.12", "3.12", False),  # it may be there: who builds looks
        (">=3.12,<3.13", ">=3.12,<3.13", False),
        ("2.7", "3.11", True),
    ],
)
def test_a_python_that_cellrun_cant_use_gives_way_to_the_running_one(wanted, python, is_said):
    eased = lenient(made(python=wanted, packages=("rarely",)), HERE)
    assert eased.python == python
    assert eased.notices == ((f"Python {wanted} can't be had here: Python 3.11.7 is used",) if is_said else ())


def test_where_the_running_python_has_all_packages_it_is_used_and_other_versions_are_said():
    eased = lenient(made(name="a", python="3.6.2", packages=("NumPy==1.18", "pandas", "scikit_learn<2")), HERE)
    assert eased.interpreter == "/here/bin/python"
    assert (eased.name, eased.packages) == ("a", ())
    [_, notice] = eased.notices
    assert "has all packages and is used as it is, with NumPy 1.26.4 instead of ==1.18; CELLRUN_BUILD=strict" in notice
    assert len(lenient(made(packages=("pandas",)), HERE).notices) == 0
    assert lenient(made(packages=("pandas", "rarely")), HERE).interpreter is None


def test_one_without_packages_is_the_running_python():
    assert lenient(made(), BARE).interpreter == BARE.interpreter
    assert lenient(made(packages=("azureml-defaults", "azureml-core==1.20")), BARE).notices == (
        "not installed, as cellrun takes their place: azureml-defaults, azureml-core",
    )
    assert lenient(spec("minimal_2021.yml"), BARE).interpreter == BARE.interpreter


def test_a_marker_of_another_python_asks_for_nothing():
    assert lenient(made(packages=("dataclasses ; python_version < '3.7'",)), HERE).interpreter


@pytest.mark.parametrize(
    "given",
    [
        EnvironmentSpec(packages=("azureml-core",), conda_packages=("mkl",), python="3.6"),
        EnvironmentSpec(interpreter="/opt/python", is_lenient=True),
    ],
)
def test_what_is_strict_or_given_stays_as_it_is(given):
    assert lenient(given, HERE) is given


def test_a_folder_in_use_needs_an_environment_of_its_own():
    assert lenient(made(packages=("numpy",), options=("--editable /a",)), HERE).interpreter is None


def test_a_version_is_loosened_by_its_packages_name():
    asked = made(packages=("Scikit_Learn[alldeps]==0.22 ; python_version>'3'", "numpy", "six==1"))
    eased = loosened(asked, "scikit-learn")
    assert eased.packages == ('Scikit_Learn[alldeps] ; python_version > "3"', "numpy", "six==1")
    assert eased.notices == ("Scikit_Learn==0.22 can't be had here: any version is taken",)
    assert loosened(eased, "scikit-learn") is eased
    assert loosened(asked, "numpy") is asked
    assert loosened(asked, "pandas") is asked
    assert loosened(made(packages=("a==1", "b<2", "c"))).packages == ("a", "b", "c")


@pytest.mark.parametrize(
    "line", ["ours @ https://a.example/ours-1.zip", "ours @ file:///home/me/ours", "ours==1 --hash=sha256:aa"]
)
def test_what_has_an_address_or_a_hash_of_its_own_is_not_had_from_a_stranger_of_its_name(line):
    asked = made(packages=(line,))
    assert loosened(asked, "ours") is asked
    assert lenient(asked, BARE).packages == (line,)


def test_the_successor_of_a_dead_name_has_its_versions_only_where_they_are_the_same():
    eased = lenient(made(packages=("sklearn==0.0", "tensorflow-gpu[and-cuda]==2.1 ; python_version>'3'")), BARE)
    assert eased.packages == ("scikit-learn", "tensorflow[and-cuda]==2.1 ; python_version>'3'")


def test_a_package_that_isnt_there_is_left_out():
    asked = made(packages=("rarely==1", "numpy"))
    eased = without(asked, "Rarely")
    assert (eased.packages, eased.notices) == (
        ("numpy",),
        ("Rarely is left out: no package of this name can be had here",),
    )
    assert without(asked, "pandas") is asked


def test_another_python_is_said():
    eased = with_python(made(python="3.12"), "3.11.7")
    assert (eased.python, eased.notices) == ("3.11", ("Python 3.12 can't be had here: Python 3.11.7 is used",))


def test_the_variable_is_strict_lenient_or_refused(monkeypatch):
    for word, expected in (("", False), ("lenient", False), ("strict", True)):
        monkeypatch.setenv("CELLRUN_BUILD", word)
        assert is_strict() is expected
    monkeypatch.setenv("CELLRUN_BUILD", "Strict!")
    with pytest.raises(UserErrorException, match="CELLRUN_BUILD is 'strict' or 'lenient'; got 'Strict!'"):
        is_strict()


def test_this_python_is_known_with_what_it_has():
    here = Available.here()
    assert {"pytest", "numpy"} <= set(here.packages)
    assert lenient(made(packages=("pytest", "numpy")), here).interpreter == here.interpreter
