"""What packages of conda are called on PyPI, where they aren't called the same, and which aren't there."""

from __future__ import annotations

import re

_PYPI_NAMES = {
    "dask-core": "dask",
    "faiss": "faiss-cpu",
    "faiss-gpu": "faiss-cpu",
    "fbprophet": "prophet",
    "ignite": "pytorch-ignite",
    "importlib-resources": "importlib-resources",
    "lightgbm-gpu": "lightgbm",
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "numpy-base": "numpy",
    "opencv": "opencv-python",
    "opencv-python-headless": "opencv-python-headless",
    "pil": "pillow",
    "psycopg2": "psycopg2-binary",
    "py-lightgbm": "lightgbm",
    "py-opencv": "opencv-python",
    "py-xgboost": "xgboost",
    "py-xgboost-cpu": "xgboost",
    "py-xgboost-gpu": "xgboost",
    "pysoundfile": "soundfile",
    "pytables": "tables",
    "python-blosc": "blosc",
    "python-graphviz": "graphviz",
    "pytorch": "torch",
    "pytorch-cpu": "torch",
    "pytorch-gpu": "torch",
    "ruamel-yaml": "ruamel.yaml",
    "seaborn-base": "seaborn",
    "tensorflow-base": "tensorflow",
    "tensorflow-eigen": "tensorflow",
    "tensorflow-gpu": "tensorflow",
    "tensorflow-mkl": "tensorflow",
    "torchvision-cpu": "torchvision",
}
_OLD_PYPI_NAMES = {
    "fbprophet": "prophet",
    "pytorch": "torch",
    "sklearn": "scikit-learn",
    "tensorflow-gpu": "tensorflow",
}
"""Names on PyPI behind which nothing can be installed any more."""
SAME_VERSIONS = frozenset({"tensorflow-gpu"})
"""Those of them whose versions are their successor's."""

_NOT_ON_PYPI = re.compile(
    r"""
    anaconda | anaconda-client | nb-conda(-.*)? | conda(-.*)? | menuinst | navigator-updater
    | pip | python-abi | -?libgcc.* | -.* | r-.* | spacy-model-.*
    | cudatoolkit.* | cudnn.* | cuda(-.*)? | cpuonly | nccl | magma-.* | pytorch-cuda | pytorch-mutex | tensorrt
    | mkl.* | nomkl | intel-openmp | blas | openblas | icc-rt | tbb | lapack
    | (lib)?(blas|cblas|gomp|stdcxx|gfortran|png|tiff|ffi|lapack|openblas|protobuf|uuid|iconv|xml2|sodium|edit|cxx
      |webp|deflate|xcb|curl|ssh2|nghttp2|ev|cublas|cufft|cusparse|cusolver|curand|npp|nvjpeg|gdal|boost|sndfile)(-.*|\d+)?
    | ca-certificates | openssl | readline | tk | xz | zlib | zstd | ncurses | bzip2 | jpeg | freetype | lz4-c | hdf5
    | ld-impl-.* | .*-(linux|osx|win)-(32|64|aarch64|ppc64le) | sysroot-.* | vs20.* | vc | m2w64-.* | msys2-.*
    | gcc | gxx | binutils(-.*)? | compilers | c-compiler | cxx-compiler | gperftools | make | libaio
    | git | git-lfs | curl | wget | ffmpeg | graphviz | nodejs | openjdk | java-.* | sqlite | openmpi | mpich | mpi
    | glib | cairo | pango | harfbuzz | fontconfig | expat | icu | pcre | gdal | geos | proj | poppler | tesseract
    """,
    re.VERBOSE,
)


def pypi_name(conda_name: str) -> str | None:
    """Return what a package of conda is called on PyPI; None for one that isn't there. The name is a normalised one."""
    if conda_name in _PYPI_NAMES:
        return _PYPI_NAMES[conda_name]
    return None if _NOT_ON_PYPI.fullmatch(conda_name) else conda_name


def living_name(pypi_name: str) -> str:
    """Return under which name a package is on PyPI today. The name is a normalised one."""
    return _OLD_PYPI_NAMES.get(pypi_name, pypi_name)
