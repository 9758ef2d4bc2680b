"""A package as conda reads it, and as pip would say it."""

import pytest

from cellrun.core.environments.conda_lines import conda_package
from cellrun.core.environments.conda_names import living_name, pypi_name
from cellrun.core.errors import UserErrorException


@pytest.mark.parametrize(
    ("line", "name", "specifier"),
    [
        ("numpy", "numpy", ""),
        ("numpy=1.21", "numpy", "==1.21.*"),
        ("numpy=1.21.*", "numpy", "==1.21.*"),
        ("numpy=1.21*", "numpy", "==1.21.*"),
        ("numpy==1.21.2", "numpy", "==1.21.2"),
        ("numpy=1.21.2=py39_0", "numpy", "==1.21.2.*"),
        ("numpy==1.21.2=py39_0", "numpy", "==1.21.2"),
        ("numpy 1.21.2 py39_0", "numpy", "==1.21.2"),
        ("numpy 1.21.*", "numpy", "==1.21.*"),
        ("numpy >=1.18,<2", "numpy", ">=1.18,<2"),
        ("numpy>=1.18, <2.0a0", "numpy", ">=1.18,<2.0a0"),
        ("numpy!=1.19.*", "numpy", "!=1.19.*"),
        ("numpy<1.19.*", "numpy", "<1.19"),
        ("numpy=1.20|1.21", "numpy", None),
        ("blas=*=openblas", "blas", ""),
        ("pyarrow=2.0b1", "pyarrow", "==2.0b1"),
        ("conda-forge::Ruamel_YAML=0.17  # why", "ruamel-yaml", "==0.17.*"),
        ("pillow[version='>=8,<10', build=x]", "pillow", ">=8,<10"),
        ("_libgcc_mutex=0.1=main", "-libgcc-mutex", "==0.1.*"),
    ],
)
def test_versions_are_said_in_pips_words_or_not_at_all(line, name, specifier):
    found = conda_package(line)
    assert (found.name, found.specifier) == (name, specifier)


@pytest.mark.parametrize(
    ("line", "python"),
    [
        ("python", None),
        ("python=3.6.2", "3.6.2"),
        ("python=3.8.*", "3.8"),
        ("python=3.8.8=hdb3f193_5", "3.8.8"),
        ("python==3.8.8", "3.8.8"),
        ("python>=3.6,<3.9", ">=3.6,<3.9"),
    ],
)
def test_a_python_is_a_version_or_versions(line, python):
    assert conda_package(line).python == python


def test_a_channel_is_told():
    assert conda_package("pytorch::torchvision=0.7").channel == "pytorch"


@pytest.mark.parametrize("line", ["", "=1.2", "https://a.example/x.tar.bz2", "a b::c"])
def test_what_is_no_package_is_refused(line):
    with pytest.raises(UserErrorException, match=r"conda package .* can't be read; expected a name"):
        conda_package(line)


@pytest.mark.parametrize(
    ("conda", "pypi"),
    [
        ("numpy", "numpy"),
        ("pytorch", "torch"),
        ("opencv", "opencv-python"),
        ("libcst", "libcst"),
        ("libclang", "libclang"),
        ("tbb4py", "tbb4py"),
        ("makefun", "makefun"),
        ("cudatoolkit", None),
        ("cuda-nvcc", None),
        ("mkl-service", None),
        ("libblas", None),
        ("libcublas-dev", None),
        ("libgcc-ng", None),
        ("r-ggplot2", None),
        ("rasterio", "rasterio"),
        ("gitpython", "gitpython"),
        ("ffmpeg-python", "ffmpeg-python"),
        ("graphviz", None),
        ("python-graphviz", "graphviz"),
    ],
)
def test_what_is_called_otherwise_on_pypi_is_known(conda, pypi):
    assert pypi_name(conda) == pypi


def test_names_behind_which_nothing_is_any_more_give_way():
    assert [living_name(name) for name in ("sklearn", "tensorflow-gpu", "numpy")] == [
        "scikit-learn",
        "tensorflow",
        "numpy",
    ]
